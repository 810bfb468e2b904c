/** A letter as text and as a JSON document. What stands in it is of others: nothing of it may move the cursor. */
import type { Headers } from '../../common/headers.ts'
import { serdes as allSerdes } from '../../serde/serdes.ts'
import { noHeaders } from '../../common/headers.ts'
import { oneLine } from '../printable.ts'
import { styled } from '../style.ts'
import type { TextSerde } from '../text-serde.ts'
import { isDeeperThan } from '../values.ts'
import type { Provenance } from './letter.ts'
import { sourceText } from './letter-text.ts'

export interface Letter {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Without those of the letter. */
  readonly headers: Headers
  readonly provenance: Provenance
}

export interface LetterSerdes {
  readonly key: TextSerde
  readonly value: TextSerde
}

/** On a screen, unless all is asked for; documents have everything. */
const textMax = 500
/** Of values that are JSON. */
const depthMax = 500

/** Ends with a line end. */
export function showText(letter: Letter, { key, value }: LetterSerdes, isVerbose: boolean): string {
  const { topic, partition, offset, timestamp, headers, provenance } = letter
  const { exception, message, code, node, stacktrace, retries } = provenance
  const limit = isVerbose ? Number.POSITIVE_INFINITY : textMax
  const source = sourceText(provenance.topic, provenance.partition)
  const at = provenance.offset === null ? '' : ` at offset ${provenance.offset}`
  const time = timestamp >= 0 && timestamp <= 8.64e15 ? new Date(timestamp).toISOString() : String(timestamp)
  const lines = [
    line('error', exception === null && message === null ? 'the letter does not say' : joined([exception, message])),
    ...(code === null ? [] : [line('code', code)]),
    ...(node === null ? [] : [line('node', node)]),
    line('source', source === null ? 'the letter does not say' : `${source}${at}`),
    ...(retries === 0 ? [] : [line('retries', String(retries))]),
    line('key', shown(letter.key, key, topic, limit)),
    line('value', shown(letter.value, value, topic, limit)),
    ...headers.map(([name, bytes]) => line('header', `${name} = ${shown(bytes, utf8, topic, limit)}`)),
    ...(isVerbose && stacktrace !== null ? stacktrace.trimEnd().split('\n').map(stackLine) : []),
  ]
  return `${styled('heading', `${topic}-${partition}@${offset}`)}  ${styled('quiet', time)}\n${lines.join('')}`
}

/** `docs/schemas/dlq-show.schema.json`. */
export function letterDocument(letter: Letter, serdes: LetterSerdes): object {
  const { topic, partition, offset, timestamp, headers, provenance } = letter
  const { topic: sourceTopic, partition: sourcePartition, offset: sourceOffset, retries, ...error } = provenance
  return {
    topic,
    partition,
    offset,
    timestamp,
    error,
    source: { topic: sourceTopic, partition: sourcePartition, offset: sourceOffset },
    retries,
    ...documented('key', letter.key, serdes.key, topic),
    ...documented('value', letter.value, serdes.value, topic),
    headers: headers.map(([name, bytes]) => ({ name, ...documented('value', bytes, utf8, topic) })),
  }
}

const utf8: Pick<TextSerde, 'show' | 'json'> = {
  show: (bytes, topic) => allSerdes.utf8Strict.deserialize(bytes, topic, noHeaders),
  json: (bytes, topic) => JSON.stringify(allSerdes.utf8Strict.deserialize(bytes, topic, noHeaders)),
}

function documented(
  name: 'key' | 'value',
  given: Uint8Array | null,
  serde: Pick<TextSerde, 'json'>,
  topic: string,
): Readonly<Record<string, unknown>> {
  if (given === null) return { [name]: null }
  const bytes = Buffer.from(given)
  try {
    // As the text of a number may be more precise than a number is, what is too large stays text.
    const text = serde.json(bytes, topic)
    const value = /^-?\d{16,}$/.test(text) ? text : (JSON.parse(text) as unknown)
    return isDeeperThan(value, depthMax) ? inHex(name, bytes) : { [name]: value }
  } catch {
    return inHex(name, bytes)
  }
}

function inHex(name: string, bytes: Buffer): Readonly<Record<string, unknown>> {
  return { [`${name}Hex`]: bytes.toString('hex') }
}

function shown(given: Uint8Array | null, serde: Pick<TextSerde, 'show'>, topic: string, limit: number): string {
  if (given === null) return 'null'
  const bytes = Buffer.from(given)
  try {
    return shortened(serde.show(bytes, topic).toString(), limit)
  } catch {
    const hex = shortened(bytes.toString('hex').replaceAll(/(..)(?=.)/g, '$1 '), limit)
    return `${hex}  (${bytes.length} bytes, which the serde cannot read)`
  }
}

function shortened(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit)}… (${text.length} characters; --verbose shows all)` : text
}

function line(name: string, text: string): string {
  return `  ${styled('quiet', name.padEnd(8))} ${oneLine(text)}\n`
}

function stackLine(text: string): string {
  return `  ${styled('quiet', '         ')}${oneLine(text.trimEnd())}\n`
}

function joined(parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null).join(': ')
}
