/**
 * Which of several input queues is next: the one whose head has the smallest timestamp. Among equal ones the order is that
 * of Java's PriorityQueue, a binary heap that queues join when they get records and join again after each one that is
 * taken, so that the same input gives the same results here and there (Java's PartitionGroup).
 */
import { Fifo } from '../../common/fifo.ts'
import type { RecordQueue } from './record-queue.ts'
import { TimeHeap } from './time-heap.ts'

export class QueueOrder {
  /** Queues whose heads are read. */
  readonly #heap = new TimeHeap<RecordQueue>()
  /** The one that a record was taken of joins before the others. */
  #taken: RecordQueue | undefined
  /** Those that are to join, in this order. */
  readonly #joining = new Fifo<RecordQueue>()

  /** How many queues have a record. */
  get size(): number {
    return this.#heap.size
  }

  /** The queue was empty and got records. */
  join(queue: RecordQueue): void {
    this.#joining.push(queue)
  }

  /** The queue to take the next record of. Reads heads, and so may throw. */
  first(): RecordQueue | undefined {
    const taken = this.#taken
    if (taken !== undefined) {
      if (taken.hasRecord()) this.#heap.offer(taken)
      this.#taken = undefined
    }
    const joining = this.#joining
    for (let queue = joining.peek(); queue !== undefined; queue = joining.peek()) {
      if (queue.hasRecord()) this.#heap.offer(queue)
      joining.shift()
    }
    return this.#heap.first
  }

  /** The head of the first queue was processed. It joins before those that got records of that. */
  advanceFirst(): void {
    const queue = this.#heap.poll()
    queue?.advance()
    if (queue?.isEmpty === false) this.#taken = queue
  }

  /** The queue was cleared. */
  leave(queue: RecordQueue): void {
    const joining = this.#joining.toArray().filter((other) => other !== queue)
    if (this.#taken === queue) this.#taken = undefined
    this.#joining.clear()
    for (const other of joining) this.#joining.push(other)
    this.#heap.retain((other) => other !== queue)
  }
}
