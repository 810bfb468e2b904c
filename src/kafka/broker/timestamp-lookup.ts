/** ListOffsets by time (`UnifiedLog.fetchOffsetByTimestamp`): over the batches' largest timestamps, then their records. */
import { RecordBatch } from '../records/record-batch.ts'
import { RecordsCursor } from '../records/records-cursor.ts'
import type { StoredBatch } from './stored-batch.ts'

export interface TimestampedOffset {
  readonly offset: number
  readonly timestamp: number
}

/** The first record in [start, end) that is not older than `timestamp`. */
export function offsetOfTimestamp(
  batches: readonly StoredBatch[],
  timestamp: number,
  start: number,
  end: number,
): TimestampedOffset | undefined {
  for (const batch of batches) {
    if (batch.baseOffset >= end) return undefined
    if (batch.isControl || batch.maxTimestamp < timestamp) continue
    const found = firstRecord(batch, (at) => at.timestamp >= timestamp && at.offset >= start)
    if (found !== undefined) return found.offset < end ? found : undefined
  }
  return undefined
}

/** The first record with the largest timestamp of all. */
export function offsetOfMaxTimestamp(batches: readonly StoredBatch[], start: number): TimestampedOffset | undefined {
  let newest: StoredBatch | undefined
  for (const batch of batches) {
    if (batch.isControl || batch.recordCount === 0) continue
    if (newest === undefined || batch.maxTimestamp > newest.maxTimestamp) newest = batch
  }
  if (newest === undefined) return undefined
  const { maxTimestamp } = newest
  return firstRecord(newest, (at) => at.timestamp >= maxTimestamp && at.offset >= start)
}

function firstRecord(
  { bytes }: StoredBatch,
  matches: (at: TimestampedOffset) => boolean,
): TimestampedOffset | undefined {
  const cursor = new RecordsCursor([new RecordBatch(bytes)])
  while (cursor.next()) {
    const { offset, timestamp } = cursor
    if (matches(cursor)) return { offset, timestamp }
  }
  return undefined
}
