/** What is told of a run that failed: what was violated, by which faults, the end of its trace, how to see it again. */
import { describeFault } from './faults.ts'
import type { Scenario } from './scenario.ts'
import { simulate, type Outcome } from './simulation.ts'

const lastLines = 50
const shrinkRunsMax = 60

export interface Failure {
  readonly number: number
  readonly text: string
}

export async function reportOn(
  number: number,
  scenario: Scenario,
  first: Outcome,
  replay: string,
  traceLines: number = lastLines,
): Promise<Failure> {
  const shrunk = await shrink(scenario)
  Error.stackTraceLimit = 20
  const again = await simulate(scenario, { traceLines })
  Error.stackTraceLimit = 0
  const { workload, faults, bursts: _bursts, seed: _seed, ...facts } = scenario
  const text = [
    `run ${number}: ${workload.name}, ${JSON.stringify(facts)}`,
    `faults: ${faults.map(describeFault).join('; ')}`,
    ...(shrunk.length < faults.length
      ? [`enough are: ${shrunk.map((nth) => describeFault(faults[nth]!)).join('; ')}`]
      : []),
    ...again.trace,
    'violated:',
    ...again.violations.map((violation) => `  ${violation}`),
    ...(again.hash === first.hash ? [] : [`NOT DETERMINISTIC: trace ${first.hash}, then ${again.hash}`]),
    `replay: ${replay}`,
  ].join('\n')
  return { number, text }
}

/** The places of faults without which it would not fail; tried one by one. */
async function shrink(scenario: Scenario): Promise<readonly number[]> {
  let kept = scenario.faults.map((_, nth) => nth)
  let runs = 0
  for (const nth of [...kept].reverse()) {
    if (runs++ >= shrinkRunsMax) break
    const fewer = kept.filter((other) => other !== nth)
    const faults = scenario.faults.filter((_, other) => fewer.includes(other))
    if ((await simulate({ ...scenario, faults })).violations.length > 0) kept = fewer
  }
  return kept
}
