/**
 * What comes first by its time, and among equal times in the order of java.util.PriorityQueue, a binary heap: which input
 * is next and which punctuator is called first decide results, and those are to be Java's.
 */
export interface Timed {
  /** Does not change while it is in the heap. */
  readonly timeMs: number
}

export class TimeHeap<T extends Timed> {
  /** The first ones of the array, which is not made shorter: with one item in turn it would get new memory each time. */
  #heap: (T | undefined)[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  get first(): T | undefined {
    return this.#size === 0 ? undefined : this.#heap[0]
  }

  clear(): void {
    this.#heap = []
    this.#size = 0
  }

  /** Keeps those that pass. */
  retain(passes: (item: T) => boolean): void {
    const kept = (this.#heap.slice(0, this.#size) as T[]).filter(passes)
    this.clear()
    for (const item of kept) this.offer(item)
  }

  offer(item: T): void {
    const heap = this.#heap
    let at = this.#size++
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
    if (this.#size === 0) return undefined
    const heap = this.#heap
    const first = heap[0]
    const last = heap[--this.#size] as T
    heap[this.#size] = undefined
    if (this.#size > 0) this.#sink(last)
    return first
  }

  /** Puts the item at the top, and moves it down past smaller ones: past the left one where both are equal. */
  #sink(item: T): void {
    const heap = this.#heap
    const half = this.#size >>> 1
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
