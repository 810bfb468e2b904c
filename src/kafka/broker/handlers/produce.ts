import { BrokerError } from '../../../errors/broker-error.ts'
import type {
  ProduceRequest,
  ProduceResponse,
  ProduceResponsePartitionProduceResponse,
} from '../../protocol/messages/produce.ts'
import type { MessageInput } from '../../protocol/message-spec.ts'
import { noProducerId } from '../../records/batch-layout.ts'
import { incomingBatch } from '../incoming-batch.ts'
import { findPartition, findTopic, requireLeader } from '../partition-access.ts'
import { Refusal, refusalOf } from '../refusal.ts'
import type { RequestContext } from '../request-context.ts'
import type { StoredBatch } from '../stored-batch.ts'
import type { Partition } from '../topics.ts'

type PartitionAnswer = MessageInput<ProduceResponsePartitionProduceResponse>

const firstVersionWithIds = 13
/** From here on a write outside of a transaction is TRANSACTION_ABORTABLE (KIP-890). */
const firstVersionWithAbortable = 11
/** From here on a write puts its partition into the transaction by itself (protocol v2). */
const firstVersionThatAdds = 12
const firstVersionWithLeader = 10

export function produce(request: ProduceRequest, context: RequestContext): MessageInput<ProduceResponse> | undefined {
  const moved = new Map<number, Partition>()
  const responses = request.topicData.map(({ name, topicId, partitionData }) => ({
    name,
    topicId,
    partitionResponses: partitionData.map(({ index, records }) => {
      let partition: Partition | undefined
      try {
        if (![0, 1, -1].includes(request.acks)) throw new Refusal('INVALID_REQUIRED_ACKS')
        const topic = findTopic(context.state.topics, name, topicId, context.version >= firstVersionWithIds)
        partition = findPartition(topic, index)
        return append(partition, records, request, context)
      } catch (error) {
        return refused(index, refusalOf(error), partition, moved, context)
      }
    }),
  }))
  if (request.acks === 0) {
    // Nobody waits for an answer: the end of the connection is how a client learns that its metadata is stale.
    const isRefused = responses.some(({ partitionResponses }) =>
      partitionResponses.some(({ errorCode = 0 }) => errorCode !== 0),
    )
    if (isRefused)
      throw new BrokerError('MILLRACE_BROKER_CONNECTION_CLOSED', 'connection closed: a Produce with acks 0 was refused')
    return undefined
  }
  return { responses, nodeEndpoints: endpoints(moved, context) }
}

function append(
  partition: Partition,
  records: Uint8Array | null,
  request: ProduceRequest,
  context: RequestContext,
): PartitionAnswer {
  const { state, node } = context
  const { topic, log, index } = partition
  requireLeader(partition, node)
  const incoming = incomingBatch(records, topic, state.clock.now())
  const { producerId, producerEpoch, baseSequence, recordCount, isTransactional, maxTimestamp } = incoming
  const answer = (baseOffset: number): PartitionAnswer => ({
    index,
    baseOffset,
    logAppendTimeMs: topic.config.settings.isLogAppendTime ? maxTimestamp : -1,
    logStartOffset: log.startOffset,
  })
  if (producerId === noProducerId) {
    const batch = log.append(incoming.bytes, partition.leaderEpoch)
    state.appended(partition)
    return answer(batch.baseOffset)
  }
  const batch: Parameters<typeof log.producers.check>[0] = {
    producerId,
    producerEpoch,
    baseSequence,
    recordCount,
    isTransactional,
    maxTimestamp,
  }
  if (isTransactional) enterTransaction(partition, batch, request, context)
  const duplicate = log.producers.duplicateOf(batch)
  if (duplicate !== undefined) return answer(duplicate)
  log.producers.check(batch, isTransactional && context.version >= firstVersionThatAdds)
  const stored: StoredBatch = log.append(incoming.bytes, partition.leaderEpoch)
  log.producers.append(stored)
  state.appended(partition)
  return answer(stored.baseOffset)
}

/**
 * The first write of a transaction to a partition: it must have been announced (KIP-890, first part, as brokers since 3.6
 * ask), or it is the announcement (protocol v2).
 */
function enterTransaction(
  { topic, index, log }: Partition,
  batch: Pick<StoredBatch, 'producerId' | 'producerEpoch'>,
  { transactionalId }: ProduceRequest,
  { state, version }: RequestContext,
): void {
  const { producerId, producerEpoch } = batch
  if (transactionalId === null) throw new Refusal('TRANSACTIONAL_ID_AUTHORIZATION_FAILED')
  if (log.producers.hasOpenTransaction(producerId, producerEpoch)) return
  // The partition knows it before the coordinator is asked, who may know the producer id no more.
  if ((log.producers.get(producerId)?.epoch ?? producerEpoch) > producerEpoch) {
    throw new Refusal('INVALID_PRODUCER_EPOCH')
  }
  const owner = { producerId, epoch: producerEpoch }
  const partition = { topic: topic.name, partition: index }
  try {
    if (version >= firstVersionThatAdds) state.transactions.addPartitions(transactionalId, owner, [partition])
    else state.transactions.verify(transactionalId, owner, partition)
  } catch (error) {
    throw writeRefusal(refusalOf(error), version)
  }
}

/** How the coordinator's refusal is told to a producer. */
function writeRefusal(refusal: Refusal, version: number): Refusal {
  if (refusal.name === 'PRODUCER_FENCED') return new Refusal('INVALID_PRODUCER_EPOCH')
  // The last transaction's markers are still on their way: to be tried again, which older clients do with this error.
  if (refusal.name === 'CONCURRENT_TRANSACTIONS' && version < firstVersionThatAdds) {
    return new Refusal('NOT_ENOUGH_REPLICAS')
  }
  if (refusal.name === 'TRANSACTION_ABORTABLE' && version < firstVersionWithAbortable) {
    return new Refusal('INVALID_TXN_STATE', refusal.message)
  }
  return refusal
}

function refused(
  index: number,
  refusal: Refusal,
  partition: Partition | undefined,
  moved: Map<number, Partition>,
  { version }: RequestContext,
): PartitionAnswer {
  const answer = { index, errorCode: refusal.errorCode, baseOffset: -1, errorMessage: refusal.message }
  if (partition === undefined || refusal.name !== 'NOT_LEADER_OR_FOLLOWER' || version < firstVersionWithLeader) {
    return answer
  }
  moved.set(partition.leaderId, partition)
  return { ...answer, currentLeader: { leaderId: partition.leaderId, leaderEpoch: partition.leaderEpoch } }
}

/** Where the leaders are that partitions moved to (KIP-951). */
export function endpoints(
  moved: ReadonlyMap<number, Partition>,
  { state }: RequestContext,
): { nodeId: number; host: string; port: number; rack: null }[] {
  return [...moved.keys()].flatMap((nodeId) => {
    const node = state.nodes.get(nodeId)
    return node === undefined ? [] : [{ nodeId, ...node.endpoint, rack: null }]
  })
}
