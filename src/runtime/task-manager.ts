/**
 * The tasks of one thread: opens and closes them as assignments change, gives them positions, feeds them and runs them.
 * It is the source of truth for which tasks are owned, which of them run, and what was committed last for their inputs.
 * It decides nothing about commits, rollbacks or membership; the thread does, and calls here.
 *
 *     assigned ──► restoring ──► running ──► (revoked | lost) closed
 *                      ▲            │
 *                      └────────────┘ rollback; with an unknown outcome: replay from the marker
 */
import { parseTopicPartition, topicPartitionKey } from '../common/topic-partition.ts'
import type { TopicPartition, TopicPartitionKey } from '../common/topic-partition.ts'
import { TaskError } from '../errors/task-error.ts'
import type { Fetcher, KafkaClient, OffsetAndMetadata, TopicMetadata } from '../kafka/client/kafka-client.ts'
import { emptyMarker } from '../state/state-engine.ts'
import { compareTaskIds } from './assignment/task-assignor.ts'
import type { ChangelogReader } from './changelog-reader.ts'
import { Lookup } from './lookup.ts'
import type { InputFigures } from './metrics/thread-metrics.ts'
import type { ManagedTask } from './managed-task.ts'
import { resetOffsets } from './offset-reset.ts'
import { requireOffsetsOf, unloggedToClear } from './restore-start.ts'
import { TaskFactory } from './task-factory.ts'
import type { TaskFactoryOptions } from './task-factory.ts'
import { TaskInput } from './task-input.ts'
import { describeBeside } from './topic-loss.ts'

export interface TaskManagerOptions extends TaskFactoryOptions {
  readonly client: KafkaClient
  readonly fetcher: Fetcher
  readonly reader: ChangelogReader
}

/** What tasks go on from: their committed offsets, where there are any. */
interface Positions {
  readonly tasks: readonly ManagedTask[]
  readonly committed: ReadonlyMap<TopicPartitionKey, OffsetAndMetadata>
}

export class TaskManager {
  readonly #options: TaskManagerOptions
  readonly #factory: TaskFactory
  readonly #input: TaskInput
  readonly #tasks = new Map<string, ManagedTask>()
  readonly #taskOf = new Map<TopicPartitionKey, ManagedTask>()
  readonly #positions = new Map<TopicPartitionKey, number>()
  readonly #topics = new Map<string, TopicMetadata>()
  #running: readonly ManagedTask[] | undefined
  #lookup: Lookup<Positions> | undefined
  #turn = 0
  /** Per input partition, what this owner committed last or found committed. */
  readonly committed: Map<TopicPartitionKey, OffsetAndMetadata> = new Map()

  constructor(options: TaskManagerOptions) {
    this.#options = options
    this.#factory = new TaskFactory(options)
    this.#input = new TaskInput(options)
  }

  get taskIds(): string[] {
    return [...this.#tasks.keys()].toSorted(compareTaskIds)
  }

  get all(): readonly ManagedTask[] {
    return [...this.#tasks.values()]
  }

  get running(): readonly ManagedTask[] {
    this.#running ??= this.all.filter(({ status }) => status === 'running')
    return this.#running
  }

  /** What the tasks' topics were when they were assigned. */
  get topics(): ReadonlyMap<string, TopicMetadata> {
    return this.#topics
  }

  /** What the tasks write to, as far as it can be known before they run. */
  get outputTopics(): readonly string[] {
    return this.#factory.outputTopics(this.taskIds)
  }

  topicId(topic: string): string | undefined {
    return this.#topics.get(topic)?.topicId
  }

  get isRestoring(): boolean {
    return this.all.some(({ status }) => status !== 'running')
  }

  // --- ownership ------------------------------------------------------------------------------------------------------

  /** Closes what is no longer assigned, keeps what stays (its stores stay open), opens what is new. */
  async reassign(taskIds: readonly string[], partitions: readonly TopicPartition[]): Promise<void> {
    const wanted = new Set(taskIds)
    await this.#close(this.all.filter(({ task }) => !wanted.has(task.id)))
    const added = taskIds.filter((id) => !this.#tasks.has(id))
    await this.#options.collector.prepareTopics(this.#factory.outputTopics(added))
    for (const managed of this.all) this.#addInputs(managed, partitions)
    for (const id of added.toSorted(compareTaskIds)) await this.#open(id, partitions)
    // Also those of an attempt that failed here.
    const opened = this.all.filter(({ status }) => status === 'assigned')
    const isNew = (topic: string): boolean => !this.#topics.has(topic)
    if (opened.length > 0 || this.all.some(({ task }) => task.topics.some(isNew))) await this.#describeTopics()
    for (const managed of opened) this.#restore(managed)
    this.#assignFetcher()
  }

  /** A pattern may match topics that were not there when the task was opened; nothing of it is uncommitted now. */
  #addInputs(managed: ManagedTask, partitions: readonly TopicPartition[]): void {
    const { task } = managed
    const known = new Set(task.inputPartitions)
    for (const [source, topics] of this.#factory.inputTopics(task.id, partitions)) {
      for (const topic of topics) {
        const key = topicPartitionKey(topic, task.partition)
        if (known.has(key)) continue
        if (managed.status === 'running') this.#rollBack(managed, false)
        task.addInput(source, topic)
        this.#taskOf.set(key, managed)
      }
    }
  }

  /** Before any state is looked at: its marker is compared with the topics' ids. Tasks that stay were opened before. */
  async #describeTopics(): Promise<void> {
    const { names, ...tools } = this.#options
    const topics = new Set(this.all.flatMap(({ task }) => task.topics))
    const kept = new Set(this.all.flatMap(({ task, status }) => (status === 'assigned' ? [] : task.topics)))
    const known = new Map([...this.#topics].filter(([name]) => kept.has(name)))
    const described = await describeBeside(known, [...topics], { ...tools, kindOf: (topic) => names.kindOf(topic) })
    this.#topics.clear()
    for (const [name, metadata] of described) this.#topics.set(name, metadata)
  }

  #restore(managed: ManagedTask): void {
    this.#setStatus(managed, 'restoring')
    this.#options.reader.add(managed)
  }

  #setStatus(managed: ManagedTask, status: ManagedTask['status']): void {
    managed.status = status
    this.#running = undefined
  }

  /** The tasks belong to somebody else now: nothing of them may be committed. */
  async discardAll(): Promise<void> {
    for (const { task } of this.running) task.rollback()
    await this.#close(this.all)
    this.#assignFetcher()
  }

  async #open(taskId: string, partitions: readonly TopicPartition[]): Promise<void> {
    const managed = await this.#factory.open(taskId, partitions)
    this.#tasks.set(taskId, managed)
    for (const key of managed.task.inputPartitions) this.#taskOf.set(key, managed)
  }

  async #close(tasks: readonly ManagedTask[]): Promise<void> {
    this.#running = undefined
    for (const { task, state } of tasks) {
      this.#tasks.delete(task.id)
      for (const key of task.inputPartitions) {
        this.#taskOf.delete(key)
        this.#positions.delete(key)
        this.committed.delete(key)
      }
      task.close()
      await state.close()
    }
    this.#options.reader.retain((managed) => this.#tasks.has(managed.task.id))
    // It may be about tasks that are gone; those that are still wanted are asked for again.
    this.#lookup = undefined
  }

  // --- positions ------------------------------------------------------------------------------------------------------

  /**
   * Tasks whose stores are complete get their positions and run. The committed offsets are stable ones only, so that no
   * transaction that moves them is still under way. Where nothing was committed: where this owner began before, else
   * what the reset policy says, once.
   */
  async activate(): Promise<void> {
    const positions = this.#takePositions()
    if (positions === undefined) return
    for (const managed of positions.tasks) await this.#clearUnlogged(managed, positions.committed)
    for (const managed of positions.tasks) {
      // Processors may read their stores in `init`, so not before the stores are complete.
      managed.task.initialize()
      for (const key of managed.task.inputPartitions) this.#resume(managed, key, positions.committed.get(key))
      if (managed.halt !== undefined) managed.task.haltBefore(managed.halt.key, managed.halt.offset)
      this.#setStatus(managed, 'running')
    }
    this.#assignFetcher()
  }

  /** Asked for in the background: an open transaction of the last owner can take its whole time-out to end. */
  #takePositions(): Positions | undefined {
    if (this.#lookup === undefined) {
      const restored = this.all.filter(
        (managed) => managed.status === 'restoring' && !this.#options.reader.isRestoring(managed),
      )
      if (restored.length === 0) return undefined
      this.#lookup = new Lookup(this.#lookUp(restored), () => this.#options.fetcher.wakeup())
    }
    try {
      const found = this.#lookup.take()
      if (found !== undefined) this.#lookup = undefined
      return found?.value
    } catch (error) {
      this.#lookup = undefined
      throw error
    }
  }

  async #lookUp(tasks: readonly ManagedTask[]): Promise<Positions> {
    const { client, config } = this.#options
    const partitions = tasks.flatMap(({ task }) => task.inputPartitions).map(parseTopicPartition)
    const committed = await client.committedOffsets(config.applicationId, partitions, { requireStable: true })
    const topicIds = new Map([...this.#topics].map(([name, { topicId }]) => [name, topicId]))
    for (const managed of tasks) requireOffsetsOf(managed, committed, topicIds, config.applicationId)
    await this.#resetMissing(tasks, committed)
    return { tasks, committed }
  }

  /** A store without a changelog that another owner or another topology has left behind begins anew. */
  async #clearUnlogged(
    managed: ManagedTask,
    committed: ReadonlyMap<TopicPartitionKey, OffsetAndMetadata>,
  ): Promise<void> {
    const { state, task } = managed
    // What the disk has not taken yet is in the frozen overlay.
    if (managed.frozen === 'committed') return
    for (const [store, reason] of unloggedToClear(managed, committed)) {
      this.#options.logger.warn(
        { taskId: task.id, store },
        `a store without a changelog is cleared, since nothing can bring it up to date: ${reason}`,
      )
      await task.clear(store, state.marker ?? emptyMarker)
    }
  }

  #resume(managed: ManagedTask, key: TopicPartitionKey, found: OffsetAndMetadata | undefined): void {
    const { task, startOffsets, outOfRange } = managed
    const isUsable = found !== undefined && found.offset !== outOfRange.get(key)
    const offset = isUsable ? found.offset : (startOffsets.get(key) ?? 0)
    if (found === undefined) this.committed.delete(key)
    else this.committed.set(key, found)
    task.resume(key, offset, found?.metadata)
    this.#positions.set(key, offset)
    this.#options.fetcher.seek(key, offset)
  }

  async #resetMissing(
    tasks: readonly ManagedTask[],
    committed: ReadonlyMap<TopicPartitionKey, OffsetAndMetadata>,
  ): Promise<void> {
    const missing = tasks.flatMap((managed) =>
      managed.task.inputPartitions
        .filter((key) => !committed.has(key) && !managed.startOffsets.has(key))
        .map((key) => ({ managed, key })),
    )
    const offsets = await resetOffsets(
      this.#options,
      missing.map(({ key }) => key),
    )
    for (const { managed, key } of missing) {
      // An answer that comes late must not move where the task has begun meanwhile.
      if (!managed.startOffsets.has(key)) managed.startOffsets.set(key, offsets.get(key) ?? 0)
    }
  }

  /** A position that the broker no longer has (retention was quicker than us): the reset policy decides again. */
  async resetOutOfRange(key: TopicPartitionKey): Promise<boolean> {
    const managed = this.#taskOf.get(key)
    if (managed?.status !== 'running') return false
    const offset = (await resetOffsets(this.#options, [key])).get(key) ?? 0
    this.#options.logger.warn(
      { taskId: managed.task.id, partition: key, position: this.#options.fetcher.position(key), offset },
      'the position is out of range: records were deleted before they were read; going on where the reset policy says',
    )
    managed.startOffsets.set(key, offset)
    const before = this.committed.get(key)
    if (before !== undefined) managed.outOfRange.set(key, before.offset)
    managed.task.resume(key, offset, undefined)
    this.#positions.set(key, offset)
    this.#options.fetcher.seek(key, offset)
    return true
  }

  #assignFetcher(): void {
    const positions = new Map<TopicPartitionKey, number>()
    for (const { task } of this.running) {
      for (const key of task.inputPartitions) positions.set(key, this.#positions.get(key) ?? 0)
    }
    this.#options.fetcher.assign(positions)
    this.#input.retain(positions)
  }

  // --- rollback -------------------------------------------------------------------------------------------------------

  /**
   * After the transaction was ended: every running task of the thread forgets what it did since its last commit; it gets
   * new processors and its committed positions when it is activated again. With `replay` (nobody knows whether the
   * transaction was committed) its stores catch up from the engine's marker first.
   */
  rollback(replay: boolean): void {
    this.#options.collector.discard()
    for (const managed of this.running) this.#rollBack(managed, replay)
    this.#assignFetcher()
  }

  #rollBack(managed: ManagedTask, replay: boolean): void {
    // Committed data that the disk has not taken yet; with others frozen over it only the changelog has it apart.
    const keepFrozen = managed.frozen === 'committed' && !replay
    const isIncomplete = managed.isUnwritten && !keepFrozen
    managed.task.rollback({ keepFrozen })
    if (!keepFrozen) {
      managed.frozen = 'none'
      managed.isUnwritten = false
    }
    if (replay || isIncomplete) this.#restore(managed)
    else this.#setStatus(managed, 'restoring')
  }

  /**
   * Others may have run the tasks meanwhile, and nothing uncommitted is left of ours: as if they had just been opened,
   * their stores replay what was added since, and their positions are asked for.
   */
  catchUp(): void {
    this.rollback(true)
    this.#options.reader.retain(() => false)
    this.#lookup = undefined
    for (const managed of this.all) {
      if (managed.status !== 'restoring') continue
      // What an earlier rollback has kept for the disk is older than what others may have written since.
      if (managed.frozen === 'committed') this.#rollBack(managed, true)
      else this.#restore(managed)
    }
  }

  /**
   * For the error of a record that failed: after the rollback its task shall stop before that record. False where the error
   * is not that of an input record, or when the task was to stop already.
   */
  haltBefore(error: Error): boolean {
    if (!(error instanceof TaskError) || error.topic === null || error.offset < 0) return false
    const { offset } = error
    const managed = this.#tasks.get(error.taskId)
    if (managed === undefined || managed.halt !== undefined) return false
    const key = topicPartitionKey(error.topic, error.partition)
    if (!managed.task.inputPartitions.includes(key)) return false
    managed.halt = { key, offset, error }
    return true
  }

  /** The error of a record that a task stands before, with everything before it processed. */
  get failure(): Error | undefined {
    return this.running.find(({ task, halt }) => halt !== undefined && task.isHalted)?.halt?.error
  }

  // --- running --------------------------------------------------------------------------------------------------------

  /** Hands over what has arrived; how many records that are at most, and 1 at least where there was something. */
  addFetched(): number {
    const sets = this.#options.fetcher.take()
    let records = 0
    for (const set of sets) {
      records += Math.max(1, set.recordCount)
      const managed = this.#taskOf.get(topicPartitionKey(set.topic, set.partition))
      if (managed?.status === 'running') managed.task.add(set)
    }
    this.#input.noteLags(this.running)
    return records
  }

  /** One slice for every task, beginning with another one each time; the number of records processed. */
  process(sliceMs: number): number {
    const tasks = this.running
    if (tasks.length === 0) return 0
    const { clock } = this.#options
    const perTaskMs = Math.max(1, sliceMs / tasks.length)
    const endMs = clock.now() + sliceMs
    let processed = 0
    this.#turn = (this.#turn + 1) % tasks.length
    for (let i = 0; i < tasks.length; i++) {
      const now = clock.now()
      if (now >= endMs) break
      processed += tasks[(this.#turn + i) % tasks.length]?.task.process(now + perTaskMs) ?? 0
    }
    return processed
  }

  /** Until a task wants to be looked at, whatever arrives: a punctuation is due, or an empty input was waited for. */
  get msToWallClock(): number {
    const now = this.#options.clock.now()
    let ms = Infinity
    for (const { task } of this.running) ms = Math.min(ms, task.nextWallClockMs - now)
    return Math.max(1, ms)
  }

  punctuate(): boolean {
    let fired = false
    for (const { task } of this.running) if (task.punctuateWallClock()) fired = true
    return fired
  }

  applyBackPressure(): void {
    this.#input.applyBackPressure(this.running)
  }

  /** For metrics and status. */
  get inputs(): InputFigures[] {
    return this.all.flatMap((managed) =>
      managed.task.inputPartitions.map((key) => this.#inputOf(managed, key, parseTopicPartition(key))),
    )
  }

  #inputOf({ task, status }: ManagedTask, key: TopicPartitionKey, { topic, partition }: TopicPartition): InputFigures {
    const { fetcher } = this.#options
    const position = status === 'running' ? task.positionOf(key, fetcher.position(key)) : undefined
    const { highWatermark, lastStableOffset } = fetcher.watermarks(key) ?? {}
    const isKnown = position !== undefined && highWatermark !== undefined
    return {
      taskId: task.id,
      topic,
      partition,
      position,
      committed: this.committed.get(key)?.offset,
      highWatermark,
      lastStableOffset,
      lag: isKnown ? Math.max(0, highWatermark - position) : undefined,
      isPaused: this.#input.isPaused(key),
      pausedMs: this.#input.pausedMs(key),
    }
  }
}
