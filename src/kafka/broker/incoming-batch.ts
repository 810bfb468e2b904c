/** Checks what a producer sent for one partition (`LogValidator`) and makes the copy that the log keeps. */
import { ProtocolError } from '../../errors/protocol-error.ts'
import { noProducerId } from '../records/batch-layout.ts'
import { assignLogAppendTime } from '../records/batch-stamp.ts'
import { readBatches, type RecordBatch } from '../records/record-batch.ts'
import { RecordsCursor } from '../records/records-cursor.ts'
import { Refusal } from './refusal.ts'
import type { Topic } from './topics.ts'

export function incomingBatch(records: Uint8Array | null, topic: Topic, nowMs: number): RecordBatch {
  try {
    return checkedBatch(records, topic, nowMs)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    const name = error.code === 'MILLRACE_BATCH_FORMAT' ? 'UNSUPPORTED_FOR_MESSAGE_FORMAT' : 'CORRUPT_MESSAGE'
    throw new Refusal(name, error.message)
  }
}

function checkedBatch(records: Uint8Array | null, topic: Topic, nowMs: number): RecordBatch {
  const { settings } = topic.config
  const batch = onlyBatch(records)
  if (batch.bytes.length > settings.maxMessageBytes) {
    throw new Refusal(
      'MESSAGE_TOO_LARGE',
      `The record batch size is ${batch.bytes.length} bytes, which exceeds the maximum configured value of ${settings.maxMessageBytes}.`,
    )
  }
  if (batch.isControl) throw new Refusal('INVALID_RECORD', 'Clients are not allowed to write control records')
  if (batch.recordCount === 0 || batch.lastOffsetDelta !== batch.recordCount - 1) {
    throw new Refusal('INVALID_RECORD', `${batch.recordCount} records end at offset delta ${batch.lastOffsetDelta}`)
  }
  if (batch.isTransactional && batch.producerId === noProducerId) throw new Refusal('INVALID_RECORD')
  checkRecords(batch, topic, nowMs)
  if (settings.isLogAppendTime) assignLogAppendTime(batch.bytes, nowMs)
  return batch
}

function onlyBatch(records: Uint8Array | null): RecordBatch {
  // A copy: what came is a view of the whole request, and the log keeps it.
  const bytes = Buffer.from(records ?? [])
  const [batch] = readBatches(bytes)
  if (batch === undefined || batch.bytes.length !== bytes.length) {
    throw new Refusal('INVALID_RECORD', 'Produce requests must have exactly one record batch per partition')
  }
  return batch
}

function checkRecords(batch: RecordBatch, topic: Topic, nowMs: number): void {
  const { isCompacted, isLogAppendTime, timestampBeforeMaxMs, timestampAfterMaxMs } = topic.config.settings
  if (!isLogAppendTime && batch.maxTimestamp > nowMs + timestampAfterMaxMs) {
    throw new Refusal(
      'INVALID_TIMESTAMP',
      `Timestamp ${batch.maxTimestamp} of a record is more than ${timestampAfterMaxMs} ms ahead of the broker's clock ` +
        `(message.timestamp.after.max.ms)`,
    )
  }
  const oldest = isLogAppendTime ? -Infinity : nowMs - timestampBeforeMaxMs
  const checksTime = oldest > 0
  if (!isCompacted && !checksTime) return
  const cursor = new RecordsCursor([batch])
  while (cursor.next()) {
    if (isCompacted && cursor.keyLength < 0) {
      throw new Refusal('INVALID_RECORD', `Compacted topic cannot accept message without key in topic ${topic.name}.`)
    }
    if (checksTime && cursor.timestamp < oldest) throw new Refusal('INVALID_TIMESTAMP')
  }
}
