/** Reading whole topics and waiting for a group, as commands and tests need it. */
import { sleep, systemClock } from '../common/clock.ts'
import { topicPartitionKey } from '../common/topic-partition.ts'
import type { TopicPartition, TopicPartitionKey } from '../common/topic-partition.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import { keyView, valueView } from '../processor/record-set.ts'
import type { RecordCursor, RecordSet } from '../processor/record-set.ts'

const pollMs = 10

export function partitionsOf(topic: string, count: number): TopicPartition[] {
  return Array.from({ length: count }, (_, partition) => ({ topic, partition }))
}

/** Waits until the group has committed all there is in these partitions, records that still come included. */
export async function committedToEnd(
  client: KafkaClient,
  group: string,
  partitions: readonly TopicPartition[],
): Promise<void> {
  for (;;) {
    const query = partitions.map((partition) => ({ ...partition, timestamp: -1 }))
    const ends = await client.listOffsets(query, 'read_uncommitted')
    const committed = await client.committedOffsets(group, partitions, { requireStable: true })
    if ([...ends].every(([key, end]) => end === 0 || (committed.get(key)?.offset ?? 0) >= end)) return
    await sleep(systemClock, pollMs)
  }
}

/**
 * Every committed record that is there now, in order within each partition. Transactions that are open now are waited for:
 * behind the first of them nothing is visible. Key and value are views: valid during the call.
 */
export async function readToEnd(
  client: KafkaClient,
  partitions: readonly TopicPartition[],
  visit: (key: Buffer | null, value: Buffer | null) => void,
): Promise<void> {
  const ends = await settledEnds(client, partitions)
  const ranges = new Map([...ends].map(([key, end]) => [key, { start: 0, end }]))
  await readRanges(client, ranges, (cursor) => visit(keyView(cursor), valueView(cursor)))
}

/** Offsets from `start`, and below `end`. */
export interface OffsetRange {
  readonly start: number
  readonly end: number
}

/**
 * Every committed record of these ranges. `visit` gets a view that is valid during the call, and `onSet` is awaited after
 * each part of an answer, so that who writes slowly is not drowned.
 */
export async function readRanges(
  client: KafkaClient,
  ranges: ReadonlyMap<TopicPartitionKey, OffsetRange>,
  visit: (cursor: RecordCursor, set: RecordSet) => void,
  onSet: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const open = new Map([...ranges].filter(([, { start, end }]) => end > start))
  const fetcher = client.fetcher({ name: 'reader', isolation: 'read_committed' })
  try {
    fetcher.assign(new Map([...open].map(([key, { start }]) => [key, start])))
    while (open.size > 0) {
      for (const set of fetcher.take()) {
        const key = topicPartitionKey(set.topic, set.partition)
        const end = open.get(key)?.end ?? 0
        const cursor = set.cursor()
        while (cursor.next() && cursor.offset < end) visit(cursor, set)
        if (set.nextOffset >= end) open.delete(key)
        await onSet()
      }
      // Behind the last record there may be control records only.
      for (const [key, { end }] of open) if ((fetcher.position(key) ?? 0) >= end) open.delete(key)
      if (open.size > 0) await fetcher.wait(100)
    }
  } finally {
    await fetcher.close()
  }
}

/** The ends, once no transaction is open below them. */
async function settledEnds(
  client: KafkaClient,
  partitions: readonly TopicPartition[],
): Promise<Map<TopicPartitionKey, number>> {
  const query = partitions.map((partition) => ({ ...partition, timestamp: -1 }))
  const ends = await client.listOffsets(query, 'read_uncommitted')
  for (;;) {
    const stable = await client.listOffsets(query, 'read_committed')
    if ([...ends].every(([key, end]) => (stable.get(key) ?? 0) >= end)) return ends
    await sleep(systemClock, pollMs)
  }
}
