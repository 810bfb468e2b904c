/**
 * Records that wait for their time: the buffer of `suppress` (with prior, old and new value) and of a stream-table join
 * with grace. In order of time, then of key bytes. Kafka Streams: InMemoryTimeOrderedKeyValueChangeBuffer.java,
 * RocksDBTimeOrderedKeyValueBuffer.java.
 *
 * A commit logs each key that was put or evicted since the last one, as it is then: its value, or a tombstone without
 * headers. Neither has a timestamp. The keys are in the order of Java's HashSet, whose table keeps the size that it once
 * grew to.
 */
import type { SourceBytes } from './record-context.ts'
import type { Change, RecordMetadata } from './record.ts'

export interface BufferedChange<K, V> {
  readonly key: K
  readonly change: Change<V>
  /** That of the last update, whose timestamp and headers the record is emitted with. */
  readonly context: RecordMetadata
  /** Its bytes, as long as this process knows them. */
  readonly source?: SourceBytes | undefined
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
  /**
   * Takes out the first record; nothing happens when there is none. While it is handed over (borrowed) it is still in the
   * buffer: `priorValue`, `size` and `byteLength` count it.
   */
  evictFirst(visit: (entry: BufferedChange<K, V>) => void): void
  /**
   * The value that a reader downstream saw last for this key: the old value of the first change that was buffered. Null:
   * there was none; undefined: nothing of that key waits.
   */
  priorValue(key: K): V | null | undefined
}
