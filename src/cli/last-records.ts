/**
 * The last records of a topic, in the order of their timestamps. How many offsets back they begin is not known: markers
 * of transactions, aborted records and compaction leave gaps. So it looks back in growing steps.
 */
import type { TopicPartitionKey } from '../common/topic-partition.ts'
import { topicPartitionKey } from '../common/topic-partition.ts'
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

/**
 * Given to `print` as text, up to the first that cannot be read. Of each partition no more than `count` are kept, twice as
 * many for a moment.
 */
export async function lastRecords(
  client: KafkaClient,
  ranges: ReadonlyMap<TopicPartitionKey, OffsetRange>,
  count: number,
  format: RecordFormat,
  print: (text: Buffer) => Promise<void>,
): Promise<void> {
  const done: Line[] = []
  let open = new Map(ranges)
  for (let step = Math.max(firstStep, count); open.size > 0; step *= growth) {
    const found = await readLast(client, open, step, count, format)
    const short = new Map<TopicPartitionKey, OffsetRange>()
    for (const [key, range] of open) {
      const lines = found.get(key) ?? []
      if (lines.length < count && range.end - step > range.start) short.set(key, range)
      else done.push(...lines.slice(-count))
    }
    open = short
  }
  const ordered = done.toSorted((one, other) => one.timestamp - other.timestamp).slice(-count)
  const unreadable = ordered.findIndex(({ text }) => text instanceof Error)
  const shown = unreadable < 0 ? ordered : ordered.slice(0, unreadable)
  await print(Buffer.concat(shown.map(({ text }) => text as Buffer)))
  if (unreadable >= 0) throw ordered[unreadable]?.text as Error
}

async function readLast(
  client: KafkaClient,
  ranges: ReadonlyMap<TopicPartitionKey, OffsetRange>,
  step: number,
  count: number,
  format: RecordFormat,
): Promise<Map<TopicPartitionKey, Line[]>> {
  const found = new Map<TopicPartitionKey, Line[]>()
  const steps = new Map([...ranges].map(([key, { start, end }]) => [key, { start: Math.max(start, end - step), end }]))
  await readRanges(client, steps, (cursor, set) => {
    const key = topicPartitionKey(set.topic, set.partition)
    const lines = found.get(key) ?? []
    lines.push({ timestamp: cursor.timestamp, text: textOrError(format, cursor, set) })
    found.set(key, lines.length > count * 2 ? lines.slice(-count) : lines)
  })
  return found
}

function textOrError(format: RecordFormat, cursor: RecordCursor, set: RecordSet): Buffer | Error {
  try {
    return recordText(format, cursor, set)
  } catch (error) {
    return error as Error
  }
}
