/** The instances of the application: who runs on which machine, and what kills, stops and starts them. */
import { childLogger, silentLogger } from '../../src/common/logger.ts'
import type { Logger } from '../../src/common/logger.ts'
import { KafkaStreams } from '../../src/runtime/kafka-streams.ts'
import type { DiskFate, ProcessFault } from './faults.ts'
import type { Scenario } from './scenario.ts'
import { SeededRandom } from './seeded-random.ts'
import { SimulatedMachine } from './simulated-machine.ts'
import { SimulatedNetwork, type NetworkWorld } from './simulated-network.ts'
import { SimulatedProcess, type ProcessWorld } from './simulated-process.ts'
import { applicationId } from './workloads.ts'

export interface FleetOptions {
  readonly scenario: Scenario
  readonly world: ProcessWorld & NetworkWorld
  readonly logs: boolean
  readonly onViolation: (what: string) => void
  readonly onFirstRun: () => void
  readonly expire: (clientId: string) => void
}

interface Instance {
  readonly machine: SimulatedMachine
  readonly process: SimulatedProcess
  readonly streams: KafkaStreams
}

const maxInstances = 4
const closeTimeoutMs = 60_000
const startAgainMs = 1000
const codesOfNoCluster: readonly string[] = ['MILLRACE_KAFKA_UNREACHABLE', 'MILLRACE_KAFKA_RETRIES_EXHAUSTED']

export class Fleet {
  readonly #options: FleetOptions
  readonly #instances = new Map<SimulatedProcess, Instance>()
  readonly #restored = new Map<string, number>()
  readonly #repairs = new Set<() => void>()
  readonly #idle = new Set<SimulatedMachine>()
  #machines = 0
  /** The last one that ends from now on comes back. */
  #isRepaired = false
  /** Who was to start later does not: a start that is due after the end would never be told to close. */
  #isClosing = false

  constructor(options: FleetOptions) {
    this.#options = options
  }

  /** How many records each process has replayed from changelogs. */
  get restored(): ReadonlyMap<string, number> {
    return this.#restored
  }

  get size(): number {
    return this.#instances.size
  }

  startAnother(): void {
    if (this.#machines >= maxInstances || this.#isClosing) return
    this.#machines++
    this.#start(this.#newMachine(`m${this.#machines}`))
  }

  apply(fault: ProcessFault, process: SimulatedProcess): void {
    const instance = this.#instances.get(process)
    if (instance === undefined) return
    if (fault.kind === 'crash') this.#crash(instance, fault.restartMs, fault.disk)
    else if (fault.kind === 'freeze') this.#freeze(instance, fault.forMs)
    else if (fault.kind === 'partition') this.#cutOff(instance, fault.node, fault.forMs)
    else if (fault.kind === 'disk-full') this.#fillDisk(instance, fault.forMs)
    else if (fault.kind === 'close') this.#close(instance, fault.restartMs)
    else this.#options.expire(process.name)
  }

  /** Whatever is frozen goes on, and somebody runs, though not everybody who ever did. */
  repairAll(): void {
    this.#isRepaired = true
    for (const repair of this.#repairs) repair()
    this.#repairs.clear()
    for (const { process } of this.#instances.values()) process.thaw()
    if (this.#instances.size > 0) return
    for (const machine of this.#idle) this.#start(machine)
    if (this.#instances.size === 0) this.startAnother()
  }

  /** Resolves in simulated time. */
  closeAll(): void {
    this.#isRepaired = false
    this.#isClosing = true
    for (const instance of this.#instances.values()) this.#close(instance, -1)
  }

  /** On machines that were never used. */
  startAnew(): void {
    this.#machines = 0
    this.#start(this.#newMachine('new'))
  }

  killAll(): void {
    for (const { process } of this.#instances.values()) process.kill()
    this.#instances.clear()
  }

  #newMachine(name: string): SimulatedMachine {
    const { scenario, world } = this.#options
    return new SimulatedMachine(name, new SeededRandom(scenario.seed, name), () => world.scheduler.nowMs)
  }

  #start(machine: SimulatedMachine): void {
    this.#idle.delete(machine)
    const { scenario, world, onViolation } = this.#options
    const process = new SimulatedProcess(world, `${machine.name}.${machine.starts++}`)
    const network = new SimulatedNetwork(world, process)
    world.trace.add(world.scheduler.nowUs, process.name, 'starts')
    const streams = new KafkaStreams(
      scenario.workload.build(),
      {
        applicationId,
        kafka: { '~kafka': network, clientId: process.name },
        processingGuarantee: scenario.guarantee,
        maxCommitsInFlight: scenario.maxCommitsInFlight,
        store: scenario.store,
        stateDir: '/state',
        cacheMaxBytes: scenario.cacheMaxBytes,
        commitIntervalMs: scenario.commitIntervalMs,
        bufferedRecordsPerPartition: scenario.bufferedRecordsPerPartition,
        sessionTimeoutMs: 6000,
        heartbeatIntervalMs: 500,
        rebalanceTimeoutMs: 10_000,
        transactionTimeoutMs: 10_000,
        logger: this.#logger(process),
      },
      {
        clock: process.clock,
        random: new SeededRandom(scenario.seed, process.name),
        ...machine.partsFor(process),
      },
    )
    this.#instances.set(process, { machine, process, streams })
    let hasRun = false
    streams.on('error', ({ error }) => {
      if (process.isDead) return
      // Who cannot reach the cluster when it starts says so and ends; whatever supervises it starts it again.
      if (!hasRun && 'code' in error && codesOfNoCluster.includes(String(error.code)))
        this.#startLater(machine, startAgainMs)
      else onViolation(`${process.name} stopped: ${String(error)}`)
    })
    streams.on('restore', ({ restored, done }) => {
      if (done && !process.isDead) this.#restored.set(process.name, (this.#restored.get(process.name) ?? 0) + restored)
    })
    streams.on('state', ({ to }) => {
      world.trace.add(world.scheduler.nowUs, process.name, to)
      if (to === 'RUNNING' && !hasRun) {
        hasRun = true
        this.#options.onFirstRun()
      }
      if (to === 'NOT_RUNNING' || to === 'ERROR') this.#ended(process)
    })
    streams.start().catch(() => undefined)
  }

  #crash({ machine, process }: Instance, restartMs: number, disk: DiskFate): void {
    this.#ended(process)
    process.kill()
    machine.crash(disk)
    this.#startLater(machine, restartMs)
  }

  #freeze({ process }: Instance, forMs: number): void {
    process.freeze()
    this.#options.world.scheduler.schedule(forMs * 1000, () => process.thaw())
  }

  #cutOff({ process }: Instance, node: number, forMs: number): void {
    const { endpoints } = this.#options.world.broker
    for (const [index, { port }] of endpoints.entries()) {
      if (node === 0 || node === index + 1) process.cutOff(port, forMs)
    }
  }

  #fillDisk({ machine }: Instance, forMs: number): void {
    const empty = machine.fill()
    this.#repairs.add(empty)
    this.#options.world.scheduler.schedule(forMs * 1000, () => {
      if (this.#repairs.delete(empty)) empty()
    })
  }

  /** Not at once: a signal arrives when the event loop has time for it. */
  #close({ machine, process, streams }: Instance, restartMs: number): void {
    process.later(100, 'timer', () => {
      streams.close({ timeoutMs: closeTimeoutMs }).then(
        () => this.#startLater(machine, restartMs),
        (error: unknown) => this.#options.onViolation(`${process.name} did not close: ${String(error)}`),
      )
    })
  }

  #startLater(machine: SimulatedMachine, restartMs: number): void {
    this.#idle.add(machine)
    if (restartMs < 0 && (!this.#isRepaired || this.#instances.size > 0)) return
    this.#options.world.scheduler.schedule(Math.max(0, restartMs) * 1000, () => {
      if (!this.#isClosing && this.#idle.has(machine)) this.#start(machine)
    })
  }

  #ended(process: SimulatedProcess): void {
    this.#instances.delete(process)
  }

  #logger(process: SimulatedProcess): Logger {
    if (!this.#options.logs) return silentLogger
    const { trace, scheduler } = this.#options.world
    const note =
      (level: string) =>
      (facts: object, message: string): void => {
        const { err, ...rest } = facts as { err?: unknown }
        const cause = err === undefined ? '' : ` (${err instanceof Error ? err.message : String(err)})`
        trace.note(scheduler.nowUs, process.name, `${level} ${message}${cause} ${JSON.stringify(rest)}`)
      }
    return childLogger({ debug: () => undefined, info: note('info'), warn: note('warn'), error: note('error') }, {})
  }
}
