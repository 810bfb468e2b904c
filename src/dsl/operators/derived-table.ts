import type { Operator, OperatorContext } from '../../processor/operator.ts'
import type { Change } from '../../processor/record.ts'
import type { TableStore } from '../../processor/state-store.ts'
import type { DerivedTable } from '../table-supply.ts'
import { TableForwarder } from './table-forwarder.ts'

/** What filter and mapValues of a table have in common: the new change is computed from the parent's. */
export class DerivedTableOperator<K> implements Operator<K, Change<unknown>> {
  readonly #table: DerivedTable
  readonly #skipEmptyChanges: boolean
  #context!: OperatorContext<K, Change<unknown>>
  #store: TableStore<K, unknown> | undefined
  #forwarder: TableForwarder<K, unknown> | undefined

  /** `skipEmptyChanges`: a delete of what is known to be absent is neither stored nor forwarded. */
  constructor(table: DerivedTable, skipEmptyChanges: boolean) {
    this.#table = table
    this.#skipEmptyChanges = skipEmptyChanges
  }

  init(context: OperatorContext<K, Change<unknown>>): void {
    this.#context = context
    if (this.#table.storeName === undefined) return
    this.#store = context.getStateStore<TableStore<K, unknown>>(this.#table.storeName)
    this.#forwarder = new TableForwarder(context, this.#store, this.#table.sendsOldValues)
  }

  process(key: K, change: Change<unknown>): void {
    const { sendsOldValues } = this.#table
    const newValue = this.#compute(change.newValue, key)
    const oldValue = sendsOldValues ? this.#oldValue(key, change) : null
    if (this.#skipEmptyChanges && sendsOldValues && oldValue === null && newValue === null) return
    if (this.#store === undefined) {
      this.#context.forward(key, { newValue, oldValue, isLatest: change.isLatest })
      return
    }
    const { timestamp } = this.#context.record
    const written = this.#store.write(key, newValue, timestamp)
    this.#forwarder?.updated(key, newValue, oldValue, timestamp, written)
  }

  #oldValue(key: K, change: Change<unknown>): unknown {
    if (this.#store === undefined) return this.#compute(change.oldValue, key)
    return this.#store.read(key)?.value ?? null
  }

  #compute(value: unknown, key: K): unknown {
    return value === null ? null : this.#table.compute(value, key, this.#context.nodeName)
  }
}
