/** Dead letters as the runtime writes them, and the records that they become when they are sent again. */
import { partitionsOf, readRanges } from '../../src/cli/topic-reader.ts'
import { systemClock } from '../../src/common/clock.ts'
import type { Header } from '../../src/common/headers.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { keyView, valueView } from '../../src/processor/record-set.ts'

export interface Given {
  readonly key?: string | null
  readonly value?: string | Buffer | null
  readonly timestamp?: number
  readonly partition?: number
  /** Where it is from; null: nowhere. */
  readonly source?: string | null
  readonly sourcePartition?: number
  readonly node?: string
  readonly message?: string
  readonly headers?: readonly Header[]
}

export const text = (name: string, value: string): Header => [name, Buffer.from(value)]

export async function writeLetters(client: KafkaClient, topic: string, letters: readonly Given[]): Promise<void> {
  const producer = client.producer({ lingerMs: 0 })
  await producer.init()
  letters.forEach((given, index) => {
    const { key = `k${index}`, value = `v${index}`, timestamp = 1000 + index, partition = 0, headers = [] } = given
    const { source = 'orders', sourcePartition = 0, node = 'check', message = `${index} is odd` } = given
    const added = [
      text('__streams.errors.exception', 'RangeError'),
      text('__streams.errors.message', message),
      text('__streams.errors.stacktrace', `RangeError: ${message}\n    at check (app.ts:1:1)`),
      text('__streams.errors.partition', String(sourcePartition)),
      text('__streams.errors.offset', String(index)),
      text('__millrace.errors.node', node),
      text('__millrace.errors.code', 'MILLRACE_PROCESSING_FAILED'),
      ...(source === null ? [] : [text('__streams.errors.topic', source)]),
    ]
    const bytes = (part: string | Buffer | null): Buffer | null => (part === null ? null : Buffer.from(part))
    producer.append(topic, partition, bytes(key), bytes(value), timestamp, [...headers, ...added])
  })
  await producer.flush()
  await producer.close()
}

/** Committed ones as `partition key=value@time header=…`, in order within each partition. */
export async function recordsOf(client: KafkaClient, topic: string): Promise<string[]> {
  const found = (await client.describeTopics([topic])).get(topic)!
  const query = partitionsOf(topic, found.partitionCount).map((at) => ({ ...at, timestamp: -1 }))
  const ends = await client.listOffsets(query, 'read_committed')
  const lines: string[] = []
  await readRanges(
    client,
    new Map([...ends].map(([key, end]) => [key, { start: 0, end }])),
    (cursor, { partition }) => {
      const headers = cursor
        .headers()
        .map(([name, value]) => ` ${name}=${value === null ? 'null' : Buffer.from(value).toString()}`)
      const [key, value] = [keyView(cursor)?.toString() ?? 'null', valueView(cursor)?.toString() ?? 'null']
      lines.push(`${partition} ${key}=${value}@${cursor.timestamp}${headers.join('')}`)
    },
  )
  return lines.toSorted((one, other) => Number(one[0]) - Number(other[0]))
}

/** Until something is committed there. */
export async function untilAny(client: KafkaClient, topic: string): Promise<void> {
  const { partitionCount } = (await client.describeTopics([topic])).get(topic)!
  const query = partitionsOf(topic, partitionCount).map((at) => ({ ...at, timestamp: -1 }))
  for (;;) {
    const ends = await client.listOffsets(query, 'read_committed')
    if ([...ends.values()].some((end) => end > 0)) return
    await systemClock.yieldTurn()
  }
}
