import { noHeaders } from '../../src/common/headers.ts'
import type { Headers } from '../../src/common/headers.ts'
import { BatchBuilder } from '../../src/kafka/records/batch-builder.ts'
import { assignOffset, stampBatch } from '../../src/kafka/records/batch-stamp.ts'
import type { Compression } from '../../src/kafka/records/compression.ts'
import { transactionMarkerBatch } from '../../src/kafka/records/control-batch.ts'
import { keyView, valueView } from '../../src/processor/record-set.ts'
import type { RecordCursor } from '../../src/processor/record-set.ts'

export interface PlainRecord {
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Headers
}

export interface BatchOptions {
  readonly baseOffset?: number
  readonly compression?: Compression
  /** Given: a transactional batch of that producer. */
  readonly producerId?: number
  readonly baseSequence?: number
}

export function plainRecord(value: string, options: Partial<PlainRecord> = {}): PlainRecord {
  return { timestamp: 1000, key: null, value: Buffer.from(value), headers: noHeaders, ...options }
}

export function batchOf(records: readonly PlainRecord[], options: BatchOptions = {}): Buffer {
  const builder = new BatchBuilder()
  for (const { timestamp, key, value, headers } of records) builder.append(timestamp, key, value, headers)
  const batch = builder.seal(options.compression ?? 'none')
  const transactional = options.producerId !== undefined
  stampBatch(batch, {
    producerId: options.producerId ?? -1,
    producerEpoch: transactional ? 0 : -1,
    baseSequence: options.baseSequence ?? (transactional ? 0 : -1),
    transactional,
  })
  assignOffset(batch, options.baseOffset ?? 0, 0)
  return batch
}

export function marker(kind: 'commit' | 'abort', producerId: number, baseOffset: number): Buffer {
  return transactionMarkerBatch({
    commit: kind === 'commit',
    producerId,
    producerEpoch: 0,
    coordinatorEpoch: 0,
    timestamp: 1000,
    baseOffset,
    partitionLeaderEpoch: 0,
  })
}

export interface ReadRecord extends PlainRecord {
  readonly offset: number
}

/** What a cursor gives, copied. */
export function readAll(cursor: RecordCursor): ReadRecord[] {
  const records: ReadRecord[] = []
  while (cursor.next()) {
    const { offset, timestamp } = cursor
    const key = keyView(cursor)
    const value = valueView(cursor)
    records.push({ offset, timestamp, key: copy(key), value: copy(value), headers: cursor.headers() })
  }
  return records
}

function copy(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes)
}
