/**
 * One task: the sub-topology for one partition number, with its queues, its time, its stores and its punctuations. It is
 * the deterministic core that runs in production, in the test driver and in the simulation alike; it does no I/O and
 * reads no clock but the one it is given. The thread around it fetches, commits and rolls back.
 *
 *     initialize, resume ──► add, process, punctuate ──► flush, positions, freeze ──► commitEngine
 *          ▲                          ▲                                  │ │
 *          │                          └──────────────────────────────────┘ │
 *          └──────────────────────────── rollback ◄────────────────────────┘
 *
 * A record that fails stops the task before it: `process` throws, its position stays, and only a rollback goes on.
 */
import { assert } from '../../common/assert.ts'
import type { TopicPartitionKey } from '../../common/topic-partition.ts'
import type { RecordSet } from '../../processor/record-set.ts'
import { publicView } from '../../processor/state-store.ts'
import type { Batch, Marker } from '../../state/state-engine.ts'
import type { TaskStore } from '../../state/open-store.ts'
import { storeLayout } from '../../state/store-layout.ts'
import { TaskStores, type StoreFigures } from '../../state/task-stores.ts'
import type { TopologyStore } from '../../topology/topology-node.ts'
import { TaskMetrics } from '../metrics/task-metrics.ts'
import { DroppedRecords } from './dropped-records.ts'
import { FailureHandler, isOversized } from './failure-handler.ts'
import { ObservedTimes } from './observed-times.ts'
import { decodeOffsetMetadata, encodeOffsetMetadata, mergeMetadata } from './offset-metadata.ts'
import { PartitionGroup } from './partition-group.ts'
import { PunctuationQueue } from './punctuation-queue.ts'
import { RecordQueue, type RecordSource } from './record-queue.ts'
import { buildGraph, type TaskGraph } from './task-graph.ts'
import type { TaskChangelog, TaskOptions, TaskPosition } from './task-options.ts'
import { TaskRecordContext } from './task-record-context.ts'
import type { PunctuatedNode, TaskScope } from './task-scope.ts'

/** What a commit hands over: the batch for the engine, and what the marker says about it. */
export interface FrozenOverlay extends Batch {
  /** No store was written to: the engine need not know of this commit. */
  readonly isEmpty: boolean
  readonly streamTimes: Readonly<Record<string, number>>
  readonly counters: Readonly<Record<string, number>>
}

/** How often a task looks whether it has waited long enough for an empty input. */
const waitingLookMs = 100
/** How many records are processed between two looks at the clock. */
const recordsPerLook = 32

export class StreamTask {
  readonly id: string
  readonly partition: number
  readonly changelogs: readonly TaskChangelog[]
  readonly #options: TaskOptions
  readonly #scope: TaskScope
  readonly #group: PartitionGroup
  readonly #metrics: TaskMetrics
  readonly #now: () => number
  readonly #sourceNames = new Map<RecordQueue, string>()
  readonly #committed = new Map<TopicPartitionKey, number>()
  #graph: TaskGraph | undefined
  /** Something was processed or punctuated since the last commit. */
  #worked = false
  /** A record failed; only a rollback goes on. */
  #stopped = false

  constructor(options: TaskOptions) {
    this.id = options.taskId
    this.partition = options.partition
    this.#options = options
    this.#now = () => options.clock.now()
    this.#scope = makeScope(options)
    this.#metrics = this.#scope.metrics
    this.#metrics.showGauges({
      bufferedBytes: () => this.bufferedBytes,
      cacheBytes: () => this.cacheBytes,
      uncommittedBytes: () => this.uncommittedBytes + this.frozenBytes,
    })
    this.changelogs = options.topology.stores.flatMap((store) => changelogOf(store, options))
    this.#group = new PartitionGroup(options.config.maxTaskIdleMs, options.queueOrder)
    for (const [source, topics] of options.inputTopics) for (const topic of topics) this.#addQueue(source, topic)
  }

  /** Everything that its state depends on: input topics and changelogs. */
  get topics(): readonly string[] {
    const inputs = this.#group.queues.map(({ topic }) => topic)
    return [...new Set([...inputs, ...this.changelogs.map(({ topic }) => topic)])]
  }

  get hasStores(): boolean {
    return this.#options.topology.stores.length > 0
  }

  get inputPartitions(): readonly TopicPartitionKey[] {
    return this.#group.queues.map(({ id }) => id)
  }

  /** A topic that a source's pattern matches has appeared; `resume` says where to begin. */
  addInput(source: string, topic: string): void {
    const queue = this.#addQueue(source, topic)
    queue.source = this.#graph?.sources.get(source)
  }

  /** Makes the processors anew and calls their `init`, in topological order. At the start and after every rollback. */
  initialize(): void {
    assert(this.#graph === undefined, `task ${this.id} is initialised once per life of its processors`)
    const graph = buildGraph(this.#options, this.#scope)
    this.#graph = graph
    for (const [queue, source] of this.#sourceNames) queue.source = graph.sources.get(source)
    this.#scope.hasRecord = false
    this.#scope.record.clear(0)
    for (const processor of graph.processors) processor.init()
    this.#stopped = false
  }

  /** Where to go on; `metadata` is that of the committed offset. Drops what is queued of that partition. */
  resume(partition: TopicPartitionKey, offset: number, metadata: string | undefined): void {
    const { partitionTime, processors } = decodeOffsetMetadata(metadata)
    this.#group.resume(this.#group.queue(partition), offset, partitionTime)
    this.#committed.set(partition, offset)
    this.#scope.streamTime = Math.max(this.#scope.streamTime, partitionTime)
    mergeMetadata(this.#scope.metadata, processors)
  }

  /**
   * The record at `offset` has failed: after the rollback everything before it is processed again, and the task stops
   * there. To be called after `resume`, which forgets it.
   */
  haltBefore(partition: TopicPartitionKey, offset: number): void {
    this.#group.queue(partition).haltOffset = offset
  }

  /** The next record is the one that has failed before. */
  get isHalted(): boolean {
    return this.#group.isHalted
  }

  add(set: RecordSet): void {
    const queue = this.#group.queueOf(set.topic)
    this.#group.addSet(queue, set)
    queue.lag = set.highWatermark < 0 ? undefined : Math.max(0, set.highWatermark - set.nextOffset)
  }

  /** Records on the broker that were not added yet (by the last stable offset); 0: caught up. */
  noteLag(partition: TopicPartitionKey, lag: number): void {
    this.#group.queue(partition).lag = lag
  }

  /** An upper bound. */
  bufferedRecords(partition: TopicPartitionKey): number {
    return this.#group.queue(partition).bufferedRecords
  }

  /** Whether anything waits in a queue. */
  get hasInput(): boolean {
    // Not by the number of buffered records: a head that was read already does not count as one.
    return this.#group.queues.some(({ isEmpty }) => !isEmpty)
  }

  get bufferedBytes(): number {
    return this.#group.queues.reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0)
  }

  /**
   * Processes records in order of their timestamps until the clock passes the deadline, nothing is ready or an early
   * commit is due; returns how many. Throws the error of a record that stops the task.
   */
  process(deadlineMs: number, maxRecords: number = Infinity): number {
    assert(!this.#stopped, `task ${this.id} was rolled back before it goes on`)
    const beganMs = this.#now()
    let count = 0
    try {
      while (count < maxRecords) {
        const queue = this.#group.next(this.#now)
        if (queue === undefined) break
        this.#processHead(queue)
        count++
        if (this.#scope.stores.commitDue) break
        if (count % recordsPerLook === 0 && this.#now() >= deadlineMs) break
      }
    } catch (error) {
      this.#stopped = true
      throw error
    } finally {
      this.#metrics.endSlice(count, this.#now(), beganMs)
      this.#endTurn()
    }
    return count
  }

  /** When the clock alone gives it something to do. */
  get nextWallClockMs(): number {
    const waitingMs = this.#group.isWaiting ? this.#now() + waitingLookMs : Infinity
    return Math.min(waitingMs, this.#scope.wallClockPunctuations.nextDueMs)
  }

  /** Calls what is due by the wall clock; true when something was. */
  punctuateWallClock(): boolean {
    const { wallClockPunctuations } = this.#scope
    const now = this.#now()
    return wallClockPunctuations.nextDueMs <= now && this.#punctuate(wallClockPunctuations, now)
  }

  get commitRequested(): boolean {
    return this.#scope.commitRequested
  }

  /** Something was processed or punctuated, or a position moved, since the last commit. */
  get commitNeeded(): boolean {
    return this.#worked || this.#group.queues.some(({ id, position }) => position > (this.#committed.get(id) ?? -1))
  }

  /** The overlay or the caches are over their budget. */
  get commitDue(): boolean {
    return this.#scope.stores.commitDue
  }

  get uncommittedBytes(): number {
    return this.#scope.stores.budget.uncommittedBytes
  }

  /** Of entries that a commit has frozen and the engine has yet to take. */
  get frozenBytes(): number {
    return this.#scope.stores.budget.frozenBytes
  }

  get cacheBytes(): number {
    return this.#scope.stores.budget.cacheBytes
  }

  /** Logs and forwards what the caches hold; false: the deadline came first, call again. */
  flush(deadlineMs: number): boolean {
    const scope = this.#scope
    scope.failures.source = undefined
    scope.hasRecord = true
    try {
      return scope.stores.flush(() => this.#now() >= deadlineMs)
    } catch (error) {
      this.#stopped = true
      throw error
    } finally {
      this.#metrics.endFlush(this.#now())
      this.#endTurn()
    }
  }

  /** The offsets to commit: the head's, or with nothing queued where the fetcher stands, which counts control records. */
  positions(fetchPosition: (partition: TopicPartitionKey) => number | undefined): Map<TopicPartitionKey, TaskPosition> {
    const positions = new Map<TopicPartitionKey, TaskPosition>()
    for (const { id, position, isEmpty, partitionTime } of this.#group.queues) {
      const offset = isEmpty ? Math.max(position, fetchPosition(id) ?? 0) : position
      positions.set(id, { offset, metadata: encodeOffsetMetadata(partitionTime, this.#scope.metadata) })
    }
    return positions
  }

  /** Up to where a partition is processed; `fetched` is where its fetcher stands. */
  positionOf(partition: TopicPartitionKey, fetched: number | undefined): number {
    const { position, isEmpty } = this.#group.queue(partition)
    return isEmpty ? Math.max(position, fetched ?? 0) : position
  }

  /** What is known of its stores, for status. */
  get storeFigures(): readonly StoreFigures[] {
    return this.#scope.stores.figures
  }

  /**
   * Ends the overlay of this commit, which is up to `positions`. Everything must be flushed. Whatever is done from now on
   * belongs to the next commit.
   */
  freeze(positions: ReadonlyMap<TopicPartitionKey, TaskPosition> = new Map()): FrozenOverlay {
    for (const [partition, { offset }] of positions) this.#committed.set(partition, offset)
    this.#worked = false
    this.#scope.commitRequested = false
    const { stores, observedTimes } = this.#scope
    const isEmpty = stores.isEmpty && !observedTimes.hasMoved
    const batch = stores.freeze()
    const streamTimes = observedTimes.freeze()
    return {
      isEmpty,
      forEach: (visit) => batch.forEach(visit),
      dropped: batch.dropped ?? [],
      streamTimes,
      counters: stores.counters,
    }
  }

  /** Only after the transaction succeeded. If it fails, what is frozen stays readable and the next commit takes it along. */
  async commitEngine(frozen: FrozenOverlay, marker: Marker): Promise<void> {
    await this.#scope.stores.commit(frozen, marker)
    this.#scope.observedTimes.release()
  }

  /** `commitEngine` for an engine in memory, whose commits are done at once. */
  commitEngineNow(frozen: FrozenOverlay, marker: Marker): void {
    const pending = this.#scope.stores.commit(frozen, marker)
    assert(pending === undefined, 'the engine commits at once')
    this.#scope.observedTimes.release()
  }

  /**
   * Forgets everything since the last commit and ends the processors. `keepFrozen`: the transaction of the frozen overlay
   * succeeded, so that it is committed data which the engine has yet to take. `abruptly`: as `close` has it.
   */
  rollback(options: { readonly keepFrozen?: boolean; readonly abruptly?: boolean } = {}): void {
    if (options.abruptly !== true) this.#closeProcessors()
    this.#group.clear()
    const scope = this.#scope
    scope.stores.rollback(options.keepFrozen ?? false)
    scope.observedTimes.rollback(options.keepFrozen ?? false)
    scope.streamTime = -1
    scope.metadata.clear()
    scope.commitRequested = false
    this.#worked = false
    this.#endTurn()
  }

  /** Applies changelog records to the engine, atomically with the marker; returns how many. */
  restore(store: string, set: RecordSet, marker: Marker): Promise<number> {
    return this.#scope.stores.restore(store, set, marker)
  }

  /** Empties a store, atomically with the marker. */
  clear(store: string, marker: Marker): Promise<void> {
    return this.#scope.stores.clear(store, marker)
  }

  /** The public view of a store, for queries; undefined when the task has none of that name. */
  store(name: string): unknown {
    return publicView(this.#scope.stores.store(name))
  }

  /** `abruptly`: as if the process had ended: the processors are left as they are. */
  close({ abruptly = false }: { readonly abruptly?: boolean } = {}): void {
    if (!abruptly) this.#closeProcessors()
    this.#group.clear()
    this.#scope.dropped[Symbol.dispose]()
    this.#metrics[Symbol.dispose]()
  }

  #processHead(queue: RecordQueue): void {
    const scope = this.#scope
    const { head } = queue
    const source = queue.source as RecordSource
    source.enter(queue)
    if (head.timestamp > queue.partitionTime) queue.partitionTime = head.timestamp
    if (head.timestamp > scope.streamTime) scope.streamTime = head.timestamp
    else if (head.timestamp < scope.streamTime) this.#metrics.noteLate(scope.streamTime - head.timestamp)
    queue.stats.note(head.timestamp)
    scope.hasRecord = true
    scope.failures.source = queue
    scope.stores.turn++
    this.#worked = true
    source.process(head.key, head.value)
    if (scope.streamPunctuations.nextDueMs <= scope.streamTime) {
      this.#punctuate(scope.streamPunctuations, scope.streamTime)
    }
    this.#group.advance(queue)
  }

  #punctuate(queue: PunctuationQueue<PunctuatedNode>, timestamp: number): boolean {
    const scope = this.#scope
    scope.failures.source = undefined
    scope.hasRecord = true
    this.#worked = true
    try {
      return queue.punctuate(timestamp, (node, punctuate) => {
        scope.stores.turn++
        scope.record.clear(timestamp)
        node.punctuate(timestamp, punctuate)
      })
    } catch (error) {
      this.#stopped = true
      throw error
    } finally {
      this.#endTurn()
    }
  }

  /** What was lent for the record is no longer valid. */
  #endTurn(): void {
    this.#scope.record.rawKey = undefined
    this.#scope.stores.turn++
  }

  #closeProcessors(): void {
    const scope = this.#scope
    scope.streamPunctuations.clear()
    scope.wallClockPunctuations.clear()
    scope.stores.isClosing = true
    for (const processor of this.#graph?.processors ?? []) {
      try {
        processor.close()
      } catch (error) {
        this.#options.logger.warn({ taskId: this.id, node: processor.name, error }, 'a processor failed to close')
      }
    }
    scope.stores.isClosing = false
    this.#graph = undefined
  }

  #addQueue(source: string, topic: string): RecordQueue {
    const queue = new RecordQueue(topic, this.partition)
    this.#group.add(queue)
    this.#sourceNames.set(queue, source)
    this.#metrics.showInput(source, topic, queue.stats)
    return queue
  }
}

function makeScope(options: TaskOptions): TaskScope {
  const { taskId, applicationId, partition, config, clock, state, sink } = options
  const record = new TaskRecordContext()
  const metrics = new TaskMetrics({ registry: options.metrics, taskId, threadId: options.threadId })
  const dropped = new DroppedRecords(metrics.tags, options.metrics, clock, options.logger)
  const failures = new FailureHandler(taskId, record, sink, dropped, {
    likeJava: config.compatibility === 'java',
    keepsSources: asksForSources(options),
    onFailure: options.onRecordFailure,
    letters: metrics.deadLetters,
  })
  const stores = new TaskStores({
    stores: inFlushOrder(options).map((store) => taskStore(store, options)),
    state,
    record,
    // An oversized changelog record is not to be skipped: the store would have what its changelog has not.
    sink: failures.guard(sink),
    partition,
    cacheMaxBytes: config.cacheMaxBytes,
    uncommittedMaxBytes: config.uncommittedMaxBytes,
    likeJava: config.compatibility === 'java',
    dropExpired: (store) => dropped.drop('expired in its store', store, record),
  })
  metrics.showStores(stores.figures)
  return {
    taskId,
    applicationId,
    partition,
    config,
    clock,
    record,
    sink: failures.guard(sink, isOversized),
    stores,
    failures,
    dropped,
    metrics,
    globalStores: options.globalStores,
    streamPunctuations: new PunctuationQueue(),
    wallClockPunctuations: new PunctuationQueue(),
    observedTimes: new ObservedTimes(state.marker?.streamTimes),
    metadata: new Map<string, number>(),
    streamTime: -1,
    hasRecord: false,
    commitRequested: false,
  }
}

/** Whether a policy may write a dead letter, or be given the bytes of its record, after the record was processed. */
function asksForSources({ config, topology }: TaskOptions): boolean {
  const policies = topology.nodes.map((node) =>
    node.kind === 'processor' ? node.onProcessingError : node.kind === 'sink' ? node.onProductionError : undefined,
  )
  policies.push(config.onProcessingError, config.onProductionError)
  return policies.some((policy) => typeof policy === 'function' || typeof policy === 'object')
}

/** By the first node that uses them, so that a flush runs downstream. */
function inFlushOrder({ topology }: TaskOptions): TopologyStore[] {
  const firstUse = ({ spec }: TopologyStore): number =>
    topology.nodes.findIndex((node) => node.kind === 'processor' && node.stores.includes(spec.name))
  return topology.stores.toSorted((one, two) => firstUse(one) - firstUse(two))
}

function taskStore(store: TopologyStore, options: TaskOptions): TaskStore {
  const { spec } = store
  const changelog = changelogOf(store, options)[0]
  return {
    spec,
    serdeTopic: changelog?.topic ?? options.topicName(`${spec.name}-changelog`, 'changelog'),
    changelogTopic: changelog === undefined || changelog.isSource ? undefined : changelog.topic,
  }
}

function changelogOf(store: TopologyStore, options: TaskOptions): TaskChangelog[] {
  const { spec, changelogTopic, changelogIsSource: isSource } = store
  if (changelogTopic === undefined) return []
  const isUsers = isSource && !options.repartitionTopics.has(changelogTopic)
  const topic = isUsers ? changelogTopic : options.topicName(changelogTopic, isSource ? 'repartition' : 'changelog')
  return [{ store: spec.name, layout: storeLayout(spec), topic, partition: options.partition, isSource }]
}
