/**
 * Window stores: the public view, and the DSL's. Windows are found by their start; what is older than the retention is
 * neither read nor written, to the millisecond, however long it takes until its memory is free.
 */
import type { Windowed } from '../serde/windowed.ts'
import type { ValueAndTimestamp } from './record.ts'
import type { FlushListener, StoreIterator } from './state-store.ts'

/** One key, an inclusive range of keys (unsigned byte order), or undefined for all keys. */
export type KeyRange<K> = K | readonly [from: K, to: K] | undefined

/**
 * What processors and queries see of a window store. Kafka Streams: WindowStore.java.
 *
 * @example
 * const start = Math.floor(record.timestamp / 60_000) * 60_000
 * clicks.put(record.key, (clicks.fetch(record.key, start) ?? 0) + 1, start)
 * for (const [{ window }, count] of clicks.range(record.key, start - 600_000, start)) report(window, count)
 */
export interface WindowStore<K, V> {
  /** Putting null removes. A start that is older than the retention is dropped and counted. */
  put(key: K, value: V | null, start: number): void
  /** The value of one window. Nothing where each put is an entry of its own (`retainDuplicates`): use `range`. */
  fetch(key: K, start: number): V | undefined
  /** By start, then key bytes; bounds of `from` and `to` are inclusive start times. */
  range(
    keys: KeyRange<K>,
    from?: number,
    to?: number,
    options?: { readonly reverse?: boolean },
  ): StoreIterator<readonly [windowed: Windowed<K>, value: V]>
}

/** Steps through windows; what it shows is borrowed: valid until the next call of `next`. Writing meanwhile is allowed. */
export interface WindowCursor<K, V> {
  next(): boolean
  readonly key: K
  readonly start: number
  readonly value: V
  /** Of a store without timestamps: that of the record that wrote it is not kept; 0. */
  readonly timestamp: number
  close(): void
}

/**
 * The DSL's view of a timestamped window store (kind `timestampedWindow`): what windowed aggregations read and write.
 * Kafka Streams: TimestampedWindowStore.java.
 */
export interface WindowTableStore<K, V> {
  readonly name: string
  /** Whether updates are forwarded by the flush listener (a cached store) or by the operator itself. */
  readonly cached: boolean
  /** The highest start that was written; -1 before. */
  readonly observedStreamTime: number
  /** The highest timestamp of a record that its changelog had; -1 where nothing was restored. */
  readonly restoredTimeMs: number
  /** Borrowed: valid until the next call on this store. */
  read(key: K, start: number): ValueAndTimestamp<V> | undefined
  /** The value that the flush listener was told last, borrowed; without it the store tells at once. */
  readTold?(key: K, start: number): ValueAndTimestamp<V> | undefined
  /** Null deletes. */
  write(key: K, value: V | null, timestamp: number, start: number): void
  /** Of one key, by start. */
  fetch(key: K, from: number, to: number, reverse?: boolean): WindowCursor<K, V>
  /** Of all keys, by start, then key bytes. */
  fetchAll(from: number, to: number, reverse?: boolean): WindowCursor<K, V>
  onFlush(listener: FlushListener<Windowed<K>, V>, sendOldValues: boolean): void
}

/**
 * The DSL's view of a plain window store that keeps duplicates (kind `window` with `retainDuplicates`): the sides of a
 * stream-stream join. Every put is an entry of its own, numbered 1, 2, 3, … per store as in Java; the counter is
 * committed with the state, and after a restore it is the highest that was replayed.
 */
export interface JoinWindowStore<K, V> {
  readonly name: string
  readonly observedStreamTime: number
  /** Null is an entry in the changelog only, a tombstone with a number of its own, and is never read. */
  put(key: K, value: V | null, timestamp: number): void
  /** Of one key, by time, then in order of arrival; bounds inclusive. */
  fetch(key: K, from: number, to: number): WindowCursor<K, V>
}
