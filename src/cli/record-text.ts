/** How `millrace tail` writes a record: for people, or as a line of JSON for programs. */
import type { Headers } from '../common/headers.ts'
import { CliError } from '../errors/cli-error.ts'
import type { RecordCursor, RecordSet } from '../processor/record-set.ts'
import { keyView, valueView } from '../processor/record-set.ts'
import { serdes } from '../serde/serdes.ts'
import { timestampText } from './record-time.ts'
import type { TextSerde } from './text-serde.ts'

export interface RecordFormat {
  readonly output: 'text' | 'json'
  readonly key: TextSerde
  readonly value: TextSerde
  /** Undefined: values only. */
  readonly separator: string | undefined
  /** Undefined: no timestamps. */
  readonly timestampSeparator: string | undefined
  /** What stands for null. */
  readonly nullText: string
}

/** Changes when a field is renamed, removed or means something else; fields may be added. */
const schemaVersion = 1

/** The current record with its line end. */
export function recordText(format: RecordFormat, cursor: RecordCursor, set: RecordSet): Buffer {
  return format.output === 'json' ? jsonLine(format, cursor, set) : textLine(format, cursor, set)
}

function textLine(format: RecordFormat, cursor: RecordCursor, set: RecordSet): Buffer {
  const { key, value, separator, timestampSeparator, nullText } = format
  const parts: (string | Buffer)[] = []
  if (timestampSeparator !== undefined) parts.push(timestampText(cursor.timestamp), timestampSeparator)
  if (separator !== undefined) {
    const bytes = keyView(cursor)
    parts.push(bytes === null ? nullText : read('key', key, set, cursor, () => key.show(bytes, set.topic)), separator)
  }
  const bytes = valueView(cursor)
  parts.push(bytes === null ? nullText : read('value', value, set, cursor, () => value.show(bytes, set.topic)), '\n')
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
}

function jsonLine({ key, value }: RecordFormat, cursor: RecordCursor, set: RecordSet): Buffer {
  const keyBytes = keyView(cursor)
  const valueBytes = valueView(cursor)
  const fields = [
    `"schemaVersion":${schemaVersion}`,
    `"topic":${JSON.stringify(set.topic)}`,
    `"partition":${set.partition}`,
    `"offset":${cursor.offset}`,
    `"timestamp":${cursor.timestamp}`,
    `"key":${keyBytes === null ? 'null' : read('key', key, set, cursor, () => key.json(keyBytes, set.topic))}`,
    `"value":${valueBytes === null ? 'null' : read('value', value, set, cursor, () => value.json(valueBytes, set.topic))}`,
    `"headers":${JSON.stringify(headersOf(cursor.headers(), set.topic))}`,
  ]
  return Buffer.from(`{${fields.join(',')}}\n`)
}

/** A list, because names may repeat; a value that is not UTF-8 is given in base64. */
function headersOf(headers: Headers, topic: string): object[] {
  return headers.map(([name, value]) => {
    if (value === null) return { name, value: null }
    try {
      return { name, value: serdes.utf8Strict.deserialize(value, topic, headers) }
    } catch {
      return { name, base64: Buffer.from(value).toString('base64') }
    }
  })
}

function read<T>(part: 'key' | 'value', serde: TextSerde, set: RecordSet, { offset }: RecordCursor, use: () => T): T {
  try {
    return use()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CliError(
      'MILLRACE_INPUT_INVALID',
      `record ${set.topic}-${set.partition}@${offset}: its ${part} cannot be read as ${serde.name}: ${reason}; choose another --${part}-serde ('bytes' reads anything)`,
      { cause },
    )
  }
}
