/** Who has transactions open, and where: what operators need to know about a last stable offset that does not move. */
import type { TopicPartition, TopicPartitionKey } from '../../common/topic-partition.ts'
import { topicPartitionKey } from '../../common/topic-partition.ts'
import { apis } from '../protocol/apis.ts'
import { errorCodes, isStaleMetadata } from '../protocol/error-codes.ts'
import type { DescribeTransactionsResponseTransactionState } from '../protocol/messages/describe-transactions.ts'
import type { ActiveProducer, TransactionAdmin, TransactionDescription, TransactionListing } from './admin-types.ts'
import { retrying } from './backoff.ts'
import { byLeader } from './by-leader.ts'
import { mainLane } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { onEveryBroker } from './every-broker.ts'
import { byTopic, keyOfPartition } from './grouping.ts'
import { kafkaFault, throwOnError } from './kafka-faults.ts'

/** At most so many are asked for at the same time. */
const concurrency = 8

export class TransactionAdminRequests implements TransactionAdmin {
  readonly #cluster: Cluster
  readonly #timeoutMs: number

  constructor(cluster: Cluster, timeoutMs: number) {
    this.#cluster = cluster
    this.#timeoutMs = timeoutMs
  }

  async list({ producerIds = [] }: { readonly producerIds?: readonly number[] } = {}): Promise<
    readonly TransactionListing[]
  > {
    const what = 'Listing transactions'
    const answers = await onEveryBroker(this.#cluster, { what, timeoutMs: this.#timeoutMs }, async (nodeId) => {
      const request = { stateFilters: [], producerIdFilters: producerIds }
      const answer = await this.#cluster.send(nodeId, mainLane, apis.ListTransactions, request)
      throwOnError(answer.errorCode, { what, needs: { transactionalId: 'Describe' } })
      return answer.transactionStates
    })
    return answers
      .flat()
      .map(({ transactionalId, producerId, transactionState: state }) => ({ transactionalId, producerId, state }))
      .toSorted((a, b) => (a.transactionalId < b.transactionalId ? -1 : 1))
  }

  async describe(transactionalIds: readonly string[]): Promise<Map<string, TransactionDescription>> {
    const found = new Map<string, TransactionDescription>()
    const ids = [...new Set(transactionalIds)]
    for (let from = 0; from < ids.length; from += concurrency) {
      const part = ids.slice(from, from + concurrency)
      const described = await Promise.all(part.map((transactionalId) => this.#describe(transactionalId)))
      for (const one of described) if (one !== undefined) found.set(one.transactionalId, one)
    }
    return found
  }

  async producers(partitions: readonly TopicPartition[]): Promise<Map<TopicPartitionKey, readonly ActiveProducer[]>> {
    const found = new Map<TopicPartitionKey, readonly ActiveProducer[]>()
    if (partitions.length === 0) return found
    const what = `Describing the producers of ${partitions.length} partitions`
    await retrying(this.#cluster, { what, timeoutMs: this.#timeoutMs }, async () => {
      const open = partitions.filter((one) => !found.has(keyOfPartition(one)))
      for (const [nodeId, part] of await byLeader(this.#cluster, open)) {
        await this.#producersOf(nodeId, part, found)
      }
    })
    return found
  }

  async #producersOf(
    nodeId: number,
    partitions: readonly TopicPartition[],
    found: Map<TopicPartitionKey, readonly ActiveProducer[]>,
  ): Promise<void> {
    const topics = byTopic(partitions, ({ partition }) => partition).map((group) => ({
      name: group.name,
      partitionIndexes: group.partitions,
    }))
    const answer = await this.#cluster.send(nodeId, mainLane, apis.DescribeProducers, { topics })
    for (const topic of answer.topics) {
      for (const { partitionIndex: partition, errorCode, errorMessage, activeProducers } of topic.partitions) {
        if (errorCode !== errorCodes.NONE) {
          if (isStaleMetadata(errorCode)) this.#cluster.markStale()
          const subject = { topic: topic.name, partition, needs: { topic: 'Read' }, message: errorMessage }
          throw kafkaFault(errorCode, { what: `Describing the producers of ${topic.name}-${partition}`, ...subject })
        }
        found.set(
          topicPartitionKey(topic.name, partition),
          activeProducers.map(({ producerId, producerEpoch, lastTimestamp, currentTxnStartOffset: start }) => ({
            producerId,
            producerEpoch,
            lastTimestamp,
            transactionStart: start < 0 ? undefined : start,
          })),
        )
      }
    }
  }

  #describe(transactionalId: string): Promise<TransactionDescription | undefined> {
    const what = `Describing the transaction of ${transactionalId}`
    const retry = { what, timeoutMs: this.#timeoutMs }
    return this.#cluster.withCoordinator('transaction', transactionalId, retry, async (nodeId) => {
      const request = { transactionalIds: [transactionalId] }
      const { transactionStates } = await this.#cluster.send(nodeId, mainLane, apis.DescribeTransactions, request)
      const state = transactionStates[0]
      if (state === undefined || state.errorCode === errorCodes.TRANSACTIONAL_ID_NOT_FOUND) return undefined
      throwOnError(state.errorCode, { what, transactionalId, needs: { transactionalId: 'Describe' } })
      return describedTransaction(state)
    })
  }
}

function describedTransaction(state: DescribeTransactionsResponseTransactionState): TransactionDescription {
  return {
    transactionalId: state.transactionalId,
    producerId: state.producerId,
    producerEpoch: state.producerEpoch,
    state: state.transactionState,
    timeoutMs: state.transactionTimeoutMs,
    startedAtMs: state.transactionStartTimeMs < 0 ? undefined : state.transactionStartTimeMs,
    partitions: state.topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition }))),
  }
}
