/** Kafka's messages nest partitions in topics; everything here is keyed by partition. */
import { parseTopicPartition, topicPartitionKey } from '../../common/topic-partition.ts'
import type { TopicPartition, TopicPartitionKey } from '../../common/topic-partition.ts'

export interface TopicGroup<P> {
  readonly name: string
  readonly partitions: P[]
}

export function byTopic<T extends TopicPartition, P>(items: Iterable<T>, partitionOf: (item: T) => P): TopicGroup<P>[] {
  const topics = new Map<string, TopicGroup<P>>()
  for (const item of items) {
    let group = topics.get(item.topic)
    if (group === undefined) {
      group = { name: item.topic, partitions: [] }
      topics.set(item.topic, group)
    }
    group.partitions.push(partitionOf(item))
  }
  return [...topics.values()]
}

export function keyOfPartition({ topic, partition }: TopicPartition): TopicPartitionKey {
  return topicPartitionKey(topic, partition)
}

export function entriesOf<V>(map: ReadonlyMap<TopicPartitionKey, V>): (TopicPartition & { readonly value: V })[] {
  return [...map].map(([key, value]) => ({ ...parseTopicPartition(key), value }))
}
