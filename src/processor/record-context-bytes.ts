/**
 * The bytes of a record's context where a record waits in a store for its time: the buffers of `suppress` and of a
 * stream-table join with grace. Integers are big-endian. Kafka Streams: ProcessorRecordContext.serialize.
 */
import type { Header, Headers } from '../common/headers.ts'
import { noHeaders } from '../common/headers.ts'
import { writeInt64 } from '../serde/number-serdes.ts'
import type { RecordMetadata } from './record.ts'

const two32 = 2 ** 32
/** Timestamp, offset, and the lengths of topic, partition and headers. */
const fixedSize = 8 + 8 + 4 + 4 + 4
/** In place of a length: there is none. */
const absent = -1

export function recordContextSize({ topic, headers }: RecordMetadata): number {
  let size = fixedSize + (topic === null ? 0 : Buffer.byteLength(topic))
  for (const [name, value] of headers) size += 8 + Buffer.byteLength(name) + (value?.byteLength ?? 0)
  return size
}

/** Returns where to go on writing. */
export function writeRecordContext(bytes: Buffer, start: number, record: RecordMetadata): number {
  writeInt64(bytes, start, record.timestamp)
  writeInt64(bytes, start + 8, record.offset)
  let at = writeText(bytes, start + 16, record.topic)
  at = bytes.writeInt32BE(record.partition, at)
  at = bytes.writeInt32BE(record.headers.length, at)
  for (const [name, value] of record.headers) {
    at = writeText(bytes, at, name)
    at = bytes.writeInt32BE(value?.byteLength ?? absent, at)
    if (value === null) continue
    bytes.set(value, at)
    at += value.byteLength
  }
  return at
}

/** `end`: where what follows the context begins. The values of headers are copies. */
export function readRecordContext(
  bytes: Buffer,
  start: number,
): { readonly context: RecordMetadata; readonly end: number } {
  const reader = new ContextReader(bytes, start)
  const timestamp = reader.int64()
  const offset = reader.int64()
  const topic = reader.text()
  const partition = reader.int32()
  const headers = reader.headers()
  return { context: { topic, partition, offset, timestamp, headers }, end: reader.at }
}

function writeText(bytes: Buffer, start: number, text: string | null): number {
  if (text === null) return bytes.writeInt32BE(absent, start)
  const length = bytes.write(text, start + 4)
  bytes.writeInt32BE(length, start)
  return start + 4 + length
}

class ContextReader {
  at: number
  readonly #bytes: Buffer

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes
    this.at = start
  }

  int32(): number {
    const value = this.#bytes.readInt32BE(this.at)
    this.at += 4
    return value
  }

  int64(): number {
    const high = this.int32()
    const low = this.#bytes.readUInt32BE(this.at)
    this.at += 4
    return high * two32 + low
  }

  text(): string | null {
    return this.#lengthPrefixed()?.toString('utf8') ?? null
  }

  headers(): Headers {
    const count = this.int32()
    if (count <= 0) return noHeaders
    const headers: Header[] = []
    for (let i = 0; i < count; i++) {
      const name = this.text() ?? ''
      const value = this.#lengthPrefixed()
      headers.push([name, value === undefined ? null : Buffer.from(value)])
    }
    return headers
  }

  #lengthPrefixed(): Buffer | undefined {
    const length = this.int32()
    if (length < 0) return undefined
    const start = this.at
    this.at += length
    return this.#bytes.subarray(start, this.at)
  }
}
