import { crc32c } from '../../common/crc32c.ts'
import { ProtocolError } from '../../errors/protocol-error.ts'
import { batchAttributes, batchLayout, batchPrefixBytes, readInt64 } from './batch-layout.ts'
import { compressionOf } from './compression.ts'
import type { Compression } from './compression.ts'

/**
 * The header of one batch in a buffer, read in place. It is the truth about offsets: `lastOffset` comes from the header,
 * not from the last record, which compaction may have removed (KIP-98).
 */
export class RecordBatch {
  /** The whole batch and nothing else; a view. */
  readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get baseOffset(): number {
    return readInt64(this.bytes, batchLayout.baseOffset)
  }

  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta
  }

  get nextOffset(): number {
    return this.lastOffset + 1
  }

  get lastOffsetDelta(): number {
    return this.bytes.readInt32BE(batchLayout.lastOffsetDelta)
  }

  get partitionLeaderEpoch(): number {
    return this.bytes.readInt32BE(batchLayout.partitionLeaderEpoch)
  }

  get crc(): number {
    return this.bytes.readUInt32BE(batchLayout.crc)
  }

  get isCrcValid(): boolean {
    return this.crc === crc32c(this.bytes.subarray(batchLayout.attributes))
  }

  get attributes(): number {
    return this.bytes.readInt16BE(batchLayout.attributes)
  }

  get compression(): Compression {
    return compressionOf(this.attributes & batchAttributes.compressionMask)
  }

  /** Then every record has `maxTimestamp` as its timestamp. */
  get isLogAppendTime(): boolean {
    return (this.attributes & batchAttributes.logAppendTime) !== 0
  }

  get isTransactional(): boolean {
    return (this.attributes & batchAttributes.transactional) !== 0
  }

  get isControl(): boolean {
    return (this.attributes & batchAttributes.control) !== 0
  }

  get baseTimestamp(): number {
    return readInt64(this.bytes, batchLayout.baseTimestamp)
  }

  get maxTimestamp(): number {
    return readInt64(this.bytes, batchLayout.maxTimestamp)
  }

  /** -1: not from an idempotent producer. */
  get producerId(): number {
    return readInt64(this.bytes, batchLayout.producerId)
  }

  get producerEpoch(): number {
    return this.bytes.readInt16BE(batchLayout.producerEpoch)
  }

  get baseSequence(): number {
    return this.bytes.readInt32BE(batchLayout.baseSequence)
  }

  /** Of those still there; 0 in a batch that compaction emptied. */
  get recordCount(): number {
    return this.bytes.readInt32BE(batchLayout.recordCount)
  }

  /** The records, compressed if the batch is. */
  get content(): Buffer {
    return this.bytes.subarray(batchLayout.records)
  }
}

export interface ReadBatchesOptions {
  /** Default true. */
  readonly checkCrc?: boolean
  /** Default true: as brokers send them, the last batch may be cut off by the fetch's limit and is then left out. */
  readonly allowCutOff?: boolean
}

/**
 * The batches in `records`, one after the other. Throws for a format before v2, for a header that cannot be, and for
 * bytes that changed on their way.
 */
export function readBatches(records: Buffer, options: ReadBatchesOptions = {}): RecordBatch[] {
  const { checkCrc = true, allowCutOff = true } = options
  const batches: RecordBatch[] = []
  let at = 0
  // The magic byte is at the same place in every format.
  while (records.length - at > batchLayout.magic) {
    const size = batchPrefixBytes + records.readInt32BE(at + batchLayout.length)
    const magic = records.readInt8(at + batchLayout.magic)
    if (magic !== 2) throw oldFormat(magic, records, at)
    if (size < batchLayout.records)
      throw malformed(records, at, `announces ${size} bytes in all, less than a header has`)
    if (size > records.length - at) break
    const batch = new RecordBatch(records.subarray(at, at + size))
    if (checkCrc && !batch.isCrcValid) throw corrupt(batch)
    if (batch.recordCount < 0 || batch.lastOffsetDelta < 0) {
      throw malformed(records, at, `announces ${batch.recordCount} records up to offset delta ${batch.lastOffsetDelta}`)
    }
    batches.push(batch)
    at += size
  }
  if (at < records.length && !allowCutOff) throw malformed(records, at, 'is cut off')
  return batches
}

function oldFormat(magic: number, records: Buffer, at: number): ProtocolError {
  return new ProtocolError(
    'MILLRACE_BATCH_FORMAT',
    `The batch at offset ${readInt64(records, at)} has the message format ${magic}; only format 2 (Kafka 0.11 and later) ` +
      'is read. Records this old must be rewritten, for example by copying the topic with a Kafka 3.x broker.',
  )
}

function malformed(records: Buffer, at: number, what: string): ProtocolError {
  return new ProtocolError('MILLRACE_BATCH_MALFORMED', `The batch at byte ${at} of ${records.length} ${what}.`)
}

function corrupt(batch: RecordBatch): ProtocolError {
  const computed = crc32c(batch.bytes.subarray(batchLayout.attributes))
  return new ProtocolError(
    'MILLRACE_BATCH_CORRUPT',
    `The batch at offset ${batch.baseOffset} (${batch.bytes.length} bytes) has the checksum ${hex(batch.crc)} where ` +
      `${hex(computed)} was computed: it was damaged on the network or on the broker's disk. Fetch again; if it stays, ` +
      'the log of this partition is damaged.',
  )
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}
