/**
 * The schedules of one task for one kind of time, as Java's PunctuationQueue: what is due is called once with the current
 * time, however many intervals were missed, and goes on in its own grid. Schedules of the same time are called in the
 * order of Java's heap.
 */
import type { Cancellable } from '../../processor/processor-context.ts'
import { TimeHeap } from './time-heap.ts'

export type Punctuator = (timestamp: number) => void

interface Schedule<N> {
  readonly node: N
  readonly intervalMs: number
  readonly punctuate: Punctuator
  /** When it is due. Changed only while it is not in the heap. */
  timeMs: number
  cancelled: boolean
}

/** Beyond so many, those that were cancelled do not wait in the heap for their time. */
const cancelledKept = 1000

export class PunctuationQueue<N> {
  readonly #schedules = new TimeHeap<Schedule<N>>()
  /** A bound: those that were cancelled twice, or while they were called, count too. */
  #cancelled = 0

  /** The earliest time at which something may be due; Infinity when there is nothing. */
  get nextDueMs(): number {
    return this.#schedules.first?.timeMs ?? Infinity
  }

  schedule(node: N, dueMs: number, intervalMs: number, punctuate: Punctuator): Cancellable {
    const schedule: Schedule<N> = { node, intervalMs, punctuate, timeMs: dueMs, cancelled: false }
    if (this.#cancelled > cancelledKept) this.#dropCancelled()
    this.#schedules.offer(schedule)
    return {
      cancel: () => {
        schedule.cancelled = true
        this.#cancelled++
      },
    }
  }

  /** Calls what is due at `nowMs`, earliest first; true when something was. */
  punctuate(nowMs: number, call: (node: N, punctuate: Punctuator) => void): boolean {
    let fired = false
    while (this.nextDueMs <= nowMs) {
      const next = this.#schedules.poll() as Schedule<N>
      if (next.cancelled) continue
      fired = true
      // What throws is not due again: its task is rolled back, and makes its schedules anew.
      call(next.node, next.punctuate)
      if (next.cancelled) continue
      next.timeMs = nextInGrid(next.timeMs, next.intervalMs, nowMs)
      this.#schedules.offer(next)
    }
    return fired
  }

  clear(): void {
    this.#schedules.clear()
    this.#cancelled = 0
  }

  #dropCancelled(): void {
    this.#schedules.retain(({ cancelled }) => !cancelled)
    this.#cancelled = 0
  }
}

/** The first time of the grid that is after now; a schedule whose time has not come keeps to it. */
export function nextInGrid(dueMs: number, intervalMs: number, nowMs: number): number {
  const next = dueMs + intervalMs
  return nowMs < next ? next : dueMs + (Math.floor((nowMs - dueMs) / intervalMs) + 1) * intervalMs
}
