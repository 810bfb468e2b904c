/** Versioned key-value stores (KIP-889, KIP-914): each key has a history, as long as the store's history retention. */
import type { ValueAndTimestamp } from './record.ts'
import type { TableStore } from './state-store.ts'

/** One version of a value. */
export interface VersionedRecord<V> {
  readonly value: V
  /** Since when it is valid. */
  readonly timestamp: number
  /** When the next version begins; null while it is the latest, and always with `compatibility: 'java'`, as in Java. */
  readonly validTo: number | null
}

/**
 * What processors and queries see of a versioned store. Kafka Streams: VersionedKeyValueStore.java.
 *
 * @example
 * prices.put('tea', 3, 1000)
 * prices.put('tea', 4, 2000)
 * prices.get('tea', 1500) // { value: 3, timestamp: 1000, validTo: 2000 }
 */
export interface VersionedStore<K, V> {
  /**
   * Valid-to of the version that was put, null while it is the latest; undefined: older than the history retention, and
   * not stored.
   */
  put(key: K, value: V | null, timestamp: number): number | null | undefined
  /** The version that was valid at `asOf`, or the latest; undefined where the key had none, or it is too long ago. */
  get(key: K, asOf?: number): VersionedRecord<V> | undefined
  /** As `put` with null; returns the version that was valid then. */
  delete(key: K, timestamp: number): { readonly value: V; readonly timestamp: number } | undefined
}

/** The DSL's view of a versioned store: what versioned tables and joins with them read and write. It is never cached. */
export interface VersionedTableStore<K, V> extends VersionedStore<K, V>, TableStore<K, V> {
  readonly historyRetentionMs: number
  readAsOf(key: K, asOf: number): ValueAndTimestamp<V> | undefined
}
