/** Integers and floating point numbers as Java writes them: fixed size, big-endian. */
import { asBuffer } from '../common/bytes.ts'
import { SerdeError } from '../errors/serde-error.ts'
import { refuse, refuseFraction, refuseInteger, refuseSize, refuseValue } from './serde-checks.ts'
import type { Serde } from './serde.ts'

const two32 = 2 ** 32
const minInt64 = -(2n ** 63n)
const maxInt64 = 2n ** 63n - 1n

function integerSerde(
  name: string,
  size: number,
  write: (buffer: Buffer, value: number) => void,
  read: (buffer: Buffer) => number,
): Serde<number> {
  const max = 2 ** (size * 8 - 1) - 1
  return {
    name,
    immutable: true,
    injective: true,
    serialize(value, topic) {
      if (!Number.isInteger(value) || value > max || value < -max - 1) {
        refuseInteger(name, topic, max, value)
      }
      const buffer = Buffer.allocUnsafe(size)
      write(buffer, value)
      return buffer
    },
    deserialize(bytes, topic) {
      if (bytes.byteLength !== size) refuseSize(name, topic, size, bytes.byteLength)
      return read(asBuffer(bytes))
    },
  }
}

export const int16Serde: Serde<number> = integerSerde(
  'int16',
  2,
  (buffer, value) => void buffer.writeInt16BE(value),
  (buffer) => buffer.readInt16BE(),
)

export const int32Serde: Serde<number> = integerSerde(
  'int32',
  4,
  (buffer, value) => void buffer.writeInt32BE(value),
  (buffer) => buffer.readInt32BE(),
)

export const int64Serde: Serde<number> = {
  name: 'int64',
  immutable: true,
  injective: true,
  serialize(value, topic) {
    if (!Number.isSafeInteger(value)) {
      if (Number.isInteger(value)) refuseUnsafe(topic, 'write')
      if (typeof value === 'number') refuseFraction('int64', topic, 'an integer', value)
      refuseValue('int64', topic, 'an integer', value)
    }
    const buffer = Buffer.allocUnsafe(8)
    writeInt64(buffer, 0, value)
    return buffer
  },
  deserialize(bytes, topic) {
    if (bytes.byteLength !== 8) refuseSize('int64', topic, 8, bytes.byteLength)
    const buffer = asBuffer(bytes)
    const value = buffer.readInt32BE() * two32 + buffer.readUInt32BE(4)
    if (!Number.isSafeInteger(value)) refuseUnsafe(topic, 'read')
    return value
  },
}

/** `value` is a safe integer. */
export function writeInt64(buffer: Buffer, at: number, value: number): void {
  const high = Math.floor(value / two32)
  buffer.writeInt32BE(high, at)
  buffer.writeUInt32BE(value - high * two32, at + 4)
}

function refuseUnsafe(topic: string, verb: 'read' | 'write'): never {
  throw new SerdeError(
    'MILLRACE_SERDE_UNSAFE_INTEGER',
    'int64',
    topic,
    `serde int64 cannot ${verb} an integer beyond 2^53 for topic ${topic}, because a number would not be exact; use serdes.bigint64`,
  )
}

export const bigint64Serde: Serde<bigint> = {
  name: 'bigint64',
  immutable: true,
  injective: true,
  serialize(value, topic) {
    if (typeof value !== 'bigint') refuseValue('bigint64', topic, 'a bigint of 64 bits', value)
    if (value < minInt64 || value > maxInt64) {
      const advice = 'a longer integer can be written as text, with serdes.string'
      refuse('bigint64', topic, 'a bigint out of its range', 'a bigint from -2^63 to 2^63 - 1', advice)
    }
    const buffer = Buffer.allocUnsafe(8)
    buffer.writeBigInt64BE(value)
    return buffer
  },
  deserialize(bytes, topic) {
    if (bytes.byteLength !== 8) refuseSize('bigint64', topic, 8, bytes.byteLength)
    return asBuffer(bytes).readBigInt64BE()
  },
}

// Not injective: float32 rounds, and every NaN is equal to none.
export const float32Serde: Serde<number> = {
  name: 'float32',
  immutable: true,
  serialize(value, topic) {
    if (typeof value !== 'number') refuseValue('float32', topic, 'a number', value)
    const buffer = Buffer.allocUnsafe(4)
    buffer.writeFloatBE(value)
    return buffer
  },
  deserialize(bytes, topic) {
    if (bytes.byteLength !== 4) refuseSize('float32', topic, 4, bytes.byteLength)
    return asBuffer(bytes).readFloatBE()
  },
}

export const float64Serde: Serde<number> = {
  name: 'float64',
  immutable: true,
  serialize(value, topic) {
    if (typeof value !== 'number') refuseValue('float64', topic, 'a number', value)
    const buffer = Buffer.allocUnsafe(8)
    buffer.writeDoubleBE(value)
    return buffer
  },
  deserialize(bytes, topic) {
    if (bytes.byteLength !== 8) refuseSize('float64', topic, 8, bytes.byteLength)
    return asBuffer(bytes).readDoubleBE()
  },
}
