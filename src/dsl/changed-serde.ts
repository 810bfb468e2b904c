/**
 * Changes on the internal topic of a grouped table, in Java's layout (ChangedSerializer.java, KIP-904). The last byte says
 * what is there: 0 the old value, 1 the new one, 2 the length of the new one (zigzag varint), the new and the old one.
 * With 3, 4 and 5 there is one more byte before the last, which says whether the change is the latest; they are only read.
 */
import { asBuffer } from '../common/bytes.ts'
import { readVarint, sizeOfVarint, writeVarint, type ByteCursor } from '../common/varint.ts'
import type { Change } from '../processor/record.ts'
import { refuseBytes, refuseValue } from '../serde/serde-checks.ts'
import type { AnySerde, Serde } from '../serde/serde.ts'

const [oldOnly, newOnly, both] = [0, 1, 2]
const withLatest = 3

interface Parts {
  readonly newBytes: Buffer | undefined
  readonly oldBytes: Buffer | undefined
  readonly isLatest: boolean
}

export function changedSerde(inner: AnySerde): Serde<Change<unknown>> {
  const name = `changed(${inner.name})`
  const { pending } = inner
  return {
    name,
    serialize({ newValue, oldValue }, topic, headers) {
      const newBytes = newValue === null ? undefined : inner.serialize(newValue as never, topic, headers)
      const oldBytes = oldValue === null ? undefined : inner.serialize(oldValue as never, topic, headers)
      if (newBytes !== undefined && oldBytes !== undefined) return bothValues(newBytes, oldBytes)
      if (newBytes !== undefined) return oneValue(newBytes, newOnly)
      if (oldBytes !== undefined) return oneValue(oldBytes, oldOnly)
      return refuseValue(name, topic, 'a change with a new or an old value', null)
    },
    deserialize(bytes, topic, headers) {
      const { newBytes, oldBytes, isLatest } = partsOf(name, asBuffer(bytes), topic)
      return {
        newValue: newBytes === undefined ? null : inner.deserialize(newBytes, topic, headers),
        oldValue: oldBytes === undefined ? null : inner.deserialize(oldBytes, topic, headers),
        isLatest,
      }
    },
    ...(pending === undefined
      ? {}
      : {
          pending: (bytes, topic, headers) => {
            const { newBytes, oldBytes } = partsOf(name, asBuffer(bytes), topic)
            const first = newBytes && pending(newBytes, topic, headers)
            return first ?? (oldBytes && pending(oldBytes, topic, headers))
          },
        }),
  }
}

function oneValue(value: Uint8Array, flag: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(value.byteLength + 1)
  bytes.set(value)
  bytes[value.byteLength] = flag
  return bytes
}

function bothValues(newValue: Uint8Array, oldValue: Uint8Array): Uint8Array {
  const { byteLength } = newValue
  const start = sizeOfVarint(byteLength)
  const bytes = Buffer.allocUnsafe(start + byteLength + oldValue.byteLength + 1)
  writeVarint(bytes, 0, byteLength)
  bytes.set(newValue, start)
  bytes.set(oldValue, start + byteLength)
  bytes[bytes.byteLength - 1] = both
  return bytes
}

function partsOf(serde: string, bytes: Buffer, topic: string): Parts {
  const flag = bytes.at(-1)
  if (flag === undefined || flag > withLatest + both) {
    return refuseBytes(serde, topic, `their last byte is ${flag ?? 'missing'}, and says from 0 to 5 what they hold`)
  }
  const end = bytes.byteLength - (flag < withLatest ? 1 : 2)
  const isLatest = flag < withLatest || readFlag(serde, bytes, end, topic)
  const values = bytes.subarray(0, end)
  switch (flag % withLatest) {
    case oldOnly:
      return { newBytes: undefined, oldBytes: values, isLatest }
    case newOnly:
      return { newBytes: values, oldBytes: undefined, isLatest }
    default:
      return { ...split(serde, values, topic), isLatest }
  }
}

function split(serde: string, values: Buffer, topic: string): { newBytes: Buffer; oldBytes: Buffer } {
  const cursor: ByteCursor = { buffer: values, position: 0 }
  const length = readVarint(cursor)
  if (length === undefined || length < 0 || cursor.position + length > values.byteLength) {
    return refuseBytes(serde, topic, 'the length of the new value does not fit in them')
  }
  const middle = cursor.position + length
  return { newBytes: values.subarray(cursor.position, middle), oldBytes: values.subarray(middle) }
}

function readFlag(serde: string, bytes: Buffer, position: number, topic: string): boolean {
  const flag = position < 0 ? undefined : bytes[position]
  if (flag === 0 || flag === 1) return flag === 1
  return refuseBytes(serde, topic, `the byte that says whether they are the latest is ${flag ?? 'missing'}`)
}
