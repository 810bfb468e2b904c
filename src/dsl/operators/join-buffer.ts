/**
 * Records of a stream that wait for the table they are looked up in: in order of their time, then of their key's bytes,
 * then of their arrival. The bytes in the store and its changelog are Java's. Kafka Streams:
 * RocksDBTimeOrderedKeyValueBuffer.java, PrefixedWindowKeySchemas.java, BufferValue.java.
 */
import { asBuffer } from '../../common/bytes.ts'
import { readRecordContext, recordContextSize, writeRecordContext } from '../../processor/record-context-bytes.ts'
import type { RecordMetadata } from '../../processor/record.ts'
import type { KeyValueStore } from '../../processor/state-store.ts'
import { writeInt64 } from '../../serde/number-serdes.ts'

const timeFirst = 0
const timeEnd = 9
const sequenceSize = 4
const sequenceMask = 0x7fff_ffff
/** In place of the length of a value that is not there: a join knows no prior and no old value. */
const absent = -1
/** A time that suppress has use for, and a join has none. */
const bufferTimeSize = 8
const two32 = 2 ** 32

export interface WaitingRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly context: RecordMetadata
}

export class JoinBuffer {
  /** Of the latest record that waited when this was made; -1: none did. */
  readonly restoredTimeMs: number = -1
  readonly #store: KeyValueStore<Uint8Array, Uint8Array>
  readonly #keepsFailed: boolean
  /**
   * Numbers records of equal time and key. differs from Java (#what-survives): it begins at 0 again after a restart, and
   * may then overwrite one.
   */
  #sequence = 0
  /** No record is older. */
  #minTimeMs = Infinity

  /** `keepsFailed`: what could not be taken over waits on, as in Java. */
  constructor(store: KeyValueStore<Uint8Array, Uint8Array>, keepsFailed: boolean) {
    this.#store = store
    this.#keepsFailed = keepsFailed
    for (const [key] of store.range()) {
      this.#sequence = Math.max(this.#sequence, asBuffer(key).readInt32BE(key.byteLength - sequenceSize))
      const timeMs = timeOf(key)
      this.#minTimeMs = Math.min(this.#minTimeMs, timeMs)
      this.restoredTimeMs = Math.max(this.restoredTimeMs, timeMs)
    }
  }

  add(key: Uint8Array, value: Uint8Array, record: RecordMetadata): void {
    this.#sequence = (this.#sequence + 1) & sequenceMask
    this.#minTimeMs = Math.min(this.#minTimeMs, record.timestamp)
    this.#store.put(keyBytes(record.timestamp, key, this.#sequence), valueBytes(record, value))
  }

  /**
   * Hands over every record whose time is not after `limitMs`, and forgets it.
   *
   * differs from Java (#failed-records-with-grace), which forgets it only then: a joiner that fails, and is skipped, fails
   * again with every record that follows, and nothing else is joined any more.
   */
  takeUntil(limitMs: number, visit: (record: WaitingRecord) => void): void {
    if (limitMs < this.#minTimeMs) return
    for (const [key, value] of this.#store.range(timeBytes(this.#minTimeMs), timeBytes(limitMs + 1))) {
      if (!this.#keepsFailed) this.#store.delete(key)
      visit({ key: key.subarray(timeEnd, key.byteLength - sequenceSize), ...readValue(asBuffer(value)) })
      if (this.#keepsFailed) this.#store.delete(key)
    }
    this.#minTimeMs = limitMs + 1
  }
}

/** Below all keys of that time. */
function timeBytes(timeMs: number): Buffer {
  const bytes = Buffer.allocUnsafe(timeEnd)
  bytes[0] = timeFirst
  writeInt64(bytes, 1, timeMs)
  return bytes
}

function timeOf(key: Uint8Array): number {
  const bytes = asBuffer(key)
  return bytes.readInt32BE(1) * two32 + bytes.readUInt32BE(5)
}

function keyBytes(timeMs: number, key: Uint8Array, sequence: number): Buffer {
  const bytes = Buffer.allocUnsafe(timeEnd + key.byteLength + sequenceSize)
  bytes[0] = timeFirst
  writeInt64(bytes, 1, timeMs)
  bytes.set(key, timeEnd)
  bytes.writeInt32BE(sequence, timeEnd + key.byteLength)
  return bytes
}

function valueBytes(record: RecordMetadata, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(recordContextSize(record) + 3 * 4 + value.byteLength + bufferTimeSize)
  let at = writeRecordContext(bytes, 0, record)
  at = bytes.writeInt32BE(absent, at)
  at = bytes.writeInt32BE(absent, at)
  at = bytes.writeInt32BE(value.byteLength, at)
  bytes.set(value, at)
  return bytes
}

function readValue(bytes: Buffer): Omit<WaitingRecord, 'key'> {
  const { context, end } = readRecordContext(bytes, 0)
  const start = end + 3 * 4
  return { context, value: bytes.subarray(start, start + bytes.readInt32BE(start - 4)) }
}
