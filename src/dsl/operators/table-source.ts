import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { Change } from '../../processor/record.ts'
import type { TableStore } from '../../processor/state-store.ts'
import type { SourceTable } from '../table-supply.ts'
import { TableForwarder } from './table-forwarder.ts'

/**
 * A stream of records as a table: the latest offset wins, whatever its timestamp. Without a store it only passes the
 * updates on. Kafka Streams: KTableSource.java.
 */
export function tableSourceOperator(table: SourceTable): OperatorSupplier {
  return () => new TableSourceOperator(table)
}

class TableSourceOperator<K, V> implements Operator<K, V | null> {
  readonly #table: SourceTable
  #context!: OperatorContext<K, Change<V>>
  #store: TableStore<K, V> | undefined
  #forwarder: TableForwarder<K, V> | undefined

  constructor(table: SourceTable) {
    this.#table = table
  }

  init(context: OperatorContext<K, Change<V>>): void {
    this.#context = context
    if (!this.#table.isStored) return
    this.#store = context.getStateStore<TableStore<K, V>>(this.#table.storeName)
    this.#forwarder = new TableForwarder(context, this.#store, this.#table.sendsOldValues)
  }

  process(key: K, value: V | null): void {
    if (key === null || key === undefined) {
      this.#context.dropRecord('null key')
      return
    }
    const newValue = value ?? null
    if (this.#store === undefined) {
      this.#context.forward(key, { newValue, oldValue: null, isLatest: true })
      return
    }
    // A cached store knows the old value of its own flush.
    const reads = this.#table.sendsOldValues && !this.#store.cached
    const oldValue = reads ? (this.#store.read(key)?.value ?? null) : null
    const { timestamp } = this.#context.record
    const written = this.#store.write(key, newValue, timestamp)
    this.#forwarder?.updated(key, newValue, oldValue, timestamp, written)
  }
}
