/** Requests about partitions go to their leaders, one for each broker. */
import type { TopicPartition } from '../../common/topic-partition.ts'
import type { KafkaError } from '../../errors/kafka-error.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import type { Cluster } from './cluster.ts'
import { kafkaFault } from './kafka-faults.ts'

/** By the id of the broker that leads them, as the metadata has it. */
export async function byLeader<P extends TopicPartition>(
  cluster: Cluster,
  partitions: readonly P[],
): Promise<Map<number, P[]>> {
  await cluster.track(partitions.map(({ topic }) => topic))
  const nodes = new Map<number, P[]>()
  for (const partition of partitions) {
    const { nodeId } = await cluster.leader(partition)
    const part = nodes.get(nodeId)
    if (part === undefined) nodes.set(nodeId, [partition])
    else part.push(partition)
  }
  return nodes
}

/** The same of those that have a leader now; why the others have none is said to `onFault`. */
export async function byPresentLeader<P extends TopicPartition>(
  cluster: Cluster,
  partitions: readonly P[],
  onFault: (partition: P, fault: KafkaError) => void,
): Promise<Map<number, P[]>> {
  await cluster.track(partitions.map(({ topic }) => topic))
  const { metadata } = cluster
  const nodes = Map.groupBy(partitions, (one) => metadata.leader(one)?.nodeId ?? noNode)
  for (const one of nodes.get(noNode) ?? []) {
    const isThere = one.partition < (metadata.partitionCount(one.topic) ?? 0)
    const code = isThere ? errorCodes.LEADER_NOT_AVAILABLE : errorCodes.UNKNOWN_TOPIC_OR_PARTITION
    onFault(one, kafkaFault(code, { what: `Finding the leader of ${one.topic}-${one.partition}`, ...one }))
    cluster.markStale()
  }
  nodes.delete(noNode)
  return nodes
}

const noNode = -1
