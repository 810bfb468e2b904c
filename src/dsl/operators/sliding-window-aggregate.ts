/**
 * Aggregates per key over sliding windows: every record at t defines the window [t - d, t] that ends with it, and
 * [t + 1, t + 1 + d], which begins behind it, as far as they have records. Both bounds are inclusive. Records before d
 * share the window [0, d]. Windows are those that differ in their records, so a record that comes late changes all that
 * contain its time, and brings up to three new ones. Kafka Streams: KStreamSlidingWindowAggregate.java (KIP-450).
 */
import { nullReason } from '../../processor/drop-reason.ts'
import type { ObservedTime, Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { Change } from '../../processor/record.ts'
import type { WindowTableStore } from '../../processor/window-store.ts'
import type { Windowed } from '../../serde/windowed.ts'
import type { SlidingWindows } from '../windows.ts'
import { AggregationCalls } from './aggregation-calls.ts'
import { emitStarted, updatesOf, type WindowedAggregation } from './window-aggregate.ts'
import { resumedTime } from './resumed-time.ts'
import { WindowCloseEmitter, type ClosingWindows } from './window-close-emitter.ts'
import { WindowForwarder } from './window-forwarder.ts'

export interface SlidingAggregation<K, V> extends WindowedAggregation<K, V> {
  /** One aggregate can be in several windows, because nobody can change it (strings, numbers). */
  readonly sharesAggregates: boolean
}

export function slidingWindowAggregateOperator<K, V>(
  windows: SlidingWindows,
  options: SlidingAggregation<K, V>,
): OperatorSupplier {
  return () => new SlidingWindowAggregateOperator(windows, options)
}

/** No record has a time below 0. */
const none = -1

/** What the windows around a record say; one object per operator. */
class Neighbours {
  /** The windows that were met. */
  readonly starts: number[] = []
  /** The last record before this one; `none` where there is none that matters. */
  previous = none
  /** The aggregate of the window that has the previous record, and nothing of this one's time. */
  left: unknown = null
  /** The aggregate of the records from this one's time on, and the last of their times. */
  right: unknown = null
  rightTime = none
  hasLeftWindow = false
  hasRightWindow = false

  reset(): void {
    this.starts.length = 0
    this.previous = none
    this.left = null
    this.right = null
    this.rightTime = none
    this.hasLeftWindow = false
    this.hasRightWindow = false
  }
}

class SlidingWindowAggregateOperator<K, V> implements Operator<K, V> {
  readonly readsValue: boolean
  readonly #differenceMs: number
  readonly #graceMs: number
  readonly #options: SlidingAggregation<K, V>
  readonly #around = new Neighbours()
  #context!: OperatorContext<Windowed<K>, Change<unknown>>
  #calls!: AggregationCalls<K, V>
  #store!: WindowTableStore<K, unknown>
  #time!: ObservedTime
  #updates: WindowForwarder<K> | undefined
  #closed: WindowCloseEmitter | undefined

  constructor({ differenceMs, graceMs }: SlidingWindows, options: SlidingAggregation<K, V>) {
    this.readsValue = options.aggregation.readsValue ?? true
    this.#differenceMs = differenceMs
    this.#graceMs = graceMs
    this.#options = options
  }

  init(context: OperatorContext<Windowed<K>, Change<unknown>>): void {
    const { aggregation, table, emitsOnClose, losesExpired } = this.#options
    this.#context = context
    this.#calls = new AggregationCalls(aggregation, context.nodeName)
    this.#store = context.getStateStore<WindowTableStore<K, unknown>>(table.storeName)
    this.#time = resumedTime(context, this.#store, aggregation.sharesStore)
    if (emitsOnClose) {
      const closing = closingSlidingWindows(this.#differenceMs, this.#store, context)
      this.#closed = new WindowCloseEmitter(context, table.storeName, closing, losesExpired)
      return
    }
    this.#updates = updatesOf(context, this.#store, table.sendsOldValues)
  }

  process(key: K, value: V): void {
    if (key === null || key === undefined || value === null || value === undefined) {
      this.#context.dropRecord(nullReason(key))
      return
    }
    const { timestamp } = this.#context.record
    const movesOn = timestamp > this.#time.ms
    if (movesOn) this.#time.ms = timestamp
    const closeTime = this.#closeTime
    if (timestamp + this.#differenceMs < closeTime) {
      this.#context.dropRecord('expired window')
      return
    }
    if (movesOn) this.#closed?.beforeExpiry(closeTime, timestamp - this.#options.table.retentionMs)
    this.#around.reset()
    if (timestamp < this.#differenceMs) {
      // Nothing can be closed yet, except what the emit interval has held back: the next record emits it, as in Java.
      this.#processEarly(key, value, timestamp)
      return
    }
    if (this.#updateAround(key, value, timestamp)) this.#createWindows(key, value, timestamp)
    this.#closed?.afterUpdate(closeTime)
  }

  get #closeTime(): number {
    return this.#time.ms - this.#graceMs
  }

  /** From the latest window backwards. False: another record has the same time, so that its windows are there. */
  #updateAround(key: K, value: V, timestamp: number): boolean {
    const around = this.#around
    const cursor = this.#store.fetch(key, Math.max(0, timestamp - 2 * this.#differenceMs), timestamp + 1, true)
    try {
      while (cursor.next()) {
        const { start, value: aggregate, timestamp: lastTime } = cursor
        const end = start + this.#differenceMs
        around.starts.push(start)
        if (start === timestamp + 1) {
          around.hasRightWindow = true
        } else if (end > timestamp) {
          if (around.rightTime === none) {
            around.right = this.#unshared(key, start, aggregate)
            around.rightTime = lastTime
          }
          this.#update(key, value, start, aggregate, lastTime, timestamp)
        } else if (end === timestamp) {
          around.hasLeftWindow = true
          this.#update(key, value, start, aggregate, lastTime, timestamp)
          if (lastTime >= timestamp) return false
          around.previous = lastTime
        } else {
          around.left = aggregate
          around.previous = lastTime
          return true
        }
      }
    } finally {
      cursor.close()
    }
    return true
  }

  /** The right window of the record before, then both of this one, where they are not there yet and not empty. */
  #createWindows(key: K, value: V, timestamp: number): void {
    const { previous, starts, left } = this.#around
    const differenceMs = this.#differenceMs
    if (previous !== none && previous + 1 + differenceMs >= timestamp && !starts.includes(previous + 1)) {
      this.#update(key, value, previous + 1, this.#calls.begin(), timestamp, timestamp)
    }
    if (!this.#around.hasLeftWindow) {
      const isEmpty = previous === none || previous < timestamp - differenceMs
      const aggregate = isEmpty ? this.#calls.begin() : left
      this.#update(key, value, timestamp - differenceMs, aggregate, timestamp, timestamp)
    }
    this.#createRightWindow(key, timestamp)
  }

  /** It begins with what is known of the records behind this one, and does not contain this one. */
  #createRightWindow(key: K, timestamp: number): void {
    const { hasRightWindow, right, rightTime } = this.#around
    if (hasRightWindow || rightTime <= timestamp) return
    const start = timestamp + 1
    this.#store.write(key, right, rightTime, start)
    this.#updates?.updated(key, start, start + this.#differenceMs, right, null, rightTime)
  }

  /** A record before d: its left window would begin below 0, so that it goes into [0, d] with its like. */
  #processEarly(key: K, value: V, timestamp: number): void {
    const around = this.#around
    let combined: unknown = null
    let combinedTime = none
    const cursor = this.#store.fetch(key, 0, timestamp + 1)
    try {
      while (cursor.next()) {
        const { start, value: aggregate, timestamp: lastTime } = cursor
        around.starts.push(start)
        if (start === 0) {
          combined = aggregate
          combinedTime = lastTime
          if (lastTime < timestamp) around.previous = lastTime
        } else if (start <= timestamp) {
          around.right = this.#unshared(key, start, aggregate)
          around.rightTime = lastTime
          this.#update(key, value, start, aggregate, lastTime, timestamp)
        } else {
          around.hasRightWindow = true
        }
      }
    } finally {
      cursor.close()
    }
    // Without a window that begins between them, all that [0, d] has is behind this record.
    if (around.rightTime === none && combinedTime > timestamp) {
      around.right = combined
      around.rightTime = combinedTime
    }
    this.#createRightWindow(key, timestamp)
    const { previous } = around
    if (previous !== none && !around.starts.includes(previous + 1)) {
      this.#update(key, value, previous + 1, this.#calls.begin(), timestamp, timestamp)
    }
    if (combinedTime === none) this.#update(key, value, 0, this.#calls.begin(), timestamp, timestamp)
    else this.#update(key, value, 0, combined, combinedTime, timestamp)
  }

  /**
   * The aggregator may change an aggregate in place, which must not show in another window.
   *
   * differs from Java (#sliding-windows): there it does.
   */
  #unshared(key: K, start: number, aggregate: unknown): unknown {
    if (this.#options.sharesAggregates) return aggregate
    return this.#store.read(key, start)?.value ?? null
  }

  #update(key: K, value: V, start: number, old: unknown, oldTimestamp: number, recordTimestamp: number): void {
    const end = start + this.#differenceMs
    if (end < this.#closeTime) {
      this.#context.dropRecord('expired window')
      return
    }
    const aggregate = this.#calls.add(old, value, key)
    const timestamp = old === null ? recordTimestamp : Math.max(recordTimestamp, oldTimestamp)
    this.#store.write(key, aggregate, timestamp, start)
    this.#updates?.updated(key, start, end, aggregate, old, timestamp)
  }
}

/** Both bounds of a sliding window are inclusive. */
function closingSlidingWindows<K>(
  differenceMs: number,
  store: WindowTableStore<K, unknown>,
  context: OperatorContext<Windowed<K>, Change<unknown>>,
): ClosingWindows {
  const forwarder = new WindowForwarder(context, false)
  return {
    lowerBound: (lastCloseTime) => (lastCloseTime === -1 ? 0 : Math.max(0, lastCloseTime - differenceMs)),
    upperBound: (closeTime) => closeTime - differenceMs - 1,
    mayHold: () => true,
    emit: (lower, upper) => emitStarted(store, forwarder, differenceMs, lower, upper),
  }
}
