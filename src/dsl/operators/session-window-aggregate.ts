/**
 * Aggregates per key and session: records whose times are at most a gap apart. A record that comes between two sessions
 * makes them one: the old ones are deleted, and the new aggregate is merged of theirs. A null value is a value, as in
 * Java. Kafka Streams: KStreamSessionWindowAggregate.java.
 */
import { noHeaders } from '../../common/headers.ts'
import type { ObservedTime, Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { Change } from '../../processor/record.ts'
import type { SessionTableStore } from '../../processor/session-store.ts'
import type { Windowed } from '../../serde/windowed.ts'
import type { SessionWindows } from '../windows.ts'
import { AggregationCalls, type Merger } from './aggregation-calls.ts'
import type { WindowedAggregation } from './window-aggregate.ts'
import { resumedTime } from './resumed-time.ts'
import { WindowCloseEmitter, type ClosingWindows } from './window-close-emitter.ts'
import { WindowForwarder } from './window-forwarder.ts'

export interface SessionAggregation<K, V> extends WindowedAggregation<K, V> {
  readonly merger: Merger<K>
}

export function sessionWindowAggregateOperator<K, V>(
  windows: SessionWindows,
  options: SessionAggregation<K, V>,
): OperatorSupplier {
  return () => new SessionWindowAggregateOperator(windows, options)
}

class SessionWindowAggregateOperator<K, V> implements Operator<K, V> {
  readonly readsValue: boolean
  readonly #windows: SessionWindows
  readonly #options: SessionAggregation<K, V>
  /** The sessions that the record makes one, by end; three arrays that are used again. */
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  readonly #aggregates: unknown[] = []
  /** The session that they become together with the record. */
  #start = 0
  #end = 0
  #context!: OperatorContext<Windowed<K>, Change<unknown>>
  #calls!: AggregationCalls<K, V>
  #store!: SessionTableStore<K, unknown>
  #time!: ObservedTime
  #updates: WindowForwarder<K> | undefined
  #closed: WindowCloseEmitter | undefined

  constructor(windows: SessionWindows, options: SessionAggregation<K, V>) {
    this.readsValue = options.aggregation.readsValue ?? true
    this.#windows = windows
    this.#options = options
  }

  init(context: OperatorContext<Windowed<K>, Change<unknown>>): void {
    const { aggregation, table, emitsOnClose, losesExpired } = this.#options
    this.#context = context
    this.#calls = new AggregationCalls(aggregation, context.nodeName)
    const store = context.getStateStore<SessionTableStore<K, unknown>>(table.storeName)
    this.#store = store
    this.#time = resumedTime(context, store, aggregation.sharesStore)
    if (emitsOnClose) {
      const closing = closingSessions(store, new WindowForwarder(context, false))
      this.#closed = new WindowCloseEmitter(context, table.storeName, closing, losesExpired)
      return
    }
    const { sendsOldValues } = table
    const forwarder = new WindowForwarder(context, sendsOldValues)
    if (!store.cached) this.#updates = forwarder
    else {
      store.onFlush((session, change) => forwarder.forward(session, change, session.window.end), sendsOldValues)
    }
  }

  process(key: K, value: V): void {
    if (key === null || key === undefined) {
      this.#context.dropRecord('null key')
      return
    }
    const { gapMs, graceMs } = this.#windows
    const { timestamp } = this.#context.record
    const movesOn = timestamp > this.#time.ms
    if (movesOn) this.#time.ms = timestamp
    const closeTime = this.#time.ms - graceMs - gapMs
    if (movesOn) this.#closed?.beforeExpiry(closeTime, timestamp - this.#options.table.retentionMs)
    this.#aggregate(key, value, timestamp, closeTime)
    this.#closed?.afterUpdate(closeTime)
  }

  /** The user's functions are called as in Java: the initializer and the mergers also for a record that is too late. */
  #aggregate(key: K, value: V, timestamp: number, closeTime: number): void {
    const merged = this.#merge(key, timestamp)
    const start = this.#start
    const end = this.#end
    if (end < closeTime) {
      this.#context.dropRecord('expired window')
      return
    }
    if (start !== timestamp || end !== timestamp) this.#removeMerged(key)
    const aggregate = this.#calls.add(merged, value, key)
    this.#store.write(key, start, end, aggregate)
    this.#forward(key, start, end, aggregate, null)
  }

  /** The aggregate of the sessions around the time, which are remembered. */
  #merge(key: K, timestamp: number): unknown {
    const { gapMs } = this.#windows
    const { merger } = this.#options
    this.#starts.length = 0
    this.#ends.length = 0
    this.#aggregates.length = 0
    this.#start = timestamp
    this.#end = timestamp
    let aggregate = this.#calls.begin()
    const cursor = this.#store.find(key, timestamp - gapMs, timestamp + gapMs)
    try {
      while (cursor.next()) {
        const { start, end, value } = cursor
        this.#starts.push(start)
        this.#ends.push(end)
        this.#aggregates.push(value)
        this.#start = Math.min(this.#start, start)
        this.#end = Math.max(this.#end, end)
        aggregate = this.#calls.merge(aggregate, value, key, merger)
      }
    } finally {
      cursor.close()
    }
    return aggregate
  }

  #removeMerged(key: K): void {
    for (let i = 0; i < this.#starts.length; i++) {
      const start = this.#starts[i] as number
      const end = this.#ends[i] as number
      this.#store.write(key, start, end, null)
      this.#forward(key, start, end, null, this.#aggregates[i])
    }
  }

  /** The time of a session's result is its end; as in Java, updates of sessions have no headers. */
  #forward(key: K, start: number, end: number, aggregate: unknown, old: unknown): void {
    if (this.#updates === undefined) return
    const { record } = this.#context
    const { headers } = record
    record.headers = noHeaders
    this.#updates.updated(key, start, end, aggregate, old, end)
    record.headers = headers
  }
}

/** Sessions are found by their ends, which are inclusive. */
function closingSessions<K>(store: SessionTableStore<K, unknown>, forwarder: WindowForwarder<K>): ClosingWindows {
  return {
    lowerBound: (lastCloseTime) => Math.max(0, lastCloseTime),
    upperBound: (closeTime) => closeTime - 1,
    mayHold: (lower, upper) => upper >= lower,
    emit(lower, upper) {
      const cursor = store.findEnded(lower, upper)
      try {
        while (cursor.next()) {
          const { key, start, end, value } = cursor
          forwarder.closed(key, start, end, value, end)
        }
      } finally {
        cursor.close()
      }
    },
  }
}
