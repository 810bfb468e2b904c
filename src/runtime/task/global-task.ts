/**
 * The global stores of an instance and the processors that fill them: what a StreamTask is for its partition, for all
 * partitions of the topics of global stores. Like it, it does no I/O: who feeds it is the instance (`global-state.ts`) or
 * the test driver. Nothing comes after its processors, so it has no output, and its topics are its changelogs.
 *
 * Kafka Streams: GlobalStateUpdateTask.java, GlobalStateManagerImpl.java.
 */
import type { Clock } from '../../common/clock.ts'
import type { Logger } from '../../common/logger.ts'
import type { MetricsRegistry } from '../../common/metrics.ts'
import { topicPartitionKey, type TopicPartitionKey } from '../../common/topic-partition.ts'
import { deadLetterTopicOf, type ErrorPolicy } from '../../processor/error-policy.ts'
import type { GlobalStores } from '../../processor/global-stores.ts'
import type { RecordSet } from '../../processor/record-set.ts'
import type { RecordSink } from '../../processor/record-sink.ts'
import type { Batch, Marker, TaskState } from '../../state/state-engine.ts'
import { TaskStores } from '../../state/task-stores.ts'
import type { GlobalStore } from '../../topology/topology-node.ts'
import { TaskMetrics } from '../metrics/task-metrics.ts'
import { DroppedRecords } from './dropped-records.ts'
import { FailureHandler, type RecordFailure } from './failure-handler.ts'
import { ObservedTimes } from './observed-times.ts'
import { ProcessorTaskNode } from './processor-task-node.ts'
import { PunctuationQueue } from './punctuation-queue.ts'
import { readOnlyStore } from './read-only-store.ts'
import { RecordQueue } from './record-queue.ts'
import { asRecorded, SourceTaskNode } from './source-task-node.ts'
import type { TaskConfig } from './task-options.ts'
import { TaskRecordContext } from './task-record-context.ts'
import type { TaskScope } from './task-scope.ts'

/** As in Java, where metrics and contexts say it. */
export const globalTaskId = '-1_-1'

export interface GlobalTaskOptions {
  readonly stores: readonly GlobalStore[]
  readonly applicationId: string
  readonly state: TaskState
  readonly config: TaskConfig
  readonly clock: Clock
  readonly metrics: MetricsRegistry
  readonly logger: Logger
  /** As metrics show it; undefined: none. */
  readonly threadId?: string | undefined
  readonly onRecordFailure?: ((failure: RecordFailure) => void) | undefined
}

/** The nodes of one global store. */
interface StoreNodes {
  readonly source: SourceTaskNode
  readonly processor: ProcessorTaskNode
}

/** How many records are processed between two looks at the clock. */
const recordsPerLook = 32

export class GlobalTask implements GlobalStores {
  readonly #options: GlobalTaskOptions
  readonly #scope: TaskScope
  /** By topic. */
  readonly #stores: ReadonlyMap<string, GlobalStore>
  readonly #views = new Map<string, unknown>()
  readonly #queues = new Map<TopicPartitionKey, RecordQueue>()
  /** By topic; while the task has processors. */
  readonly #nodes = new Map<string, StoreNodes>()
  #isRestoring = false

  constructor(options: GlobalTaskOptions) {
    this.#options = options
    this.#stores = new Map(options.stores.map((store) => [store.topic, store]))
    this.#scope = makeScope(options, this)
    for (const { spec } of options.stores) {
      this.#views.set(spec.name, readOnlyStore(spec.name, this.store(spec.name) as object))
    }
  }

  /** For its own processor, and for tests. */
  store(name: string): unknown {
    return this.#scope.stores.store(name)
  }

  view(name: string): unknown {
    return this.#views.get(name)
  }

  /**
   * Makes the processors and calls their `init`. Without it a store is filled by `restore`; `restoring`: only those
   * processors that have to see the records again, which then are given none without a key.
   */
  initialize(options: { readonly restoring?: boolean } = {}): void {
    this.#closeProcessors()
    this.#isRestoring = options.restoring ?? false
    for (const store of this.#stores.values()) {
      if (!this.#isRestoring || store.restoredByProcessor) this.#nodes.set(store.topic, this.#makeNodes(store))
    }
    this.#scope.hasRecord = false
    this.#scope.record.clear(0)
    for (const { processor } of this.#nodes.values()) processor.init()
    for (const queue of this.#queues.values()) queue.source = this.#nodes.get(queue.topic)?.source
  }

  /** Where a partition is gone on with. Drops what is queued of it. */
  resume(topic: string, partition: number, offset: number): void {
    this.#queueOf(topic, partition).resume(offset, -1)
  }

  /** Up to where the store has what its topic has, but for control records at the end. */
  position(topic: string, partition: number): number {
    return this.#queueOf(topic, partition).position
  }

  add(set: RecordSet): void {
    this.#queueOf(set.topic, set.partition).add(set)
  }

  /** Processes until the clock passes the deadline or a budget is spent; true: there is more. */
  process(deadlineMs: number): boolean {
    const { clock } = this.#options
    const beganMs = clock.now()
    let count = 0
    try {
      for (const queue of this.#queues.values()) {
        while (queue.hasRecord()) {
          this.#processHead(queue)
          count++
          if (this.commitDue) return true
          if (count % recordsPerLook === 0 && clock.now() >= deadlineMs) return true
        }
      }
      return false
    } finally {
      this.#scope.metrics.endSlice(count, clock.now(), beganMs)
      this.#endTurn()
    }
  }

  /** Puts the records of a topic into its store as they are, atomically with the marker; returns how many. */
  async restore(store: string, set: RecordSet, marker: Marker): Promise<number> {
    this.#scope.stores.turn++
    return this.#scope.stores.restore(store, set, marker)
  }

  /** Empties a store, atomically with the marker. */
  clear(store: string, marker: Marker): Promise<void> {
    return this.#scope.stores.clear(store, marker)
  }

  /** The overlay is over its budget. */
  get commitDue(): boolean {
    return this.#scope.stores.commitDue
  }

  get uncommittedBytes(): number {
    const { uncommittedBytes, frozenBytes } = this.#scope.stores.budget
    return uncommittedBytes + frozenBytes
  }

  /** Everything that is written by now, and stays readable until the engine has it. */
  freeze(): Batch {
    this.#endTurn()
    return this.#scope.stores.freeze()
  }

  /** What the stores count beside their entries, as of the last `freeze`, for the marker. */
  get counters(): Readonly<Record<string, number>> {
    return this.#scope.stores.counters
  }

  /** Undefined: done at once, by an engine in memory. If it fails, a later commit takes the batch along. */
  commit(batch: Batch, marker: Marker): Promise<void> | undefined {
    return this.#scope.stores.commit(batch, marker)
  }

  /** Forgets what no commit has taken, and what is queued. The processors have to be made anew. */
  rollback(): void {
    this.#closeProcessors()
    for (const queue of this.#queues.values()) queue.clear()
    this.#scope.stores.rollback(false)
    this.#endTurn()
  }

  close(): void {
    this.#closeProcessors()
    this.#scope.dropped[Symbol.dispose]()
    this.#scope.metrics[Symbol.dispose]()
  }

  #processHead(queue: RecordQueue): void {
    const { head } = queue
    const scope = this.#scope
    if (this.#isRestoring && head.key === null) return queue.advance()
    const source = this.#nodes.get(queue.topic)?.source as SourceTaskNode
    source.enter(queue)
    scope.hasRecord = true
    scope.failures.source = queue
    scope.stores.turn++
    queue.stats.note(head.timestamp)
    source.process(head.key, head.value)
    queue.advance()
  }

  /** What was lent for a record is no longer valid, and tasks read between two records. */
  #endTurn(): void {
    this.#scope.record.rawKey = undefined
    this.#scope.stores.turn++
  }

  #queueOf(topic: string, partition: number): RecordQueue {
    const key = topicPartitionKey(topic, partition)
    let queue = this.#queues.get(key)
    if (queue === undefined) {
      queue = new RecordQueue(topic, partition)
      queue.source = this.#nodes.get(topic)?.source
      this.#queues.set(key, queue)
      const { source, topic: name } = this.#stores.get(topic) as GlobalStore
      this.#scope.metrics.showInput(source.name, name, queue.stats)
    }
    return queue
  }

  #makeNodes({ source: from, processor: by, spec }: GlobalStore): StoreNodes {
    const { logger } = this.#options
    const policy = from.onDeserializationError ?? this.#options.config.onDeserializationError
    const source = new SourceTaskNode(
      { ...from, timestampExtractor: asRecorded, onDeserializationError: withoutLetters(policy, logger) },
      this.#scope,
    )
    // As in Java, the policy of the application is not for global stores: without the record they would be incomplete.
    const onProcessingError = withoutLetters(by.onProcessingError ?? 'fail', logger)
    const processor = new ProcessorTaskNode({ ...by, stores: [spec.name], onProcessingError }, this.#scope)
    source.addChild(processor)
    return { source, processor }
  }

  #closeProcessors(): void {
    for (const { processor } of this.#nodes.values()) {
      try {
        processor.close()
      } catch (error) {
        this.#options.logger.warn({ node: processor.name, error }, 'a processor of a global store failed to close')
      }
    }
    this.#nodes.clear()
  }
}

function makeScope(options: GlobalTaskOptions, globalStores: GlobalStores): TaskScope {
  const { stores, applicationId, state, config, clock, metrics, logger } = options
  const record = new TaskRecordContext()
  const taskMetrics = new TaskMetrics({ registry: metrics, taskId: globalTaskId, threadId: options.threadId })
  const dropped = new DroppedRecords(taskMetrics.tags, metrics, clock, logger)
  const taskStores = new TaskStores({
    stores: stores.map(({ spec, topic }) => ({ spec, serdeTopic: topic, changelogTopic: undefined })),
    state,
    record,
    sink: noSink,
    partition: -1,
    cacheMaxBytes: 0,
    uncommittedMaxBytes: config.uncommittedMaxBytes,
  })
  taskMetrics.showStores(taskStores.figures)
  return {
    taskId: globalTaskId,
    applicationId,
    partition: -1,
    config,
    clock,
    record,
    sink: noSink,
    stores: taskStores,
    failures: new FailureHandler(globalTaskId, record, noSink, dropped, { onFailure: options.onRecordFailure }),
    dropped,
    metrics: taskMetrics,
    globalStores,
    isGlobal: true,
    streamPunctuations: new PunctuationQueue(),
    wallClockPunctuations: new PunctuationQueue(),
    observedTimes: new ObservedTimes(),
    metadata: new Map<string, number>(),
    streamTime: -1,
    hasRecord: false,
    commitRequested: false,
  }
}

/** Nothing comes after a global store, its changelog is its topic, and letters are not written. */
const noSink: RecordSink = {
  partitionCount: () => refuseOutput(),
  whenKnown: () => refuseOutput(),
  append: () => refuseOutput(),
}

function refuseOutput(): never {
  throw new Error('a global store has nothing to write to a topic (please report this)')
}

/** There is no transaction that a letter could be part of: the record is dropped, and the log says where it was. */
function withoutLetters(policy: ErrorPolicy, logger: Logger): ErrorPolicy {
  if (typeof policy === 'function') {
    return (error, at) => {
      const action = policy(error, at)
      return typeof action === 'object' && action !== null ? dropOnly(action, logger) : action
    }
  }
  return typeof policy === 'object' ? () => dropOnly(policy, logger) : policy
}

function dropOnly(letter: ErrorPolicy, logger: Logger): 'skip' {
  logger.warn(
    { deadLetter: deadLetterTopicOf(letter) },
    'a record of a global store failed; dead letters are not written for global stores, so it is only dropped',
  )
  return 'skip'
}
