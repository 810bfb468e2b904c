import { incrementSequence } from '../records/batch-layout.ts'
import { RecordBatch } from '../records/record-batch.ts'

/** One record batch as a partition's log keeps it: its own bytes, and the header fields that are asked for often. */
export interface StoredBatch {
  readonly bytes: Buffer
  readonly baseOffset: number
  readonly lastOffset: number
  readonly maxTimestamp: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly recordCount: number
  readonly isTransactional: boolean
  readonly isControl: boolean
  /** Set by its first compaction: from then on its tombstones, or its marker, may go (KIP-534). */
  readonly deleteHorizonMs?: number
}

/** `bytes` is exactly one batch. */
export function storedBatch(bytes: Buffer): StoredBatch {
  const batch = new RecordBatch(bytes)
  return {
    bytes,
    baseOffset: batch.baseOffset,
    lastOffset: batch.lastOffset,
    maxTimestamp: batch.maxTimestamp,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    recordCount: batch.recordCount,
    isTransactional: batch.isTransactional,
    isControl: batch.isControl,
  }
}

/** Sequences count offsets, so that a compacted batch still has those it had. */
export function lastSequence(batch: StoredBatch): number {
  return incrementSequence(batch.baseSequence, batch.lastOffset - batch.baseOffset)
}
