import type { Headers } from '../common/headers.ts'
import type { FixedKeyProcessorContext, ProcessorContext } from './processor-context.ts'
import type { StreamRecord } from './record.ts'

/**
 * A user's processor: `process` is synchronous; one that returns a promise is an error at the first record. Its fields
 * are lost when the task moves or goes back to its last commit: what must stay belongs into a store. Kafka Streams:
 * `Processor`.
 */
export interface Processor<K, V, KR, VR> {
  /** Once, before the first record: stores are taken from the context and punctuators scheduled here. */
  init?(context: ProcessorContext<KR, VR>): void
  /** For each record. What it forwards is processed before `forward` returns. */
  process(record: StreamRecord<K, V>): void
  /** When the task is closed; after a failure it may be left out. */
  close?(): void
}

/**
 * A processor that cannot change the key: what it forwards has that of the record. Kafka Streams: `FixedKeyProcessor`.
 */
export interface FixedKeyProcessor<K, V, VR> {
  init?(context: FixedKeyProcessorContext<VR>): void
  process(record: StreamRecord<K, V>): void
  close?(): void
}

/** Also called when an unmaterialised table is read by a join; `timestamp` is then the stored one. Gets deletes as null. */
export interface ValueTransformer<K, V, VR> {
  init?(context: Omit<ProcessorContext<K, VR>, 'forward'>): void
  /** Returns the new value; null deletes the key. */
  transform(value: V | null, key: K, at: { readonly timestamp: number; readonly headers: Headers }): VR | null
  close?(): void
}
