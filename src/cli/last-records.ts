/**
 * The last records of a topic: those of each partition in their order, and partitions merged by the timestamps. How many offsets back they begin is not known: markers
 * of transactions, aborted records and compaction leave gaps. So it looks back in growing steps.
 */
import type { TopicPartitionKey } from '../common/topic-partition.ts'
import { topicPartitionKey } from '../common/topic-partition.ts'
import { CliError } from '../errors/cli-error.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import type { RecordCursor, RecordSet } from '../processor/record-set.ts'
import { recordText } from './record-text.ts'
import type { RecordFormat } from './record-text.ts'
import { readRanges } from './topic-reader.ts'
import type { OffsetRange } from './topic-reader.ts'

interface Line {
  readonly timestamp: number
  /** Or why it cannot be read: of interest only if it is among the last ones. */
  readonly text: Buffer | Error
}

const firstStep = 64
const growth = 8
/** Of all lines that are kept at a time. */
const keptMaxBytes = 256 * 1024 * 1024

export interface LastRecordsOptions {
  /** Of all that is kept at a time. */
  readonly maxBytes?: number
  /** Called after each part of an answer. */
  readonly onSet?: () => void
}

/**
 * Given to `print` as text, up to the first that cannot be read. Of each partition no more than `count` are kept, twice as
 * many for a moment; and never more than so many bytes of all.
 */
export async function lastRecords(
  client: KafkaClient,
  ranges: ReadonlyMap<TopicPartitionKey, OffsetRange>,
  count: number,
  format: RecordFormat,
  print: (text: Buffer) => Promise<void>,
  { maxBytes = keptMaxBytes, onSet = () => undefined }: LastRecordsOptions = {},
): Promise<void> {
  const done: Line[] = []
  let open = new Map(ranges)
  for (let step = Math.max(firstStep, count); open.size > 0; step *= growth) {
    const found = await readLast(client, open, step, count, format, { maxBytes: maxBytes - bytesOf(done), onSet })
    const short = new Map<TopicPartitionKey, OffsetRange>()
    for (const [key, range] of open) {
      const lines = found.get(key) ?? []
      if (lines.length < count && range.end - step > range.start) short.set(key, range)
      else done.push(...inOrder(lines.slice(-count)))
    }
    open = short
  }
  const ordered = done.toSorted((one, other) => one.timestamp - other.timestamp).slice(-count)
  const unreadable = ordered.findIndex(({ text }) => text instanceof Error)
  const shown = unreadable < 0 ? ordered : ordered.slice(0, unreadable)
  await print(Buffer.concat(shown.map(({ text }) => text as Buffer)))
  if (unreadable >= 0) throw ordered[unreadable]?.text as Error
}

/**
 * Sorted by time they stay in the order of their partition: one that is older than those before it counts as of their time.
 * Else a key's newest value could come before an older one, since results may have earlier timestamps than results before.
 */
function inOrder(lines: readonly Line[]): Line[] {
  let latest = -Infinity
  return lines.map(({ timestamp, text }) => ({ timestamp: (latest = Math.max(latest, timestamp)), text }))
}

async function readLast(
  client: KafkaClient,
  ranges: ReadonlyMap<TopicPartitionKey, OffsetRange>,
  step: number,
  count: number,
  format: RecordFormat,
  { maxBytes, onSet }: Required<LastRecordsOptions>,
): Promise<Map<TopicPartitionKey, Line[]>> {
  const found = new Map<TopicPartitionKey, Line[]>()
  const steps = new Map([...ranges].map(([key, { start, end }]) => [key, { start: Math.max(start, end - step), end }]))
  let bytes = 0
  const keep = (cursor: RecordCursor, set: RecordSet): void => {
    const key = topicPartitionKey(set.topic, set.partition)
    const lines = found.get(key) ?? []
    const line = { timestamp: cursor.timestamp, text: textOrError(format, cursor, set) }
    lines.push(line)
    found.set(key, lines)
    bytes += bytesOf([line])
    if (lines.length > count * 2 || bytes > maxBytes) bytes -= bytesOf(lines.splice(0, lines.length - count))
    if (bytes > maxBytes) throw tooLarge(count)
  }
  await readRanges(client, steps, keep, async () => onSet())
  return found
}

function bytesOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { text }) => sum + (text instanceof Error ? 0 : text.length), 0)
}

function tooLarge(count: number): CliError {
  return new CliError(
    'MILLRACE_USAGE',
    `the last ${count} records of each partition are too large to be put in order; give a smaller number (-n), one --partition, or --from-beginning`,
  )
}

function textOrError(format: RecordFormat, cursor: RecordCursor, set: RecordSet): Buffer | Error {
  try {
    return recordText(format, cursor, set)
  } catch (error) {
    return error as Error
  }
}
