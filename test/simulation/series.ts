/**
 * Numbered runs. `random`: the number is the seed. `exhaustive`: one fault per run in a small scenario, every kind at
 * every crossing where it makes sense; the number is the place in that list.
 */
import type { Fault, PlannedFault } from './faults.ts'
import { fitting, randomScenario, smallScenario, type Scenario } from './scenario.ts'
import { simulate } from './simulation.ts'
import { windows } from './windows-workload.ts'
import { fieldCount } from './workloads.ts'

export interface Series {
  readonly first: number
  /** Infinity for `random`. */
  readonly count: number
  scenario(number: number): Scenario
}

export interface SeriesOptions {
  readonly exhaustive: boolean
  /** Only runs in which processing overlaps with committing; otherwise some do. */
  readonly overlap: boolean
  /** Only runs of the application of that name. */
  readonly workload?: string | undefined
}

export async function openSeries({ exhaustive, overlap, workload }: SeriesOptions): Promise<Series> {
  if (!exhaustive) {
    return { first: 1, count: Infinity, scenario: (seed) => randomScenario(seed, { overlap, workload }) }
  }
  const bases = [
    smallScenario(),
    smallScenario({ transactionVersion: 0, workload: fieldCount, store: 'memory', cacheMaxBytes: 0 }),
    smallScenario({ maxCommitsInFlight: 0, transactionVersion: 0 }),
    smallScenario({ guarantee: 'at_least_once' }),
    smallScenario({ workload: windows, cacheMaxBytes: 0 }),
    // The second instance comes late, and its heartbeats are out of step with those of the first.
    smallScenario({ startsMs: [0, 230], bursts: Array.from({ length: 8 }, (_, i) => ({ atMs: i * 180, records: 6 })) }),
  ].filter(
    (base) =>
      (!overlap || base.maxCommitsInFlight === 1) && (workload === undefined || base.workload.name === workload),
  )
  const all: Scenario[] = []
  for (const base of bases) {
    const { crossings, allRunAt } = await simulate(base)
    for (const planned of singleFaults(crossings)) {
      const fault = fitting(base.guarantee, planned)
      all.push({ ...base, faults: [fault], recoveryMaxMs: recoveryMaxMs(base, fault, allRunAt) })
    }
  }
  return {
    first: 0,
    count: all.length,
    scenario: (number) => {
      const scenario = all[number]
      if (scenario === undefined) throw new RangeError(`the exhaustive series has the numbers 0 to ${all.length - 1}`)
      return scenario
    },
  }
}

const atEveryRequest: readonly Fault[] = [
  { kind: 'lost-request' },
  { kind: 'lost-answer' },
  { kind: 'cut-before' },
  { kind: 'cut-after' },
  { kind: 'orphan', delayMs: 30 },
  { kind: 'orphan', delayMs: 3000 },
  { kind: 'orphan', delayMs: 14_000 },
  { kind: 'late-request', delayMs: 12_000 },
  { kind: 'late-answer', delayMs: 3000 },
  { kind: 'duplicate' },
  { kind: 'move-leaders' },
  { kind: 'move-coordinators' },
  { kind: 'expire' },
  { kind: 'hold-offset-markers', forMs: 700 },
  { kind: 'stop-node', node: 1, forMs: 700 },
  ...[0, 1, 2, 3, 4, 5].map((partition) => ({ kind: 'hold-markers', partition, forMs: 700 }) as const),
]

const atEveryCrossing: readonly Fault[] = [
  { kind: 'crash', restartMs: 5, disk: 'kept' },
  { kind: 'crash', restartMs: -1, disk: 'kept' },
  { kind: 'freeze', forMs: 9000 },
  { kind: 'partition', node: 1, forMs: 9000 },
  { kind: 'close', restartMs: 5 },
]

function singleFaults(crossings: ReadonlyMap<string, number>): PlannedFault[] {
  const every = (at: 'any' | 'request', faults: readonly Fault[]): PlannedFault[] =>
    Array.from({ length: crossings.get(at) ?? 0 }, (_, nth) => faults.map((fault) => ({ at, nth, fault }))).flat()
  return [...every('request', atEveryRequest), ...every('any', atEveryCrossing)]
}

/** Session, request and transaction time-outs, and what has to be found out before and after. */
const anyRecoveryMs = 18_000
/** Session time-out and a second. */
const takeOverMs = 7000
/** After the restart on the same disk, once everybody was running. */
const restartMs = 2000

function recoveryMaxMs(base: Scenario, { nth, fault }: PlannedFault, allRunAt: number): number {
  // Before that nobody else may know of the dead one's transaction, and its time-out is waited for.
  if (fault.kind !== 'crash' || nth < allRunAt) return anyRecoveryMs
  return base.store === 'persistent' && fault.restartMs >= 0 ? restartMs : takeOverMs
}
