import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { Change } from '../../processor/record.ts'
import type { TableStore } from '../../processor/state-store.ts'
import { TransformerCall, type TransformedTable } from '../transformed-table.ts'
import { TableForwarder } from './table-forwarder.ts'

/** Every new value through the user's transformer, deletes as null. Kafka Streams: KTableTransformValues.java. */
export function tableTransformOperator(table: TransformedTable): OperatorSupplier {
  return () => new TableTransformOperator(table)
}

class TableTransformOperator<K> implements Operator<K, Change<unknown>> {
  readonly #table: TransformedTable
  #context!: OperatorContext<K, Change<unknown>>
  #call!: TransformerCall
  #sendsOldValues = false
  #store: TableStore<K, unknown> | undefined
  #forwarder: TableForwarder<K, unknown> | undefined

  constructor(table: TransformedTable) {
    this.#table = table
  }

  init(context: OperatorContext<K, Change<unknown>>): void {
    const { storeName, sendsOldValues, supplier } = this.#table
    this.#context = context
    this.#sendsOldValues = sendsOldValues
    this.#call = new TransformerCall(supplier(), context)
    if (storeName === undefined) return
    this.#store = context.getStateStore<TableStore<K, unknown>>(storeName)
    this.#forwarder = new TableForwarder(context, this.#store, sendsOldValues)
  }

  process(key: K, change: Change<unknown>): void {
    const newValue = this.#call.transform(change.newValue, key)
    if (this.#store !== undefined) return this.#update(this.#store, key, newValue)
    // The transformer is called again for the old value: it is not told which of the two it gets.
    const oldValue = this.#sendsOldValues ? this.#call.transform(change.oldValue, key) : null
    this.#context.forward(key, { newValue, oldValue, isLatest: change.isLatest })
  }

  close(): void {
    this.#call.close()
  }

  #update(store: TableStore<K, unknown>, key: K, newValue: unknown): void {
    const oldValue = this.#sendsOldValues ? (store.read(key)?.value ?? null) : null
    const { timestamp } = this.#context.record
    const written = store.write(key, newValue, timestamp)
    this.#forwarder?.updated(key, newValue, oldValue, timestamp, written)
  }
}
