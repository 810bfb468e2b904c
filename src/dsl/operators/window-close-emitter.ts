/**
 * When the final results of closed windows are emitted (`emitStrategy('onWindowClose')`): by the record that has moved
 * the time on, at most every `emitIntervalMs` of the wall clock, each window once. Up to where results are out is kept in
 * the metadata of the committed offsets, under the name of the store, as in Java: what is committed as emitted is not
 * emitted again. Kafka Streams: AbstractKStreamTimeWindowAggregateProcessor.java, KStreamSessionWindowAggregate.java.
 */
import type { OperatorContext } from '../../processor/operator.ts'

/** What differs between kinds of windows. Times are those by which the store finds its windows, bounds inclusive. */
export interface ClosingWindows {
  /** The first window that is not out yet; `lastCloseTime` is -1 before the first emission. */
  lowerBound(lastCloseTime: number): number
  /** The last window that is closed at `closeTime`; negative: none. */
  upperBound(closeTime: number): number
  /** Whether there can be a window within the bounds. */
  mayHold(lower: number, upper: number, lastCloseTime: number): boolean
  emit(lower: number, upper: number): void
}

export class WindowCloseEmitter {
  readonly #context: OperatorContext<never, never>
  readonly #storeName: string
  readonly #windows: ClosingWindows
  readonly #losesExpired: boolean
  #nextEmitMs = 0

  /** `losesExpired`: as Java does, where a gap in time takes windows out of the store before they are emitted. */
  constructor(
    context: OperatorContext<never, never>,
    storeName: string,
    windows: ClosingWindows,
    losesExpired: boolean,
  ) {
    this.#context = context
    this.#storeName = storeName
    this.#windows = windows
    this.#losesExpired = losesExpired
  }

  /**
   * Before a record that moves the time on is written, after which the store no longer has windows up to `expiredTime`:
   * emits them while they are there.
   *
   * differs from Java (#final-results): it emits after the write, when the windows of a gap in time are gone already; with
   * the default retention and no grace that is every window.
   */
  beforeExpiry(closeTime: number, expiredTime: number): void {
    if (this.#losesExpired) return
    const lastCloseTime = this.#lastCloseTime
    if (lastCloseTime < closeTime && expiredTime >= this.#windows.lowerBound(lastCloseTime)) {
      this.#emit(closeTime, lastCloseTime)
    }
  }

  /** After a record was written. */
  afterUpdate(closeTime: number): void {
    if (this.#isThrottled()) return
    const lastCloseTime = this.#lastCloseTime
    if (lastCloseTime === -1 || lastCloseTime < closeTime) this.#emit(closeTime, lastCloseTime)
  }

  get #lastCloseTime(): number {
    return this.#context.metadata.get(this.#storeName) ?? -1
  }

  #emit(closeTime: number, lastCloseTime: number): void {
    const upper = this.#windows.upperBound(closeTime)
    if (upper < 0) return
    const lower = this.#windows.lowerBound(lastCloseTime)
    if (!this.#windows.mayHold(lower, upper, lastCloseTime)) return
    this.#windows.emit(lower, upper)
    this.#context.metadata.set(this.#storeName, closeTime)
  }

  /** The interval begins anew also when there turns out to be nothing to emit. */
  #isThrottled(): boolean {
    const { emitIntervalMs } = this.#context
    if (emitIntervalMs === 0) return false
    const now = this.#context.wallClockTime
    if (now < this.#nextEmitMs) return true
    this.#nextEmitMs = now + emitIntervalMs
    return false
  }
}
