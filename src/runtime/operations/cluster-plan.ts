/** The tasks that an application has on a cluster as it is now: what the leader of its group would plan. */
import type { KafkaClient, TopicMetadata } from '../../kafka/client/kafka-client.ts'
import { hasPatternSource, planTopology, userSourceTopics } from '../topology-plan.ts'
import type { TopologyPlan } from '../topology-plan.ts'
import type { ApplicationShape } from './application-shape.ts'

/** Throws as the leader would: a source topic is missing, topics are not co-partitioned. */
export async function planOnCluster(
  client: Pick<KafkaClient, 'describeTopics'>,
  { topology, names, config }: ApplicationShape,
): Promise<TopologyPlan> {
  const described: ReadonlyMap<string, TopicMetadata> = await client.describeTopics(
    hasPatternSource(topology) ? 'all' : userSourceTopics(topology, names),
  )
  return planTopology({
    topology,
    names,
    partitionCount: (topic) => described.get(topic)?.partitionCount,
    existingTopics: [...described.keys()],
    replicationFactor: config.replicationFactor,
  })
}
