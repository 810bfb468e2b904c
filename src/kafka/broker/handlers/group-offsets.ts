import type { OffsetCommitRequest, OffsetCommitResponse } from '../../protocol/messages/offset-commit.ts'
import type { OffsetDeleteRequest, OffsetDeleteResponse } from '../../protocol/messages/offset-delete.ts'
import type { OffsetFetchRequest, OffsetFetchResponse } from '../../protocol/messages/offset-fetch.ts'
import type { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from '../../protocol/messages/txn-offset-commit.ts'
import type { MessageInput } from '../../protocol/message-spec.ts'
import { coordinatorPartition, offsetsTopic } from '../coordinator-partition.ts'
import type { CommittedOffset, GroupOffsets } from '../group-offsets.ts'
import { findPartition, findTopic } from '../partition-access.ts'
import { codeOf, Refusal, refusalOf } from '../refusal.ts'
import type { RequestContext } from '../request-context.ts'
import { subscribedTopics } from '../subscribed-topics.ts'

const firstCommitVersionWithIds = 10
const firstFetchVersionWithGroups = 8
const firstFetchVersionWithIds = 10
const firstTxnVersionWithAbortable = 4
/** From here on it puts the group into the transaction by itself (protocol v2). */
const firstTxnVersionThatAdds = 5

interface CommitTopic {
  readonly name: string
  readonly topicId?: string
  readonly partitions: readonly {
    readonly partitionIndex: number
    readonly committedOffset: number
    readonly committedLeaderEpoch: number
    readonly committedMetadata: string | null
  }[]
}

export function offsetCommit(
  request: OffsetCommitRequest,
  context: RequestContext,
): MessageInput<OffsetCommitResponse> {
  const { state, node, version } = context
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch } = request
  const identity = { groupId, memberId, instanceId: groupInstanceId, generationId: generationIdOrMemberEpoch }
  const open = (): GroupOffsets => {
    state.nodes.requireCoordinator('group', groupId, node)
    return state.groups.offsetsToCommit(identity, false)
  }
  const byId = version >= firstCommitVersionWithIds
  return { topics: commitAll(request.topics, byId, context, open, (offsets, offset) => offsets.commit(offset)) }
}

export function txnOffsetCommit(
  request: TxnOffsetCommitRequest,
  context: RequestContext,
): MessageInput<TxnOffsetCommitResponse> {
  const { state, node } = context
  const { groupId, memberId, groupInstanceId, generationId, producerId } = request
  const identity = { groupId, memberId, instanceId: groupInstanceId, generationId }
  const open = (): GroupOffsets => {
    state.nodes.requireCoordinator('group', groupId, node)
    enterTransaction(request, context)
    return state.groups.offsetsToCommit(identity, true)
  }
  const topics = commitAll(request.topics, false, context, open, (offsets, offset) =>
    offsets.commitPending(producerId, offset),
  )
  return { topics: topics.map(({ name, partitions }) => ({ name, partitions })) }
}

/** The group's partition must have been added with AddOffsetsToTxn, or is added now (protocol v2). */
function enterTransaction(request: TxnOffsetCommitRequest, { state, version }: RequestContext): void {
  const { transactionalId, producerId, producerEpoch, groupId } = request
  const partition = { topic: offsetsTopic, partition: coordinatorPartition(groupId) }
  const owner = { producerId, epoch: producerEpoch }
  const adds = version >= firstTxnVersionThatAdds
  try {
    if (adds) state.transactions.addPartitions(transactionalId, owner, [partition])
    else state.transactions.verify(transactionalId, owner, partition)
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal.name === 'PRODUCER_FENCED') throw new Refusal('INVALID_PRODUCER_EPOCH')
    if (refusal.name === 'CONCURRENT_TRANSACTIONS' && !adds) throw new Refusal('COORDINATOR_NOT_AVAILABLE')
    if (refusal.name === 'TRANSACTION_ABORTABLE' && version < firstTxnVersionWithAbortable) {
      throw new Refusal('INVALID_TXN_STATE')
    }
    throw refusal
  }
}

/** All offsets of one request with one right to commit; topics and metadata are judged one by one. */
function commitAll(
  topics: readonly CommitTopic[],
  byId: boolean,
  { state }: RequestContext,
  open: () => GroupOffsets,
  write: (offsets: GroupOffsets, offset: CommittedOffset) => void,
): { name: string; topicId: string; partitions: { partitionIndex: number; errorCode: number }[] }[] {
  let offsets: GroupOffsets | undefined
  const forbidden = codeOf(() => {
    offsets = open()
  })
  return topics.map(({ name, topicId = '', partitions }) => ({
    name,
    topicId,
    partitions: partitions.map((one) => {
      const { partitionIndex } = one
      if (offsets === undefined) return { partitionIndex, errorCode: forbidden }
      const target = offsets
      const errorCode = codeOf(() => {
        const topic = findTopic(state.topics, name, topicId, byId)
        findPartition(topic, partitionIndex)
        const offset: CommittedOffset = {
          topic: topic.name,
          partition: partitionIndex,
          offset: one.committedOffset,
          leaderEpoch: one.committedLeaderEpoch,
          metadata: one.committedMetadata ?? '',
          committedAtMs: state.clock.now(),
        }
        state.groups.checkMetadata(offset)
        write(target, offset)
      })
      return { partitionIndex, errorCode }
    }),
  }))
}

interface FetchTopic {
  readonly name: string
  readonly topicId?: string
  readonly partitionIndexes: readonly number[]
}

interface FetchedTopic {
  readonly name: string
  readonly topicId: string
  readonly partitions: {
    partitionIndex: number
    committedOffset: number
    committedLeaderEpoch: number
    metadata: string
    errorCode: number
  }[]
}

export function offsetFetch(request: OffsetFetchRequest, context: RequestContext): MessageInput<OffsetFetchResponse> {
  const { version } = context
  const fetchGroup = (groupId: string, topics: readonly FetchTopic[] | null): FetchedTopic[] => {
    context.state.nodes.requireCoordinator('group', groupId, context.node)
    return fetchOffsets(groupId, topics, request.requireStable, context)
  }
  if (version >= firstFetchVersionWithGroups) {
    return {
      groups: request.groups.map(({ groupId, topics }) => {
        try {
          return { groupId, topics: fetchGroup(groupId, topics) }
        } catch (error) {
          return { groupId, errorCode: refusalOf(error).errorCode }
        }
      }),
    }
  }
  try {
    const topics = fetchGroup(request.groupId, request.topics)
    return { topics: topics.map(({ name, partitions }) => ({ name, partitions })) }
  } catch (error) {
    return refusedFetch(request, refusalOf(error), version)
  }
}

/** Version 1 has no place for an error of the whole. */
function refusedFetch(
  { topics }: OffsetFetchRequest,
  { errorCode }: Refusal,
  version: number,
): MessageInput<OffsetFetchResponse> {
  if (version >= 2) return { errorCode }
  return {
    topics: (topics ?? []).map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({
        partitionIndex,
        committedOffset: -1,
        metadata: '',
        errorCode,
      })),
    })),
  }
}

function fetchOffsets(
  groupId: string,
  topics: readonly FetchTopic[] | null,
  requireStable: boolean,
  { state, version }: RequestContext,
): FetchedTopic[] {
  const offsets = state.groups.get(groupId)?.offsets
  const one = (topic: string, partitionIndex: number): FetchedTopic['partitions'][number] => {
    const none = { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '' }
    if (requireStable && offsets?.isPending(topic, partitionIndex)) {
      return { ...none, errorCode: new Refusal('UNSTABLE_OFFSET_COMMIT').errorCode }
    }
    const committed = offsets?.get(topic, partitionIndex)
    if (committed === undefined) return { ...none, errorCode: 0 }
    const { offset, leaderEpoch, metadata } = committed
    return { partitionIndex, committedOffset: offset, committedLeaderEpoch: leaderEpoch, metadata, errorCode: 0 }
  }
  const byId = version >= firstFetchVersionWithIds
  return (topics ?? allTopics(offsets)).map(({ name, topicId = '', partitionIndexes }) => {
    const topic = byId && topicId !== '' ? state.topics.byId(topicId) : state.topics.get(name)
    if (byId && topicId !== '' && topic === undefined) {
      const { errorCode } = new Refusal('UNKNOWN_TOPIC_ID')
      const none = { committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode }
      return { name, topicId, partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, ...none })) }
    }
    const known = topic?.name ?? name
    const partitions = partitionIndexes.map((partitionIndex) => one(known, partitionIndex))
    return { name: known, topicId: topic?.topicId ?? topicId, partitions }
  })
}

function allTopics(offsets: GroupOffsets | undefined): FetchTopic[] {
  const byTopic = new Map<string, number[]>()
  for (const { topic, partition } of offsets?.all() ?? []) {
    const known = byTopic.get(topic)
    if (known === undefined) byTopic.set(topic, [partition])
    else known.push(partition)
  }
  return [...byTopic].map(([name, partitionIndexes]) => ({ name, partitionIndexes }))
}

export function offsetDelete(
  { groupId, topics }: OffsetDeleteRequest,
  { state, node }: RequestContext,
): MessageInput<OffsetDeleteResponse> {
  try {
    state.nodes.requireCoordinator('group', groupId, node)
    const group = state.groups.get(groupId)
    if (group === undefined) throw new Refusal('GROUP_ID_NOT_FOUND')
    const subscribed = subscribedTopics(group.classic)
    return {
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => ({
          partitionIndex,
          errorCode: codeOf(() => {
            if (subscribed === 'all' || subscribed.has(name)) throw new Refusal('GROUP_SUBSCRIBED_TO_TOPIC')
            group.offsets.delete(name, partitionIndex)
          }),
        })),
      })),
    }
  } catch (error) {
    return { errorCode: refusalOf(error).errorCode }
  }
}
