/**
 * Window definitions, as plain values with their lengths in milliseconds. Kafka Streams: TimeWindows.java,
 * UnlimitedWindows.java, SlidingWindows.java, SessionWindows.java, JoinWindows.java.
 */
import { parseDuration, type Duration } from '../common/duration.ts'
import { TopologyError } from '../errors/topology-error.ts'

/** Made by `tumbling`, `hopping` and `unlimited`. */
export interface TimeWindows {
  readonly kind: 'time'
  /** Infinity: unlimited. */
  readonly sizeMs: number
  readonly advanceMs: number
  readonly graceMs: number
  /** Of unlimited windows: where the one window starts. */
  readonly startMs?: number
}

/** Made by `sliding`. */
export interface SlidingWindows {
  readonly kind: 'sliding'
  readonly differenceMs: number
  readonly graceMs: number
}

/** Made by `session`. */
export interface SessionWindows {
  readonly kind: 'session'
  readonly gapMs: number
  readonly graceMs: number
}

/** Made by `joinWithin`. */
export interface JoinWindows {
  readonly kind: 'join'
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
}

/** What a grouped stream can be grouped by further. */
export type AnyWindows = TimeWindows | SlidingWindows | SessionWindows

/** When windowed results are forwarded: at every update, or once, when the window has closed. */
export type EmitStrategy = 'onWindowUpdate' | 'onWindowClose'

/** Whether it is the one window of `unlimited`. */
export function isUnlimited({ sizeMs }: TimeWindows): boolean {
  return sizeMs === Infinity
}

/** A length that stores and serdes can work with. */
export function finite(ms: number): number {
  return Math.min(ms, Number.MAX_SAFE_INTEGER)
}

/** Of the windows that contain the time; no window does where it is above the last one. */
export function firstWindowStart({ sizeMs, advanceMs, startMs = 0 }: TimeWindows, timestamp: number): number {
  if (sizeMs === Infinity) return startMs
  return Math.floor(Math.max(0, timestamp - sizeMs + advanceMs) / advanceMs) * advanceMs
}

export function lastWindowStart({ sizeMs, advanceMs, startMs = 0 }: TimeWindows, timestamp: number): number {
  if (sizeMs === Infinity) return timestamp < startMs ? -1 : startMs
  return Math.floor(timestamp / advanceMs) * advanceMs
}

/**
 * Windows of one size that follow each other: every record is in one. The start is inclusive, the end exclusive; they
 * begin at 0, so that windows of a day are those of UTC. `grace`: how long after its end, in event time, a window still
 * takes records; default 0. Kafka Streams: `TimeWindows.ofSizeAndGrace`.
 *
 * @example
 * tumbling({ size: '1h', grace: '10m' })
 */
export function tumbling({ size, grace = 0 }: { readonly size: Duration; readonly grace?: Duration }): TimeWindows {
  const sizeMs = positive('tumbling', 'size', size)
  return { kind: 'time', sizeMs, advanceMs: sizeMs, graceMs: notNegative('tumbling', 'grace', grace) }
}

/**
 * Windows of one size, one every `advance`: a record is in all that contain its time. Kafka Streams:
 * `TimeWindows.ofSizeAndGrace(size, grace).advanceBy(advance)`.
 *
 * @example
 * hopping({ size: '1h', advance: '5m' })
 */
export function hopping({
  size,
  advance,
  grace = 0,
}: {
  readonly size: Duration
  readonly advance: Duration
  readonly grace?: Duration
}): TimeWindows {
  const sizeMs = positive('hopping', 'size', size)
  const advanceMs = positive('hopping', 'advance', advance)
  if (advanceMs > sizeMs) {
    refuse('hopping', `advance is ${advanceMs} ms, which is more than the size of ${sizeMs} ms; records would be lost`)
  }
  return { kind: 'time', sizeMs, advanceMs, graceMs: notNegative('hopping', 'grace', grace) }
}

/**
 * One window that never ends; records before `start`, a time in milliseconds, are in none. Kafka Streams:
 * `UnlimitedWindows`.
 */
export function unlimited({ start = 0 }: { readonly start?: number } = {}): TimeWindows {
  if (!Number.isSafeInteger(start) || start < 0) refuse('unlimited', `start is a time of at least 0, found ${start}`)
  return { kind: 'time', sizeMs: Infinity, advanceMs: Infinity, graceMs: 0, startMs: start }
}

/**
 * Windows of records that are at most `difference` apart, both bounds inclusive: for every record the one that ends with
 * it, and the one that begins right after it. Kafka Streams: `SlidingWindows.ofTimeDifferenceAndGrace` (KIP-450).
 *
 * @example
 * sliding({ difference: '5m', grace: '1m' })
 */
export function sliding({
  difference,
  grace = 0,
}: {
  readonly difference: Duration
  readonly grace?: Duration
}): SlidingWindows {
  // differs from Java (#sliding-windows), which takes 0 and fails at the first record.
  const differenceMs = positive('sliding', 'difference', difference)
  return { kind: 'sliding', differenceMs, graceMs: notNegative('sliding', 'grace', grace) }
}

/**
 * Sessions: records of a key that are at most `gap` apart, in event time. Kafka Streams:
 * `SessionWindows.ofInactivityGapAndGrace`.
 *
 * @example
 * session({ gap: '30m' })
 */
export function session({ gap, grace = 0 }: { readonly gap: Duration; readonly grace?: Duration }): SessionWindows {
  return { kind: 'session', gapMs: notNegative('session', 'gap', gap), graceMs: notNegative('session', 'grace', grace) }
}

/** What `joinWithin` is given: one length for both directions, or one for each. */
export type JoinWithin =
  | { readonly difference: Duration; readonly grace?: Duration }
  | { readonly before: Duration; readonly after: Duration; readonly grace?: Duration }

/**
 * Which records of two streams are partners: those of the other stream from `before` before to `after` after a record of
 * this one, both ends included; or `difference` on both sides. For so long after the window results without a partner wait
 * for what comes late: `grace`, 0 by default. `before` or `after` may be negative. Kafka Streams: `JoinWindows`.
 *
 * @example
 * orders.join(payments, toReceipt, joinWithin({ before: 0, after: '1h', grace: '5m' }))
 */
export function joinWithin(within: JoinWithin): JoinWindows {
  const graceMs = notNegative('joinWithin', 'grace', within.grace ?? 0)
  const [before, after] =
    'difference' in within ? [within.difference, within.difference] : [within.before, within.after]
  const beforeMs = milliseconds('joinWithin', 'before', before)
  const afterMs = milliseconds('joinWithin', 'after', after)
  if (beforeMs + afterMs < 0) {
    refuse('joinWithin', `it ends before it starts: before is ${beforeMs} ms, after ${afterMs} ms`)
  }
  return { kind: 'join', beforeMs, afterMs, graceMs }
}

/** As they come from JavaScript. */
export function checkWindows(windows: AnyWindows): AnyWindows {
  const kind: unknown = (windows as Partial<AnyWindows> | null | undefined)?.kind
  if (kind === 'time' || kind === 'sliding' || kind === 'session') return windows
  return refuse(
    'windowedBy',
    `it is given what tumbling(), hopping(), unlimited(), sliding() or session() makes, found ${JSON.stringify(windows) ?? typeof windows}`,
  )
}

function positive(windows: string, option: string, duration: Duration): number {
  const ms = milliseconds(windows, option, duration)
  return ms > 0 ? ms : refuse(windows, `${option} must be more than 0, found ${JSON.stringify(duration)}`)
}

function notNegative(windows: string, option: string, duration: Duration): number {
  const ms = milliseconds(windows, option, duration)
  return ms >= 0 ? ms : refuse(windows, `${option} must not be negative, found ${JSON.stringify(duration)}`)
}

function milliseconds(windows: string, option: string, duration: Duration): number {
  const ms = parseDuration(duration)
  if (ms !== undefined) return ms
  return refuse(
    windows,
    `${option} is a duration (milliseconds, or a text such as '500ms', '10s', '5m', '1h', '7d'), found ${JSON.stringify(duration)}`,
  )
}

function refuse(windows: string, reason: string): never {
  throw new TopologyError('MILLRACE_OPTION_INVALID', `${windows}(): ${reason}`)
}
