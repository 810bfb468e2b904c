/**
 * Records on their way into a task: one partition's part of a fetch response, read_committed already applied, its
 * batches still compressed. The client makes them from sockets, the test driver from plain records; a task cannot tell.
 */
import type { Headers } from '../common/headers.ts'

export interface RecordSet {
  readonly topic: string
  readonly partition: number
  /** An upper bound of the records in it. */
  readonly recordCount: number
  readonly byteLength: number
  /** Where to go on after it: it counts control records, aborted ones and gaps left by compaction. */
  readonly nextOffset: number
  /** The end of the partition when it was fetched, for lag; -1 when unknown. */
  readonly highWatermark: number
  cursor(): RecordCursor
}

/**
 * A flyweight: its fields describe the current record and are valid until the next `next()`. Key and value are ranges of
 * `buffer`; a length of -1 is null. Decompression happens at the first `next()` that needs it.
 */
export interface RecordCursor {
  next(): boolean
  readonly offset: number
  /** Log-append time where the topic says so, else the producer's. */
  readonly timestamp: number
  readonly buffer: Buffer
  readonly keyStart: number
  readonly keyLength: number
  readonly valueStart: number
  readonly valueLength: number
  /** Decoded on demand, values copied; `noHeaders` when there are none. */
  headers(): Headers
}

export function keyView(cursor: RecordCursor): Buffer | null {
  return cursor.keyLength < 0 ? null : cursor.buffer.subarray(cursor.keyStart, cursor.keyStart + cursor.keyLength)
}

export function valueView(cursor: RecordCursor): Buffer | null {
  return cursor.valueLength < 0
    ? null
    : cursor.buffer.subarray(cursor.valueStart, cursor.valueStart + cursor.valueLength)
}
