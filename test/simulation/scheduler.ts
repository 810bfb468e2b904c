/**
 * Simulated time: everything that waits in a simulation waits here, ordered by time and then by when it was scheduled.
 * Between two events all promises that can settle do, so a run is a function of its seed and of nothing else.
 *
 * It must never look at a real clock.
 */
export interface Scheduled {
  cancel(): void
}

interface Entry extends Scheduled {
  readonly atUs: number
  readonly order: number
  /** Undefined once it was cancelled. */
  run: (() => void) | undefined
}

/** Any date; far from what real clocks say, so that a real time among simulated ones is seen at once. */
const epochMs = 2_000_000_000_000

export class Scheduler {
  #nowUs = 0
  #scheduled = 0
  #events = 0
  readonly #heap: Entry[] = []

  /** Microseconds since the simulation began. */
  get nowUs(): number {
    return this.#nowUs
  }

  /** What a clock in the simulation shows: whole milliseconds since the epoch. */
  get nowMs(): number {
    return epochMs + Math.floor(this.#nowUs / 1000)
  }

  /** How many events have happened. */
  get events(): number {
    return this.#events
  }

  schedule(delayUs: number, run: () => void): Scheduled {
    const entry: Entry = {
      atUs: this.#nowUs + Math.max(0, Math.round(delayUs)),
      order: this.#scheduled++,
      run,
      cancel: () => {
        entry.run = undefined
      },
    }
    this.#push(entry)
    return entry
  }

  /** Lets events happen until `isDone` says so after one of them; false when `endUs` comes first. */
  run(isDone: () => boolean, endUs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        try {
          if (isDone()) return resolve(true)
          const entry = this.#next(endUs)
          if (entry === undefined) return resolve(false)
          this.#nowUs = entry.atUs
          this.#events++
          const { run } = entry
          entry.run = undefined
          run?.()
        } catch (error) {
          return reject(error)
        }
        // The only real wait: by the time it is over no promise is left that could settle.
        setImmediate(turn)
      }
      setImmediate(turn)
    })
  }

  #next(endUs: number): Entry | undefined {
    for (;;) {
      const [first] = this.#heap
      if (first === undefined || first.atUs > endUs) return undefined
      this.#pop()
      if (first.run !== undefined) return first
    }
  }

  // --- the heap -------------------------------------------------------------------------------------------------------

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const above = (at - 1) >>> 1
      const parent = heap[above] as Entry
      if (isBefore(parent, entry)) break
      heap[at] = parent
      at = above
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop() as Entry
    const { length } = heap
    if (length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= length) break
      if (below + 1 < length && isBefore(heap[below + 1] as Entry, heap[below] as Entry)) below++
      const child = heap[below] as Entry
      if (isBefore(last, child)) break
      heap[at] = child
      at = below
    }
    heap[at] = last
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.atUs < other.atUs || (one.atUs === other.atUs && one.order < other.order)
}
