/** Session stores: the public view, and the DSL's. A session is found by its key, its end and its start. */
import type { Windowed } from '../serde/windowed.ts'
import type { FlushListener, StoreIterator } from './state-store.ts'
import type { KeyRange } from './window-store.ts'

/**
 * What processors and queries see of a session store. Kafka Streams: SessionStore.java.
 *
 * @example
 * visits.put({ key: 'ann', window: { start: 1000, end: 5000 } }, 3)
 * const open = [...visits.find('ann', now - gapMs)]
 */
export interface SessionStore<K, V> {
  /** Putting null removes. A session that ended longer ago than the retention is dropped and counted. */
  put(windowed: Windowed<K>, aggregate: V | null): void
  /** The session with exactly these ends, both inclusive. */
  fetchSession(key: K, start: number, end: number): V | undefined
  /** Sessions with end >= earliestEnd and start <= latestStart, by end, then key bytes, then start descending. */
  find(
    keys: KeyRange<K>,
    earliestEnd?: number,
    latestStart?: number,
    options?: { readonly reverse?: boolean },
  ): StoreIterator<readonly [windowed: Windowed<K>, aggregate: V]>
}

/** Borrowed: valid until the next call of `next`. Writing meanwhile is allowed, and is not seen. */
export interface SessionCursor<K, V> {
  next(): boolean
  readonly key: K
  readonly start: number
  readonly end: number
  readonly value: V
  close(): void
}

/** The DSL's view: what session aggregations read and write. Kafka Streams: SessionStore.java. */
export interface SessionTableStore<K, V> {
  readonly name: string
  readonly cached: boolean
  /** The highest end that was written; -1 before. */
  readonly observedStreamTime: number
  /** The highest timestamp of a record that its changelog had; -1 where nothing was restored. */
  readonly restoredTimeMs: number
  read(key: K, start: number, end: number): V | undefined
  /** The value that the flush listener was told last; without it the store tells at once. */
  readTold?(key: K, start: number, end: number): V | undefined
  /** Null deletes. */
  write(key: K, start: number, end: number, aggregate: V | null): void
  /** Of one key: sessions with end >= earliestEnd and start <= latestStart, by end. */
  find(key: K, earliestEnd: number, latestStart: number): SessionCursor<K, V>
  /** Of all keys: sessions whose end is in the range (inclusive), by end, then key bytes. For emit on window close. */
  findEnded(earliestEnd: number, latestEnd: number): SessionCursor<K, V>
  onFlush(listener: FlushListener<Windowed<K>, V>, sendOldValues: boolean): void
}
