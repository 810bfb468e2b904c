import type { Headers } from '../common/headers.ts'

/** What user processors see. A plain object; `{ ...record, value }` is how a changed one is forwarded. */
export interface StreamRecord<K, V> {
  readonly key: K
  readonly value: V
  readonly timestamp: number
  readonly headers: Headers
}

/** Where the current record came from. In a punctuator topic is null, partition and offset are -1. */
export interface RecordMetadata {
  readonly topic: string | null
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly headers: Headers
}

/** What travels between table operators: the new value and, where somebody downstream asked for it, the old one. */
export interface Change<V> {
  readonly newValue: V | null
  readonly oldValue: V | null
  /** False: a versioned table got an older version than its latest (KIP-914). */
  readonly isLatest: boolean
}

/** What a store with timestamps has for a key. */
export interface ValueAndTimestamp<V> {
  readonly value: V
  readonly timestamp: number
}
