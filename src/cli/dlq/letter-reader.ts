/** Reading dead-letter topics from one end to the other, in order within each partition, a part of an answer at a time. */
import { topicPartitionKey } from '../../common/topic-partition.ts'
import type { TopicPartition, TopicPartitionKey } from '../../common/topic-partition.ts'
import type { KafkaClient } from '../../kafka/client/kafka-client.ts'
import type { RecordSet } from '../../processor/record-set.ts'
import type { Patience } from '../patience.ts'
import { requirePartition, requireTopic } from '../topic-access.ts'
import { partitionsOf, takeFrom } from '../topic-reader.ts'
import type { OffsetRange } from '../topic-reader.ts'
import type { LetterFilter } from './letter-filter.ts'

export type Ranges = ReadonlyMap<TopicPartitionKey, OffsetRange>

/**
 * What is committed there now. With `sinceMs` from the first letter of that time on: before it there is none, later there
 * may be older ones still.
 */
export async function letterRanges(
  client: KafkaClient,
  topic: string,
  { partition, offset, sinceMs }: LetterFilter,
): Promise<Ranges> {
  const metadata = await requireTopic(client, topic)
  requirePartition(partition, metadata)
  const partitions = partition === undefined ? partitionsOf(topic, metadata.partitionCount) : [{ topic, partition }]
  const begins = await offsetsAt(client, partitions, sinceMs ?? -2)
  const ends = await offsetsAt(client, partitions, -1)
  const ranges = [...ends].map(([key, end]) => {
    const found = begins.get(key) ?? -1
    const begin = found < 0 ? end : found
    if (offset === undefined) return [key, { start: begin, end }] as const
    return [key, { start: Math.max(begin, offset), end: Math.min(end, offset + 1) }] as const
  })
  return new Map(ranges)
}

function offsetsAt(
  client: KafkaClient,
  partitions: readonly TopicPartition[],
  timestamp: number,
): Promise<Map<TopicPartitionKey, number>> {
  return client.listOffsets(
    partitions.map((partition) => ({ ...partition, timestamp })),
    'read_committed',
  )
}

export interface LetterSet {
  readonly key: TopicPartitionKey
  readonly set: RecordSet
  /** Records from here on are not meant. */
  readonly end: number
  /** Nothing of its partition comes after it. */
  readonly isLast: boolean
}

/**
 * Every part of these ranges, up to `signal`; partitions without any record are not named. What is done with a part is
 * Kafka's time, too, unless `patience` is told that it is not.
 */
export async function* letterSets(
  client: KafkaClient,
  ranges: Ranges,
  patience: Patience,
  signal?: AbortSignal,
): AsyncGenerator<LetterSet, void, void> {
  const isAborted = (): boolean => signal?.aborted === true
  const open = new Map([...ranges].filter(([, { start, end }]) => end > start))
  const fetcher = client.fetcher({ name: 'letters', isolation: 'read_committed' })
  try {
    fetcher.assign(new Map([...open].map(([key, { start }]) => [key, start])))
    while (open.size > 0 && !isAborted()) {
      for (const set of await takeFrom(client, fetcher)) {
        const key = topicPartitionKey(set.topic, set.partition)
        const range = open.get(key)
        if (range === undefined) continue
        const isLast = set.nextOffset >= range.end
        if (isLast) open.delete(key)
        patience.renew()
        yield { key, set, end: range.end, isLast }
      }
      // Behind the last record there may be control records only.
      for (const [key, { end }] of open) if ((fetcher.position(key) ?? 0) >= end) open.delete(key)
      if (open.size > 0) await fetcher.wait(100)
    }
  } finally {
    await fetcher.close()
  }
}
