/** Whether the node a request came to may answer for a partition (KIP-101, KIP-320, KIP-392). */
import type { BrokerNode } from './broker-nodes.ts'
import { Refusal } from './refusal.ts'
import type { Partition, Topic, Topics } from './topics.ts'

/** By name, or by id in the versions that have ids (which then have no names). */
export function findTopic(topics: Topics, name: string | null, topicId: string, byId: boolean): Topic {
  const topic = byId ? topics.byId(topicId) : topics.get(name ?? '')
  if (topic === undefined) throw new Refusal(byId ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION')
  return topic
}

export function findPartition(topic: Topic | undefined, index: number): Partition {
  const partition = topic?.partitions[index]
  if (partition === undefined) throw new Refusal('UNKNOWN_TOPIC_OR_PARTITION')
  return partition
}

/** `currentLeaderEpoch` as the client knows it, -1 when it does not say. */
export function requireLeader(partition: Partition, node: BrokerNode, currentLeaderEpoch = -1): void {
  requireReplica(partition, node, currentLeaderEpoch)
  if (partition.leaderId !== node.id) throw new Refusal('NOT_LEADER_OR_FOLLOWER')
}

/** A follower may answer fetches. */
export function requireReplica(partition: Partition, node: BrokerNode, currentLeaderEpoch: number): void {
  if (!partition.replicas.includes(node.id)) throw new Refusal('NOT_LEADER_OR_FOLLOWER')
  if (currentLeaderEpoch === -1) return
  if (currentLeaderEpoch < partition.leaderEpoch) throw new Refusal('FENCED_LEADER_EPOCH')
  if (currentLeaderEpoch > partition.leaderEpoch) throw new Refusal('UNKNOWN_LEADER_EPOCH')
}
