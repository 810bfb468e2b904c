/**
 * How the keys and values of one store become bytes: those of the changelog (Java's: the plain value), and those of the
 * engine, where a timestamped value has its timestamp in front (8 bytes, big-endian). The engine's layout is rebuilt from
 * a changelog record's value and timestamp, so both hold the same.
 */
import { asBuffer, bytesToLatin1, latin1ToBytes } from '../common/bytes.ts'
import { noHeaders } from '../common/headers.ts'
import { StateError } from '../errors/state-error.ts'
import type { RecordContext } from '../processor/record-context.ts'
import { canonical, standsForBytes } from '../serde/canonical.ts'
import { int64Serde, writeInt64 } from '../serde/number-serdes.ts'
import { lentWriter, type LentWriter } from '../serde/lent-writer.ts'
import { rangeReader, readFrom, type RangeReader } from '../serde/range-reader.ts'
import type { AnySerde } from '../serde/serde.ts'
import type { OverlayEntry } from './overlay.ts'

const timestampSize = 8
const two32 = 2 ** 32

export class StoreCodec<K, V> {
  readonly keySerde: AnySerde
  /** Whether entries are found by the key itself, and hold the value itself. */
  readonly typedKeys: boolean
  readonly typedValues: boolean
  readonly timestamped: boolean
  readonly #storeName: string
  readonly #topic: string
  readonly #readValue: RangeReader
  readonly #writeValue: LentWriter
  readonly #isInt64: boolean
  readonly #canonicalKey: (key: unknown) => unknown
  readonly #canonicalValue: (value: unknown) => unknown

  /** `topic`: the changelog's name, which serdes are given whether or not the store has one. */
  constructor(storeName: string, topic: string, keySerde: AnySerde, valueSerde: AnySerde, timestamped: boolean) {
    this.#storeName = storeName
    this.#topic = topic
    this.keySerde = keySerde
    this.#readValue = rangeReader(valueSerde)
    this.#writeValue = lentWriter(valueSerde)
    this.#isInt64 = valueSerde.serialize === int64Serde.serialize
    this.timestamped = timestamped
    this.typedKeys = standsForBytes(keySerde)
    this.typedValues = standsForBytes(valueSerde)
    this.#canonicalKey = canonical(keySerde, topic)
    this.#canonicalValue = canonical(valueSerde, topic)
  }

  /** What the overlay finds the key by. */
  id(key: K): unknown {
    if (key === null || key === undefined) this.#refuseNullKey()
    if (!this.typedKeys) return bytesToLatin1(this.#serializeKey(key))
    try {
      return this.#canonicalKey(key)
    } catch (error) {
      throw this.#serdeError('key', error)
    }
  }

  /** The bytes of the key with that id: new ones, or the record's own where the key is unchanged (borrowed). */
  borrowKeyBytes(id: unknown, record: RecordContext): Uint8Array {
    if (record.rawKeyValue !== id || record.rawKeySerde?.serialize !== this.keySerde.serialize) return this.keyBytes(id)
    return record.rawKey ?? this.keyBytes(id)
  }

  /** The key's bytes, in memory that is the caller's. */
  keyBytes(id: unknown): Uint8Array {
    return this.typedKeys ? this.#serializeKey(id as K) : latin1ToBytes(id as string)
  }

  /** The bytes of a range's bound. */
  boundBytes(key: K): Uint8Array {
    if (key === null || key === undefined) this.#refuseNullKey()
    return this.#serializeKey(key)
  }

  keyText(entry: OverlayEntry): string {
    return this.typedKeys ? bytesToLatin1((entry.key ??= this.keyBytes(entry.id))) : (entry.id as string)
  }

  keyOf(id: unknown): K {
    return this.typedKeys ? (id as K) : this.readKey(latin1ToBytes(id as string))
  }

  readKey(bytes: Uint8Array): K {
    try {
      return this.keySerde.deserialize(bytes, this.#topic, noHeaders) as K
    } catch (error) {
      throw this.#unreadable('key', error)
    }
  }

  /** What an entry holds of a value that is not null: the value itself, or the engine's bytes of it. */
  held(value: V, timestamp: number): unknown {
    if (!this.typedValues) return this.encode(value, timestamp)
    try {
      return this.#canonicalValue(value)
    } catch (error) {
      throw this.#serdeError('value', error)
    }
  }

  /** The value that an entry holds. */
  valueOf(held: unknown): V {
    return this.typedValues ? (held as V) : this.decode(held as Uint8Array)
  }

  heldSize(held: unknown): number {
    if (typeof held === 'string') return held.length
    return held instanceof Uint8Array ? held.byteLength : timestampSize
  }

  /** The engine's bytes of an entry, whose value is not null. */
  local(held: unknown, timestamp: number): Uint8Array {
    return this.typedValues ? this.encode(held as V, timestamp) : (held as Uint8Array)
  }

  encode(value: V, timestamp: number): Uint8Array {
    if (this.#isInt64 && Number.isSafeInteger(value)) return this.#encodeInt64(value as number, timestamp)
    const bytes = this.#lentBytes(value)
    // Always a copy: the serde's own buffer may be written to again.
    return this.timestamped ? withTimestamp(bytes, timestamp) : Buffer.from(bytes)
  }

  /** The most frequent kind of store, a count, without the serde's own buffer in between. */
  #encodeInt64(value: number, timestamp: number): Uint8Array {
    const at = this.timestamped ? timestampSize : 0
    const local = Buffer.allocUnsafe(at + 8)
    if (this.timestamped) writeInt64(local, 0, timestamp)
    writeInt64(local, at, value)
    return local
  }

  /** From the engine's bytes, which are only borrowed. */
  decode(local: Uint8Array): V {
    try {
      return readFrom(this.#readValue, local, this.timestamped ? timestampSize : 0, this.#topic, noHeaders) as V
    } catch (error) {
      throw this.#unreadable('value', error)
    }
  }

  timestampOf(local: Uint8Array): number {
    if (!this.timestamped) return 0
    const buffer = asBuffer(local)
    return buffer.readInt32BE(0) * two32 + buffer.readUInt32BE(4)
  }

  /** The changelog's bytes of a held value that is not null, lent until the next call. */
  plain(held: unknown): Uint8Array {
    if (this.typedValues) return this.#lentBytes(held as V)
    const local = held as Uint8Array
    return this.timestamped ? local.subarray(timestampSize) : local
  }

  /** The engine's bytes of a changelog record, in new memory. */
  fromChangelog(value: Uint8Array, timestamp: number): Uint8Array {
    return this.timestamped ? withTimestamp(value, timestamp) : Buffer.from(value)
  }

  #lentBytes(value: V): Uint8Array {
    try {
      return this.#writeValue(value, this.#topic, noHeaders)
    } catch (error) {
      throw this.#serdeError('value', error)
    }
  }

  #serializeKey(key: K): Uint8Array {
    try {
      return this.keySerde.serialize(key as never, this.#topic, noHeaders)
    } catch (error) {
      throw this.#serdeError('key', error)
    }
  }

  #refuseNullKey(): never {
    throw new StateError(
      'MILLRACE_STORE_NULL_KEY',
      this.#storeName,
      `store ${this.#storeName} was given null as a key; filter such records before it`,
    )
  }

  #serdeError(part: 'key' | 'value', cause: unknown): StateError {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new StateError('MILLRACE_STORE_SERDE', this.#storeName, `${part} of store ${this.#storeName}: ${reason}`, {
      cause,
    })
  }

  /** Another serde has written it: every record of that key would fail so, and none of them is to blame. */
  #unreadable(part: 'key' | 'value', cause: unknown): StateError {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new StateError(
      'MILLRACE_STORE_UNREADABLE',
      this.#storeName,
      `a ${part} that store ${this.#storeName} holds cannot be read: ${reason}; use the serde that it was written with, or begin with an empty store: give it another name, or the application another id`,
      { cause },
    )
  }
}

function withTimestamp(value: Uint8Array, timestamp: number): Buffer {
  const local = Buffer.allocUnsafe(timestampSize + value.byteLength)
  writeInt64(local, 0, timestamp)
  local.set(value, timestampSize)
  return local
}
