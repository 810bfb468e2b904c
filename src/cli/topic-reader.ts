/** Reading whole topics and waiting for a group, as commands and tests need it. */
import { sleep, systemClock } from '../common/clock.ts'
import { topicPartitionKey } from '../common/topic-partition.ts'
import type { TopicPartition, TopicPartitionKey } from '../common/topic-partition.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import { keyView, valueView } from '../processor/record-set.ts'

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
  const open = new Map<TopicPartitionKey, number>([...ends].filter(([, end]) => end > 0))
  const fetcher = client.fetcher({ name: 'reader', isolation: 'read_committed' })
  fetcher.assign(new Map([...open.keys()].map((key) => [key, 0])))
  while (open.size > 0) {
    for (const set of fetcher.take()) {
      const cursor = set.cursor()
      while (cursor.next()) visit(keyView(cursor), valueView(cursor))
      const key = topicPartitionKey(set.topic, set.partition)
      if (set.nextOffset >= (open.get(key) ?? 0)) open.delete(key)
    }
    // Behind the last record there may be control records only.
    for (const [key, end] of open) if ((fetcher.position(key) ?? 0) >= end) open.delete(key)
    if (open.size > 0) await fetcher.wait(100)
  }
  await fetcher.close()
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
