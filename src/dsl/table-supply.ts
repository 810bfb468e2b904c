/**
 * What a table can give to those downstream: its old values, and lookups by key. Whether a table is stored and sends old
 * values depends on who asked before the topology is written; these objects remember it. The order of asking matters as
 * it does in Java (KTableImpl.enableSendingOldValues, valueGetterSupplier), which is why it is not computed afterwards.
 */
import type { OperatorContext } from '../processor/operator.ts'
import type { ValueAndTimestamp } from '../processor/record.ts'
import type { TableStore } from '../processor/state-store.ts'

export interface TableSupply {
  /** Asks for changes with their old value. `force`: store the table if need be. False: it cannot tell old values. */
  demandOldValues(force: boolean): boolean
  /** For joins; asking stores a table that cannot be computed from a stored one. */
  view(): TableView
}

export interface TableView {
  /** Stores that must be connected to whoever opens the view. */
  readonly storeNames: readonly string[]
  open<K>(context: OperatorContext<unknown, unknown>): TableReader<K>
}

export interface TableReader<K> {
  /** The result is borrowed: valid until the next call. */
  read(key: K): ValueAndTimestamp<unknown> | undefined
}

/** Kafka Streams: the demands on KTableSource. */
export class SourceTable implements TableSupply {
  readonly storeName: string
  #stored: boolean
  #sendsOldValues = false

  constructor(storeName: string, stored: boolean) {
    this.storeName = storeName
    this.#stored = stored
  }

  get isStored(): boolean {
    return this.#stored
  }

  get sendsOldValues(): boolean {
    return this.#sendsOldValues
  }

  demandOldValues(force: boolean): boolean {
    if (!force && !this.#stored) return false
    this.#stored = true
    this.#sendsOldValues = true
    return true
  }

  view(): TableView {
    this.#stored = true
    return storeView(this.storeName)
  }
}

/** An aggregation, which always has a store. */
export class StoredTable implements TableSupply {
  readonly storeName: string
  #sendsOldValues = false

  constructor(storeName: string) {
    this.storeName = storeName
  }

  get sendsOldValues(): boolean {
    return this.#sendsOldValues
  }

  demandOldValues(): boolean {
    this.#sendsOldValues = true
    return true
  }

  view(): TableView {
    return storeView(this.storeName)
  }
}

/** The value of a derived table, from that of its parent; `null`: there is none. The parent's value is never null. */
export type Compute = (value: unknown, key: unknown, nodeName: string) => unknown

/** A filter or mapping of another table, stored only when it was given a store. */
export class DerivedTable implements TableSupply {
  readonly storeName: string | undefined
  readonly compute: Compute
  readonly #parent: TableSupply
  #sendsOldValues = false

  constructor(parent: TableSupply, storeName: string | undefined, compute: Compute) {
    this.#parent = parent
    this.storeName = storeName
    this.compute = compute
  }

  get sendsOldValues(): boolean {
    return this.#sendsOldValues
  }

  demandOldValues(force: boolean): boolean {
    if (this.storeName !== undefined) this.#sendsOldValues = true
    else this.demandParentsOldValues(force)
    return this.#sendsOldValues
  }

  demandParentsOldValues(force: boolean): void {
    if (this.#parent.demandOldValues(force)) this.#sendsOldValues = true
  }

  view(): TableView {
    return this.storeName === undefined ? computedView(this.#parent.view(), this.compute) : storeView(this.storeName)
  }
}

function storeView(storeName: string): TableView {
  return {
    storeNames: [storeName],
    open: <K>(context: OperatorContext<unknown, unknown>) => context.getStateStore<TableStore<K, unknown>>(storeName),
  }
}

function computedView(parent: TableView, compute: Compute): TableView {
  return {
    storeNames: parent.storeNames,
    open<K>(context: OperatorContext<unknown, unknown>): TableReader<K> {
      const reader = parent.open<K>(context)
      return {
        read(key) {
          const current = reader.read(key)
          if (current === undefined) return undefined
          const { timestamp } = current
          const value = compute(current.value, key, context.nodeName)
          return value === null ? undefined : { value, timestamp }
        },
      }
    },
  }
}
