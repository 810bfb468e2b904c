/**
 * Records that wait for their time: the buffer of `suppress` (with prior, old and new value) and of a stream-table join
 * with grace. In order of time, then of key bytes. Kafka Streams: InMemoryTimeOrderedKeyValueChangeBuffer.java,
 * RocksDBTimeOrderedKeyValueBuffer.java.
 */
import type { Change } from './record.ts'
import type { RecordContext } from './record-context.ts'

export interface BufferedChange<K, V> {
  readonly key: K
  readonly change: Change<V>
  /** That of the last update, whose timestamp and headers the record is emitted with. */
  readonly context: RecordContext
  /** Of the first record of that key. */
  readonly timeMs: number
}

export interface ChangeBuffer<K, V> {
  readonly name: string
  /** Records. */
  readonly size: number
  readonly byteLength: number
  /** Of the first record; Infinity when there is none. */
  readonly minTimeMs: number
  /**
   * Adds the change, or merges it into the one that waits under that key, whose time and place it keeps. False: the key
   * is already there and `change` only replaced its value.
   */
  put(timeMs: number, key: K, change: Change<V>): boolean
  /** Takes out the first record, and hands it over before it is forgotten; borrowed. */
  evictFirst(visit: (entry: BufferedChange<K, V>) => void): void
  /** The value that a reader downstream saw last for this key: that from before it was buffered. */
  priorValue(key: K): { readonly value: V; readonly timestamp: number } | null | undefined
}
