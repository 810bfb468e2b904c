/**
 * How far a test driver has come, as a broker would know it: the committed positions of the tasks, and which records
 * wait. It outlives the tasks, so that new ones go on where those before them were committed.
 */
import { Fifo } from '../common/fifo.ts'
import type { TopicPartitionKey } from '../common/topic-partition.ts'
import { topicPartitionKey } from '../common/topic-partition.ts'
import type { TaskPosition } from '../runtime/task/task-options.ts'
import type { DriverRecord } from './driver-topics.ts'

/**
 * After each of so many commits the next one's work is kept apart, so that what a record did before it failed can be
 * undone. After that many nobody looks at single records any more, and a test should be quick.
 */
const undoableCommits = 1000

export class DriverProgress {
  readonly #positions = new Map<TopicPartitionKey, TaskPosition>()
  /** Given to tasks since nothing waited last. */
  readonly #given = new Fifo<DriverRecord>()
  #commits = 0

  /** Whether what was done since the last commit can be told from what was done before. */
  get canUndo(): boolean {
    return this.#commits <= undoableCommits
  }

  /** A record of a task was processed; true: what follows is to be kept apart. */
  noteCommit(): boolean {
    return ++this.#commits <= undoableCommits
  }

  commit(positions: ReadonlyMap<TopicPartitionKey, TaskPosition>): void {
    for (const [partition, position] of positions) this.#positions.set(partition, position)
  }

  /** Where a task begins that reads this partition. */
  position(topic: string, partition: number): Partial<TaskPosition> {
    return this.#positions.get(topicPartitionKey(topic, partition)) ?? {}
  }

  noteGiven(record: DriverRecord): void {
    this.#given.push(record)
  }

  /** Everything that was given is processed. */
  noteDone(): void {
    this.#given.clear()
  }

  /** What has to be processed, or processed again; without records whose transaction was aborted. */
  takeWaiting(aborted: ReadonlySet<DriverRecord>): DriverRecord[] {
    const waiting = this.#given.toArray().filter((record) => {
      const { offset = 0 } = this.position(record.topic, record.partition)
      return record.offset >= offset && !aborted.has(record)
    })
    this.#given.clear()
    return waiting
  }
}
