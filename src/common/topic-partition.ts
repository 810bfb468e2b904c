export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A TopicPartition as a key for Maps and messages: `topic-3`, as Kafka itself prints it. */
export type TopicPartitionKey = `${string}-${number}`

export function topicPartitionKey(topic: string, partition: number): TopicPartitionKey {
  return `${topic}-${partition}`
}

/** The inverse; a topic's name may contain dashes, a partition's number cannot. */
export function parseTopicPartition(key: TopicPartitionKey): TopicPartition {
  const dash = key.lastIndexOf('-')
  return { topic: key.slice(0, dash), partition: Number(key.slice(dash + 1)) }
}
