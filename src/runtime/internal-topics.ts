/** Makes sure that the internal topics exist as the plan wants them; only the leader of a rebalance calls it. */
import { RuntimeError } from '../errors/runtime-error.ts'
import type { KafkaClient, NewTopic } from '../kafka/client/kafka-client.ts'

export async function ensureInternalTopics(client: KafkaClient, topics: readonly NewTopic[]): Promise<void> {
  if (topics.length === 0) return
  const names = topics.map((topic) => topic.name)
  const before = await client.describeTopics(names)
  const missing = topics.filter((topic) => !before.has(topic.name))
  if (missing.length > 0) await client.admin.createTopics(missing)
  // Another member may have been quicker with another count: look again before believing it.
  const after = missing.length > 0 ? await client.describeTopics(names) : before
  for (const topic of topics) {
    const found = after.get(topic.name)?.partitionCount
    if (found === undefined || found === topic.partitions) continue
    throw new RuntimeError(
      'MILLRACE_INTERNAL_TOPIC_MISCONFIGURED',
      `the internal topic '${topic.name}' has ${found} partitions, but the topology needs ${topic.partitions}; ` +
        `keys would meet the wrong state. If an input topic got more partitions, give the application a new id, ` +
        `or stop it, delete '${topic.name}' and reset its offsets`,
      { topic: topic.name },
    )
  }
}
