/** The timestamps of the records at given offsets: what a consumer would read next there. One small fetch for all. */
import type { Clock } from '../../common/clock.ts'
import { topicPartitionKey } from '../../common/topic-partition.ts'
import type { TopicPartitionKey } from '../../common/topic-partition.ts'
import type { KafkaClient } from '../../kafka/client/kafka-client.ts'

/** More partitions than that are not looked at: the answer is a convenience. */
const maxPartitions = 1000
const maxWaitMs = 3000
/** A broker sends one batch however little is asked for (KIP-74). */
const maxPartitionBytes = 1

/** Partitions that do not answer in time are absent, and so are those with nothing but control records. */
export async function nextTimestamps(
  client: KafkaClient,
  clock: Clock,
  positions: ReadonlyMap<TopicPartitionKey, number>,
): Promise<Map<TopicPartitionKey, number>> {
  const found = new Map<TopicPartitionKey, number>()
  const open = new Map([...positions].slice(0, maxPartitions))
  if (open.size === 0) return found
  // Records of an open transaction are lag, too.
  const fetcher = client.fetcher({ name: 'lag', isolation: 'read_uncommitted', maxPartitionBytes, maxWaitMs: 200 })
  const untilMs = clock.now() + maxWaitMs
  try {
    fetcher.assign(open)
    while (open.size > 0 && clock.now() < untilMs) {
      await fetcher.wait(untilMs - clock.now())
      for (const set of fetcher.take()) {
        const key = topicPartitionKey(set.topic, set.partition)
        const cursor = set.cursor()
        if (open.has(key) && cursor.next()) found.set(key, cursor.timestamp)
        open.delete(key)
      }
      fetcher.pause([...positions.keys()].filter((key) => !open.has(key)))
    }
  } catch {
    // Records may be deleted meanwhile; without their age the lag is still right.
  } finally {
    await fetcher.close()
  }
  return found
}
