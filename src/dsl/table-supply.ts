/**
 * What a table can give to those downstream: its old values, and lookups by key. Whether a table is stored and sends old
 * values depends on who asked before the topology is written; these objects remember it. The order of asking matters as
 * it does in Java (KTableImpl.enableSendingOldValues, valueGetterSupplier), which is why it is not computed afterwards.
 */
import type { OperatorContext } from '../processor/operator.ts'
import type { ValueAndTimestamp } from '../processor/record.ts'
import type { TableStore } from '../processor/state-store.ts'

export interface TableSupply {
  /**
   * Versioned semantics hold downstream (KIP-914): its store is versioned, or it has none and its parents are versioned.
   * Kafka Streams: InternalStreamsBuilder.isVersionedOrVersionedUpstream.
   */
  readonly isVersioned: boolean
  /** Asks for changes with their old value. `force`: store the table if need be. False: it cannot tell old values. */
  demandOldValues(force: boolean): boolean
  /** For joins; asking stores a table that cannot be computed from a stored one. */
  view(): TableView
}

export interface TableView {
  /** How long the history is that its readers see; undefined: they see the latest values only. */
  readonly historyRetentionMs: number | undefined
  /** Stores that must be connected to whoever opens the view. */
  readonly storeNames: readonly string[]
  /**
   * `asTold`: reads what the table has told those downstream, and not what waits in its cache. Whoever joins two tables
   * from their changes would else join a change with one that is still to come.
   */
  open<K>(context: OperatorContext<unknown, unknown>, asTold?: boolean): TableReader<K>
}

export interface TableReader<K> {
  /** The result is borrowed: valid until the next call. */
  read(key: K): ValueAndTimestamp<unknown> | undefined
  /** The value that was current at `asOf`, borrowed. Only a versioned table has it. */
  readAsOf?(key: K, asOf: number): ValueAndTimestamp<unknown> | undefined
  /** When the operator that opened it is closed. */
  close?(): void
}

/** Kafka Streams: the demands on KTableSource. */
export class SourceTable implements TableSupply {
  readonly storeName: string
  readonly #historyRetentionMs: number | undefined
  #stored: boolean
  #sendsOldValues = false

  constructor(storeName: string, stored: boolean, historyRetentionMs?: number) {
    this.storeName = storeName
    this.#stored = stored
    this.#historyRetentionMs = historyRetentionMs
  }

  get isVersioned(): boolean {
    return this.#historyRetentionMs !== undefined
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
    return storeView(this.storeName, this.#historyRetentionMs)
  }
}

/** An aggregation, which always has a store. */
export class StoredTable implements TableSupply {
  readonly storeName: string
  readonly #historyRetentionMs: number | undefined
  #sendsOldValues = false

  constructor(storeName: string, historyRetentionMs?: number) {
    this.storeName = storeName
    this.#historyRetentionMs = historyRetentionMs
  }

  get isVersioned(): boolean {
    return this.#historyRetentionMs !== undefined
  }

  get sendsOldValues(): boolean {
    return this.#sendsOldValues
  }

  demandOldValues(): boolean {
    this.#sendsOldValues = true
    return true
  }

  view(): TableView {
    return storeView(this.storeName, this.#historyRetentionMs)
  }
}

/** The value of a derived table, from that of its parent; `null`: there is none. The parent's value is never null. */
export type Compute = (value: unknown, key: unknown, nodeName: string) => unknown

/** A filter or mapping of another table, stored only when it was given a store. */
export class DerivedTable implements TableSupply {
  readonly storeName: string | undefined
  readonly compute: Compute
  readonly #parent: TableSupply
  readonly #historyRetentionMs: number | undefined
  #sendsOldValues = false

  constructor(parent: TableSupply, storeName: string | undefined, compute: Compute, historyRetentionMs?: number) {
    this.#parent = parent
    this.storeName = storeName
    this.compute = compute
    this.#historyRetentionMs = historyRetentionMs
  }

  get isVersioned(): boolean {
    return this.storeName === undefined ? this.parentIsVersioned : this.#historyRetentionMs !== undefined
  }

  get parentIsVersioned(): boolean {
    return this.#parent.isVersioned
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
    if (this.storeName === undefined) return computedView(this.#parent.view(), this.compute)
    return storeView(this.storeName, this.#historyRetentionMs)
  }
}

export function storeView(storeName: string, historyRetentionMs: number | undefined): TableView {
  return {
    storeNames: [storeName],
    historyRetentionMs,
    open<K>(context: OperatorContext<unknown, unknown>, asTold = false): TableReader<K> {
      const store = context.getStateStore<TableStore<K, unknown>>(storeName)
      return asTold && store.readTold !== undefined ? { read: (key) => store.readTold?.(key) } : store
    },
  }
}

function computedView(parent: TableView, compute: Compute): TableView {
  return mappedView(parent, ({ nodeName }) => ({
    map(key, current) {
      if (current === undefined) return undefined
      const { timestamp } = current
      const value = compute(current.value, key, nodeName)
      return value === null ? undefined : { value, timestamp }
    },
  }))
}

/** What is made of another table's row. */
export interface RowMapper {
  map(key: unknown, current: ValueAndTimestamp<unknown> | undefined): ValueAndTimestamp<unknown> | undefined
  close?(): void
}

/** A view of rows that are made of another view's, each reader with a mapper of its own. */
export function mappedView(
  parent: TableView,
  makeMapper: (context: OperatorContext<unknown, unknown>) => RowMapper,
): TableView {
  const { storeNames, historyRetentionMs } = parent
  return {
    storeNames,
    historyRetentionMs,
    open<K>(context: OperatorContext<unknown, unknown>, asTold?: boolean): TableReader<K> {
      const reader = parent.open<K>(context, asTold)
      const mapper = makeMapper(context)
      return historyRetentionMs === undefined ? new MappedReader(reader, mapper) : new VersionedReader(reader, mapper)
    },
  }
}

class MappedReader<K> implements TableReader<K> {
  protected readonly parent: TableReader<K>
  protected readonly mapper: RowMapper

  constructor(parent: TableReader<K>, mapper: RowMapper) {
    this.parent = parent
    this.mapper = mapper
  }

  read(key: K): ValueAndTimestamp<unknown> | undefined {
    return this.mapper.map(key, this.parent.read(key))
  }

  close(): void {
    this.parent.close?.()
    this.mapper.close?.()
  }
}

class VersionedReader<K> extends MappedReader<K> {
  readAsOf(key: K, asOf: number): ValueAndTimestamp<unknown> | undefined {
    return this.mapper.map(key, this.parent.readAsOf?.(key, asOf))
  }
}
