/** What processors and queries see of a store. All of it is synchronous; null as a value deletes. */
import type { RecordContext } from './record-context.ts'
import type { Change, ValueAndTimestamp } from './record.ts'

/** Iterators show the store as it was when they were opened; writing during iteration is allowed. */
export interface StoreIterator<T> extends IterableIterator<T>, Disposable {}

/** One value per key. Kafka Streams: `KeyValueStore`. */
export interface KeyValueStore<K, V> {
  /** Undefined: there is none. */
  get(key: K): V | undefined
  /** Putting null deletes. */
  put(key: K, value: V | null): void
  /** Returns the value that is there, or undefined where this one was put. */
  putIfAbsent(key: K, value: V): V | undefined
  /** Returns the value that was there. */
  delete(key: K): V | undefined
  /** Bounds are inclusive, no bounds: all; in unsigned byte order of the serialised key. */
  range(from?: K, to?: K): StoreIterator<readonly [key: K, value: V]>
  /** As `range`, last key first. */
  reverseRange(from?: K, to?: K): StoreIterator<readonly [key: K, value: V]>
  /** Entries whose serialised key begins with these bytes. */
  prefixScan(prefix: Uint8Array): StoreIterator<readonly [key: K, value: V]>
  /** Of this task. */
  approximateNumEntries(): number
}

/**
 * What became of a write to a table's store. A versioned store files what is older than its latest version under its
 * time (`older`), and does not keep what is older than its history (`refused`); all else is the latest.
 */
export type Written = 'latest' | 'older' | 'refused'

/**
 * The DSL's view of a timestamped or versioned key-value store: what tables and aggregations read and write. Where the
 * public view ({@link KeyValueStore} of `{ value, timestamp }`) makes an object per call, this one lends its own. Kafka
 * Streams: KeyValueStoreWrapper.java.
 */
export interface TableStore<K, V> {
  readonly name: string
  /** The current value; the object is borrowed: valid until the next call on this store. */
  read(key: K): ValueAndTimestamp<V> | undefined
  /** The value that was current at `asOf`, borrowed. Only a versioned store has it. */
  readAsOf?(key: K, asOf: number): ValueAndTimestamp<V> | undefined
  /** The value that the flush listener was told last, borrowed; without it the store tells at once. */
  readTold?(key: K): ValueAndTimestamp<V> | undefined
  /** Writes a value, or deletes with null. Uncached stores log at once; cached ones at the next flush. */
  write(key: K, value: V | null, timestamp: number): Written
  /** Whether updates are forwarded by the flush listener (a cached store) or by the operator itself (an uncached one). */
  readonly cached: boolean
  /**
   * Called at a flush once per changed key, in order of last update, with `context` set to that of the last update.
   * Without `sendOldValues` the change's old value is null and need not be read.
   */
  onFlush(listener: FlushListener<K, V>, sendOldValues: boolean): void
}

export type FlushListener<K, V> = (key: K, change: Change<V>, timestamp: number, context: RecordContext) => void

/** A store that operators see in another way than processors and queries do. */
export interface HasPublicView {
  readonly publicView: unknown
}

export function publicView(store: unknown): unknown {
  return typeof store === 'object' && store !== null && 'publicView' in store
    ? (store as HasPublicView).publicView
    : store
}
