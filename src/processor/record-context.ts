import type { Headers } from '../common/headers.ts'
import type { AnySerde } from '../serde/serde.ts'
import type { RecordMetadata } from './record.ts'

/**
 * The context of the record that a task is processing: one mutable object per task, so that operators pass only
 * `(key, value)`. Whoever changes `timestamp` or `headers` for its children restores them afterwards.
 *
 * `rawKey` keeps the bytes that `rawKeyValue` was deserialised from by `rawKeySerde`, so that a store, its changelog and a
 * sink need not serialise an unchanged key again. It is set only where the serde round-trips (for strings: not when the
 * text contains U+FFFD, which stands for malformed input). The bytes are a view that is valid during the record only.
 */
export interface RecordContext extends RecordMetadata {
  topic: string | null
  partition: number
  offset: number
  timestamp: number
  headers: Headers
  rawKey: Uint8Array | undefined
  rawKeyValue: unknown
  rawKeySerde: AnySerde | undefined
  /** Where an older record than the input's is forwarded: that one's bytes. Undefined: they are the input's. */
  source?: SourceBytes | undefined
  /** Copies the bytes for a record that is forwarded later; not there where no error policy could ask for them. */
  keepSource?: (() => SourceBytes) | undefined
}

/** Key and value as they came from their topic: what a dead letter has. */
export interface SourceBytes {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
}

/** Of what no record of a topic has caused, or none that is known any more. */
export const noSource: SourceBytes = { key: null, value: null }

/** Sets where and when the record is; with single values, because it is done per record and must make no object. */
export function moveTo(
  record: RecordContext,
  topic: string | null,
  partition: number,
  offset: number,
  timestamp: number,
  headers: Headers,
): void {
  record.topic = topic
  record.partition = partition
  record.offset = offset
  record.timestamp = timestamp
  record.headers = headers
}
