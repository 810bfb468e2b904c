/**
 * Runs the deterministic simulation (docs/simulation.md).
 *
 *     npm run simulate -- --seeds 1000 [--from 1]        random scenarios with several faults each
 *     npm run simulate -- --exhaustive                   one fault per run, at every place
 *     npm run simulate -- --seeds 100 --workload tables  one application only
 *     npm run simulate -- --seeds 1 --from 4711 --trace  one run with all that happened in it
 *     npm run simulate -- --mutations [--mutate name]    proves that it finds bugs: see test/simulation/mutations.ts
 */
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { tryMutation } from '../test/simulation/mutate.ts'
import { mutations } from '../test/simulation/mutations.ts'
import { runPool } from '../test/simulation/pool.ts'
import { openSeries } from '../test/simulation/series.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string' },
    jobs: { type: 'string' },
    exhaustive: { type: 'boolean', default: false },
    overlap: { type: 'boolean', default: false },
    workload: { type: 'string' },
    trace: { type: 'boolean', default: false },
    mutations: { type: 'boolean', default: false },
    mutate: { type: 'string' },
    'max-failures': { type: 'string', default: '3' },
  },
})

function integer(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new Error(`--${name} is to be a number, not '${text}'`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Every mutation must be found. */
async function mutate(): Promise<number> {
  const chosen = values.mutate === undefined ? mutations : mutations.filter(({ name }) => name === values.mutate)
  if (chosen.length === 0) throw new Error(`--mutate is to be one of ${mutations.map(({ name }) => name).join(', ')}`)
  let missed = 0
  for (const mutation of chosen) {
    const jobs = integer('jobs', values.jobs, availableParallelism())
    const from = integer('from', values.from, 1)
    const options = { root, jobs, from, seeds: integer('seeds', values.seeds, 3000) }
    const { seed, runs, violation } = await tryMutation(mutation, options)
    if (seed === undefined) missed++
    const verdict = seed === undefined ? `NOT FOUND in ${runs} seeds` : `seed ${seed} (${runs} runs): ${violation}`
    say(`${mutation.name.padEnd(30)} ${verdict}`)
  }
  return missed === 0 ? 0 : 1
}

async function main(): Promise<number> {
  const { exhaustive, overlap, workload } = values
  if (values.mutations || values.mutate !== undefined) return mutate()
  const series = await openSeries({ exhaustive, overlap, workload })
  const from = integer('from', values.from, series.first)
  const wanted = integer('seeds', values.seeds, exhaustive ? series.count - from : 200)
  const to = Math.min(from + wanted, series.first + series.count)
  const startedAtMs = performance.now()
  const rate = (runs: number): string => ((runs * 1000) / (performance.now() - startedAtMs)).toFixed(1)
  let saidAtMs = startedAtMs
  const result = await runPool({
    root,
    jobs: integer('jobs', values.jobs, availableParallelism()),
    from,
    to,
    exhaustive,
    overlap,
    workload,
    replay: `npm run simulate -- --seeds 1${exhaustive ? ' --exhaustive' : ''}${overlap ? ' --overlap' : ''}${workload === undefined ? '' : ` --workload '${workload}'`} --trace`,
    traceLines: values.trace ? 100_000 : 0,
    failuresMax: integer('max-failures', values['max-failures'], 3),
    onProgress: (runs, failures) => {
      if (performance.now() - saidAtMs < 5000) return
      saidAtMs = performance.now()
      say(`${runs} of ${to - from} runs, ${failures} failed, ${rate(runs)} per second`)
    },
  })
  for (const { text } of result.failures) say(`\n${text}`)
  const what = exhaustive ? 'runs with one fault each' : 'seeds'
  const range = `${from} to ${from + result.runs - 1}`
  say(
    `${result.runs} ${what} (${range})${overlap ? ' with overlap' : ''}: ${result.failures.length} failed, ` +
      `${result.events} events, ${rate(result.runs)} per second`,
  )
  return values.trace || result.failures.length === 0 ? 0 : 1
}

process.exitCode = await main()
