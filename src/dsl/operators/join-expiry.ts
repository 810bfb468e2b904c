/**
 * When the records of a left or outer join that found no match are given up: a record of the left waits `after`, one of
 * the right `before`, both the grace period on top, until stream time is beyond that. Two ways to find them: the default
 * emits each as soon as it is due; Java's (KStreamKStreamJoin.emitNonJoinedOuterRecords) is late in some cases and is
 * chosen with `compatibility: 'java'`.
 */
import type { JoinWindows } from '../windows.ts'
import { valueCount, type JoinSide, type UnmatchedEntry } from './unmatched-records.ts'

/** Of one join in one task; both sides use the same. */
export interface JoinExpiry {
  /** Before the first record: the time of the oldest record that waits from before; Infinity when there is none. */
  start(oldest: number): void
  /** A record begins to wait. */
  waits(side: JoinSide, timestamp: number): void
  /** False: nothing of that side and time waits, so that nobody need look. */
  mayWait(side: JoinSide, timestamp: number): boolean
  /** Whether something may be due; cheap. `side`: that of the record that is processed. */
  mayBeDue(side: JoinSide, streamTime: number): boolean
  /** `emit` may remove the entry that it is given. */
  emitDue(streamTime: number, waiting: WaitingBetween, emit: (entry: UnmatchedEntry) => void): void
}

/** What waits since `from`, and not since `to` or later, by time. */
export type WaitingBetween = (from: number, to: number) => Iterable<UnmatchedEntry>

const firstStepMs = 16
const stepGrowth = 16

type PerSide<T> = Record<JoinSide, T>

function waitsOf({ beforeMs, afterMs, graceMs }: JoinWindows): PerSide<number> {
  return { left: afterMs + graceMs, right: beforeMs + graceMs }
}

const sides: readonly JoinSide[] = ['right', 'left']

/**
 * The oldest of each of these sides that waits, in steps that grow: there may be very many, of which only the first
 * matters. Nothing should wait that is newer than stream time; if it does, it is found in the last step.
 */
function findNext(
  open: readonly JoinSide[],
  from: number,
  streamTime: number,
  waiting: WaitingBetween,
  next: Partial<PerSide<number>>,
): void {
  let at = from
  for (let stepMs = firstStepMs; at < Infinity; stepMs *= stepGrowth) {
    const to = at > streamTime ? Infinity : at + stepMs
    for (const { side, timestamp } of waiting(at, to)) {
      next[side] ??= timestamp
      if (open.every((each) => next[each] !== undefined)) return
    }
    at = to
  }
}

/**
 * Knows for each side a time before which nothing of it waits.
 *
 * differs from Java (#join-expiry): the sides have times of their own, so that neither a longer wait of the other side
 * nor the newest waiting record (which is what Java remembers after a left join's scan) holds anything back.
 */
export class EarliestExpiry implements JoinExpiry {
  readonly #waitMs: PerSide<number>
  /** Infinity: nothing waits. */
  readonly #oldest: PerSide<number> = { left: Infinity, right: Infinity }
  readonly #rightWaits: boolean

  constructor(windows: JoinWindows, kind: 'left' | 'outer') {
    this.#waitMs = waitsOf(windows)
    this.#rightWaits = kind === 'outer'
  }

  start(oldest: number): void {
    this.#oldest.left = oldest
    if (this.#rightWaits) this.#oldest.right = oldest
  }

  waits(side: JoinSide, timestamp: number): void {
    if (timestamp < this.#oldest[side]) this.#oldest[side] = timestamp
  }

  mayBeDue(_side: JoinSide, streamTime: number): boolean {
    return this.#isDue('left', this.#oldest.left, streamTime) || this.#isDue('right', this.#oldest.right, streamTime)
  }

  mayWait(side: JoinSide, timestamp: number): boolean {
    return timestamp >= this.#oldest[side]
  }

  emitDue(streamTime: number, waiting: WaitingBetween, emit: (entry: UnmatchedEntry) => void): void {
    const oldest = this.#oldest
    const due = sides.filter((side) => this.#isDue(side, oldest[side], streamTime))
    const from = Math.min(...due.map((side) => oldest[side]))
    const to = Math.max(...due.map((side) => streamTime - this.#waitMs[side]))
    const next: Partial<PerSide<number>> = {}
    for (const entry of waiting(from, to)) {
      const { side, timestamp } = entry
      if (this.#isDue(side, timestamp, streamTime)) emit(entry)
      else next[side] ??= timestamp
    }
    const open = due.filter((side) => next[side] === undefined)
    if (open.length > 0) findNext(open, to, streamTime, waiting, next)
    for (const side of due) oldest[side] = next[side] ?? Infinity
  }

  #isDue(side: JoinSide, timestamp: number, streamTime: number): boolean {
    return timestamp + this.#waitMs[side] < streamTime
  }
}

/** Java's: one time for both sides, which is that of the last record that the last scan has seen. */
export class JavaExpiry implements JoinExpiry {
  readonly #waitMs: PerSide<number>
  #minTime = Infinity

  constructor(windows: JoinWindows) {
    this.#waitMs = waitsOf(windows)
  }

  start(oldest: number): void {
    this.#minTime = oldest
  }

  waits(_side: JoinSide, timestamp: number): void {
    this.#minTime = Math.min(this.#minTime, timestamp)
  }

  /** When nothing waits, Java's sum overflows unless it is without a wait: it scans in vain, which counts for the throttle. */
  mayBeDue(side: JoinSide, streamTime: number): boolean {
    const waitMs = this.#waitMs[side]
    return this.#minTime === Infinity ? waitMs > 0 : this.#minTime + waitMs < streamTime
  }

  mayWait(): boolean {
    return true
  }

  emitDue(streamTime: number, waiting: WaitingBetween, emit: (entry: UnmatchedEntry) => void): void {
    const isOpen = { left: false, right: false }
    this.#minTime = Infinity
    for (const entry of waiting(0, Infinity)) {
      const { side, timestamp } = entry
      this.#minTime = timestamp
      if (isOpen.left && isOpen.right) break
      if (timestamp + this.#waitMs[side] < streamTime) {
        emit(entry)
        continue
      }
      isOpen[side] = true
      // Java sees each value of a list by itself: the second one ends the scan where the first was the last to be open.
      if (isOpen.left && isOpen.right && valueCount(entry) > 1) break
    }
  }
}
