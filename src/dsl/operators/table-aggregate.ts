/**
 * Aggregates changes of rows: the old value is subtracted, then the new one added. Kafka Streams: KTableAggregate.java,
 * KTableReduce.java.
 */
import { isThenable, refusePromise, refuseResult } from '../../processor/callback-result.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { Change } from '../../processor/record.ts'
import type { TableStore } from '../../processor/state-store.ts'
import type { StoredTable } from '../table-supply.ts'
import { TableForwarder } from './table-forwarder.ts'

type Aggregator = (aggregate: unknown, value: unknown, key: unknown) => unknown

/** `initialize` undefined is reduce: the first value of a group is its first aggregate. */
export interface TableAggregation {
  readonly initialize: (() => unknown) | undefined
  readonly add: Aggregator
  readonly subtract: Aggregator
}

export function tableAggregateOperator(aggregation: TableAggregation, table: StoredTable): OperatorSupplier {
  return () => new TableAggregateOperator(aggregation, table)
}

class TableAggregateOperator<K> implements Operator<K, Change<unknown>> {
  readonly #aggregation: TableAggregation
  readonly #table: StoredTable
  #context!: OperatorContext<K, Change<unknown>>
  #store!: TableStore<K, unknown>
  #forwarder!: TableForwarder<K, unknown>

  constructor(aggregation: TableAggregation, table: StoredTable) {
    this.#aggregation = aggregation
    this.#table = table
  }

  init(context: OperatorContext<K, Change<unknown>>): void {
    this.#context = context
    this.#store = context.getStateStore(this.#table.storeName)
    this.#forwarder = new TableForwarder(context, this.#store, this.#table.sendsOldValues)
  }

  process(key: K, { newValue, oldValue }: Change<unknown>): void {
    const current = this.#store.read(key)
    let { timestamp } = this.#context.record
    // Both before a callback is called: the object is the store's own.
    const before = current === undefined ? null : current.value
    if (current !== undefined) timestamp = Math.max(timestamp, current.timestamp)
    // A value that was never added, because its group did not exist yet, is not subtracted either.
    const rest = oldValue === null || before === null ? before : this.#subtract(key, before, oldValue)
    const aggregate = newValue === null ? rest : this.#add(key, rest, newValue)
    const written = this.#store.write(key, aggregate, timestamp)
    this.#forwarder.updated(key, aggregate, before, timestamp, written)
  }

  #subtract(key: K, aggregate: unknown, value: unknown): unknown {
    return this.#checked('subtractor', this.#aggregation.subtract(aggregate, value, key))
  }

  #add(key: K, rest: unknown, value: unknown): unknown {
    const { initialize, add } = this.#aggregation
    if (rest !== null) return this.#checked('adder', add(rest, value, key))
    if (initialize === undefined) return value
    const initial = initialize()
    if (isThenable(initial)) refusePromise(this.#context.nodeName, 'initializer', initial)
    return this.#checked('adder', add(initial, value, key))
  }

  #checked(callback: string, aggregate: unknown): unknown {
    const { nodeName } = this.#context
    if (isThenable(aggregate)) refusePromise(nodeName, callback, aggregate)
    if (aggregate === undefined) refuseResult(nodeName, callback, 'the new aggregate, or null to delete it', aggregate)
    return aggregate
  }
}
