/**
 * Aggregates per key and time window: tumbling, hopping, and the one window of `unlimited`. A record belongs to every
 * window that contains its time and is not closed, by the time that this node has seen. A null value is a value, as in
 * Java. Kafka Streams: KStreamWindowAggregate.java.
 */
import type { ObservedTime, Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { Change } from '../../processor/record.ts'
import type { WindowTableStore } from '../../processor/window-store.ts'
import type { Windowed } from '../../serde/windowed.ts'
import { windowEnd } from '../../serde/windowed.ts'
import type { WindowTable } from '../window-supply.ts'
import { firstWindowStart, lastWindowStart, type TimeWindows } from '../windows.ts'
import type { Aggregation } from './aggregate.ts'
import { AggregationCalls } from './aggregation-calls.ts'
import { resumedTime } from './resumed-time.ts'
import { WindowCloseEmitter, type ClosingWindows } from './window-close-emitter.ts'
import { WindowForwarder } from './window-forwarder.ts'

/** What every kind of windowed aggregation is given beside its windows. */
export interface WindowedAggregation<K, V> {
  readonly aggregation: Aggregation<K, V>
  readonly table: WindowTable
  readonly emitsOnClose: boolean
  /** `compatibility: 'java'`. */
  readonly losesExpired: boolean
}

export function windowAggregateOperator<K, V>(
  windows: TimeWindows,
  options: WindowedAggregation<K, V>,
): OperatorSupplier {
  return () => new WindowAggregateOperator(windows, options)
}

class WindowAggregateOperator<K, V> implements Operator<K, V> {
  readonly readsValue: boolean
  readonly #windows: TimeWindows
  readonly #options: WindowedAggregation<K, V>
  #context!: OperatorContext<Windowed<K>, Change<unknown>>
  #calls!: AggregationCalls<K, V>
  #store!: WindowTableStore<K, unknown>
  #time!: ObservedTime
  /** Undefined: updates are forwarded by the flush of a cached store, or not at all. */
  #updates: WindowForwarder<K> | undefined
  #closed: WindowCloseEmitter | undefined

  constructor(windows: TimeWindows, options: WindowedAggregation<K, V>) {
    this.readsValue = options.aggregation.readsValue ?? true
    this.#windows = windows
    this.#options = options
  }

  init(context: OperatorContext<Windowed<K>, Change<unknown>>): void {
    const { aggregation, table, emitsOnClose, losesExpired } = this.#options
    this.#context = context
    this.#calls = new AggregationCalls(aggregation, context.nodeName)
    this.#store = context.getStateStore<WindowTableStore<K, unknown>>(table.storeName)
    this.#time = resumedTime(context, this.#store, aggregation.sharesStore)
    if (emitsOnClose) {
      const closing = closingTimeWindows(this.#windows, this.#store, context)
      this.#closed = new WindowCloseEmitter(context, table.storeName, closing, losesExpired)
      return
    }
    this.#updates = updatesOf(context, this.#store, table.sendsOldValues)
  }

  process(key: K, value: V): void {
    if (key === null || key === undefined) {
      this.#context.dropRecord('null key')
      return
    }
    const windows = this.#windows
    const { timestamp } = this.#context.record
    const last = lastWindowStart(windows, timestamp)
    const movesOn = timestamp > this.#time.ms
    if (movesOn) this.#time.ms = timestamp
    const closeTime = this.#time.ms - windows.graceMs
    if (movesOn) this.#closed?.beforeExpiry(closeTime, last - this.#options.table.retentionMs)
    for (let start = firstWindowStart(windows, timestamp); start <= last; start += windows.advanceMs) {
      if (windowEnd(start, windows.sizeMs) > closeTime) this.#update(key, value, start, timestamp)
      else this.#context.dropRecord('expired window')
    }
    this.#closed?.afterUpdate(closeTime)
  }

  /** As in Java, the initial aggregate is the old value of a window's first update; with a cached store there is none. */
  #update(key: K, value: V, start: number, recordTimestamp: number): void {
    const current = this.#store.read(key, start)
    // Both before the write: the object is the store's own.
    const old = current === undefined ? this.#calls.begin() : current.value
    const timestamp = current === undefined ? recordTimestamp : Math.max(recordTimestamp, current.timestamp)
    const aggregate = this.#calls.add(old, value, key)
    this.#store.write(key, aggregate, timestamp, start)
    this.#updates?.updated(key, start, windowEnd(start, this.#windows.sizeMs), aggregate, old, timestamp)
  }
}

/** For operators that forward every update: at once, or by the flush listener that this sets. */
export function updatesOf<K>(
  context: OperatorContext<Windowed<K>, Change<unknown>>,
  store: WindowTableStore<K, unknown>,
  sendOldValues: boolean,
): WindowForwarder<K> | undefined {
  const forwarder = new WindowForwarder(context, sendOldValues)
  if (!store.cached) return forwarder
  store.onFlush((windowed, change, timestamp) => forwarder.forward(windowed, change, timestamp), sendOldValues)
  return undefined
}

/** Emits the windows that start within the bounds, by start, then key bytes. */
export function emitStarted<K>(
  store: WindowTableStore<K, unknown>,
  forwarder: WindowForwarder<K>,
  sizeMs: number,
  lower: number,
  upper: number,
): void {
  const cursor = store.fetchAll(lower, upper)
  try {
    while (cursor.next()) {
      const { key, start, value, timestamp } = cursor
      forwarder.closed(key, start, start + sizeMs, value, timestamp)
    }
  } finally {
    cursor.close()
  }
}

/** The end of a time window is exclusive. */
function closingTimeWindows<K>(
  windows: TimeWindows,
  store: WindowTableStore<K, unknown>,
  context: OperatorContext<Windowed<K>, Change<unknown>>,
): ClosingWindows {
  const { sizeMs } = windows
  const forwarder = new WindowForwarder(context, false)
  return {
    lowerBound: (lastCloseTime) => (lastCloseTime === -1 ? 0 : Math.max(0, lastCloseTime - sizeMs) + 1),
    upperBound: (closeTime) => closeTime - sizeMs,
    mayHold(lower, upper, lastCloseTime) {
      if (lastCloseTime === -1) return true
      return (
        firstWindowStart(windows, upper) !== firstWindowStart(windows, lower - 1) ||
        lastWindowStart(windows, upper) !== lastWindowStart(windows, lower - 1)
      )
    },
    emit: (lower, upper) => emitStarted(store, forwarder, sizeMs, lower, upper),
  }
}
