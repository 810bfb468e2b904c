/**
 * One run: a cluster, a fleet, a load and a list of faults under one scheduler; then the faults end, everything has
 * simulated time to settle, and what must hold is checked.
 */
import { checkRun, mayMakeZombies } from './checks.ts'
import { describeFault, FaultPlan, isRequestFault, lastsMs } from './faults.ts'
import type { CrossingKind, Fault, RequestFault } from './faults.ts'
import { Fleet } from './fleet.ts'
import { describeLog } from './log-model.ts'
import { faultsEndMs, type Scenario } from './scenario.ts'
import { Scheduler, type Scheduled } from './scheduler.ts'
import { SeededRandom } from './seeded-random.ts'
import { SimulatedCluster, type InputRecord } from './simulated-cluster.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import { Trace } from './trace.ts'
import { partitionOfWord, words } from './workloads.ts'

export interface Outcome {
  readonly violations: readonly string[]
  readonly hash: string
  readonly trace: readonly string[]
  readonly events: number
  readonly simulatedMs: number
  /** From the end of load and faults until everything was processed. */
  readonly recoveryMs: number
  /** The number of the crossing at which the instances of the start had all been running; Infinity: they never were. */
  readonly allRunAt: number
  /** How many records each process has replayed from changelogs. */
  readonly restored: ReadonlyMap<string, number>
  /** How many crossings of each kind there were. */
  readonly crossings: ReadonlyMap<string, number>
}

export interface RunOptions {
  /** How many of the last lines of the trace are kept. */
  readonly traceLines?: number
  /** How long everything may take to settle. */
  readonly settleMs?: number
}

/** Session, rebalance, transaction and request time-outs are 6 to 10 s, and one may have to follow the other. */
const defaultSettleMs = 120_000
const lookEveryMs = 20
/** Added to times of records that may be older than the run. */
const epochMs = 1_000_000

export async function simulate(scenario: Scenario, options: RunOptions = {}): Promise<Outcome> {
  const simulation = new Simulation(scenario, options)
  const onRejection = (reason: unknown): void => simulation.rejected(reason)
  process.on('unhandledRejection', onRejection)
  try {
    return await simulation.run()
  } finally {
    process.off('unhandledRejection', onRejection)
  }
}

class Simulation {
  readonly #scenario: Scenario
  readonly #scheduler = new Scheduler()
  readonly #trace: Trace
  readonly #plan: FaultPlan
  readonly #random: SeededRandom
  readonly #cluster: SimulatedCluster
  readonly #fleet: Fleet
  readonly #violations: string[] = []
  readonly #truth = new Map<string, number>()
  readonly #settleUs: number
  #burstsLeft: number
  #recordsMade = 0
  #recoveryMs = 0
  #running = 0
  #allRunAt = Infinity
  #quietAtMs = 0
  #dripping: Scheduled | undefined
  #nextLookMs = 0
  #wasDone = false

  constructor(scenario: Scenario, { traceLines = 0, settleMs = defaultSettleMs }: RunOptions) {
    this.#settleUs = settleMs * 1000
    this.#scenario = scenario
    this.#trace = new Trace(traceLines)
    this.#plan = new FaultPlan(scenario.faults)
    this.#random = new SeededRandom(scenario.seed, 'run')
    this.#burstsLeft = scenario.bursts.length
    const { partitions, nodes, workload } = scenario
    this.#cluster = new SimulatedCluster({
      scheduler: this.#scheduler,
      random: new SeededRandom(scenario.seed, 'cluster'),
      nodes,
      transactionVersion: scenario.transactionVersion,
      markersMaxMs: scenario.markersMaxMs,
      topics: {
        in: partitions,
        [workload.countTopic]: partitions,
        ...(workload.copyTopic !== undefined && { [workload.copyTopic]: partitions }),
        ...Object.fromEntries((workload.more?.topics ?? []).map((topic) => [topic, partitions])),
      },
      offsetsMayGoBack: mayMakeZombies(scenario) && scenario.guarantee === 'at_least_once',
      onViolation: (what) => this.#violate(what),
    })
    this.#fleet = new Fleet({
      scenario,
      logs: traceLines > 0,
      onViolation: (what) => this.#violate(what),
      onFirstRun: () => {
        this.#running++
        if (this.#running === scenario.startsMs.length) this.#allRunAt = this.#plan.counts.get('any') ?? 0
      },
      expire: (clientId) => this.#expire(clientId),
      world: {
        scheduler: this.#scheduler,
        random: this.#random,
        trace: this.#trace,
        broker: this.#cluster.broker,
        latencyMaxUs: scenario.latencyMaxUs,
        violated: (what) => this.#violate(what),
        executed: () => this.#cluster.watch(),
        cross: (process, kind, api) => this.#cross(process, kind, api),
      },
    })
  }

  async run(): Promise<Outcome> {
    try {
      await this.#live()
    } catch (error) {
      this.#violate(`the simulation failed: ${error instanceof Error ? error.stack : String(error)}`)
    }
    this.#fleet.killAll()
    this.#cluster.broker.close()
    return {
      violations: this.#violations,
      hash: this.#trace.hash,
      trace: this.#trace.lines,
      events: this.#scheduler.events,
      simulatedMs: this.#nowMs,
      recoveryMs: this.#recoveryMs,
      allRunAt: this.#allRunAt,
      restored: this.#fleet.restored,
      crossings: this.#plan.counts,
    }
  }

  async #live(): Promise<void> {
    for (const atMs of this.#scenario.startsMs) this.#scheduler.schedule(atMs * 1000, () => this.#fleet.startAnother())
    for (const { atMs, records } of this.#scenario.bursts) {
      this.#scheduler.schedule(atMs * 1000, () => this.#load(records))
    }
    this.#drip()
    await this.#scheduler.run(() => this.#areFaultsOver(), faultsEndMs * 1000)
    this.#plan.end()
    this.#dripping?.cancel()
    this.#cluster.repairAll()
    this.#fleet.repairAll()
    const repairedMs = this.#nowMs
    if (!(await this.#settle('after the last fault'))) return
    this.#recoveryMs = this.#nowMs - repairedMs
    const limitMs = this.#scenario.recoveryMaxMs
    if (this.#recoveryMs > limitMs)
      this.#violate(`it took ${this.#recoveryMs} ms to recover, and not ${limitMs} at most`)
    // A store that is not what its changelog says shows with the next record of a word.
    this.#probe()
    if (!(await this.#settle('after one more of every word'))) return
    this.#fleet.closeAll()
    const closed = await this.#scheduler.run(() => this.#fleet.size === 0, this.#limitUs)
    if (!closed) return this.#stuck('the instances do not close')
    if (!this.#scenario.restoresAtEnd) return
    this.#fleet.startAnew()
    this.#probe()
    await this.#settle('restored by a new instance')
  }

  /** A promise whose failure nobody looked at. */
  rejected(reason: unknown): void {
    this.#violate(`unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}`)
  }

  /** Whatever was to happen has happened and has come to its end, as far as this run gets to it. */
  #areFaultsOver(): boolean {
    if (this.#burstsLeft > 0 || this.#nowMs < this.#quietAtMs) return false
    return this.#plan.isDone || this.#isSettled()
  }

  get #nowMs(): number {
    return Math.floor(this.#scheduler.nowUs / 1000)
  }

  get #limitUs(): number {
    return this.#scheduler.nowUs + this.#settleUs
  }

  // --- load -----------------------------------------------------------------------------------------------------------

  #load(records: number): void {
    this.#burstsLeft--
    this.#append(records)
  }

  #append(records: number): void {
    const { workload, partitions } = this.#scenario
    const made = groupByPartition(records, () => {
      const chosen = Array.from({ length: this.#random.pick(workload.wordsPerRecord) }, () => this.#random.pick(words))
      const byWord = workload.copyTopic !== undefined
      return [byWord ? this.#partitionOf(chosen[0]) : this.#random.below(partitions), this.#record(chosen)]
    })
    for (const [partition, list] of made) this.#cluster.append('in', partition, list)
  }

  /** While faults last there is always something to do wrong. */
  #drip(): void {
    const { dripMs } = this.#scenario
    this.#dripping = this.#scheduler.schedule(dripMs * 1000, () => {
      if (this.#burstsLeft === 0) this.#append(1)
      this.#drip()
    })
  }

  /** Each word once more. */
  #probe(): void {
    for (const word of words) this.#cluster.append('in', this.#partitionOf(word), [this.#record([word])])
  }

  /** A value of its own where the record is copied, so that the copies can be told apart. */
  #record(chosen: readonly string[]): InputRecord {
    for (const word of chosen) this.#truth.set(word, (this.#truth.get(word) ?? 0) + 1)
    const text = chosen.join(' ')
    const { copyTopic } = this.#scenario.workload
    const timestamp = this.#timeOfRecord()
    return copyTopic === undefined ? ['line', text, timestamp] : [text, `${text} ${this.#recordsMade++}`, timestamp]
  }

  #timeOfRecord(): number {
    const { times } = this.#scenario.workload
    if (times === undefined) return this.#nowMs
    return epochMs + this.#nowMs * times.speed - this.#random.pick(times.agesMs)
  }

  #partitionOf(word = ''): number {
    return partitionOfWord(word, this.#scenario.partitions)
  }

  // --- faults ---------------------------------------------------------------------------------------------------------

  #cross(process: SimulatedProcess, kind: CrossingKind, api?: string): readonly RequestFault[] {
    const faults = this.#plan.cross(kind, api)
    if (faults.length === 0) return []
    for (const fault of faults) this.#apply(fault, process, kind, api)
    return faults.filter(isRequestFault)
  }

  #apply(fault: Fault, process: SimulatedProcess, kind: CrossingKind, api = ''): void {
    const at = { at: 'any', nth: (this.#plan.counts.get('any') ?? 1) - 1, fault } as const
    this.#quietAtMs = Math.max(this.#quietAtMs, this.#nowMs + lastsMs(fault))
    this.#trace.add(this.#scheduler.nowUs, process.name, `### ${kind} ${api}: ${describeFault(at)}`)
    switch (fault.kind) {
      case 'crash':
      case 'freeze':
      case 'partition':
      case 'close':
      case 'expire':
      case 'disk-full':
        return this.#fleet.apply(fault, process)
      case 'start-another':
        return this.#fleet.startAnother()
      case 'move-leaders':
      case 'move-coordinators':
      case 'hold-markers':
      case 'hold-offset-markers':
      case 'stop-node':
      case 'freeze-node':
      case 'finalize':
        // Not inside of a request.
        return void this.#scheduler.schedule(0, () => this.#cluster.apply(fault))
      default:
    }
  }

  #expire(clientId: string): void {
    const { controls } = this.#cluster.broker
    // Looked up then: another fault of the same moment may have expired it.
    this.#scheduler.schedule(0, () => {
      const memberId = controls.memberIds('app').find((id) => id.startsWith(`${clientId}-`))
      if (memberId !== undefined) controls.expireMember('app', memberId)
    })
  }

  // --- the end --------------------------------------------------------------------------------------------------------

  async #settle(when: string): Promise<boolean> {
    if (!(await this.#scheduler.run(() => this.#isSettled(), this.#limitUs))) {
      this.#stuck(`no progress ${when}`)
      return false
    }
    for (const violation of checkRun(this.#cluster, this.#scenario, this.#truth))
      this.#violate(`${violation} (${when})`)
    return true
  }

  /** Looked at now and then: a look costs more than an event. */
  #isSettled(): boolean {
    if (this.#nowMs < this.#nextLookMs) return false
    this.#nextLookMs = this.#nowMs + lookEveryMs
    this.#wasDone = this.#unrest().length === 0
    return this.#wasDone
  }

  #unrest(): string[] {
    const { workload, partitions } = this.#scenario
    const { subTopologies = 1 + workload.repartitionTopics.length } = workload
    const expected = Array.from({ length: subTopologies * partitions }, (_, i) => {
      return `${Math.floor(i / partitions)}_${i % partitions}`
    })
    const assigned = this.#cluster.assignedTasks
    const ownership =
      assigned === undefined
        ? ['the group rebalances']
        : assigned.join() === expected.join()
          ? []
          : [`tasks are assigned as ${assigned.join()}, and not as ${expected.join()}`]
    return [...ownership, ...this.#cluster.unrest(['in', ...workload.repartitionTopics])]
  }

  #stuck(what: string): void {
    this.#violate([what, ...this.#unrest().map((line) => `  ${line}`)].join('\n'))
  }

  #violate(what: string): void {
    this.#violations.push(what)
    this.#trace.note(this.#scheduler.nowUs, '!!!', what)
  }

  /** Every batch of every partition, for who looks into a failed run. */
  get logs(): string[] {
    return this.#cluster.partitions.flatMap(({ topic, partition }) => [
      `${topic}-${partition}`,
      ...describeLog(this.#cluster.broker.controls.log(topic, partition).batches).map((line) => `  ${line}`),
    ])
  }
}

function groupByPartition(count: number, make: () => readonly [number, InputRecord]): Map<number, InputRecord[]> {
  const lists = new Map<number, InputRecord[]>()
  for (let i = 0; i < count; i++) {
    const [partition, record] = make()
    lists.set(partition, [...(lists.get(partition) ?? []), record])
  }
  return lists
}
