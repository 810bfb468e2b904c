/** Keys and values as text on the command line: what `--key-serde` and `--value-serde` name. The bytes are the serdes'. */
import { nearest } from '../common/nearest.ts'
import { CliError } from '../errors/cli-error.ts'
import { noHeaders } from '../common/headers.ts'
import type { Serde } from '../serde/serde.ts'
import { serdes } from '../serde/serdes.ts'

export interface TextSerde {
  readonly name: string
  /** From a line, or a part of one. Throws when it is no such value. */
  encode(text: Buffer, topic: string): Uint8Array
  /** For people, on one line unless the value has more. Throws when the bytes are no such value. */
  show(bytes: Buffer, topic: string): Buffer | string
  /** As JSON, on one line. */
  json(bytes: Buffer, topic: string): string
}

function textSerde<T>(
  name: string,
  serde: Serde<T>,
  parse: (text: string) => T,
  show: (value: T) => string,
  json: (value: T) => string = (value) => JSON.stringify(show(value)),
): TextSerde {
  return {
    name,
    encode: (text, topic) => serde.serialize(parse(text.toString()), topic, noHeaders),
    show: (bytes, topic) => show(serde.deserialize(bytes, topic, noHeaders)),
    json: (bytes, topic) => json(serde.deserialize(bytes, topic, noHeaders)),
  }
}

const asIs = (text: string): string => text

function parseInteger(text: string): bigint {
  if (!/^\s*[+-]?\d+\s*$/.test(text)) throw new Error(`'${shortened(text)}' is not an integer`)
  return BigInt(text.trim().replace(/^\+/, ''))
}

function parseFloating(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || (Number.isNaN(value) && text.trim() !== 'NaN')) {
    throw new Error(`'${shortened(text)}' is not a number`)
  }
  return value
}

function parseBoolean(text: string): boolean {
  const word = text.trim()
  if (word !== 'true' && word !== 'false') throw new Error(`'${shortened(text)}' is neither true nor false`)
  return word === 'true'
}

/** Checked, and left as it is: large numbers would not survive being parsed. */
function checkedJson(text: string): string {
  JSON.parse(text)
  // Between tokens only: within a string JSON admits no line end.
  return text.trim().replaceAll(/[\r\n]+/g, ' ')
}

function jsonNumber(value: number): string {
  return Number.isFinite(value) ? JSON.stringify(value) : JSON.stringify(String(value))
}

const int16 = textSerde('int16', serdes.int16, (text) => Number(parseInteger(text)), String, String)
const int32 = textSerde('int32', serdes.int32, (text) => Number(parseInteger(text)), String, String)
const int64 = textSerde('int64', serdes.bigint64, parseInteger, String, String)
const float32 = textSerde('float32', serdes.float32, parseFloating, String, jsonNumber)
const float64 = textSerde('float64', serdes.float64, parseFloating, String, jsonNumber)

const textSerdes: Readonly<Record<string, TextSerde>> = {
  string: textSerde('string', serdes.string, asIs, asIs),
  utf8Strict: textSerde('utf8Strict', serdes.utf8Strict, asIs, asIs),
  bytes: {
    name: 'bytes',
    encode: (text) => text,
    show: (bytes) => bytes,
    json: (bytes) => `"${bytes.toString('base64')}"`,
  },
  json: textSerde('json', serdes.utf8Strict, checkedJson, checkedJson, checkedJson),
  boolean: textSerde('boolean', serdes.boolean, parseBoolean, String, String),
  int16,
  int32,
  int64,
  bigint64: int64,
  float32,
  float64,
  uuid: textSerde('uuid', serdes.uuid, asIs, asIs),
  // Java's names of the same.
  short: int16,
  int: int32,
  long: int64,
  float: float32,
  double: float64,
}

export const textSerdeNames: readonly string[] = Object.keys(textSerdes)

/** Of keys of windows, with the name of the inner key's serde behind it: `timeWindowed:string`. */
const windowedSerdes: Readonly<Record<string, (inner: TextSerde) => TextSerde>> = {
  timeWindowed: (inner) => windowedTextSerde('timeWindowed', inner, ['start']),
  sessionWindowed: (inner) => windowedTextSerde('sessionWindowed', inner, ['start', 'end']),
}

/**
 * Text `ada@1000`, or `ada@1000@5000` for a session: the key, and `times`, which its bytes have in the other order
 * (src/serde/windowed-serdes.ts).
 */
function windowedTextSerde(kind: string, inner: TextSerde, times: readonly string[]): TextSerde {
  const name = `${kind}:${inner.name}`
  const length = 8 * times.length
  const shape = new RegExp(`^(.*)${'@(-?\\d+)'.repeat(times.length)}$`, 's')
  const parts = (bytes: Buffer): { readonly key: Buffer; readonly found: readonly bigint[] } => {
    const end = bytes.length - length
    if (end < 0) throw new Error(`${bytes.length} bytes are too few for a key of ${name}`)
    return {
      key: bytes.subarray(0, end),
      found: times.map((_, index) => bytes.readBigInt64BE(bytes.length - 8 * (index + 1))),
    }
  }
  return {
    name,
    encode(text, topic) {
      const [, key, ...found] = shape.exec(text.toString()) ?? []
      if (key === undefined) throw new Error(`'${shortened(text.toString())}' is not key@${times.join('@')}`)
      const suffix = found.toReversed().map((time) => serdes.bigint64.serialize(BigInt(time), topic, noHeaders))
      return Buffer.concat([inner.encode(Buffer.from(key), topic), ...suffix])
    },
    show(bytes, topic) {
      const { key, found } = parts(bytes)
      return `${inner.show(key, topic).toString()}@${found.join('@')}`
    },
    json(bytes, topic) {
      const { key, found } = parts(bytes)
      return `{"key":${inner.json(key, topic)},${times.map((time, index) => `"${time}":${found[index]}`).join(',')}}`
    },
  }
}

export function textSerdeOf(name: string, option: string): TextSerde {
  const [kind = '', inner, ...more] = name.split(':')
  if (inner !== undefined && more.length === 0 && Object.hasOwn(windowedSerdes, kind)) {
    return windowedSerdes[kind]!(textSerdeOf(inner, option))
  }
  const found = Object.hasOwn(textSerdes, name) ? textSerdes[name] : undefined
  if (found !== undefined) return found
  const near = nearest(name, textSerdeNames)
  throw new CliError(
    'MILLRACE_USAGE',
    `${option} takes one of ${textSerdeNames.join(', ')}, timeWindowed:… or sessionWindowed:… with one of them, not '${name}'${near === undefined ? '' : `; did you mean '${near}'?`}`,
  )
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
