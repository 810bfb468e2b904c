import { isThenable, refusePromise, refuseResult } from '../../processor/callback-result.ts'
import { nullReason } from '../../processor/drop-reason.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { Change } from '../../processor/record.ts'
import type { TableStore } from '../../processor/state-store.ts'
import type { StoredTable } from '../table-supply.ts'
import { TableForwarder } from './table-forwarder.ts'

type Aggregator<K, V> = (aggregate: unknown, value: V, key: K) => unknown

/** `initialize` undefined is reduce: the first value of a key is its first aggregate. */
export interface Aggregation<K, V> {
  readonly initialize: (() => unknown) | undefined
  readonly aggregate: Aggregator<K, V>
  /** For messages: `aggregator`, `reducer`. */
  readonly callback: string
  readonly readsValue?: boolean
  /** One of several streams with one store (cogroup). */
  readonly sharesStore?: boolean
}

/** Kafka Streams: KStreamAggregate.java, KStreamReduce.java. */
export function aggregateOperator<K, V>(aggregation: Aggregation<K, V>, table: StoredTable): OperatorSupplier {
  return () => new AggregateOperator(aggregation, table)
}

class AggregateOperator<K, V> implements Operator<K, V> {
  readonly readsValue: boolean
  readonly #initialize: (() => unknown) | undefined
  readonly #aggregate: Aggregator<K, V>
  readonly #callback: string
  readonly #table: StoredTable
  #context!: OperatorContext<K, Change<unknown>>
  #store!: TableStore<K, unknown>
  #forwarder!: TableForwarder<K, unknown>

  constructor({ initialize, aggregate, callback, readsValue }: Aggregation<K, V>, table: StoredTable) {
    this.readsValue = readsValue ?? true
    this.#initialize = initialize
    this.#aggregate = aggregate
    this.#callback = callback
    this.#table = table
  }

  init(context: OperatorContext<K, Change<unknown>>): void {
    this.#context = context
    this.#store = context.getStateStore(this.#table.storeName)
    this.#forwarder = new TableForwarder(context, this.#store, this.#table.sendsOldValues)
  }

  process(key: K, value: V): void {
    if (key === null || key === undefined || value === null || value === undefined) {
      this.#context.dropRecord(nullReason(key))
      return
    }
    const recordTimestamp = this.#context.record.timestamp
    const current = this.#store.read(key)
    if (current === undefined) {
      this.#begin(key, value, recordTimestamp)
      return
    }
    // Both before the write: the object is the store's own.
    const { value: old, timestamp } = current
    this.#update(key, this.#aggregate(old, value, key), old, Math.max(timestamp, recordTimestamp))
  }

  /** As in Java, the initial aggregate is the old value of a key's first update; with a cached store there is none. */
  #begin(key: K, value: V, timestamp: number): void {
    if (this.#initialize === undefined) {
      this.#update(key, value, null, timestamp)
      return
    }
    const initial = this.#initialize()
    if (isThenable(initial)) refusePromise(this.#context.nodeName, 'initializer', initial)
    this.#update(key, this.#aggregate(initial, value, key), initial, timestamp)
  }

  #update(key: K, aggregate: unknown, old: unknown, timestamp: number): void {
    if (isThenable(aggregate)) refusePromise(this.#context.nodeName, this.#callback, aggregate)
    if (aggregate === undefined) {
      refuseResult(this.#context.nodeName, this.#callback, 'the new aggregate, or null to delete it', aggregate)
    }
    const written = this.#store.write(key, aggregate, timestamp)
    this.#forwarder.updated(key, aggregate, old, timestamp, written)
  }
}
