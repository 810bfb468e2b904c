/** Requests about partitions go to their leaders, one for each broker. */
import type { TopicPartition } from '../../common/topic-partition.ts'
import type { Cluster } from './cluster.ts'

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
