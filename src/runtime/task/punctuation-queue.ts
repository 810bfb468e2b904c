/**
 * The schedules of one task for one kind of time, as Java's PunctuationQueue: what is due is called once with the current
 * time, however many intervals were missed, and goes on in its own grid.
 */
import type { Cancellable } from '../../processor/processor-context.ts'

export type Punctuator = (timestamp: number) => void

interface Schedule<N> {
  readonly node: N
  readonly intervalMs: number
  readonly punctuate: Punctuator
  dueMs: number
  /** Among schedules of the same time the one made first is called first. */
  readonly order: number
  cancelled: boolean
}

export class PunctuationQueue<N> {
  #schedules: Schedule<N>[] = []
  #made = 0
  #nextDueMs = Infinity

  /** The earliest time at which something is due; Infinity when there is nothing. */
  get nextDueMs(): number {
    return this.#nextDueMs
  }

  schedule(node: N, dueMs: number, intervalMs: number, punctuate: Punctuator): Cancellable {
    const schedule: Schedule<N> = { node, intervalMs, punctuate, dueMs, order: this.#made++, cancelled: false }
    this.#schedules.push(schedule)
    this.#nextDueMs = Math.min(this.#nextDueMs, dueMs)
    return {
      cancel: () => {
        schedule.cancelled = true
      },
    }
  }

  /** Calls what is due at `nowMs`, earliest first; true when something was. */
  punctuate(nowMs: number, call: (node: N, punctuate: Punctuator) => void): boolean {
    let fired = false
    for (let next = this.#takeDue(nowMs); next !== undefined; next = this.#takeDue(nowMs)) {
      // Before the call: what throws must not be due again at once.
      next.dueMs = nextInGrid(next.dueMs, next.intervalMs, nowMs)
      this.#updateNextDue()
      call(next.node, next.punctuate)
      fired = true
    }
    return fired
  }

  clear(): void {
    this.#schedules = []
    this.#nextDueMs = Infinity
  }

  #takeDue(nowMs: number): Schedule<N> | undefined {
    if (this.#nextDueMs > nowMs) return undefined
    this.#schedules = this.#schedules.filter(({ cancelled }) => !cancelled)
    this.#updateNextDue()
    const due = this.#schedules.filter(({ dueMs }) => dueMs <= nowMs)
    return due.sort((one, two) => one.dueMs - two.dueMs || one.order - two.order)[0]
  }

  #updateNextDue(): void {
    this.#nextDueMs = this.#schedules.reduce((earliest, { dueMs }) => Math.min(earliest, dueMs), Infinity)
  }
}

/** The first time of the grid that is after now; a schedule whose time has not come keeps to it. */
export function nextInGrid(dueMs: number, intervalMs: number, nowMs: number): number {
  const next = dueMs + intervalMs
  return nowMs < next ? next : dueMs + (Math.floor((nowMs - dueMs) / intervalMs) + 1) * intervalMs
}
