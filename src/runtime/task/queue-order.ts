/**
 * Which of several input queues is next: the one whose head has the smallest timestamp. Among equal ones the order is that
 * of Java's PriorityQueue, a binary heap that queues join when they get records and join again after each one that is
 * taken, so that the same input gives the same results here and there (Java's PartitionGroup).
 */
import type { RecordQueue } from './record-queue.ts'

export class QueueOrder {
  /** Queues whose heads are read. */
  readonly #heap: RecordQueue[] = []
  /** Those that are to join, in this order. */
  readonly #joining: RecordQueue[] = []

  /** How many queues have a record. */
  get size(): number {
    return this.#heap.length
  }

  /** The queue was empty and got records. */
  join(queue: RecordQueue): void {
    this.#joining.push(queue)
  }

  /** The queue to take the next record of. Reads heads, and so may throw. */
  first(): RecordQueue | undefined {
    const joining = this.#joining
    for (let queue = joining[0]; queue !== undefined; queue = joining[0]) {
      if (queue.hasRecord()) this.#offer(queue)
      joining.shift()
    }
    return this.#heap[0]
  }

  /** The head of the first queue was processed. It joins before those that got records of that. */
  advanceFirst(): void {
    const queue = this.#poll()
    queue?.advance()
    if (queue?.isEmpty === false) this.#joining.unshift(queue)
  }

  /** The queue was cleared. */
  leave(queue: RecordQueue): void {
    const stayed = this.#heap.filter((other) => other !== queue)
    const joining = this.#joining.filter((other) => other !== queue)
    this.#heap.length = 0
    this.#joining.splice(0, Infinity, ...joining)
    for (const other of stayed) this.#offer(other)
  }

  #offer(queue: RecordQueue): void {
    const heap = this.#heap
    let at = heap.length
    while (at > 0) {
      const above = (at - 1) >>> 1
      const parent = heap[above] as RecordQueue
      if (queue.head.timestamp >= parent.head.timestamp) break
      heap[at] = parent
      at = above
    }
    heap[at] = queue
  }

  #poll(): RecordQueue | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last !== undefined && heap.length > 0) this.#sink(last)
    return first
  }

  /** Puts the queue at the top, and moves it down past smaller ones: past the left one where both are equal. */
  #sink(queue: RecordQueue): void {
    const heap = this.#heap
    const half = heap.length >>> 1
    let at = 0
    while (at < half) {
      let below = 2 * at + 1
      const right = heap[below + 1]
      let child = heap[below] as RecordQueue
      if (right !== undefined && child.head.timestamp > right.head.timestamp) {
        child = right
        below++
      }
      if (queue.head.timestamp <= child.head.timestamp) break
      heap[at] = child
      at = below
    }
    heap[at] = queue
  }
}
