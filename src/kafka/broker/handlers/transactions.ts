import type { AddOffsetsToTxnRequest, AddOffsetsToTxnResponse } from '../../protocol/messages/add-offsets-to-txn.ts'
import type {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from '../../protocol/messages/add-partitions-to-txn.ts'
import type { DescribeProducersRequest, DescribeProducersResponse } from '../../protocol/messages/describe-producers.ts'
import type {
  DescribeTransactionsRequest,
  DescribeTransactionsResponse,
} from '../../protocol/messages/describe-transactions.ts'
import type { EndTxnRequest, EndTxnResponse } from '../../protocol/messages/end-txn.ts'
import type { InitProducerIdRequest, InitProducerIdResponse } from '../../protocol/messages/init-producer-id.ts'
import type { ListTransactionsRequest, ListTransactionsResponse } from '../../protocol/messages/list-transactions.ts'
import type { MessageInput } from '../../protocol/message-spec.ts'
import { coordinatorPartition, offsetsTopic } from '../coordinator-partition.ts'
import { findPartition, requireLeader } from '../partition-access.ts'
import { codeOf, Refusal, refusalOf } from '../refusal.ts'
import type { RequestContext } from '../request-context.ts'
import type { Topic } from '../topics.ts'

/** Older clients know INVALID_PRODUCER_EPOCH only (KIP-588). */
const firstFencedVersion = { initProducerId: 4, others: 2 } as const
/** Protocol v2 (KIP-890); the version of the request decides, whatever `transaction.version` is finalised. */
const firstEndTxnVersionWithNewEpoch = 5

export function initProducerId(
  { transactionalId, transactionTimeoutMs, producerId, producerEpoch }: InitProducerIdRequest,
  { state, node, version }: RequestContext,
): MessageInput<InitProducerIdResponse> {
  try {
    if (transactionalId !== null) state.nodes.requireCoordinator('transaction', transactionalId, node)
    const expected = producerId < 0 ? undefined : { producerId, epoch: producerEpoch }
    const given = state.transactions.init(transactionalId, transactionTimeoutMs, expected)
    return { producerId: given.producerId, producerEpoch: given.epoch }
  } catch (error) {
    const errorCode = fencedCode(refusalOf(error), version, firstFencedVersion.initProducerId)
    return { errorCode, producerId: -1, producerEpoch: -1 }
  }
}

/** All partitions are added, or none. */
export function addPartitionsToTxn(
  request: AddPartitionsToTxnRequest,
  { state, node, version }: RequestContext,
): MessageInput<AddPartitionsToTxnResponse> {
  const transactionalId = request.v3AndBelowTransactionalId
  const owner = { producerId: request.v3AndBelowProducerId, epoch: request.v3AndBelowProducerEpoch }
  const partitions = request.v3AndBelowTopics.flatMap((topic) =>
    topic.partitions.map((partition) => ({ topic: topic.name, partition })),
  )
  const isKnown = (topic: string, partition: number): boolean => state.topics.partition(topic, partition) !== undefined
  const allKnown = partitions.every(({ topic, partition }) => isKnown(topic, partition))
  let code = 0
  try {
    state.nodes.requireCoordinator('transaction', transactionalId, node)
    if (!allKnown) throw new Refusal('OPERATION_NOT_ATTEMPTED')
    state.transactions.addPartitions(transactionalId, owner, partitions)
  } catch (error) {
    code = fencedCode(refusalOf(error), version, firstFencedVersion.others)
  }
  const unknown = new Refusal('UNKNOWN_TOPIC_OR_PARTITION').errorCode
  return {
    resultsByTopicV3AndBelow: request.v3AndBelowTopics.map((topic) => ({
      name: topic.name,
      resultsByPartition: topic.partitions.map((partitionIndex) => ({
        partitionIndex,
        partitionErrorCode: isKnown(topic.name, partitionIndex) ? code : unknown,
      })),
    })),
  }
}

export function addOffsetsToTxn(
  { transactionalId, producerId, producerEpoch, groupId }: AddOffsetsToTxnRequest,
  { state, node, version }: RequestContext,
): MessageInput<AddOffsetsToTxnResponse> {
  const partition = { topic: offsetsTopic, partition: coordinatorPartition(groupId) }
  try {
    state.nodes.requireCoordinator('transaction', transactionalId, node)
    state.transactions.addPartitions(transactionalId, { producerId, epoch: producerEpoch }, [partition])
    return {}
  } catch (error) {
    return { errorCode: fencedCode(refusalOf(error), version, firstFencedVersion.others) }
  }
}

export function endTxn(
  { transactionalId, producerId, producerEpoch, committed }: EndTxnRequest,
  { state, node, version }: RequestContext,
): MessageInput<EndTxnResponse> {
  const owner = { producerId, epoch: producerEpoch }
  try {
    state.nodes.requireCoordinator('transaction', transactionalId, node)
    if (version < firstEndTxnVersionWithNewEpoch) {
      state.transactions.end(transactionalId, owner, committed)
      return {}
    }
    const next = state.transactions.endWithNewEpoch(transactionalId, owner, committed)
    return { producerId: next.producerId, producerEpoch: next.epoch }
  } catch (error) {
    return { errorCode: fencedCode(refusalOf(error), version, firstFencedVersion.others) }
  }
}

function fencedCode(refusal: Refusal, version: number, firstVersion: number): number {
  if (refusal.name !== 'PRODUCER_FENCED' || version >= firstVersion) return refusal.errorCode
  return new Refusal('INVALID_PRODUCER_EPOCH').errorCode
}

export function describeTransactions(
  { transactionalIds }: DescribeTransactionsRequest,
  { state, node }: RequestContext,
): MessageInput<DescribeTransactionsResponse> {
  return {
    transactionStates: transactionalIds.map((transactionalId) => {
      const moved = codeOf(() => state.nodes.requireCoordinator('transaction', transactionalId, node))
      if (moved !== 0) return { transactionalId, errorCode: moved }
      const transaction = state.transactions.get(transactionalId)
      if (transaction === undefined) {
        return { transactionalId, errorCode: new Refusal('TRANSACTIONAL_ID_NOT_FOUND').errorCode }
      }
      const { producerId, epoch, timeoutMs, startedAtMs, partitions } = transaction
      const topics = new Map<string, number[]>()
      for (const { topic, partition } of partitions) topics.set(topic, [...(topics.get(topic) ?? []), partition])
      return {
        transactionalId,
        transactionState: transaction.state,
        transactionTimeoutMs: timeoutMs,
        transactionStartTimeMs: startedAtMs,
        producerId,
        producerEpoch: epoch,
        topics: [...topics].map(([topic, indexes]) => ({ topic, partitions: indexes })),
      }
    }),
  }
}

/** Each node lists the transactional ids it coordinates. */
export function listTransactions(
  { stateFilters, producerIdFilters, durationFilter }: ListTransactionsRequest,
  { state, node }: RequestContext,
): MessageInput<ListTransactionsResponse> {
  const startedBeforeMs = state.clock.now() - durationFilter
  const listed = state.transactions.all.filter((transaction) => {
    if (state.nodes.coordinator('transaction', transaction.transactionalId) !== node) return false
    if (stateFilters.length > 0 && !stateFilters.includes(transaction.state)) return false
    if (producerIdFilters.length > 0 && !producerIdFilters.includes(transaction.producerId)) return false
    const isOpen = transaction.startedAtMs >= 0
    return durationFilter < 0 || (isOpen && transaction.startedAtMs <= startedBeforeMs)
  })
  return {
    transactionStates: listed.map(({ transactionalId, producerId, state: transactionState }) => ({
      transactionalId,
      producerId,
      transactionState,
    })),
  }
}

export function describeProducers(
  { topics }: DescribeProducersRequest,
  { state, node }: RequestContext,
): MessageInput<DescribeProducersResponse> {
  return {
    topics: topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => {
        try {
          const activeProducers = producersOf(state.topics.get(name), partitionIndex, node)
          return { partitionIndex, activeProducers }
        } catch (error) {
          const { errorCode, message } = refusalOf(error)
          return { partitionIndex, errorCode, errorMessage: message }
        }
      }),
    })),
  }
}

type ActiveProducer = MessageInput<
  DescribeProducersResponse['topics'][number]['partitions'][number]['activeProducers'][number]
>

function producersOf(topic: Topic | undefined, index: number, node: RequestContext['node']): ActiveProducer[] {
  const partition = findPartition(topic, index)
  requireLeader(partition, node)
  return [...partition.log.producers.producers].map((producer) => ({
    producerId: producer.producerId,
    producerEpoch: producer.epoch,
    lastSequence: producer.batches.at(-1)?.lastSequence ?? -1,
    lastTimestamp: producer.lastTimestamp,
    coordinatorEpoch: 0,
    currentTxnStartOffset: producer.transactionFirstOffset ?? -1,
  }))
}
