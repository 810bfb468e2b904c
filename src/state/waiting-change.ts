/**
 * A change that waits in a buffer, and its bytes in the changelog and the engine: the record's context, then prior, old and
 * new value, each with its length before it (4 bytes; -1: null; -2 for the old value: the same as the prior one), then the
 * time that it waits for. Kafka Streams: BufferValue.java; since 2.4, with a header `v` of 3. What older versions wrote is
 * read (TimeOrderedKeyValueBufferChangelogDeserializationHelper.java).
 */
import { asBuffer } from '../common/bytes.ts'
import type { Headers } from '../common/headers.ts'
import { readRecordContext, recordContextSize, writeRecordContext } from '../processor/record-context-bytes.ts'
import type { RecordMetadata } from '../processor/record.ts'
import { writeInt64 } from '../serde/number-serdes.ts'
import { endOfTimeMs } from '../serde/windowed.ts'

export interface WaitingChange {
  readonly timeMs: number
  /** What readers downstream saw last, from before the key waited. */
  readonly prior: Uint8Array | null
  readonly oldValue: Uint8Array | null
  readonly newValue: Uint8Array | null
  readonly context: RecordMetadata
}

export const changeHeaders: Headers = [['v', Buffer.of(3)]]

const absent = -1
const sameAsPrior = -2
const two32 = 2 ** 32

/** What Java counts for it; a limit in bytes depends on that. */
export function waitingBytes(keyLength: number, { prior, oldValue, newValue, context }: WaitingChange): number {
  // The time that it waits for; and of its context timestamp, offset and partition.
  let size = 8 + keyLength + 8 + 8 + 4
  size += lengthOf(prior) + (sameBytes(prior, oldValue) ? 0 : lengthOf(oldValue)) + lengthOf(newValue)
  size += context.topic?.length ?? 0
  for (const [name, value] of context.headers) size += name.length + (value?.byteLength ?? 0)
  return size
}

export function writeWaiting({ timeMs, prior, oldValue, newValue, context }: WaitingChange): Buffer {
  const oldIsPrior = oldValue !== null && sameBytes(prior, oldValue)
  const valueBytes = lengthOf(prior) + (oldIsPrior ? 0 : lengthOf(oldValue)) + lengthOf(newValue)
  const bytes = Buffer.allocUnsafe(recordContextSize(context) + 3 * 4 + valueBytes + 8)
  let at = writeRecordContext(bytes, 0, context)
  at = writeValue(bytes, at, prior)
  at = oldIsPrior ? bytes.writeInt32BE(sameAsPrior, at) : writeValue(bytes, at, oldValue)
  at = writeValue(bytes, at, newValue)
  writeTime(bytes, at, timeMs)
  return bytes
}

/** Borrows nothing. */
export function readWaiting(borrowed: Uint8Array): WaitingChange {
  const bytes = Buffer.from(borrowed)
  const { context, end } = readRecordContext(bytes, 0)
  const reader = new ValueReader(bytes, end)
  const prior = reader.value()
  const oldValue = reader.value(prior)
  const newValue = reader.value()
  const timeMs = reader.time()
  return { timeMs, prior, oldValue, newValue, context }
}

/** Where an old record was: its context is that of the changelog record itself. */
export interface LoggedChange {
  readonly value: Uint8Array
  readonly headers: Headers
  readonly timestamp: number
  /** The prior value of the change that waits under its key already; undefined: none waits. */
  readonly waitingPrior: Uint8Array | null | undefined
}

/** 0: from before there were versions; -1: none that is known. */
export function loggedVersion(headers: Headers): number {
  const version = headers.findLast(([name]) => name === 'v')
  if (version === undefined) return 0
  return version[1]?.byteLength === 1 ? (version[1][0] ?? -1) : -1
}

/** Of any version; undefined where the bytes are of none that is known. */
export function readLogged(logged: LoggedChange): WaitingChange | undefined {
  switch (loggedVersion(logged.headers)) {
    case 0:
      return readVersion0(logged)
    case 1:
      return readVersion1(logged)
    case 2:
      // 2.4 and 2.5.0 wrote the bytes of version 3 and said that they were version 2.
      return readVersion2(logged.value) ?? orUndefined(() => readWaiting(logged.value))
    case 3:
      return readWaiting(logged.value)
    default:
      return undefined
  }
}

function readVersion0({ value, timestamp, waitingPrior }: LoggedChange): WaitingChange {
  const reader = new ValueReader(Buffer.from(value), 0)
  const timeMs = reader.time()
  const oldValue = reader.value()
  const newValue = reader.value()
  const context = { topic: null, partition: -1, offset: -1, timestamp, headers: [] }
  return { timeMs, prior: waitingPrior ?? oldValue, oldValue, newValue, context }
}

function readVersion1({ value, waitingPrior }: LoggedChange): WaitingChange {
  const bytes = Buffer.from(value)
  const timeMs = new ValueReader(bytes, 0).time()
  const { context, end } = readRecordContext(bytes, 8)
  const change = new ValueReader(bytes, end + 4)
  const oldValue = change.value()
  const newValue = change.value()
  return { timeMs, prior: waitingPrior ?? oldValue, oldValue, newValue, context }
}

function readVersion2(value: Uint8Array): WaitingChange | undefined {
  return orUndefined(() => {
    const bytes = Buffer.from(value)
    const { context, end } = readRecordContext(bytes, 0)
    const reader = new ValueReader(bytes, end + 4)
    const oldValue = reader.value()
    const newValue = reader.value()
    const prior = reader.value()
    const timeMs = reader.time()
    return reader.at === bytes.byteLength ? { timeMs, prior, oldValue, newValue, context } : undefined
  })
}

function orUndefined<T>(read: () => T | undefined): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return undefined
  }
}

class ValueReader {
  at: number
  readonly #bytes: Buffer

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes
    this.at = start
  }

  value(prior: Uint8Array | null = null): Uint8Array | null {
    const length = this.#bytes.readInt32BE(this.at)
    this.at += 4
    if (length === sameAsPrior) return prior
    if (length === absent) return null
    if (length < 0 || this.at + length > this.#bytes.byteLength) throw new RangeError(`a value has ${length} bytes`)
    const start = this.at
    this.at += length
    return this.#bytes.subarray(start, this.at)
  }

  time(): number {
    const high = this.#bytes.readInt32BE(this.at)
    const low = this.#bytes.readUInt32BE(this.at + 4)
    this.at += 8
    return high * two32 + low
  }
}

/** As late as times go is Java's Long.MAX_VALUE, the end of unlimited windows. */
function writeTime(bytes: Buffer, at: number, timeMs: number): void {
  if (timeMs < endOfTimeMs) writeInt64(bytes, at, timeMs)
  else bytes.writeUInt32BE(0xffffffff, bytes.writeInt32BE(0x7fffffff, at))
}

function writeValue(bytes: Buffer, at: number, value: Uint8Array | null): number {
  const start = bytes.writeInt32BE(value === null ? absent : value.byteLength, at)
  if (value !== null) bytes.set(value, start)
  return start + lengthOf(value)
}

function lengthOf(value: Uint8Array | null): number {
  return value === null ? 0 : value.byteLength
}

function sameBytes(one: Uint8Array | null, two: Uint8Array | null): boolean {
  if (one === null || two === null) return one === two
  return one === two || asBuffer(one).equals(two)
}
