/** Transaction markers (KIP-98): batches of one record, which tell whether the producer's records before them count. */
import { ProtocolError } from '../../errors/protocol-error.ts'
import { noHeaders } from '../../common/headers.ts'
import { BatchBuilder } from './batch-builder.ts'
import { batchAttributes, batchLayout, noSequence } from './batch-layout.ts'
import { assignOffset, stampBatch } from './batch-stamp.ts'
import type { RecordBatch } from './record-batch.ts'
import { RecordsCursor } from './records-cursor.ts'

export const controlTypes = { abort: 0, commit: 1 } as const

/** The kind of a control batch's first record: 0 abort, 1 commit, others are the controller's; -1 for an empty one. */
export function controlType(batch: RecordBatch): number {
  const cursor = new RecordsCursor([batch])
  if (!cursor.next()) return -1
  if (cursor.keyLength < 4) {
    throw new ProtocolError(
      'MILLRACE_BATCH_MALFORMED',
      `The control record at offset ${cursor.offset} has a key of ${cursor.keyLength} bytes where 4 are needed.`,
    )
  }
  // Two bytes of version come first.
  return cursor.buffer.readInt16BE(cursor.keyStart + 2)
}

export interface TransactionMarker {
  readonly commit: boolean
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly timestamp: number
  readonly baseOffset: number
  readonly partitionLeaderEpoch: number
}

export function transactionMarkerBatch(marker: TransactionMarker): Buffer {
  const key = Buffer.alloc(4)
  key.writeInt16BE(marker.commit ? controlTypes.commit : controlTypes.abort, 2)
  const value = Buffer.alloc(6)
  value.writeInt32BE(marker.coordinatorEpoch, 2)
  const builder = new BatchBuilder()
  builder.append(marker.timestamp, key, value, noHeaders)
  const batch = builder.seal('none')
  batch.writeInt16BE(batchAttributes.control, batchLayout.attributes)
  const { producerId, producerEpoch } = marker
  stampBatch(batch, { producerId, producerEpoch, baseSequence: noSequence, transactional: true })
  assignOffset(batch, marker.baseOffset, marker.partitionLeaderEpoch)
  return batch
}
