/** Bytes as they are, booleans, and UUIDs in their 36 characters, as Java's serdes write them. */
import { asBuffer } from '../common/bytes.ts'
import { refuseBytes, refuseSize, refuseValue } from './serde-checks.ts'
import type { Serde } from './serde.ts'

export const bytesSerde: Serde<Uint8Array> = {
  name: 'bytes',
  serialize(value, topic) {
    if (!(value instanceof Uint8Array)) refuseValue('bytes', topic, 'a Uint8Array', value)
    return value
  },
  // A copy: the view is valid during the call only. From Node's pool, which is four times as fast as memory of its own.
  deserialize: (bytes) => Buffer.from(bytes),
}

export const booleanSerde: Serde<boolean> = {
  name: 'boolean',
  immutable: true,
  injective: true,
  serialize(value, topic) {
    if (typeof value !== 'boolean') refuseValue('boolean', topic, 'a boolean', value)
    return Buffer.from([value ? 1 : 0])
  },
  deserialize(bytes, topic) {
    if (bytes.byteLength !== 1) refuseSize('boolean', topic, 1, bytes.byteLength)
    if (bytes[0] === 0) return false
    if (bytes[0] === 1) return true
    return refuseBytes('boolean', topic, `the byte ${bytes[0]} is neither 0 nor 1`)
  },
}

const uuidText = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export const uuidSerde: Serde<string> = {
  name: 'uuid',
  immutable: true,
  injective: true,
  serialize(value, topic) {
    // Upper case is refused and not converted: two spellings of one key would be two entries of a store.
    if (typeof value !== 'string' || !uuidText.test(value)) {
      refuseValue('uuid', topic, 'a UUID of 36 characters in lower case', value)
    }
    return Buffer.from(value, 'latin1')
  },
  deserialize(bytes, topic) {
    if (bytes.byteLength !== 36) refuseSize('uuid', topic, 36, bytes.byteLength)
    const text = asBuffer(bytes).toString('latin1').toLowerCase()
    return uuidText.test(text) ? text : refuseBytes('uuid', topic, 'they are not a UUID of the form 8-4-4-4-12')
  },
}
