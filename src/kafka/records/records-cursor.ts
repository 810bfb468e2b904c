import { noHeaders } from '../../common/headers.ts'
import type { Header, Headers } from '../../common/headers.ts'
import { readVarlong } from '../../common/varint.ts'
import { ProtocolError } from '../../errors/protocol-error.ts'
import type { RecordCursor } from '../../processor/record-set.ts'
import { batchLayout } from './batch-layout.ts'
import { decompress, defaultMaxBatchBytes } from './compression.ts'
import type { RecordBatch } from './record-batch.ts'

export interface RecordsCursorOptions {
  /** Records below it are passed over: a batch may begin before the offset that was asked for. */
  readonly fromOffset?: number
  /** Bound of one batch's decompressed size. */
  readonly maxBatchBytes?: number
}

const nothing = Buffer.alloc(0)

/**
 * Walks the records of some batches, one after the other: a flyweight whose fields describe the current record and which
 * makes no object per record. A batch is decompressed when its first record is asked for, and each record is checked
 * against the bounds of the batch, so that no content can make it read elsewhere.
 */
export class RecordsCursor implements RecordCursor {
  offset = -1
  timestamp = -1
  buffer: Buffer = nothing
  keyStart = 0
  keyLength = -1
  valueStart = 0
  valueLength = -1

  /** Where the next byte is read. */
  position = 0
  readonly #batches: readonly RecordBatch[]
  readonly #fromOffset: number
  readonly #maxBatchBytes: number
  #nextBatch = 0
  /** Records of the current batch not read yet. */
  #remaining = 0
  #recordStart = 0
  #recordEnd = 0
  #headersStart = 0
  #headerCount = 0
  #baseOffset = 0
  #baseTimestamp = 0
  /** The timestamp of every record of the batch, or -1 where each has its own. */
  #logAppendTime = -1

  constructor(batches: readonly RecordBatch[], options: RecordsCursorOptions = {}) {
    this.#batches = batches
    this.#fromOffset = options.fromOffset ?? 0
    this.#maxBatchBytes = options.maxBatchBytes ?? defaultMaxBatchBytes
  }

  next(): boolean {
    do {
      while (this.#remaining === 0) {
        if (!this.#openBatch()) return false
      }
      this.#remaining--
      this.#readRecord()
    } while (this.offset < this.#fromOffset)
    return true
  }

  headers(): Headers {
    if (this.#headerCount === 0) return noHeaders
    this.position = this.#headersStart
    try {
      const headers: Header[] = []
      for (let index = 0; index < this.#headerCount; index++) headers.push(this.#readHeader())
      if (this.position !== this.#recordEnd) throw this.#malformed('its headers end elsewhere than it does')
      return headers
    } finally {
      this.position = this.#recordEnd
    }
  }

  /** The current record as it stands in the batch, its length in front; a view. For rewriting batches. */
  rawRecord(): Buffer {
    return this.buffer.subarray(this.#recordStart, this.#recordEnd)
  }

  #openBatch(): boolean {
    const leftOver = this.buffer.length - this.position
    if (leftOver !== 0) {
      this.position = this.buffer.length
      throw this.#malformed(`${leftOver} bytes follow the last record of its batch`)
    }
    const batch = this.#batches[this.#nextBatch]
    if (batch === undefined) return false
    this.#nextBatch++
    const { compression } = batch
    if (compression === 'none') {
      this.buffer = batch.bytes
      this.position = batchLayout.records
    } else {
      this.buffer = batch.recordCount === 0 ? nothing : decompress(compression, batch.content, this.#maxBatchBytes)
      this.position = 0
    }
    this.#remaining = batch.recordCount
    this.#baseOffset = batch.baseOffset
    this.#baseTimestamp = batch.baseTimestamp
    this.#logAppendTime = batch.isLogAppendTime ? batch.maxTimestamp : -1
    return true
  }

  #readRecord(): void {
    this.#recordStart = this.position
    const length = this.#varint()
    const end = this.position + length
    if (length < 0 || end > this.buffer.length) throw this.#malformed(`its length of ${length} is beyond its batch`)
    this.#recordEnd = end
    this.position++ // the attributes, which are unused
    const timestampDelta = this.#varlong()
    this.timestamp = this.#logAppendTime === -1 ? this.#baseTimestamp + timestampDelta : this.#logAppendTime
    this.offset = this.#baseOffset + this.#varint()
    this.keyLength = this.#varint()
    this.keyStart = this.position
    if (this.keyLength > 0) this.position += this.keyLength
    this.valueLength = this.#varint()
    this.valueStart = this.position
    if (this.valueLength > 0) this.position += this.valueLength
    this.#headerCount = this.#varint()
    this.#headersStart = this.position
    if (this.position > end || this.#headerCount < 0 || (this.#headerCount === 0 && this.position !== end)) {
      throw this.#malformed('its parts do not fill its length')
    }
    this.position = end
  }

  #readHeader(): Header {
    const nameLength = this.#varint()
    const nameEnd = this.position + nameLength
    if (nameLength < 0 || nameEnd > this.#recordEnd) throw this.#malformed('a header name is beyond it')
    const name = this.buffer.toString('utf8', this.position, nameEnd)
    this.position = nameEnd
    const valueLength = this.#varint()
    if (valueLength < 0) return [name, null]
    const valueEnd = this.position + valueLength
    if (valueEnd > this.#recordEnd) throw this.#malformed('a header value is beyond it')
    const value = Buffer.from(this.buffer.subarray(this.position, valueEnd))
    this.position = valueEnd
    return [name, value]
  }

  #varint(): number {
    const byte = this.buffer[this.position++] ?? this.#cutOff()
    return byte < 0x80 ? (byte >>> 1) ^ -(byte & 1) : this.#longVarint(byte)
  }

  #longVarint(first: number): number {
    let zigzag = first & 0x7f
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.buffer[this.position++] ?? this.#cutOff()
      zigzag |= (byte & 0x7f) << shift
      if (byte < 0x80) return (zigzag >>> 1) ^ -(zigzag & 1)
    }
    throw this.#malformed('a number in it has more than 32 bits')
  }

  /** Most timestamp deltas fit into 28 bits. */
  #varlong(): number {
    const start = this.position
    let zigzag = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.buffer[this.position++] ?? this.#cutOff()
      zigzag |= (byte & 0x7f) << shift
      if (byte < 0x80) return (zigzag >>> 1) ^ -(zigzag & 1)
    }
    this.position = start
    return readVarlong(this) ?? this.#cutOff()
  }

  #cutOff(): never {
    throw this.#malformed('the batch ends within it')
  }

  #malformed(what: string): ProtocolError {
    return new ProtocolError(
      'MILLRACE_BATCH_MALFORMED',
      `The record after offset ${this.offset}, in the batch at ${this.#baseOffset}, is not valid: ${what}. ` +
        'The checksum of the batch is right, so its producer wrote it so.',
    )
  }
}
