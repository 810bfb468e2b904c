import type { Headers } from '../common/headers.ts'

/** In place of a timestamp: whoever writes the record to the log gives it the wall-clock time, as Java's producer does. */
export const noTimestamp = -1

/**
 * Where a task's output goes: the record collector over a producer, or the test driver's list. Synchronous: it copies
 * the bytes into an open batch and returns.
 */
export interface RecordSink {
  /** How many partitions `topic` has; undefined when that is not known yet: see `whenKnown`. */
  partitionCount(topic: string): number | undefined
  /**
   * For a topic that nothing was asked about yet (a function has named it): looks it up before the next commit, and then
   * calls `send`, in the order of these calls; with an error when there is no such topic. After a rollback it is not
   * called any more. What `send` throws ends the commit as if processing had thrown it. `bytes` is what waits with it.
   */
  whenKnown(topic: string, bytes: number, send: (missing: Error | undefined) => void): void
  /**
   * To a topic that is known. `partition` -1: by murmur2 of the key bytes, or sticky for a null key, as Java's producer
   * does. `timestamp` may be {@link noTimestamp}.
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
