/** `millrace dlq show`: letters with what their headers say, the last ones or all. */
import { topicPartitionKey } from '../../common/topic-partition.ts'
import { CliError } from '../../errors/cli-error.ts'
import type { KafkaClient } from '../../kafka/client/kafka-client.ts'
import { keyView, valueView } from '../../processor/record-set.ts'
import type { RecordCursor, RecordSet } from '../../processor/record-set.ts'
import { withClient } from '../connection.ts'
import type { ConnectionOptions } from '../connection.ts'
import { emit, schemaVersion } from '../output.ts'
import type { OutputFormat } from '../output.ts'
import type { Patience } from '../patience.ts'
import { print } from '../terminal.ts'
import { textSerdeOf } from '../text-serde.ts'
import { originalHeaders, provenanceOf } from './letter.ts'
import { letterFilter } from './letter-filter.ts'
import type { FilterOptions, LetterFilter } from './letter-filter.ts'
import { letterRanges, letterSets } from './letter-reader.ts'
import type { Ranges } from './letter-reader.ts'
import { letterTopics } from './letter-topics.ts'
import { letterDocument, showText } from './show-text.ts'
import type { Letter, LetterSerdes } from './show-text.ts'

export interface ShowOptions extends ConnectionOptions, FilterOptions {
  readonly output: OutputFormat
  readonly last: number
  readonly all?: boolean
  readonly keySerde: string
  readonly valueSerde: string
}

/** Of letters that are kept to be put in order. */
const keptMaxBytes = 256 * 1024 * 1024

export async function showCommand(names: readonly string[], options: ShowOptions): Promise<void> {
  const filter = letterFilter(options)
  const serdes = {
    key: textSerdeOf(options.keySerde, '--key-serde'),
    value: textSerdeOf(options.valueSerde, '--value-serde'),
  }
  if (options.all === true && options.output === 'json') {
    throw new CliError('MILLRACE_USAGE', '--all prints letters as they are read: give it -o jsonl, or text')
  }
  const topics = await letterTopics(names, options)
  await withClient('dlq', options, async (client, patience) => {
    const ranges = new Map<string, Ranges>()
    for (const topic of topics) ranges.set(topic, await letterRanges(client, topic, filter))
    const all = new Map([...ranges.values()].flatMap((found) => [...found]))
    const text = (letter: Letter): string => showText(letter, serdes, options.verbose === true)
    if (options.all === true) await showAll(client, all, filter, serdes, options.output, text, patience)
    else {
      const letters = await lastLetters(client, all, filter, options.last, patience)
      const rows = letters.map((letter) => letterDocument(letter, serdes))
      const none = `no letters${letters.length === 0 && [...all.values()].some(({ start, end }) => end > start) ? ' that are meant' : ''}\n`
      await patience.excluding(() =>
        emit(options.output, {
          document: { letters: rows },
          rows,
          text: () => (letters.length === 0 ? none : letters.map(text).join('\n')),
        }),
      )
    }
  })
}

async function showAll(
  client: KafkaClient,
  ranges: Ranges,
  filter: LetterFilter,
  serdes: LetterSerdes,
  output: OutputFormat,
  text: (letter: Letter) => string,
  patience: Patience,
): Promise<void> {
  for await (const { set, end } of letterSets(client, ranges, patience)) {
    for (const letter of lettersOf(set, end, filter)) {
      const line = JSON.stringify({ schemaVersion, ...letterDocument(letter, serdes) })
      await patience.excluding(() => print(output === 'text' ? `${text(letter)}\n` : `${line}\n`))
    }
  }
}

/** In the order of their records' times; of each partition the last ones that were written. */
async function lastLetters(
  client: KafkaClient,
  ranges: Ranges,
  filter: LetterFilter,
  count: number,
  patience: Patience,
): Promise<Letter[]> {
  const found = new Map<string, Letter[]>()
  let bytes = 0
  for await (const { set, end } of letterSets(client, ranges, patience)) {
    const key = topicPartitionKey(set.topic, set.partition)
    const letters = found.get(key) ?? []
    found.set(key, letters)
    for (const letter of lettersOf(set, end, filter)) {
      letters.push(letter)
      bytes += sizeOf(letter)
      if (letters.length > 2 * count || bytes > keptMaxBytes) {
        for (const dropped of letters.splice(0, letters.length - count)) bytes -= sizeOf(dropped)
      }
      if (bytes > keptMaxBytes) {
        throw new CliError(
          'MILLRACE_USAGE',
          `the last ${count} letters of each partition are too large to be put in order; give a smaller number (-n), a --partition, or --all`,
        )
      }
    }
  }
  const letters = [...found.values()].flatMap((some) => some.slice(-count))
  return letters.toSorted((one, other) => one.timestamp - other.timestamp).slice(-count)
}

function* lettersOf(set: RecordSet, end: number, filter: LetterFilter): Generator<Letter, void, void> {
  const cursor = set.cursor()
  while (cursor.next() && cursor.offset < end) {
    const { timestamp } = cursor
    const headers = cursor.headers()
    const provenance = provenanceOf(headers)
    if (filter.matches(timestamp, () => provenance)) yield letterOf(set, cursor, provenance, originalHeaders(headers))
  }
}

/** A copy: what the cursor shows is gone with its next step. */
function letterOf(
  { topic, partition }: RecordSet,
  cursor: RecordCursor,
  provenance: Letter['provenance'],
  headers: Letter['headers'],
): Letter {
  const copy = (bytes: Buffer | null): Buffer | null => (bytes === null ? null : Buffer.from(bytes))
  const { offset, timestamp } = cursor
  const [key, value] = [copy(keyView(cursor)), copy(valueView(cursor))]
  return { topic, partition, offset, timestamp, key, value, headers, provenance }
}

function sizeOf({ key, value, headers, provenance }: Letter): number {
  const own = (key?.length ?? 0) + (value?.length ?? 0) + (provenance.stacktrace?.length ?? 0)
  return headers.reduce((sum, [name, bytes]) => sum + name.length + (bytes?.length ?? 0), own + 500)
}
