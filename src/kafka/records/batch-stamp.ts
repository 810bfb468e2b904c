/** Changes fields in the header of a finished batch, in place, and its checksum where the field is under it. */
import { crc32c } from '../../common/crc32c.ts'
import { batchAttributes, batchLayout, writeInt64 } from './batch-layout.ts'

export interface ProducerStamp {
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly transactional: boolean
}

/** By the producer, when the batch is sent; -1, -1, -1 for one without idempotence. Computes the checksum. */
export function stampBatch(batch: Buffer, stamp: ProducerStamp): void {
  writeInt64(batch, batchLayout.producerId, stamp.producerId)
  batch.writeInt16BE(stamp.producerEpoch, batchLayout.producerEpoch)
  batch.writeInt32BE(stamp.baseSequence, batchLayout.baseSequence)
  setAttribute(batch, batchAttributes.transactional, stamp.transactional)
  computeCrc(batch)
}

/** By the broker, when the batch is appended: not under the checksum. */
export function assignOffset(batch: Buffer, baseOffset: number, partitionLeaderEpoch: number): void {
  writeInt64(batch, batchLayout.baseOffset, baseOffset)
  batch.writeInt32BE(partitionLeaderEpoch, batchLayout.partitionLeaderEpoch)
}

/** By the broker of a topic with `message.timestamp.type=LogAppendTime`. Records stay as they are, also compressed. */
export function assignLogAppendTime(batch: Buffer, timestamp: number): void {
  setAttribute(batch, batchAttributes.logAppendTime, true)
  writeInt64(batch, batchLayout.maxTimestamp, timestamp)
  computeCrc(batch)
}

function setAttribute(batch: Buffer, bit: number, on: boolean): void {
  const attributes = batch.readInt16BE(batchLayout.attributes)
  batch.writeInt16BE(on ? attributes | bit : attributes & ~bit, batchLayout.attributes)
}

/** After any other change of a batch. */
export function computeCrc(batch: Buffer): void {
  batch.writeUInt32BE(crc32c(batch.subarray(batchLayout.attributes)), batchLayout.crc)
}
