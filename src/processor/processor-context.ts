import type { Duration } from '../common/duration.ts'
import type { Headers } from '../common/headers.ts'
import type { RecordMetadata, StreamRecord } from './record.ts'
import type { StoreBuilder } from './store-builder.ts'

export type PunctuationType = 'streamTime' | 'wallClockTime'

export interface Cancellable {
  cancel(): void
}

/** What a user's processor can do; handed to `init`. */
export interface ProcessorContext<K, V> {
  /** To all children, depth first and synchronously; or only to the child of that name. */
  forward(record: StreamRecord<K, V>, child?: string): void
  /**
   * Calls `punctuate` every `interval` of the given time. Stream time: after a record was processed, with the current
   * stream time; a schedule starts at 0 and missed intervals collapse into one call. Wall clock: first at now + interval.
   */
  schedule(
    interval: Duration,
    type: PunctuationType,
    punctuate: (timestamp: number) => void,
    options?: { start?: number },
  ): Cancellable
  /** Asks for a commit soon; it is a request, not a commit. */
  commit(): void
  getStateStore<S>(store: StoreBuilder<S> | string): S
  /** Undefined only during `init`. */
  readonly recordMetadata: RecordMetadata | undefined
  readonly applicationId: string
  readonly taskId: string
  readonly currentStreamTime: number
  readonly currentSystemTime: number
}

export interface FixedKeyProcessorContext<VR> extends Omit<ProcessorContext<never, never>, 'forward'> {
  forward(record: { readonly value: VR; readonly timestamp: number; readonly headers: Headers }, child?: string): void
}
