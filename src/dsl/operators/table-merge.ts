import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { Change } from '../../processor/record.ts'
import type { TableStore } from '../../processor/state-store.ts'
import type { JoinedTable } from '../joined-table.ts'
import { TableForwarder } from './table-forwarder.ts'

/** Where both sides of a join of tables come together, and are stored. Kafka Streams: KTableKTableJoinMerger.java. */
export function tableMergeOperator(table: JoinedTable): OperatorSupplier {
  return () => new TableMergeOperator(table)
}

class TableMergeOperator<K> implements Operator<K, Change<unknown>> {
  readonly #table: JoinedTable
  #context!: OperatorContext<K, Change<unknown>>
  #store: TableStore<K, unknown> | undefined
  #forwarder: TableForwarder<K, unknown> | undefined

  constructor(table: JoinedTable) {
    this.#table = table
  }

  init(context: OperatorContext<K, Change<unknown>>): void {
    this.#context = context
    const { storeName, sendsOldValues } = this.#table
    if (storeName === undefined) return
    this.#store = context.getStateStore<TableStore<K, unknown>>(storeName)
    this.#forwarder = new TableForwarder(context, this.#store, sendsOldValues)
  }

  process(key: K, change: Change<unknown>): void {
    if (this.#store === undefined) return this.#context.forward(key, change)
    const { timestamp } = this.#context.record
    const written = this.#store.write(key, change.newValue, timestamp)
    this.#forwarder?.updated(key, change.newValue, change.oldValue, timestamp, written)
  }
}
