import type { RecordCursor } from '../../processor/record-set.ts'
import { batchLayout, batchPrefixBytes } from './batch-layout.ts'
import { computeCrc } from './batch-stamp.ts'
import { compress } from './compression.ts'
import type { RecordBatch } from './record-batch.ts'
import { RecordsCursor } from './records-cursor.ts'

/**
 * The batch with only the records that `keep` admits, as compaction writes it: offsets, sequences and producer stay, also
 * of a batch that becomes empty (KIP-98). The same batch when nothing is removed.
 */
export function retainRecords(batch: RecordBatch, keep: (record: RecordCursor) => boolean): Buffer {
  const kept: Buffer[] = []
  const cursor = new RecordsCursor([batch])
  while (cursor.next()) {
    // Deltas are relative to the header, which stays, so records can be taken as they are.
    if (keep(cursor)) kept.push(cursor.rawRecord())
  }
  if (kept.length === batch.recordCount) return batch.bytes
  const content = compress(batch.compression, Buffer.concat(kept))
  const retained = Buffer.concat([batch.bytes.subarray(0, batchLayout.records), content])
  retained.writeInt32BE(retained.length - batchPrefixBytes, batchLayout.length)
  retained.writeInt32BE(kept.length, batchLayout.recordCount)
  computeCrc(retained)
  return retained
}
