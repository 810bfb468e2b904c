/** What a seed means: the application, the cluster, the load, and the faults. Everything is decided before it begins. */
import type { CrossingName, DiskFate, Fault, PlannedFault } from './faults.ts'
import { SeededRandom } from './seeded-random.ts'
import { lateness } from './lateness-workload.ts'
import { tables } from './tables-workload.ts'
import { windows } from './windows-workload.ts'
import { fieldCount, wordCount, type Workload } from './workloads.ts'

export interface Scenario {
  readonly seed: number
  readonly workload: Workload
  readonly guarantee: 'exactly_once' | 'at_least_once'
  readonly maxCommitsInFlight: 0 | 1
  /** When each instance starts: their heartbeats, and so what they know of each other, differ by as much. */
  readonly startsMs: readonly number[]
  readonly partitions: number
  readonly nodes: number
  readonly store: 'persistent' | 'memory'
  readonly cacheMaxBytes: number
  readonly commitIntervalMs: number
  readonly bufferedRecordsPerPartition: number
  readonly latencyMaxUs: number
  /** Finalised on the brokers: 2 is KIP-890, 0 the protocol before. */
  readonly transactionVersion: 0 | 2
  /** How long the markers of a transaction take to each of its partitions, at most; 0: they are there at once. */
  readonly markersMaxMs: number
  readonly bursts: readonly Burst[]
  /** After the bursts a single record comes so often, until the faults are over. */
  readonly dripMs: number
  readonly faults: readonly PlannedFault[]
  /** From the end of load and faults until everything is processed. */
  readonly recoveryMaxMs: number
  /** At the end everything is restored by an instance on an empty machine. */
  readonly restoresAtEnd: boolean
}

export interface Burst {
  readonly atMs: number
  readonly records: number
}

/** After this time nothing fails any more. */
export const faultsEndMs = 25_000

const apiNames: readonly CrossingName[] = [
  'Produce',
  'Produce',
  'EndTxn',
  'EndTxn',
  'TxnOffsetCommit',
  'TxnOffsetCommit',
  'AddOffsetsToTxn',
  'AddPartitionsToTxn',
  'OffsetCommit',
  'OffsetFetch',
  'ListOffsets',
  'InitProducerId',
  'JoinGroup',
  'SyncGroup',
  'Heartbeat',
  'Fetch',
  'Metadata',
  'FindCoordinator',
]

const workloads: readonly Workload[] = [wordCount, fieldCount, windows, lateness, tables]

export interface ScenarioOptions {
  readonly overlap?: boolean
  /** The name of the only application that is wanted; what else a seed means stays the same. */
  readonly workload?: string | undefined
}

export function randomScenario(seed: number, options: ScenarioOptions = {}): Scenario {
  const random = new SeededRandom(seed, 'scenario')
  const nodes = random.pick([1, 1, 2, 3])
  const partitions = random.between(2, 4)
  const guarantee = random.chance(0.85) ? 'exactly_once' : 'at_least_once'
  const picked = random.pick(workloads)
  return {
    seed,
    workload: namedWorkload(options.workload) ?? picked,
    guarantee,
    maxCommitsInFlight: options.overlap === true ? 1 : random.pick([0, 1]),
    startsMs: Array.from({ length: random.between(1, 3) }, (_, i) => (i === 0 ? 0 : random.between(0, 600))),
    partitions,
    nodes,
    store: random.pick(['memory', 'persistent']),
    cacheMaxBytes: random.pick([0, 10_000_000]),
    commitIntervalMs: random.pick([20, 50, 100]),
    bufferedRecordsPerPartition: random.pick([5, 1000]),
    latencyMaxUs: random.pick([200, 1000, 8000]),
    transactionVersion: random.pick([0, 2]),
    markersMaxMs: random.pick([0, 0, 10, 100, 400]),
    bursts: randomBursts(random),
    dripMs: random.pick([400, 1500]),
    faults: Array.from({ length: random.between(1, 8) }, () =>
      fitting(guarantee, randomFault(random, { nodes, partitions })),
    ),
    recoveryMaxMs: Infinity,
    restoresAtEnd: random.chance(0.25),
  }
}

function namedWorkload(wanted: string | undefined): Workload | undefined {
  if (wanted === undefined) return undefined
  const found = workloads.find(({ name }) => name === wanted)
  if (found !== undefined) return found
  throw new RangeError(`there is no workload '${wanted}'; there are ${workloads.map(({ name }) => name).join(', ')}`)
}

/** One small scenario for all single faults: nothing in it depends on chance but the latencies. */
export function smallScenario(options: Partial<Scenario> = {}): Scenario {
  return {
    seed: 1,
    workload: wordCount,
    guarantee: 'exactly_once',
    maxCommitsInFlight: 1,
    startsMs: [0, 0],
    partitions: 2,
    nodes: 2,
    store: 'persistent',
    cacheMaxBytes: 10_000_000,
    commitIntervalMs: 50,
    bufferedRecordsPerPartition: 1000,
    latencyMaxUs: 500,
    transactionVersion: 2,
    markersMaxMs: 0,
    bursts: Array.from({ length: 8 }, (_, i) => ({ atMs: i * 60, records: 6 })),
    dripMs: 400,
    faults: [],
    recoveryMaxMs: Infinity,
    restoresAtEnd: false,
    ...options,
  }
}

function randomBursts(random: SeededRandom): Burst[] {
  let atMs = 0
  return Array.from({ length: random.between(4, 16) }, () => {
    atMs += random.pick([0, 30, 100, 400, 1500])
    return { atMs, records: random.between(1, 20) }
  })
}

/** Without transactions an OffsetCommit that comes late counts as any other, and no run would get to its end. */
export function fitting(guarantee: Scenario['guarantee'], planned: PlannedFault): PlannedFault {
  const comesLate = planned.fault.kind === 'orphan' || planned.fault.kind === 'late-request'
  return guarantee === 'at_least_once' && comesLate ? { ...planned, fault: { kind: 'cut-after' } } : planned
}

interface ClusterShape {
  readonly nodes: number
  readonly partitions: number
}

function randomFault(random: SeededRandom, shape: ClusterShape): PlannedFault {
  // Rare by itself: the end of a transaction that is executed while the next one is open.
  if (random.chance(0.06)) {
    const fault = { kind: 'orphan', delayMs: random.between(1, 150) } as const
    return { at: 'EndTxn', nth: lowNumber(random, 30), fault }
  }
  const choice = random.next()
  if (choice < 0.5) {
    const at = random.pick(apiNames)
    return { at, nth: lowNumber(random, at === 'Fetch' ? 200 : 40), fault: randomRequestFault(random) }
  }
  const [at, below] = random.pick([
    ['any', 3000],
    ['request', 600],
    ['disk', 60],
    [random.pick(apiNames), 40],
    [random.pick(apiNames), 40],
  ] as const)
  const fault = choice < 0.8 ? randomProcessFault(random, shape) : randomClusterFault(random, shape)
  return { at, nth: lowNumber(random, below), fault }
}

/** Early ones more often: there are always some, and later ones only in long runs. */
function lowNumber(random: SeededRandom, below: number): number {
  return Math.floor(random.next() * random.next() * below)
}

function randomRequestFault(random: SeededRandom): Fault {
  // Shorter than the next commit takes, and longer than every time-out.
  const delayMs = random.chance(0.5) ? random.between(1, 300) : random.pick([500, 3000, 9000, 12_000, 16_000])
  return random.pick<Fault>([
    { kind: 'lost-request' },
    { kind: 'lost-answer' },
    { kind: 'cut-before' },
    { kind: 'cut-after' },
    { kind: 'cut-after' },
    { kind: 'orphan', delayMs },
    { kind: 'orphan', delayMs },
    { kind: 'late-request', delayMs },
    { kind: 'late-answer', delayMs },
    { kind: 'duplicate' },
  ])
}

function randomProcessFault(random: SeededRandom, { nodes }: ClusterShape): Fault {
  const disk = random.pick<DiskFate>(['kept', 'kept', 'kept', 'power-cut', 'empty'])
  const restartMs = random.pick([1, 20, 200, 1000, 5000, 9000, -1])
  return random.pick<Fault>([
    { kind: 'crash', restartMs, disk },
    { kind: 'crash', restartMs, disk },
    { kind: 'crash', restartMs, disk },
    { kind: 'freeze', forMs: random.pick([100, 3000, 7000, 9000, 15_000]) },
    { kind: 'freeze', forMs: random.pick([7000, 9000, 15_000]) },
    { kind: 'close', restartMs },
    { kind: 'close', restartMs },
    { kind: 'expire' },
    { kind: 'partition', node: random.between(0, nodes), forMs: random.pick([200, 3000, 7000, 9000]) },
    { kind: 'disk-full', forMs: random.pick([50, 1000, 5000]) },
  ])
}

function randomClusterFault(random: SeededRandom, { nodes, partitions }: ClusterShape): Fault {
  const forMs = random.pick([5, 100, 1000, 5000])
  const node = random.between(1, nodes)
  return random.pick<Fault>([
    { kind: 'move-leaders' },
    { kind: 'move-coordinators' },
    { kind: 'hold-markers', partition: random.below(partitions * 4), forMs },
    { kind: 'hold-markers', partition: random.below(partitions * 4), forMs },
    { kind: 'hold-offset-markers', forMs },
    { kind: 'stop-node', node, forMs },
    { kind: 'freeze-node', node, forMs },
    { kind: 'start-another' },
    { kind: 'start-another' },
    { kind: 'start-another' },
    { kind: 'finalize', transactionVersion: random.pick([0, 2]) },
  ])
}
