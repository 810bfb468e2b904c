import type { Headers } from '../common/headers.ts'
import type { FixedKeyProcessorContext, ProcessorContext } from './processor-context.ts'
import type { StreamRecord } from './record.ts'

/** A user's processor: `process` is synchronous; one that returns a promise is an error at the first record. */
export interface Processor<K, V, KR, VR> {
  init?(context: ProcessorContext<KR, VR>): void
  process(record: StreamRecord<K, V>): void
  close?(): void
}

export interface FixedKeyProcessor<K, V, VR> {
  init?(context: FixedKeyProcessorContext<VR>): void
  process(record: StreamRecord<K, V>): void
  close?(): void
}

/** Also called when an unmaterialised table is read by a join; `timestamp` is then the stored one. Gets deletes as null. */
export interface ValueTransformer<K, V, VR> {
  init?(context: Omit<ProcessorContext<K, VR>, 'forward'>): void
  transform(value: V | null, key: K, at: { readonly timestamp: number; readonly headers: Headers }): VR | null
  close?(): void
}
