import type { CreatePartitionsRequest, CreatePartitionsResponse } from '../../protocol/messages/create-partitions.ts'
import type {
  CreateTopicsRequest,
  CreateTopicsRequestCreatableTopic,
  CreateTopicsResponse,
  CreateTopicsResponseCreatableTopicResult,
} from '../../protocol/messages/create-topics.ts'
import type { DeleteRecordsRequest, DeleteRecordsResponse } from '../../protocol/messages/delete-records.ts'
import type { DeleteTopicsRequest, DeleteTopicsResponse } from '../../protocol/messages/delete-topics.ts'
import type { MessageInput } from '../../protocol/message-spec.ts'
import { findPartition, findTopic, requireLeader } from '../partition-access.ts'
import { Refusal, refusalOf } from '../refusal.ts'
import type { RequestContext } from '../request-context.ts'
import { checkedConfigs } from '../topic-config.ts'
import { zeroTopicId, type TopicSpec } from '../topics.ts'
import { describedConfigs } from './configs.ts'

export function createTopics(
  { topics, validateOnly }: CreateTopicsRequest,
  context: RequestContext,
): MessageInput<CreateTopicsResponse> {
  const names = topics.map(({ name }) => name)
  const distinct = topics.filter(({ name }, index) => names.indexOf(name) === index)
  return {
    topics: distinct.map((wanted) => {
      try {
        if (names.indexOf(wanted.name) !== names.lastIndexOf(wanted.name)) {
          throw new Refusal('INVALID_REQUEST', 'Duplicate topic name.')
        }
        return create(specOf(wanted), validateOnly, context)
      } catch (error) {
        const { errorCode, message } = refusalOf(error)
        return { name: wanted.name, errorCode, errorMessage: message, numPartitions: -1, replicationFactor: -1 }
      }
    }),
  }
}

function create(
  spec: TopicSpec,
  validateOnly: boolean,
  { state, version }: RequestContext,
): MessageInput<CreateTopicsResponseCreatableTopicResult> {
  const { partitions, replicationFactor } = state.topics.check(spec)
  if (validateOnly) return { name: spec.name, numPartitions: partitions, replicationFactor }
  const topic = state.topics.create(spec)
  const result = { name: topic.name, topicId: topic.topicId, numPartitions: partitions, replicationFactor }
  if (version < 5) return result
  const configs = describedConfigs(topic.config).map(({ name, value, source }) => ({
    name,
    value,
    configSource: source,
  }))
  return { ...result, configs }
}

function specOf(wanted: CreateTopicsRequestCreatableTopic): TopicSpec {
  const spec = {
    name: wanted.name,
    partitions: wanted.numPartitions,
    replicationFactor: wanted.replicationFactor,
    configs: checkedConfigs(wanted.configs.map(({ name, value }) => [name, value])),
  }
  if (wanted.assignments.length === 0) return spec
  if (wanted.numPartitions !== -1 || wanted.replicationFactor !== -1) {
    throw new Refusal('INVALID_REQUEST', 'A manual partition assignment was specified, but numPartitions was not -1.')
  }
  const assignments = wanted.assignments.toSorted((one, other) => one.partitionIndex - other.partitionIndex)
  if (assignments.some(({ partitionIndex }, index) => partitionIndex !== index)) {
    throw new Refusal('INVALID_REPLICA_ASSIGNMENT', 'partitions should be a consecutive 0-based integer sequence')
  }
  return { ...spec, assignments: assignments.map(({ brokerIds }) => brokerIds) }
}

export function deleteTopics(
  request: DeleteTopicsRequest,
  { state, version }: RequestContext,
): MessageInput<DeleteTopicsResponse> {
  const wanted = version >= 6 ? request.topics : request.topicNames.map((name) => ({ name, topicId: zeroTopicId }))
  return {
    responses: wanted.map(({ name, topicId }) => {
      try {
        const topic = findTopic(state.topics, name, topicId, topicId !== zeroTopicId)
        state.deleteTopic(topic)
        return { name: topic.name, topicId: topic.topicId }
      } catch (error) {
        const { errorCode, message } = refusalOf(error)
        return { name, topicId, errorCode, errorMessage: message }
      }
    }),
  }
}

export function createPartitions(
  { topics, validateOnly }: CreatePartitionsRequest,
  { state }: RequestContext,
): MessageInput<CreatePartitionsResponse> {
  return {
    results: topics.map(({ name, count }) => {
      try {
        state.topics.addPartitions(name, count, validateOnly)
        return { name }
      } catch (error) {
        const { errorCode, message } = refusalOf(error)
        return { name, errorCode, errorMessage: message }
      }
    }),
  }
}

/** The offset -1 means all that is there. */
export function deleteRecords(
  { topics }: DeleteRecordsRequest,
  { state, node }: RequestContext,
): MessageInput<DeleteRecordsResponse> {
  return {
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, offset }) => {
        try {
          const partition = findPartition(state.topics.get(name), partitionIndex)
          requireLeader(partition, node)
          const { log, topic } = partition
          if (!topic.config.settings.isDeleted) throw new Refusal('POLICY_VIOLATION')
          const before = offset === -1 ? log.highWatermark : offset
          if (before < 0 || before > log.highWatermark) throw new Refusal('OFFSET_OUT_OF_RANGE')
          log.deleteBefore(before)
          return { partitionIndex, lowWatermark: log.startOffset }
        } catch (error) {
          return { partitionIndex, lowWatermark: -1, errorCode: refusalOf(error).errorCode }
        }
      }),
    })),
  }
}
