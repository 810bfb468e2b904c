/**
 * The records of a left or outer join that wait for a match until their windows close, and the time that both sides
 * share. Source of truth for the bytes of the shared store, which are Java's: key = time (8 bytes), side (1 byte, left
 * is 1), key; value = a list of side and value (TimestampedKeyAndJoinSideSerializer.java, ListValueStore.java). It knows
 * no windows: `join-expiry.ts` says what is due.
 */
import { asBuffer } from '../../common/bytes.ts'
import type { Headers } from '../../common/headers.ts'
import type { KeyValueStore } from '../../processor/state-store.ts'
import { writeInt64 } from '../../serde/number-serdes.ts'
import type { AnySerde, Serde } from '../../serde/serde.ts'

export type JoinSide = 'left' | 'right'

const sideAt = 8
const keyAt = 9
const two32 = 2 ** 32
/** ListSerializer.java: a list whose items differ in length, and say it. */
const variableLength = 1
const listHeaderSize = 5
const itemHeaderSize = 5

export interface UnmatchedSerdes {
  readonly key: AnySerde
  readonly left: AnySerde
  readonly right: AnySerde
  /** The changelog's name, which serdes are given. */
  readonly topic: string
}

/** What waits at one time, on one side, under one key: every record of it, in order of arrival. */
export interface UnmatchedEntry {
  readonly timestamp: number
  readonly side: JoinSide
  readonly bytes: Uint8Array
  readonly list: Uint8Array
}

export class UnmatchedRecords<K> {
  readonly #store: KeyValueStore<Uint8Array, Uint8Array>
  readonly #key: Serde<K>
  readonly #values: Readonly<Record<JoinSide, Serde<unknown>>>
  readonly #topic: string

  constructor(store: KeyValueStore<Uint8Array, Uint8Array>, { key, left, right, topic }: UnmatchedSerdes) {
    this.#store = store
    this.#key = key as Serde<K>
    this.#values = { left: left as Serde<unknown>, right: right as Serde<unknown> }
    this.#topic = topic
  }

  add(side: JoinSide, key: K, timestamp: number, value: unknown, headers: Headers): void {
    const bytes = this.#keyBytes(side, key, timestamp, headers)
    const serialized = this.#values[side].serialize(value, this.#topic, headers)
    this.#store.put(bytes, appended(this.#store.get(bytes), side, serialized))
  }

  /** A match: the whole list goes. Nothing is written, and so nothing logged, where nothing waits. */
  remove(side: JoinSide, key: K, timestamp: number, headers: Headers): void {
    const bytes = this.#keyBytes(side, key, timestamp, headers)
    if (this.#store.get(bytes) !== undefined) this.#store.put(bytes, null)
  }

  removeEntry({ bytes }: UnmatchedEntry): void {
    this.#store.put(bytes, null)
  }

  /** By time, right before left, then key bytes; since `from`, and not since `to` or later. */
  *entries(from: number, to: number): Generator<UnmatchedEntry, void, undefined> {
    // A time alone is below every key that begins with it, so that the bound, which is inclusive, leaves them out.
    using rows = this.#store.range(from > 0 ? timeBytes(from) : undefined, to < Infinity ? timeBytes(to) : undefined)
    for (const [bytes, list] of rows) {
      yield { timestamp: timeOf(bytes), side: bytes[sideAt] === 1 ? 'left' : 'right', bytes, list }
    }
  }

  oldest(): number | undefined {
    for (const { timestamp } of this.entries(0, Infinity)) return timestamp
    return undefined
  }

  keyOf({ bytes }: UnmatchedEntry, headers: Headers): K {
    return this.#key.deserialize(bytes.subarray(keyAt), this.#topic, headers)
  }

  *valuesOf({ list }: UnmatchedEntry, headers: Headers): Generator<unknown, void, undefined> {
    const buffer = asBuffer(list)
    let at = listHeaderSize
    while (at < buffer.length) {
      const end = at + 4 + buffer.readInt32BE(at)
      const side = buffer[at + 4] === 1 ? 'left' : 'right'
      yield this.#values[side].deserialize(buffer.subarray(at + itemHeaderSize, end), this.#topic, headers)
      at = end
    }
  }

  #keyBytes(side: JoinSide, key: K, timestamp: number, headers: Headers): Buffer {
    const serialized = this.#key.serialize(key, this.#topic, headers)
    const bytes = Buffer.allocUnsafe(keyAt + serialized.length)
    writeInt64(bytes, 0, timestamp)
    bytes[sideAt] = side === 'left' ? 1 : 0
    bytes.set(serialized, keyAt)
    return bytes
  }
}

/** How many values wait at one place. */
export function valueCount({ list }: UnmatchedEntry): number {
  return asBuffer(list).readInt32BE(1)
}

function appended(list: Uint8Array | undefined, side: JoinSide, value: Uint8Array): Buffer {
  const before = list?.length ?? listHeaderSize
  const result = Buffer.allocUnsafe(before + itemHeaderSize + value.length)
  if (list === undefined) {
    result[0] = variableLength
    result.writeInt32BE(0, 1)
  } else {
    result.set(list, 0)
  }
  result.writeInt32BE(result.readInt32BE(1) + 1, 1)
  result.writeInt32BE(1 + value.length, before)
  result[before + 4] = side === 'left' ? 1 : 0
  result.set(value, before + itemHeaderSize)
  return result
}

function timeBytes(timestamp: number): Buffer {
  const bytes = Buffer.allocUnsafe(sideAt)
  writeInt64(bytes, 0, timestamp)
  return bytes
}

function timeOf(bytes: Uint8Array): number {
  const buffer = asBuffer(bytes)
  return buffer.readInt32BE(0) * two32 + buffer.readUInt32BE(4)
}
