/**
 * How much of their input the tasks of a thread hold: partitions with enough buffered are paused, and tasks with several
 * inputs are told what is still on the way. It is the source of truth for which partitions are paused.
 */
import type { Clock } from '../common/clock.ts'
import type { TopicPartitionKey } from '../common/topic-partition.ts'
import type { Fetcher } from '../kafka/client/kafka-client.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import type { ManagedTask } from './managed-task.ts'

export interface TaskInputOptions {
  readonly fetcher: Fetcher
  readonly clock: Clock
  readonly config: Pick<StreamsConfig, 'inputBufferMaxBytes' | 'bufferedRecordsPerPartition'>
}

export class TaskInput {
  readonly #options: TaskInputOptions
  /** Since when. */
  readonly #paused = new Map<TopicPartitionKey, number>()
  /** For how long, before it went on. */
  readonly #pausedMs = new Map<TopicPartitionKey, number>()

  constructor(options: TaskInputOptions) {
    this.#options = options
  }

  /** What is assigned anew later begins unpaused. */
  retain(assigned: ReadonlyMap<TopicPartitionKey, unknown>): void {
    for (const key of this.#paused.keys()) if (!assigned.has(key)) this.#paused.delete(key)
    for (const key of this.#pausedMs.keys()) if (!assigned.has(key)) this.#pausedMs.delete(key)
  }

  isPaused(key: TopicPartitionKey): boolean {
    return this.#paused.has(key)
  }

  /** For how long the partition was paused since it was assigned. */
  pausedMs(key: TopicPartitionKey): number {
    const sinceMs = this.#paused.get(key)
    const now = sinceMs === undefined ? 0 : Math.max(0, this.#options.clock.now() - sinceMs)
    return (this.#pausedMs.get(key) ?? 0) + now
  }

  /** Pauses partitions that have enough buffered; beyond the byte budget all that have anything. */
  applyBackPressure(tasks: readonly ManagedTask[]): void {
    const { fetcher, config } = this.#options
    const bytes = tasks.reduce((sum, { task }) => sum + task.bufferedBytes, 0)
    const limit = bytes > config.inputBufferMaxBytes ? 0 : config.bufferedRecordsPerPartition
    const pause: TopicPartitionKey[] = []
    const resume: TopicPartitionKey[] = []
    for (const { task } of tasks) {
      for (const key of task.inputPartitions) {
        const full = task.bufferedRecords(key) > limit
        if (full && !this.#paused.has(key)) pause.push(key)
        else if (!full && this.#paused.has(key)) resume.push(key)
      }
    }
    if (pause.length > 0) {
      const nowMs = this.#options.clock.now()
      for (const key of pause) this.#paused.set(key, nowMs)
    }
    for (const key of resume) {
      this.#pausedMs.set(key, this.pausedMs(key))
      this.#paused.delete(key)
    }
    if (pause.length > 0) fetcher.pause(pause)
    if (resume.length > 0) fetcher.resume(resume)
  }

  /** For tasks with several inputs: an empty queue may be waited for as long as records are known to be on the way. */
  noteLags(tasks: readonly ManagedTask[]): void {
    const { fetcher } = this.#options
    for (const { task } of tasks) {
      if (task.inputPartitions.length < 2) continue
      for (const key of task.inputPartitions) {
        const end = fetcher.watermarks(key)?.lastStableOffset
        if (end === undefined) continue
        const position = fetcher.position(key)
        task.noteLag(key, position === undefined ? 1 : Math.max(0, end - position))
      }
    }
  }
}
