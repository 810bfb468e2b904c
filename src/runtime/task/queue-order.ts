/**
 * Which of several input queues is next: the one whose head has the smallest timestamp. Among equal ones the order is that
 * of Java's PriorityQueue, a binary heap that queues join when they get records and join again after each one that is
 * taken, so that the same input gives the same results here and there (Java's PartitionGroup).
 */
import type { RecordQueue } from './record-queue.ts'
import { TimeHeap } from './time-heap.ts'

export class QueueOrder {
  /** Queues whose heads are read. */
  readonly #heap = new TimeHeap<RecordQueue>()
  /** Those that are to join, in this order. */
  readonly #joining: RecordQueue[] = []

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
    const joining = this.#joining
    for (let queue = joining[0]; queue !== undefined; queue = joining[0]) {
      if (queue.hasRecord()) this.#heap.offer(queue)
      joining.shift()
    }
    return this.#heap.first
  }

  /** The head of the first queue was processed. It joins before those that got records of that. */
  advanceFirst(): void {
    const queue = this.#heap.poll()
    queue?.advance()
    if (queue?.isEmpty === false) this.#joining.unshift(queue)
  }

  /** The queue was cleared. */
  leave(queue: RecordQueue): void {
    const joining = this.#joining.filter((other) => other !== queue)
    this.#joining.splice(0, Infinity, ...joining)
    this.#heap.retain((other) => other !== queue)
  }
}
