/**
 * An application: a topology, its configuration, the thread that runs its tasks, and what fills its global stores.
 *
 *     CREATED ─► REBALANCING ◄─► RUNNING
 *                     │             │
 *                     ├─────────────┴──► PENDING_SHUTDOWN ─► NOT_RUNNING
 *                     └─────────────┴──► PENDING_ERROR ────► ERROR
 *
 * States and their meaning are those of `org.apache.kafka.streams.KafkaStreams.State`. NOT_RUNNING and ERROR are final:
 * to start again, make a new object.
 */
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { keepProcessAlive, sleep, systemClock } from '../common/clock.ts'
import type { Clock } from '../common/clock.ts'
import { deferred } from '../common/deferred.ts'
import type { FileSystem } from '../common/file-system.ts'
import { childLogger } from '../common/logger.ts'
import type { Logger } from '../common/logger.ts'
import { MetricsRegistry, type MetricSample, type Tags } from '../common/metrics.ts'
import { processMonitor } from '../common/process-monitor.ts'
import { renderPrometheus } from '../common/prometheus.ts'
import { systemRandom } from '../common/random.ts'
import type { Random } from '../common/random.ts'
import { StateMachine } from '../common/state-machine.ts'
import { KafkaError } from '../errors/kafka-error.ts'
import { RuntimeError } from '../errors/runtime-error.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import { requireTopology } from '../topology/require-topology.ts'
import type { Topology } from '../topology/topology.ts'
import type { CompiledTopology } from '../topology/topology-node.ts'
import { connectKafka } from './connect-kafka.ts'
import { ErrorLog } from './error-log.ts'
import { GlobalState } from './global-state.ts'
import { openInstance } from './instance.ts'
import type { Instance } from './instance.ts'
import { InstanceView } from './instance-view.ts'
import { clientIdOf, showClient } from './metrics/client-metrics.ts'
import { showProcess } from './metrics/process-metrics.ts'
import type { OpenSlot } from './state-slot.ts'
import { StreamThread } from './stream-thread.ts'
import { emptyTopology, notAnswered, startedBefore, taskOf, warnOfFailure } from './streams-endings.ts'
import type { StreamsEvents, StreamsState } from './streams-events.ts'
import type { StreamsStatus } from './streams-status.ts'
import type { ThreadListener, ThreadState } from './thread-options.ts'
import { asBuilt, completeConfig } from './streams-config.ts'
import { TopicNames } from './topology-plan.ts'

export type { StreamsEvents, StreamsState } from './streams-events.ts'

/** Where everything that is not deterministic comes in. */
export interface StreamsInternals {
  readonly clock?: Clock
  readonly random?: Random
  /** Where state is kept; default: the disk. */
  readonly fileSystem?: FileSystem
  /** How a slot is taken; default: a lock in the state directory. */
  readonly openSlot?: OpenSlot
}

/** What an application counts; the names, types and meanings of all are in `docs/metrics.md`. */
export interface StreamsMetrics {
  /** By Kafka Streams' name, `process-total`: the sum of those that have all of `tags`. Undefined: nobody counts it. */
  get(name: string, tags?: Tags): number | undefined
  /** The text format of Prometheus. */
  prometheus(): string
  /** Every value there is. */
  collect(): Iterable<MetricSample>
}

type Listeners = { [E in keyof StreamsEvents]: Set<(event: StreamsEvents[E]) => void> }

/** Of the one thread that there is. */
const threadId = '1'
const closeTimeoutMs = 60_000
/** Of the time for closing, what is kept for closing all that needs no Kafka; less where there is little time. */
const localCloseMs = 3000
const replaceThreadDelayMs = 1000

export class KafkaStreams implements AsyncDisposable {
  readonly #topology: CompiledTopology
  readonly #fingerprint: string
  readonly #config: Readonly<StreamsConfig>
  readonly #clock: Clock
  readonly #random: Random
  readonly #internals: StreamsInternals
  readonly #logger: Logger
  readonly #registry: MetricsRegistry
  readonly #errors: ErrorLog
  readonly #view: InstanceView
  readonly #machine: StateMachine<StreamsState>
  readonly #listeners: Listeners = { state: new Set(), error: new Set(), restore: new Set(), rebalance: new Set() }
  readonly #startedAtMs: number
  readonly #closing = new AbortController()
  #instance: Instance | undefined
  #client: KafkaClient | undefined
  #thread: StreamThread | undefined
  #globalState: GlobalState | undefined
  /** What ended the updates of global stores. */
  #globalFailure: Error | undefined
  readonly #globalEnd = deferred()
  #runsWithoutTasks = false
  #running: Promise<void> | undefined
  #failedThreads = 0
  #processShown: Disposable | undefined
  #failure: Error | undefined
  #leaveGroup = true
  #isPaused = false
  /** Calls that are waiting for a state, and so hear of a failure. */
  #waiting = 0
  /** Closed before it was a member: then there is nothing to commit, and no broker is waited for. */
  #isCutShort = false
  /** Kafka did not answer what was asked of it while closing. */
  #givenUp: Error | undefined

  /**
   * Throws a `ConfigError` for a configuration that is wrong, and a `TopologyError` for a topology that cannot run.
   *
   * @example
   * const streams = new KafkaStreams(builder.build(), { applicationId: 'word-count', kafka: { brokers: ['localhost:9092'] } })
   * await streams.start()
   */
  constructor(
    topology: Topology,
    config: Pick<StreamsConfig, 'applicationId' | 'kafka'> & Partial<StreamsConfig>,
    internals: StreamsInternals = {},
  ) {
    requireTopology(topology, 'KafkaStreams')
    const complete = completeConfig(config, tmpdir())
    this.#topology = topology.compile(config)
    this.#config = asBuilt(complete, this.#topology)
    const { subTopologies, globalStores } = this.#topology
    if (subTopologies.length === 0 && globalStores.length === 0) throw emptyTopology(this.#config.applicationId)
    this.#fingerprint = fingerprintOf(topology, this.#topology)
    this.#clock = internals.clock ?? systemClock
    this.#random = internals.random ?? systemRandom
    this.#internals = internals
    this.#startedAtMs = this.#clock.now()
    this.#registry = new MetricsRegistry(this.#clock)
    this.#errors = new ErrorLog(this.#clock)
    this.#view = this.#look(topology)
    this.#logger = childLogger(this.#config.logger, { applicationId: this.#config.applicationId })
    this.#machine = new StateMachine<StreamsState>(
      `application '${this.#config.applicationId}'`,
      'CREATED',
      {
        CREATED: ['REBALANCING', 'PENDING_SHUTDOWN'],
        REBALANCING: ['RUNNING', 'PENDING_SHUTDOWN', 'PENDING_ERROR'],
        RUNNING: ['REBALANCING', 'PENDING_SHUTDOWN', 'PENDING_ERROR'],
        PENDING_SHUTDOWN: ['NOT_RUNNING', 'PENDING_ERROR'],
        NOT_RUNNING: [],
        PENDING_ERROR: ['ERROR'],
        ERROR: [],
      },
      (from, to) => this.#emit('state', { from, to }),
    )
  }

  get state(): StreamsState {
    return this.#machine.state
  }

  /** Plain numbers, named as in Kafka Streams: `metrics.get('dropped-records-total')`. */
  get metrics(): StreamsMetrics {
    return {
      get: (name, tags) => this.#registry.get(name, tags),
      prometheus: () => renderPrometheus(this.#samples()),
      collect: () => this.#samples(),
    }
  }

  /** What the instance has at the moment: the document that the HTTP server gives as `/v1/status`. */
  status(): StreamsStatus {
    this.#showProcess()
    return this.#view.status()
  }

  /** For the HTTP server. */
  get '~view'(): InstanceView {
    return this.#view
  }

  /**
   * Connects, joins the group, restores; resolves when RUNNING. Rejects with the error that prevents it, also when
   * `signal` is aborted or the application is closed meanwhile.
   */
  async start(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (!this.#machine.is('CREATED')) throw startedBefore(this.#config.applicationId, this.state)
    this.#machine.become('REBALANCING', 'start')
    const onAbort = (): void => void this.close().catch(() => undefined)
    options.signal?.addEventListener('abort', onAbort, { once: true })
    this.#running = this.#run()
    if (options.signal?.aborted) onAbort()
    try {
      await this.#reached('RUNNING')
    } finally {
      options.signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Resolves when the state is reached; rejects after `timeoutMs`, or when it cannot be reached any more. */
  async stateIs(state: StreamsState, options: { readonly timeoutMs?: number } = {}): Promise<void> {
    if (options.timeoutMs === undefined) return this.#reached(state)
    const limit = new AbortController()
    const timeout = sleep(this.#clock, options.timeoutMs, limit.signal).then(() => {
      if (limit.signal.aborted) return
      throw new RuntimeError(
        'MILLRACE_TIMEOUT',
        `application '${this.#config.applicationId}' is ${this.state} and did not become ${state} within ${options.timeoutMs} ms`,
      )
    })
    try {
      await Promise.race([this.#reached(state), timeout])
    } finally {
      limit.abort()
    }
  }

  /**
   * Commits what was processed, leaves the group (so that others take over at once; not with `leaveGroup: false`) and
   * ends. Idempotent. Takes `timeoutMs` (default 60 s) at most: where Kafka does not answer until then the application
   * ends without it, and this rejects. Nothing is lost by that: the next start, or its time-out, ends an open transaction.
   */
  async close(options: { readonly timeoutMs?: number; readonly leaveGroup?: boolean } = {}): Promise<void> {
    this.#leaveGroup = options.leaveGroup ?? this.#config.instanceId === undefined
    this.#closing.abort()
    this.#globalEnd.resolve()
    if (this.#machine.is('NOT_RUNNING', 'ERROR')) return
    if (this.#machine.is('CREATED')) {
      this.#processShown?.[Symbol.dispose]()
      this.#machine.become('PENDING_SHUTDOWN', 'close')
      this.#machine.become('NOT_RUNNING', 'close')
      return
    }
    if (this.#machine.is('REBALANCING', 'RUNNING')) this.#machine.become('PENDING_SHUTDOWN', 'close')
    this.#thread?.stop({ leaveGroup: this.#leaveGroup })
    this.#cutShort()
    await this.#ended(options.timeoutMs ?? closeTimeoutMs)
  }

  /** Returns the function that removes the listener. */
  on<E extends keyof StreamsEvents>(event: E, listener: (event: StreamsEvents[E]) => void): () => void {
    this.#listeners[event].add(listener)
    return () => void this.#listeners[event].delete(listener)
  }

  /** Stops taking records until `resume`; membership and commits go on. */
  pause(): void {
    this.#isPaused = true
    this.#thread?.setPaused(true)
  }

  resume(): void {
    this.#isPaused = false
    this.#thread?.setPaused(false)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  // --- what is seen from outside --------------------------------------------------------------------------------------

  #look(topology: Topology): InstanceView {
    const state = (): StreamsState => this.state
    const processId = (): string | undefined => this.#instance?.identity.processId
    const { applicationId } = this.#config
    const fingerprint = this.#fingerprint
    showClient(this.#registry, {
      applicationId,
      fingerprint,
      describe: () => topology.describe().toString(),
      state,
      processId,
      thread: () => this.#thread?.state,
      failedThreads: () => this.#failedThreads,
    })
    return new InstanceView({
      config: this.#config,
      topology: this.#topology,
      describe: () => topology.describe(),
      fingerprint,
      clock: this.#clock,
      startedAtMs: this.#startedAtMs,
      registry: this.#registry,
      monitor: processMonitor,
      errors: this.#errors,
      state,
      isPaused: () => this.#isPaused,
      processId,
      thread: () => this.#thread?.view,
    })
  }

  #samples(): Iterable<MetricSample> {
    this.#showProcess()
    return this.#registry
  }

  /** From the first time that somebody looks, since it costs something; not with another clock than the machine's. */
  #showProcess(): void {
    if (this.#clock !== systemClock || this.#machine.is('NOT_RUNNING', 'ERROR')) return
    this.#processShown ??= showProcess(this.#registry, processMonitor)
  }

  // --- life -------------------------------------------------------------------------------------------------------

  async #run(): Promise<void> {
    // Between connections, and with a broker in this process, nothing else would.
    const alive = keepProcessAlive()
    try {
      // First, because the state on disk belongs to one cluster.
      await this.#connect()
      const { identity } = await this.#openInstance()
      if (this.#closing.signal.aborted) throw this.#unreachable('RUNNING')
      const ownIds = [identity.transactionalId(threadId)].filter((id) => id !== undefined)
      await identity.fencePredecessors(this.#connected, this.#config.transactionTimeoutMs, ownIds)
      await this.#openGlobalState()
      while (!this.#closing.signal.aborted) await this.#runThread()
    } catch (error) {
      if (!this.#isCutShort && !this.#isOfGivingUp(error)) this.#fail(error)
    }
    // Last, because the tasks may read them to their end.
    await this.#globalState?.close()
    await this.#closeClient()
    await this.#instance?.identity.release().catch((error: unknown) => {
      this.#logger.warn(
        { err: error },
        'releasing the slot of the state directory failed; it is free when the process ends',
      )
    })
    alive.cancel()
    this.#processShown?.[Symbol.dispose]()
    this.#machine.become(this.#machine.is('PENDING_ERROR') ? 'ERROR' : 'NOT_RUNNING', 'run')
  }

  #fail(error: unknown): void {
    this.#failure = error instanceof Error ? error : new Error(String(error))
    if (this.#machine.canBecome('PENDING_ERROR')) this.#machine.become('PENDING_ERROR', 'run')
    this.#errors.noteError('fatal', this.#failure)
    this.#logger.error({ err: this.#failure }, 'the application stops')
    if (this.#waiting === 0 && this.#listeners.error.size === 0)
      warnOfFailure(this.#config.applicationId, this.#failure)
    this.#emit('error', { error: this.#failure, ...taskOf(this.#failure) })
  }

  async #closeClient(): Promise<void> {
    try {
      await this.#client?.close()
    } catch (error) {
      this.#logger.warn({ err: error }, 'closing the client failed')
    }
  }

  /** Ends what waits for a broker while the application connects and its thread opens. */
  #cutShort(): void {
    if (!this.#machine.is('PENDING_SHUTDOWN') || this.#thread?.isOpened === true || this.#runsWithoutTasks) return
    this.#isCutShort = true
    void this.#closeClient()
  }

  /** Closing the client ends whatever is under way or tried again. */
  #giveUp(afterMs: number): void {
    if (!this.#machine.is('PENDING_SHUTDOWN') || this.#isCutShort) return
    this.#givenUp ??= notAnswered(this.#config.applicationId, afterMs)
    void this.#closeClient()
    this.#thread?.giveUp(this.#givenUp)
  }

  #isOfGivingUp(error: unknown): boolean {
    if (this.#givenUp === undefined) return false
    return error === this.#givenUp || (error instanceof KafkaError && error.code === 'MILLRACE_CLIENT_CLOSED')
  }

  async #connect(): Promise<void> {
    this.#client = connectKafka(this.#config, { clock: this.#clock, random: this.#random, logger: this.#logger })
    await this.#client.connect()
  }

  async #openInstance(): Promise<Instance> {
    const { fileSystem, openSlot } = this.#internals
    this.#instance = await openInstance({
      config: this.#config,
      topology: this.#topology,
      startedAtMs: this.#startedAtMs,
      clusterId: this.#connected.clusterId,
      random: this.#random,
      logger: this.#logger,
      fileSystem,
      openSlot,
    })
    const { processId, directory } = this.#instance.identity
    this.#logger.info({ processId, directory }, 'instance opened')
    return this.#instance
  }

  /** Every task may read global stores, so they are complete before there is any. */
  async #openGlobalState(): Promise<void> {
    const { globalStores } = this.#topology
    if (globalStores.length === 0 || this.#instance === undefined) return
    this.#globalState = await GlobalState.open({
      stores: globalStores,
      client: this.#connected,
      engines: this.#instance.engines,
      config: this.#config,
      clock: this.#clock,
      metrics: this.#registry,
      logger: this.#logger,
      threadId: `${this.#clientId}-GlobalStreamThread`,
      onRecordFailure: (failure) => this.#errors.noteRecord(failure),
      onRetried: (error) => this.#errors.noteRetried(error),
      onRestore: (progress) => {
        this.#view.noteGlobalProgress(progress)
        this.#emit('restore', progress)
      },
      onFailure: (error) => {
        this.#globalFailure = error
        this.#thread?.stop({ leaveGroup: this.#leaveGroup })
        this.#globalEnd.resolve()
      },
    })
    await this.#globalState.fill(this.#closing.signal)
    if (!this.#closing.signal.aborted) this.#globalState.follow()
  }

  get #connected(): KafkaClient {
    if (this.#client === undefined) throw new Error('the client is connected before it is used (please report this)')
    return this.#client
  }

  get #clientId(): string {
    return clientIdOf(this.#config.applicationId, this.#instance?.identity.processId ?? '')
  }

  /** Only global stores: no member of any group, and RUNNING as soon as they are complete. */
  async #runWithoutTasks(): Promise<void> {
    this.#runsWithoutTasks = true
    this.#machine.become('RUNNING', 'global stores')
    await this.#globalEnd.promise
    if (this.#globalFailure !== undefined) throw this.#globalFailure
  }

  /** One life of the thread; returns when it may be followed by another. */
  async #runThread(): Promise<void> {
    if (this.#globalFailure !== undefined) throw this.#globalFailure
    if (this.#topology.subTopologies.length === 0) return this.#runWithoutTasks()
    const thread = this.#newThread()
    this.#thread = thread
    thread.setPaused(this.#isPaused)
    try {
      await thread.run()
    } catch (error) {
      this.#failedThreads++
      if (this.#config.onUncaughtError !== 'replaceThread' || this.#closing.signal.aborted) throw error
      const failure = error instanceof Error ? error : new Error(String(error))
      this.#errors.noteError('fatal', failure)
      this.#logger.error({ err: failure }, 'the thread failed and is replaced')
      this.#emit('error', { error: failure, ...taskOf(failure) })
      await sleep(this.#clock, replaceThreadDelayMs, this.#closing.signal)
    }
    // Its tasks read tables that stand still now: another thread would be no help.
    if (this.#globalFailure !== undefined) throw this.#globalFailure
  }

  #newThread(): StreamThread {
    const instance = this.#instance
    if (instance === undefined) throw new Error('the instance is opened before the thread (please report this)')
    return new StreamThread({
      threadId,
      ...instance,
      client: this.#connected,
      topology: this.#topology,
      fingerprint: this.#fingerprint,
      names: new TopicNames(this.#topology, this.#config.applicationId),
      config: this.#config,
      globalStores: this.#globalState?.stores,
      clock: this.#clock,
      metrics: this.#registry,
      clientId: this.#clientId,
      http: this.#view.http === undefined ? undefined : (this.#config.httpAdvertised ?? this.#view.http),
      logger: this.#logger,
      listener: this.#threadListener(),
    })
  }

  #threadListener(): ThreadListener {
    return {
      onState: (_, to) => this.#followThread(to),
      onRestore: (progress) => this.#emit('restore', progress),
      onRebalance: (event) => this.#emit('rebalance', event),
      onRecovered: (error) => this.#errors.noteError('recovered', error),
      onRetried: (error, taskId) => this.#errors.noteRetried(error, taskId),
      onRecordFailure: (failure) => this.#errors.noteRecord(failure),
    }
  }

  #followThread(state: ThreadState): void {
    if (state === 'RUNNING' && this.#machine.is('REBALANCING')) this.#machine.become('RUNNING', 'thread')
    else if (state !== 'RUNNING' && this.#machine.is('RUNNING')) this.#machine.become('REBALANCING', 'thread')
  }

  #emit<E extends keyof StreamsEvents>(event: E, value: StreamsEvents[E]): void {
    for (const listener of this.#listeners[event]) {
      try {
        listener(value)
      } catch (error) {
        this.#logger.warn({ err: error, event }, 'a listener threw; its error is ignored')
      }
    }
  }

  async #reached(state: StreamsState): Promise<void> {
    if (this.state === state) return
    const { promise, resolve, reject } = deferred()
    const remove = this.on('state', ({ to }) => {
      if (to === state) resolve()
      else if (to === 'ERROR' || to === 'NOT_RUNNING') reject(this.#unreachable(state))
    })
    if (this.#machine.is('ERROR', 'NOT_RUNNING')) reject(this.#unreachable(state))
    this.#waiting++
    try {
      await promise
    } finally {
      this.#waiting--
      remove()
    }
  }

  #unreachable(state: StreamsState): Error {
    return (
      this.#failure ??
      new RuntimeError(
        'MILLRACE_CLOSED',
        `application '${this.#config.applicationId}' was closed before it became ${state}`,
      )
    )
  }

  async #ended(timeoutMs: number): Promise<void> {
    const limit = new AbortController()
    const timeout = sleep(this.#clock, timeoutMs, limit.signal).then(() => {
      if (limit.signal.aborted) return
      throw new RuntimeError(
        'MILLRACE_TIMEOUT',
        `application '${this.#config.applicationId}' did not close within ${timeoutMs} ms; it goes on closing in the background`,
      )
    })
    const giveUpMs = Math.round(Math.max(0.9 * timeoutMs, timeoutMs - localCloseMs))
    const giveUp = this.#clock.setTimer(giveUpMs, () => this.#giveUp(giveUpMs))
    try {
      await Promise.race([this.#running, timeout])
    } finally {
      limit.abort()
      giveUp.cancel()
    }
    if (this.#givenUp !== undefined) throw this.#givenUp
  }
}

/** Equal for instances that may share tasks: the same nodes, topics and stores under the same names. */
function fingerprintOf(topology: Topology, compiled: CompiledTopology): string {
  const stores = compiled.subTopologies.flatMap(({ stores: list }) =>
    list.map(({ spec, changelogTopic }) => [spec.name, spec.kind, changelogTopic]),
  )
  const text = JSON.stringify([topology.describe().toString(), stores, compiled.repartitionTopics])
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
