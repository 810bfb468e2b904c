/**
 * What comes first by its time, and among equal times in the order of java.util.PriorityQueue, a binary heap: which input
 * is next and which punctuator is called first decide results, and those are to be Java's.
 */
export interface Timed {
  /** Does not change while it is in the heap. */
  readonly timeMs: number
}

export class TimeHeap<T extends Timed> {
  #heap: T[] = []

  get size(): number {
    return this.#heap.length
  }

  get first(): T | undefined {
    return this.#heap[0]
  }

  clear(): void {
    this.#heap = []
  }

  /** Keeps those that pass. */
  retain(passes: (item: T) => boolean): void {
    const kept = this.#heap.filter(passes)
    this.#heap = []
    for (const item of kept) this.offer(item)
  }

  offer(item: T): void {
    const heap = this.#heap
    let at = heap.length
    while (at > 0) {
      const above = (at - 1) >>> 1
      const parent = heap[above] as T
      if (item.timeMs >= parent.timeMs) break
      heap[at] = parent
      at = above
    }
    heap[at] = item
  }

  poll(): T | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last !== undefined && heap.length > 0) this.#sink(last)
    return first
  }

  /** Puts the item at the top, and moves it down past smaller ones: past the left one where both are equal. */
  #sink(item: T): void {
    const heap = this.#heap
    const half = heap.length >>> 1
    let at = 0
    while (at < half) {
      let below = 2 * at + 1
      const right = heap[below + 1]
      let child = heap[below] as T
      if (right !== undefined && child.timeMs > right.timeMs) {
        child = right
        below++
      }
      if (item.timeMs <= child.timeMs) break
      heap[at] = child
      at = below
    }
    heap[at] = item
  }
}
