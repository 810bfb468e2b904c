import type { Headers } from '../common/headers.ts'

/**
 * Where a task's output goes: the record collector over a producer, or the test driver's list. Synchronous: it copies
 * the bytes into an open batch and returns.
 */
export interface RecordSink {
  /**
   * How many partitions `topic` has; undefined when that is not known yet (a topic named by a function), in which case
   * the record is appended with partition -1 and assigned later.
   */
  partitionCount(topic: string): number | undefined
  /**
   * `partition` -1: by murmur2 of the key bytes, or sticky for a null key, as Java's producer does.
   * Throws an error with `kind` production when the record is larger than the topic admits.
   */
  append(
    topic: string,
    partition: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
    headers: Headers,
  ): void
}
