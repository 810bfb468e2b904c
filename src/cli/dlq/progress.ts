/**
 * Which letters of a partition were sent again. It is kept where the sending is: as the committed offset of a group, in
 * the transaction that sends, so that a letter is sent once, whatever fails when. The offset says how far somebody has
 * looked; which letters before it were left out, because they were not selected, stands in the offset's metadata.
 *
 * As text: `1:` and for each range that was left out the distance from the one before and its length, each as digits of
 * base 32, all but the last with a mark.
 */
export interface Span {
  readonly from: number
  /** Exclusive. */
  readonly to: number
}

export interface Progress {
  /** Everything before it was sent, unless it was left out. */
  readonly next: number
  /** Ascending, none next to another, all before `next`. */
  readonly left: readonly Span[]
}

export const noProgress: Progress = { next: 0, left: [] }

/** Brokers take 4096 bytes by default (offset.metadata.max.bytes). */
const textMaxLength = 4000
const prefix = '1:'
const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const base = 32

/** Of a committed offset; undefined where the text is not ours: then nothing is known of what was left out. */
export function parseProgress(next: number, text: string | undefined): Progress | undefined {
  if (text === undefined || text === '') return { next, left: [] }
  if (!text.startsWith(prefix)) return undefined
  const numbers = parseNumbers(text.slice(prefix.length))
  if (numbers === undefined || numbers.length % 2 !== 0) return undefined
  const left: Span[] = []
  let at = 0
  for (let index = 0; index < numbers.length; index += 2) {
    const from = at + (numbers[index] ?? 0)
    at = from + (numbers[index + 1] ?? 0)
    left.push({ from, to: at })
  }
  return at > next ? undefined : { next, left }
}

export function progressText({ left }: Progress): string {
  let at = 0
  let text = prefix
  for (const { from, to } of left) {
    text += numberText(from - at) + numberText(to - from)
    at = to
  }
  return text
}

/** Whether it can be kept. */
export function fits(progress: Progress): boolean {
  return progressText(progress).length <= textMaxLength
}

/** Offsets that are gone from the log are of no interest any more. */
export function clipped({ next, left }: Progress, start: number): Progress {
  const kept = left.filter(({ to }) => to > start).map(({ from, to }) => ({ from: Math.max(from, start), to }))
  return { next, left: kept }
}

/** As if that one had never been sent. */
export function forgotten({ next, left }: Progress, offset: number): Progress {
  if (offset >= next || left.some(({ from, to }) => from <= offset && offset < to)) return { next, left }
  const spans = [...left, { from: offset, to: offset + 1 }].toSorted((one, other) => one.from - other.from)
  return { next, left: joined(spans) }
}

/** Of the letters that somebody looks at: where to begin. */
export function firstOpen({ next, left }: Progress): number {
  return left[0]?.from ?? next
}

/** One look at a partition's letters, in the order of their offsets, from `start` on; what is before it stays as it is. */
export class ProgressPass {
  readonly #before: Progress
  readonly #left: Span[]
  #spanIndex = 0
  /** Offsets between two letters are of markers: nothing is left out there. */
  #cursor: number
  #wasLeft: boolean

  constructor(before: Progress, start: number) {
    const { next, left } = before
    const passed = left.filter(({ from }) => from < start).map(({ from, to }) => ({ from, to: Math.min(to, start) }))
    this.#before = before
    this.#left = start > next ? [...joined([...passed, { from: next, to: start }])] : passed
    this.#cursor = start
    this.#wasLeft = this.#left.at(-1)?.to === start
  }

  /** Asked for ascending offsets. */
  wasSent(offset: number): boolean {
    if (offset >= this.#before.next) return false
    const { left } = this.#before
    while ((left[this.#spanIndex]?.to ?? Infinity) <= offset) this.#spanIndex++
    return (left[this.#spanIndex]?.from ?? Infinity) > offset
  }

  /** It was sent, now or before. */
  sent(offset: number): void {
    this.#cursor = offset + 1
    this.#wasLeft = false
  }

  /** False where that could not be kept: the pass is at an end before this offset. */
  leave(offset: number): boolean {
    const last = this.#left.at(-1)
    if (this.#wasLeft && last !== undefined) this.#left[this.#left.length - 1] = { from: last.from, to: offset + 1 }
    else {
      this.#left.push({ from: offset, to: offset + 1 })
      if (!fits(this.now())) {
        this.#left.pop()
        return false
      }
    }
    this.#cursor = offset + 1
    this.#wasLeft = true
    return true
  }

  /** The partition was looked at up to `end`. */
  finish(end: number): void {
    this.#cursor = Math.max(this.#cursor, end)
  }

  /** Everything before it was looked at. */
  get position(): number {
    return this.#cursor
  }

  now(): Progress {
    const { next, left } = this.#before
    const rest = clipped({ next, left }, this.#cursor).left
    return { next: Math.max(next, this.#cursor), left: joined([...this.#left, ...rest]) }
  }
}

function joined(spans: readonly Span[]): readonly Span[] {
  const result: Span[] = []
  for (const span of spans) {
    const last = result.at(-1)
    if (last !== undefined && span.from <= last.to) result[result.length - 1] = { from: last.from, to: span.to }
    else result.push(span)
  }
  return result
}

function numberText(value: number): string {
  let text = ''
  for (let rest = value; ; rest = Math.floor(rest / base)) {
    const isLast = rest < base
    text += digits[(rest % base) + (isLast ? 0 : base)]
    if (isLast) return text
  }
}

function parseNumbers(text: string): number[] | undefined {
  const numbers: number[] = []
  let value = 0
  let factor = 1
  for (const character of text) {
    const digit = digits.indexOf(character)
    if (digit < 0) return undefined
    value += (digit % base) * factor
    if (!Number.isSafeInteger(value)) return undefined
    factor *= base
    if (digit < base) {
      numbers.push(value)
      value = 0
      factor = 1
    }
  }
  return factor === 1 ? numbers : undefined
}
