import { valueView, keyView } from '../../processor/record-set.ts'
import { BatchBuilder } from '../records/batch-builder.ts'
import type { Compression } from '../records/compression.ts'
import { RecordBatch } from '../records/record-batch.ts'
import { RecordsCursor } from '../records/records-cursor.ts'
import type { ProducerBatch } from './producer-batch.ts'

/** Two halves of a batch that its topic does not admit as one (Java's RecordAccumulator.splitAndReenqueue). */
export function splitBatch(
  batch: ProducerBatch,
  compression: Compression,
): {
  readonly producerId: number
  readonly producerEpoch: number
  readonly isTransactional: boolean
  readonly parts: readonly ProducerBatch[]
} {
  const whole = new RecordBatch(batch.bytes)
  const cursor = new RecordsCursor([whole])
  const half = batch.recordCount >> 1
  const parts = [half, batch.recordCount - half].map((recordCount): ProducerBatch => {
    const builder = new BatchBuilder()
    for (let count = 0; count < recordCount && cursor.next(); count++) {
      builder.append(cursor.timestamp, keyView(cursor), valueView(cursor), cursor.headers())
    }
    return {
      ...batch,
      recordCount,
      bufferedBytes: recordCount === half ? batch.bufferedBytes >> 1 : batch.bufferedBytes - (batch.bufferedBytes >> 1),
      bytes: builder.seal(compression),
      isInFlight: false,
    }
  })
  const { producerId, producerEpoch, isTransactional } = whole
  return { producerId, producerEpoch, isTransactional, parts }
}
