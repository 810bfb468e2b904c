/** Text as UTF-8. `string` follows Java in what malformed input and lone surrogates become; `utf8Strict` refuses both. */
import { asBuffer } from '../common/bytes.ts'
import { refuseBytes, refuseValue } from './serde-checks.ts'
import type { Serde } from './serde.ts'
import { readText } from './text-reader.ts'

/** Java's encoder writes a question mark for a lone surrogate; Node would write U+FFFD. */
const loneSurrogate = /\p{Surrogate}/gu

export const stringSerde: Serde<string> = {
  name: 'string',
  immutable: true,
  injective: true,
  serialize(value, topic) {
    if (typeof value !== 'string') refuseValue('string', topic, 'a string', value)
    return Buffer.from(value.isWellFormed() ? value : value.replace(loneSurrogate, '?'))
  },
  deserialize: (bytes) => readText(asBuffer(bytes), 0, bytes.byteLength),
}

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const utf8StrictSerde: Serde<string> = {
  name: 'utf8Strict',
  immutable: true,
  injective: true,
  serialize(value, topic) {
    if (typeof value !== 'string') refuseValue('utf8Strict', topic, 'a string', value)
    if (!value.isWellFormed()) refuseValue('utf8Strict', topic, 'a string without lone surrogates', value)
    return Buffer.from(value)
  },
  deserialize(bytes, topic) {
    try {
      return strictDecoder.decode(bytes)
    } catch (error) {
      return refuseBytes('utf8Strict', topic, 'they are not well-formed UTF-8', error)
    }
  },
}
