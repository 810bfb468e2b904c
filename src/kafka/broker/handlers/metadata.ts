import { errorCodes } from '../../protocol/error-codes.ts'
import type { DescribeClusterRequest, DescribeClusterResponse } from '../../protocol/messages/describe-cluster.ts'
import type { DescribeQuorumRequest, DescribeQuorumResponse } from '../../protocol/messages/describe-quorum.ts'
import type {
  FindCoordinatorRequest,
  FindCoordinatorResponse,
  FindCoordinatorResponseCoordinator,
} from '../../protocol/messages/find-coordinator.ts'
import type {
  MetadataRequest,
  MetadataResponse,
  MetadataResponsePartition,
  MetadataResponseTopic,
} from '../../protocol/messages/metadata.ts'
import type { MessageInput } from '../../protocol/message-spec.ts'
import { clusterOperations, topicOperations } from '../permissions.ts'
import { Refusal, refusalOf } from '../refusal.ts'
import type { RequestContext } from '../request-context.ts'
import { zeroTopicId, type Partition, type Topic } from '../topics.ts'

export function metadata(request: MetadataRequest, context: RequestContext): MessageInput<MetadataResponse> {
  const { state, version } = context
  const { nodes, config } = state
  // In version 0 an empty list means all.
  const wanted = version === 0 && request.topics?.length === 0 ? null : request.topics
  const all = wanted === null ? state.topics.all.map((topic) => describe(topic, context)) : undefined
  const found = all ?? wanted?.map((topic) => find(topic, request.allowAutoTopicCreation, context)) ?? []
  return {
    brokers: nodes.up.map(({ id, endpoint }) => ({ nodeId: id, ...endpoint })),
    clusterId: config.clusterId,
    controllerId: nodes.controllerId,
    topics: request.includeTopicAuthorizedOperations ? found.map(withOperations) : found,
    ...(request.includeClusterAuthorizedOperations ? { clusterAuthorizedOperations: clusterOperations } : {}),
  }
}

function withOperations(topic: MessageInput<MetadataResponseTopic>): MessageInput<MetadataResponseTopic> {
  return (topic.errorCode ?? 0) === 0 ? { ...topic, topicAuthorizedOperations: topicOperations } : topic
}

function find(
  { name, topicId }: { readonly name: string | null; readonly topicId: string },
  mayCreate: boolean,
  context: RequestContext,
): MessageInput<MetadataResponseTopic> {
  const { topics, config } = context.state
  const topic = topicId === zeroTopicId ? topics.get(name ?? '') : topics.byId(topicId)
  if (topic !== undefined) return describe(topic, context)
  if (topicId !== zeroTopicId) return { errorCode: errorCodes.UNKNOWN_TOPIC_ID, name: null, topicId }
  try {
    const spec = { name: name ?? '', partitions: -1, replicationFactor: -1, configs: new Map<string, string>() }
    topics.check(spec)
    // As Apache Kafka: created now, found by the next request.
    if (mayCreate && config.autoCreateTopics) topics.create(spec)
    return { errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, name: name ?? '', topicId }
  } catch (error) {
    return { errorCode: refusalOf(error).errorCode, name: name ?? '', topicId }
  }
}

function describe(topic: Topic, { version }: RequestContext): MessageInput<MetadataResponseTopic> {
  return {
    name: topic.name,
    topicId: topic.topicId,
    isInternal: false,
    partitions: topic.partitions.map((partition) => describePartition(partition, version)),
  }
}

function describePartition(partition: Partition, version: number): MessageInput<MetadataResponsePartition> {
  const { index, leaderId, leaderEpoch, replicas } = partition
  const replicaNodes = [...replicas]
  return {
    errorCode: leaderId === -1 ? errorCodes.LEADER_NOT_AVAILABLE : 0,
    partitionIndex: index,
    leaderId,
    ...(version >= 7 ? { leaderEpoch } : {}),
    replicaNodes,
    isrNodes: replicaNodes,
  }
}

export function describeCluster(
  request: DescribeClusterRequest,
  { state: { nodes, config } }: RequestContext,
): MessageInput<DescribeClusterResponse> {
  return {
    endpointType: request.endpointType,
    clusterId: config.clusterId,
    controllerId: nodes.controllerId,
    brokers: nodes.up.map(({ id, endpoint }) => ({ brokerId: id, ...endpoint })),
    ...(request.includeClusterAuthorizedOperations ? { clusterAuthorizedOperations: clusterOperations } : {}),
  }
}

const quorumTopic = '__cluster_metadata'

/** One node decides, alone; there is no log of decisions to tell of. */
export function describeQuorum(
  { topics }: DescribeQuorumRequest,
  { state: { nodes, clock }, version }: RequestContext,
): MessageInput<DescribeQuorumResponse> {
  const { controllerId } = nodes
  const now = clock.now()
  const seen = version >= 1 ? { lastFetchTimestamp: now, lastCaughtUpTimestamp: now } : {}
  const controller = { replicaId: controllerId, logEndOffset: 0, ...seen }
  return {
    topics: topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partitionIndex }) =>
        topicName === quorumTopic && partitionIndex === 0
          ? { partitionIndex, leaderId: controllerId, currentVoters: [controller] }
          : { partitionIndex, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION },
      ),
    })),
  }
}

export function findCoordinator(
  request: FindCoordinatorRequest,
  context: RequestContext,
): MessageInput<FindCoordinatorResponse> {
  const { version } = context
  if (version >= 4) {
    const coordinators = request.coordinatorKeys.map((key) => coordinator(key, request.keyType, context))
    return { coordinators }
  }
  const { nodeId, host, port, errorCode } = coordinator(request.key, request.keyType, context)
  return { nodeId, host, port, errorCode }
}

function coordinator(key: string, keyType: number, { state }: RequestContext): FindCoordinatorResponseCoordinator {
  try {
    if (keyType !== 0 && keyType !== 1) throw new Refusal('INVALID_REQUEST')
    const node = state.nodes.coordinator(keyType === 0 ? 'group' : 'transaction', key)
    if (node === undefined) throw new Refusal('COORDINATOR_NOT_AVAILABLE')
    return { key, nodeId: node.id, ...node.endpoint, errorCode: 0, errorMessage: null }
  } catch (error) {
    const { errorCode, message } = refusalOf(error)
    return { key, nodeId: -1, host: '', port: -1, errorCode, errorMessage: message }
  }
}
