/**
 * The global stores of one instance: filled from all partitions of their topics before any task runs, and kept up to date
 * as long as the instance lives.
 *
 *     open ──► fill: read to the high watermark ──► follow ──► close
 *
 * Their state is one atomic unit in `global/` of the instance's slot; its marker says up to where the topics are in it,
 * so that a restart reads only what came since. No transaction and no group is involved: every instance reads everything
 * for itself, and a crash costs what was read since the last commit to the engine.
 *
 * What is read goes into the stores between two turns of the stream thread, record by record: a task that reads a
 * global store never sees half of a record. Whatever goes wrong here ends the instance, because its tasks would go on
 * with tables that stand still.
 *
 * Kafka Streams: GlobalStreamThread.java, GlobalStateManagerImpl.java.
 */
import { sleep } from '../common/clock.ts'
import type { Clock } from '../common/clock.ts'
import { childLogger } from '../common/logger.ts'
import type { Logger } from '../common/logger.ts'
import type { MetricsRegistry } from '../common/metrics.ts'
import { parseTopicPartition } from '../common/topic-partition.ts'
import type { TopicPartitionKey } from '../common/topic-partition.ts'
import { reactionOf } from '../errors/streams-error.ts'
import type { Fetcher, KafkaClient } from '../kafka/client/kafka-client.ts'
import type { GlobalStores } from '../processor/global-stores.ts'
import type { RecordSet } from '../processor/record-set.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import { emptyMarker } from '../state/state-engine.ts'
import type { Marker, TaskState } from '../state/state-engine.ts'
import { storeLayout } from '../state/store-layout.ts'
import type { GlobalStore } from '../topology/topology-node.ts'
import type { RestoreProgress } from './changelog-reader.ts'
import { Filling } from './global-filling.ts'
import { keyOf, lookUpGlobals, whereToBegin } from './global-start.ts'
import type { GlobalFacts, GlobalKept } from './global-start.ts'
import { GlobalTopics } from './global-topics.ts'
import type { TaskEngines } from './task-engines.ts'
import type { RecordFailure } from './task/failure-handler.ts'
import { GlobalTask } from './task/global-task.ts'

export interface GlobalStateOptions {
  readonly stores: readonly GlobalStore[]
  readonly client: KafkaClient
  readonly engines: TaskEngines
  readonly config: Readonly<StreamsConfig>
  readonly clock: Clock
  readonly metrics: MetricsRegistry
  readonly logger: Logger
  /** As metrics show it. */
  readonly threadId: string
  readonly onRecordFailure: (failure: RecordFailure) => void
  /** Something failed in a way that passes, and is tried again. */
  readonly onRetried: (error: unknown) => void
  readonly onRestore: (progress: RestoreProgress) => void
  /** Once: it does not follow its topics any more. */
  readonly onFailure: (error: Error) => void
}

/**
 * What becomes of what is read. `put`: into the engine as it is; `reprocess`: to the processors that have to see it again;
 * `follow`: to all processors.
 */
type Mode = 'put' | 'reprocess' | 'follow'

/** The event loop gets its turn at least this often. */
const sliceMs = 10
/** Arrivals end the wait; this is for what only the clock tells. */
const idleWaitMs = 500
/** Nobody waits for a commit: after a crash so much is read again. */
const commitIntervalMinMs = 1000
/** A marker's time says how long ago the state was complete, by which removed tombstones are judged. */
const markerRefreshMs = 3_600_000
const retryFirstMs = 50
const retryMaxMs = 5000

export class GlobalState {
  readonly #options: GlobalStateOptions
  readonly #logger: Logger
  readonly #state: TaskState
  readonly #task: GlobalTask
  readonly #fetcher: Fetcher
  readonly #topics: GlobalTopics
  readonly #closing = new AbortController()
  /** By partition, up to where it is in the stores. */
  #positions = new Map<TopicPartitionKey, number>()
  /** By partition, up to where it is in the engine. */
  #committed: ReadonlyMap<TopicPartitionKey, number> = new Map()
  #topicIds: Readonly<Record<string, string>> = {}
  /** The stores had everything that their topics had. */
  #completeAtMs: number
  #committedAtMs = -Infinity
  #refreshMs = markerRefreshMs
  #failuresInRow = 0
  #mode: Mode = 'put'
  #following: Promise<void> = Promise.resolve()
  #hasFailed = false

  /** Opens what an earlier instance has left of the stores, or begins without. */
  static async open(options: GlobalStateOptions): Promise<GlobalState> {
    const { engines, stores, logger } = options
    const { state, directory } = await engines.open('global', { stores })
    if (state.damage !== undefined) {
      logger.warn(
        { directory },
        `the state of global stores was damaged on disk; their topics replace what is missing: ${state.damage}`,
      )
    }
    return new GlobalState(options, state)
  }

  private constructor(options: GlobalStateOptions, state: TaskState) {
    const { client, config, clock, metrics, stores } = options
    this.#options = options
    this.#logger = childLogger(options.logger, { global: true })
    this.#state = state
    this.#completeAtMs = state.marker?.committedAtMs ?? clock.now()
    const logger = this.#logger
    const { threadId, onRecordFailure } = options
    const { applicationId } = config
    this.#task = new GlobalTask({
      stores,
      applicationId,
      state,
      config,
      clock,
      metrics,
      logger,
      threadId,
      onRecordFailure,
    })
    this.#fetcher = client.fetcher({
      name: 'global',
      isolation: config.processingGuarantee === 'exactly_once' ? 'read_committed' : 'read_uncommitted',
      onTopicSuspect: (topic) => this.#topics.suspect(topic),
    })
    this.#topics = new GlobalTopics({ client, clock, logger, onChange: () => this.#fetcher.wakeup() })
  }

  /** For the tasks. */
  get stores(): GlobalStores {
    return this.#task
  }

  // --- filling --------------------------------------------------------------------------------------------------------

  /** Resolves when the stores have all that was in their topics when this was called, or when `signal` is aborted. */
  async fill(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#stop()
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    try {
      while (!(await this.#tryToFill())) this.#logger.info({}, 'records were deleted while they were read')
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  /** False: retention has deleted records before they were read, and the store that they were for begins anew. */
  async #tryToFill(): Promise<boolean> {
    try {
      await this.#fill()
      return true
    } catch (error) {
      if (reactionOf(error) !== 'offset-out-of-range') throw error
      this.#task.rollback()
      this.#fetcher.assign(new Map())
      return false
    }
  }

  async #fill(): Promise<void> {
    const facts = await this.#lookUp()
    if (facts === undefined) return
    this.#topicIds = Object.fromEntries([...facts.topics].map(([name, { topicId }]) => [name, topicId]))
    this.#noteRetention(facts)
    const { stores, clock } = this.#options
    const context = { nowMs: clock.now(), logger: this.#logger }
    const positions = await this.#untilDone(() => whereToBegin(this.#kept, stores, facts, context))
    if (positions === undefined) return
    this.#positions = positions
    this.#committed = new Map(positions)
    this.#topics.watch(facts.topics)
    // One after the other: what is put as it is goes into the engine at once, with a marker that must not run ahead.
    this.#enter('put')
    await this.#fillAll(facts, (set, store) => this.#put(set, store))
    this.#enter('reprocess')
    await this.#fillAll(facts, (set) => this.#process(set))
    if (this.#closing.signal.aborted) return
    this.#completeAtMs = this.#options.clock.now()
    await this.#commit()
    this.#enter('follow')
  }

  /** A store that is emptied forgets what it counted, too. */
  get #kept(): GlobalKept {
    const state = this.#state
    return {
      get marker() {
        return state.marker
      },
      clear: (store, marker) => this.#task.clear(store, marker),
    }
  }

  async #lookUp(): Promise<GlobalFacts | undefined> {
    const { client, stores } = this.#options
    const onNoConfigs = (error: unknown): void =>
      this.#logger.info({ err: error }, 'topic configurations could not be read; defaults are assumed')
    return this.#untilDone(() => lookUpGlobals(client, stores, onNoConfigs))
  }

  #noteRetention({ configs }: GlobalFacts): void {
    for (const config of configs.values()) {
      const retentionMs = Number(config.get('delete.retention.ms'))
      if (retentionMs > 0) this.#refreshMs = Math.max(commitIntervalMinMs, Math.min(this.#refreshMs, retentionMs / 4))
    }
  }

  /** The stores of this mode: those that are put, or those whose processors see the records. */
  async #fillAll(facts: GlobalFacts, apply: (set: RecordSet, store: GlobalStore) => Promise<number>): Promise<void> {
    const stores = this.#options.stores.filter((store) => store.restoredByProcessor === (this.#mode === 'reprocess'))
    const fillings = new Map(stores.map((store) => [store.topic, new Filling(store, facts, this.#positions)]))
    this.#fetchFrom([...fillings.keys()])
    const applyCounted = async (set: RecordSet): Promise<void> => {
      const filling = fillings.get(set.topic)
      if (filling !== undefined) this.#options.onRestore(filling.add(await apply(set, filling.store)))
    }
    for (;;) {
      for (const filling of fillings.values()) this.#reportEnd(filling.finish(this.#positions))
      if (fillings.values().every(({ isDone }) => isDone) || this.#closing.signal.aborted) return
      this.#topics.check()
      await this.#takeOrWait(applyCounted)
    }
  }

  #reportEnd(progress: RestoreProgress | undefined): void {
    if (progress === undefined) return
    if (progress.restored > 0) this.#logger.info(progress, 'global store filled from its topic')
    this.#options.onRestore(progress)
  }

  /** As it is on the topic, which is the store's changelog: nothing is deserialised. */
  async #put(set: RecordSet, { spec }: GlobalStore): Promise<number> {
    const positions = new Map(this.#positions).set(keyOf(set), set.nextOffset)
    const count = await this.#task.restore(spec.name, set, this.#markerAt(positions))
    this.#positions.set(keyOf(set), set.nextOffset)
    this.#committed = positions
    return count
  }

  // --- following ------------------------------------------------------------------------------------------------------

  /** From now on in the background; `onFailure` hears what ends it. */
  follow(): void {
    this.#following = this.#follow().catch((error: unknown) => {
      this.#hasFailed = true
      // What ends while it is closed, ends because of that.
      if (this.#closing.signal.aborted) return
      this.#options.onFailure(error instanceof Error ? error : new Error(String(error)))
    })
  }

  async #follow(): Promise<void> {
    this.#fetchFrom(this.#options.stores.map(({ topic }) => topic))
    while (!this.#closing.signal.aborted) {
      this.#topics.check()
      await this.#takeInPartitions()
      await this.#takeOrWait(async (set) => void (await this.#process(set)))
      if (this.#isCaughtUp) this.#completeAtMs = this.#options.clock.now()
      if (this.#isCommitDue) await this.#commit()
    }
  }

  /** Gives the records to the store's processor; returns how many there were at most. */
  async #process(set: RecordSet): Promise<number> {
    const { clock, config } = this.#options
    const key = keyOf(set)
    this.#task.add(set)
    while (this.#task.process(clock.now() + sliceMs) && !this.#closing.signal.aborted) {
      this.#positions.set(key, this.#task.position(set.topic, set.partition))
      if (this.#task.commitDue) await this.#commit()
      // The disk does not take it: what is in memory must not grow.
      while (this.#task.uncommittedBytes > config.uncommittedMaxBytes && !this.#closing.signal.aborted) {
        await this.#commit()
      }
      await clock.yieldTurn()
    }
    this.#positions.set(key, this.#task.position(set.topic, set.partition))
    return set.recordCount
  }

  async close(): Promise<void> {
    this.#stop()
    await this.#following
    // Of a record that failed half may be in the overlay.
    if (!this.#hasFailed && this.#mode === 'follow') {
      await this.#commit().catch((error: unknown) => {
        this.#logger.warn({ err: error }, 'the last updates of global stores were not kept; they are read again')
      })
    }
    this.#topics.close()
    this.#task.close()
    await Promise.allSettled([this.#fetcher.close(), this.#state.close()])
  }

  #stop(): void {
    this.#closing.abort()
    this.#fetcher.wakeup()
  }

  // --- steps, commits and failures ------------------------------------------------------------------------------------

  /** Applies what has arrived, or waits for something to arrive. */
  async #takeOrWait(apply: (set: RecordSet) => Promise<void>): Promise<void> {
    try {
      const sets = this.#fetcher.take()
      for (const set of sets) await apply(set)
      this.#notePositions()
      if (sets.length === 0) return await this.#fetcher.wait(idleWaitMs)
      this.#failuresInRow = 0
      await this.#options.clock.yieldTurn()
    } catch (error) {
      await this.#waitAfter(error)
      // From what the engine has: a full disk, or a processor whose policy says to try again.
      this.#task.rollback()
      for (const [key, position] of this.#committed) {
        this.#positions.set(key, position)
        this.#fetcher.seek(key, position)
      }
      this.#enter(this.#mode)
    }
  }

  /** Behind the last record there may be markers and aborted data only: the fetcher's position counts them. */
  #notePositions(): void {
    if (this.#closing.signal.aborted) return
    for (const [key, position] of this.#positions) {
      this.#positions.set(key, Math.max(position, this.#fetcher.position(key) ?? 0))
    }
  }

  #enter(mode: Mode): void {
    this.#mode = mode
    if (mode !== 'put') this.#task.initialize({ restoring: mode === 'reprocess' })
    for (const [key, position] of this.#positions) {
      const { topic, partition } = parseTopicPartition(key)
      this.#task.resume(topic, partition, position)
    }
  }

  get #isCaughtUp(): boolean {
    for (const [key, position] of this.#positions) {
      if (position < (this.#fetcher.watermarks(key)?.highWatermark ?? Infinity)) return false
    }
    return true
  }

  get #isCommitDue(): boolean {
    const sinceMs = this.#options.clock.now() - this.#committedAtMs
    if (sinceMs >= this.#refreshMs && this.#isCaughtUp) return true
    if (sinceMs < Math.max(this.#options.config.commitIntervalMs, commitIntervalMinMs)) return false
    for (const [key, position] of this.#positions) if (this.#committed.get(key) !== position) return true
    return false
  }

  /** What the disk does not take stays in memory, and goes along with the next commit. */
  async #commit(): Promise<void> {
    const positions = new Map(this.#positions)
    try {
      await this.#task.commit(this.#task.freeze(), this.#markerAt(positions))
    } catch (error) {
      return this.#waitAfter(error)
    }
    this.#failuresInRow = 0
    this.#committed = positions
    this.#committedAtMs = this.#options.clock.now()
  }

  #markerAt(positions: ReadonlyMap<TopicPartitionKey, number>): Marker {
    const { stores } = this.#options
    return {
      ...emptyMarker,
      changelog: Object.fromEntries(positions),
      topicIds: this.#topicIds,
      layouts: Object.fromEntries(stores.map(({ spec }) => [spec.name, storeLayout(spec)])),
      counters: this.#task.counters,
      committedAtMs: this.#completeAtMs,
    }
  }

  async #untilDone<T>(step: () => Promise<T>): Promise<T | undefined> {
    while (!this.#closing.signal.aborted) {
      try {
        return await step()
      } catch (error) {
        await this.#waitAfter(error)
      }
    }
    return undefined
  }

  /** Throws what does not pass by itself. */
  async #waitAfter(error: unknown): Promise<void> {
    const reaction = reactionOf(error)
    if (reaction !== 'retriable' && reaction !== 'abortable') throw error
    const delayMs = Math.min(retryMaxMs, retryFirstMs * 2 ** this.#failuresInRow++)
    this.#logger.warn({ err: error, delayMs }, 'global stores cannot be updated at the moment; it is tried again')
    this.#options.onRetried(error)
    await sleep(this.#options.clock, delayMs, this.#closing.signal)
  }

  // --- topics ---------------------------------------------------------------------------------------------------------

  #fetchFrom(topics: readonly string[]): void {
    const names = new Set(topics)
    const isWanted = (key: TopicPartitionKey): boolean => names.has(parseTopicPartition(key).topic)
    this.#fetcher.assign(new Map([...this.#positions].filter(([key]) => isWanted(key))))
  }

  /** Those that were added to a topic. */
  async #takeInPartitions(): Promise<void> {
    const added = await this.#untilDone(() => this.#topics.takeAdded())
    if (added === undefined || added.size === 0) return
    for (const [key, position] of added) {
      const { topic, partition } = parseTopicPartition(key)
      this.#positions.set(key, position)
      this.#task.resume(topic, partition, position)
    }
    this.#fetcher.assign(this.#positions)
  }
}
