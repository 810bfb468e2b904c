/**
 * Lists in the layout of Java's ListSerde. Entries of a fixed size (strategy byte 0): the indices of the nulls, the
 * size, the other entries; entries of any size (strategy byte 1): the size, then per entry its length (-1: null) and bytes.
 */
import { asBuffer } from '../common/bytes.ts'
import type { Headers } from '../common/headers.ts'
import { oncePer } from './once-per.ts'
import { refuseBytes, refuseValue } from './serde-checks.ts'
import { isNullable, type Serde } from './serde.ts'

const fixedSizes: Readonly<Record<string, number>> = {
  int16: 2,
  int32: 4,
  float32: 4,
  int64: 8,
  bigint64: 8,
  float64: 8,
  uuid: 36,
}

export function listSerde<T>(inner: Serde<T>): Serde<T[]> {
  return oncePer(lists, inner, () => newListSerde(inner))
}

const lists = new WeakMap<object, unknown>()

function newListSerde<T>(inner: Serde<T>): Serde<T[]> {
  const fixedSize = fixedSizes[inner.name]
  const name = `list(${inner.name})`
  return {
    name,
    serialize(list, topic, headers) {
      if (!Array.isArray(list)) refuseValue(name, topic, 'an array', list)
      const entries = list.map((value) => {
        if (value !== null) return inner.serialize(value, topic, headers)
        return isNullable(inner) ? null : refuseValue(inner.name, topic, 'no null', value)
      })
      return Buffer.concat(fixedSize === undefined ? variableSize(entries) : constantSize(entries))
    },
    deserialize(bytes, topic, headers) {
      return new ListReader(name, asBuffer(bytes), topic).read(inner, fixedSize, headers)
    },
  }
}

function int32(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(4)
  buffer.writeInt32BE(value)
  return buffer
}

function constantSize(entries: readonly (Uint8Array | null)[]): Uint8Array[] {
  const nulls = entries.flatMap((entry, i) => (entry === null ? [i] : []))
  const values = entries.filter((entry) => entry !== null)
  return [Buffer.from([0]), int32(nulls.length), ...nulls.map(int32), int32(entries.length), ...values]
}

function variableSize(entries: readonly (Uint8Array | null)[]): Uint8Array[] {
  const parts = entries.flatMap((entry) => (entry === null ? [int32(-1)] : [int32(entry.byteLength), entry]))
  return [Buffer.from([1]), int32(entries.length), ...parts]
}

/** Reads one list; every length is checked against what is left before it is used. */
class ListReader {
  readonly #name: string
  readonly #buffer: Buffer
  readonly #topic: string
  #position = 0

  constructor(name: string, buffer: Buffer, topic: string) {
    this.#name = name
    this.#buffer = buffer
    this.#topic = topic
  }

  read<T>(inner: Serde<T>, fixedSize: number | undefined, headers: Headers): T[] {
    const strategy = this.#take(1)[0]
    if (strategy !== 0 && strategy !== 1) this.#refuse(`${strategy} is not a known strategy byte`)
    if (strategy === 0 && fixedSize === undefined) {
      this.#refuse(`they hold entries of a fixed size, and ${inner.name} has none`)
    }
    const nulls = new Set(strategy === 0 ? Array.from({ length: this.#count() }, () => this.#int32()) : [])
    return Array.from({ length: this.#size() }, (_, i) => {
      const length = strategy === 0 ? (nulls.has(i) ? -1 : (fixedSize ?? 0)) : this.#int32()
      if (length !== -1) return inner.deserialize(this.#take(length), this.#topic, headers)
      return isNullable(inner) ? (null as T) : this.#refuse('an entry is null; use list(nullable(…))')
    })
  }

  /** Of the null indices, four bytes each. */
  #count(): number {
    const count = this.#int32()
    if (count < 0 || count * 4 > this.#buffer.byteLength) this.#refuse(`${count} null entries do not fit in them`)
    return count
  }

  /** Of the list: a null entry of fixed size takes its four bytes in the index, any other entry at least one. */
  #size(): number {
    const size = this.#int32()
    if (size < 0 || size > this.#buffer.byteLength) this.#refuse(`${size} entries do not fit in them`)
    return size
  }

  #int32(): number {
    return this.#take(4).readInt32BE()
  }

  #take(length: number): Buffer {
    const end = this.#position + length
    if (length < 0 || end > this.#buffer.byteLength) this.#refuse('they end within the list')
    const part = this.#buffer.subarray(this.#position, end)
    this.#position = end
    return part
  }

  #refuse(reason: string): never {
    return refuseBytes(this.#name, this.#topic, reason)
  }
}
