import type { Duration } from '../common/duration.ts'
import type { Headers } from '../common/headers.ts'
import type { RecordMetadata, StreamRecord } from './record.ts'
import type { StoreBuilder } from './store-builder.ts'

/** By the highest time of the records that the task has taken, or by the clock. */
export type PunctuationType = 'streamTime' | 'wallClockTime'

/** What `schedule` returns; `cancel` ends it. */
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
  /** A store that the processor is connected to, or a global one, by its name or its builder. */
  getStateStore<S>(store: StoreBuilder<S> | string): S
  /** Undefined only during `init`. */
  readonly recordMetadata: RecordMetadata | undefined
  readonly applicationId: string
  /** `1_3`: sub-topology and partition. */
  readonly taskId: string
  /** The highest time of the records that the task has taken; -1 before the first. */
  readonly currentStreamTime: number
  /** The clock, in milliseconds since the epoch. */
  readonly currentSystemTime: number
}

/** What a processor can do that cannot change the key. */
export interface FixedKeyProcessorContext<VR> extends Omit<ProcessorContext<never, never>, 'forward'> {
  forward(record: { readonly value: VR; readonly timestamp: number; readonly headers: Headers }, child?: string): void
}
