import { noHeaders } from '../../common/headers.ts'
import type { Headers } from '../../common/headers.ts'
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from '../../common/varint.ts'
import { batchLayout, batchPrefixBytes, noProducerEpoch, noProducerId, noSequence, writeInt64 } from './batch-layout.ts'
import { compress, compressionId } from './compression.ts'
import type { Compression } from './compression.ts'

const initialBytes = 4096
/** Below this a loop beats the call of `set`. */
const shortBytes = 12

/** Where the memory of a sealed batch comes from. */
export interface BatchAllocator {
  take(bytes: number): Buffer
}

const ownMemory: BatchAllocator = { take: (bytes) => Buffer.allocUnsafe(bytes) }

/**
 * The open batch of one partition: records are encoded into one growing buffer as they come, with Java's deltas (the
 * first record's timestamp and offset are the base). It is used again after each `seal`.
 *
 * It knows nothing of producer ids and sequences: those are stamped into the sealed batch when it is sent
 * (`stampBatch`), because a batch may wait, or be sent again by another producer epoch. Not stamped, it has no checksum.
 */
export class BatchBuilder {
  #buffer: Buffer = Buffer.allocUnsafe(initialBytes)
  #length = batchLayout.records as number
  #recordCount = 0
  #baseTimestamp = 0
  #maxTimestamp = 0

  get recordCount(): number {
    return this.#recordCount
  }

  /** Of the batch as it would be sent uncompressed, header included. */
  get byteLength(): number {
    return this.#length
  }

  /** Exactly what `append` of the same record would add. */
  recordBytes(timestamp: number, key: Uint8Array | null, value: Uint8Array | null, headers: Headers): number {
    const timestampDelta = this.#recordCount === 0 ? 0 : timestamp - this.#baseTimestamp
    const body = bodyBytes(timestampDelta, this.#recordCount, key, value, headers)
    return sizeOfVarint(body) + body
  }

  /** Returns the bytes it added. `key` and `value` are copied. */
  append(timestamp: number, key: Uint8Array | null, value: Uint8Array | null, headers: Headers): number {
    const offsetDelta = this.#recordCount
    if (offsetDelta === 0) {
      this.#baseTimestamp = timestamp
      this.#maxTimestamp = timestamp
    } else if (timestamp > this.#maxTimestamp) {
      this.#maxTimestamp = timestamp
    }
    const timestampDelta = timestamp - this.#baseTimestamp
    const body = bodyBytes(timestampDelta, offsetDelta, key, value, headers)
    const start = this.#length
    // A length takes at most five bytes.
    if (start + body + 5 > this.#buffer.length) this.#grow(start + body + 5)

    const buffer = this.#buffer
    let at = writeVarint(buffer, start, body)
    buffer[at++] = 0
    at = writeVarlong(buffer, at, timestampDelta)
    at = writeVarint(buffer, at, offsetDelta)
    at = writeNullable(buffer, at, key)
    at = writeNullable(buffer, at, value)
    at = writeVarint(buffer, at, headers.length)
    if (headers.length > 0) at = writeHeaders(buffer, at, headers)
    this.#length = at
    this.#recordCount = offsetDelta + 1
    return at - start
  }

  /** The batch in memory that `memory` gives, to be stamped; the builder is empty again. There must be a record. */
  seal(compression: Compression, memory: BatchAllocator = ownMemory): Buffer {
    const content = this.#buffer.subarray(batchLayout.records, this.#length)
    const records = compress(compression, content)
    const batch = memory.take(batchLayout.records + records.length)
    batch.set(records, batchLayout.records)
    this.#writeHeader(batch, compressionId(compression))
    this.reset()
    return batch
  }

  /** Discards what was appended. */
  reset(): void {
    this.#length = batchLayout.records
    this.#recordCount = 0
  }

  #writeHeader(batch: Buffer, attributes: number): void {
    writeInt64(batch, batchLayout.baseOffset, 0)
    batch.writeInt32BE(batch.length - batchPrefixBytes, batchLayout.length)
    batch.writeInt32BE(-1, batchLayout.partitionLeaderEpoch)
    batch.writeInt8(2, batchLayout.magic)
    batch.writeUInt32BE(0, batchLayout.crc)
    batch.writeInt16BE(attributes, batchLayout.attributes)
    batch.writeInt32BE(this.#recordCount - 1, batchLayout.lastOffsetDelta)
    writeInt64(batch, batchLayout.baseTimestamp, this.#baseTimestamp)
    writeInt64(batch, batchLayout.maxTimestamp, this.#maxTimestamp)
    writeInt64(batch, batchLayout.producerId, noProducerId)
    batch.writeInt16BE(noProducerEpoch, batchLayout.producerEpoch)
    batch.writeInt32BE(noSequence, batchLayout.baseSequence)
    batch.writeInt32BE(this.#recordCount, batchLayout.recordCount)
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
  }
}

/** The size of an uncompressed batch with this record alone: what a topic's `max.message.bytes` is held against. */
export function singleRecordBatchBytes(key: Uint8Array | null, value: Uint8Array | null, headers: Headers): number {
  const body = bodyBytes(0, 0, key, value, headers)
  return batchLayout.records + sizeOfVarint(body) + body
}

/** Of a record without its own length. One byte is for the attributes, which are unused. */
function bodyBytes(
  timestampDelta: number,
  offsetDelta: number,
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: Headers,
): number {
  return (
    1 +
    sizeOfVarlong(timestampDelta) +
    sizeOfVarint(offsetDelta) +
    nullableBytes(key) +
    nullableBytes(value) +
    (headers === noHeaders ? 1 : headersBytes(headers))
  )
}

function nullableBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.byteLength) + bytes.byteLength
}

function headersBytes(headers: Headers): number {
  let size = sizeOfVarint(headers.length)
  for (const [name, value] of headers) {
    const nameBytes = Buffer.byteLength(name)
    size += sizeOfVarint(nameBytes) + nameBytes + nullableBytes(value)
  }
  return size
}

function writeHeaders(buffer: Buffer, position: number, headers: Headers): number {
  let at = position
  for (const [name, value] of headers) {
    const nameBytes = Buffer.byteLength(name)
    at = writeVarint(buffer, at, nameBytes)
    buffer.write(name, at, nameBytes, 'utf8')
    at = writeNullable(buffer, at + nameBytes, value)
  }
  return at
}

function writeNullable(buffer: Buffer, position: number, bytes: Uint8Array | null): number {
  if (bytes === null) {
    buffer[position] = 1 // the zigzag of -1
    return position + 1
  }
  const length = bytes.byteLength
  const at = writeVarint(buffer, position, length)
  if (length > shortBytes) {
    buffer.set(bytes, at)
  } else {
    for (let index = 0; index < length; index++) buffer[at + index] = bytes[index] ?? 0
  }
  return at + length
}
