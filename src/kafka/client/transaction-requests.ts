import type { TopicPartition } from '../../common/topic-partition.ts'
import { KafkaError, TransportError } from '../../errors/kafka-error.ts'
import type { KafkaErrorCode } from '../../errors/kafka-error.ts'
import type { Reaction } from '../../errors/streams-error.ts'
import { reactionOf } from '../../errors/streams-error.ts'
import { apis } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { retrying, shortBackoff } from './backoff.ts'
import type { BackoffRange, RetryOptions } from './backoff.ts'
import type { Cluster } from './cluster.ts'
import { byTopic, entriesOf } from './grouping.ts'
import type { GroupIdentity, Offsets } from './kafka-client.ts'
import { kafkaCodeOf, kafkaFault, throwOnError } from './kafka-faults.ts'
import { committedPartition, throwCommitFaults } from './offsets.ts'
import type { ProducerIdentity } from './partition-queue.ts'

export interface TransactionRequestsOptions {
  readonly transactionalId: string | undefined
  readonly transactionTimeoutMs: number
  readonly timeoutMs: number
}

const lane = 'transactions'

/**
 * The requests of a transaction in protocol v1 (KIP-98, KIP-447): one method each, repeated while that is safe.
 *
 * A request that was sent and not answered may still be executed, and under v1 it could then hit the next transaction
 * of the same epoch. So it is never repeated: it makes the transaction abortable, or its outcome unknown, and only a new
 * epoch (InitProducerId) ends the doubt. Protocol v2 (KIP-890) gives every transaction an epoch of its own; `end` returns
 * the identity to go on with for that reason.
 */
export class TransactionRequests {
  readonly #cluster: Cluster
  readonly #options: TransactionRequestsOptions

  constructor(cluster: Cluster, options: TransactionRequestsOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  /**
   * A new epoch: fences whoever had the transactional id before and resolves its open transaction. Always with -1, -1:
   * brokers before 4.0 refuse a producer's own id and epoch after a transaction time-out.
   */
  initProducerId(): Promise<ProducerIdentity> {
    const { transactionalId, transactionTimeoutMs } = this.#options
    const request = {
      transactionalId: transactionalId ?? null,
      transactionTimeoutMs: transactionalId === undefined ? 0x7fff_ffff : transactionTimeoutMs,
      producerId: -1,
      producerEpoch: -1,
    }
    const options = { maxVersion: 4 }
    const what = `Initialising the producer${transactionalId === undefined ? '' : ` ${transactionalId}`}`
    if (transactionalId === undefined) {
      return retrying(this.#cluster, this.#retry(what), async () => {
        const answer = await this.#cluster.sendToAny(apis.InitProducerId, request, options)
        throwOnError(answer.errorCode, { what })
        return { producerId: answer.producerId, producerEpoch: answer.producerEpoch }
      })
    }
    return this.#cluster.withCoordinator('transaction', transactionalId, this.#retry(what), async (nodeId) => {
      const answer = await this.#cluster.send(nodeId, lane, apis.InitProducerId, request, options)
      throwOnError(answer.errorCode, { what })
      return { producerId: answer.producerId, producerEpoch: answer.producerEpoch }
    })
  }

  /** Before the first records of a transaction go to these partitions. */
  async addPartitions(identity: ProducerIdentity, partitions: readonly TopicPartition[]): Promise<void> {
    const what = 'Adding partitions to the transaction'
    await this.#onCoordinator(what, async (nodeId) => {
      const answer = await this.#cluster.send(
        nodeId,
        lane,
        apis.AddPartitionsToTxn,
        {
          v3AndBelowTransactionalId: this.#transactionalId,
          v3AndBelowProducerId: identity.producerId,
          v3AndBelowProducerEpoch: identity.producerEpoch,
          v3AndBelowTopics: byTopic(partitions, ({ partition }) => partition),
        },
        // 4 and later are for brokers among themselves.
        { maxVersion: 3 },
      )
      const results = answer.resultsByTopicV3AndBelow.flatMap(({ name, resultsByPartition }) =>
        resultsByPartition
          // The others were not attempted because one failed.
          .filter(({ partitionErrorCode }) => !harmless.includes(partitionErrorCode))
          .map((result) =>
            kafkaFault(result.partitionErrorCode, { what, topic: name, partition: result.partitionIndex }),
          ),
      )
      const fault = results.find(({ reaction }) => reaction !== 'retriable') ?? results[0]
      if (fault !== undefined) throw fault
    })
  }

  /** Fenced by the group's generation, so that an owner of old cannot commit (KIP-447). */
  async sendOffsets(identity: ProducerIdentity, offsets: Offsets, group: GroupIdentity): Promise<void> {
    const transactionalId = this.#transactionalId
    const what = `Committing offsets of the group ${group.groupId} in the transaction`
    await this.#onCoordinator(what, async (nodeId) => {
      const answer = await this.#cluster.send(
        nodeId,
        lane,
        apis.AddOffsetsToTxn,
        { transactionalId, ...identity, groupId: group.groupId },
        { maxVersion: 3 },
      )
      throwOnError(answer.errorCode, { what })
    })
    const request = {
      transactionalId,
      ...identity,
      groupId: group.groupId,
      generationId: group.generationId,
      memberId: group.memberId,
      groupInstanceId: group.instanceId ?? null,
      topics: byTopic(entriesOf(offsets), committedPartition),
    }
    await this.#guarded('abortable', what, () =>
      this.#cluster.withCoordinator('group', group.groupId, this.#retry(what), (nodeId) =>
        neverRepeated(what, async () => {
          // 5 would put the group into the transaction by itself: protocol v2.
          const bounds = { minVersion: 3, maxVersion: 4 }
          throwCommitFaults(
            (await this.#cluster.send(nodeId, lane, apis.TxnOffsetCommit, request, bounds)).topics,
            what,
          )
        }),
      ),
    )
  }

  /** The identity to go on with. Once a commit was sent, whatever is not a success leaves the outcome unknown. */
  async end(identity: ProducerIdentity, committed: boolean): Promise<ProducerIdentity> {
    const transactionalId = this.#transactionalId
    const what = committed ? 'Committing the transaction' : 'Aborting the transaction'
    let wasSent = false
    try {
      await this.#onCoordinator(what, async (nodeId) => {
        // Connecting first: what fails before the request is sent changes nothing.
        await this.#cluster.versionsOf(nodeId, lane)
        wasSent = true
        const request = { transactionalId, ...identity, committed }
        const { errorCode } = await this.#cluster.send(nodeId, lane, apis.EndTxn, request, { maxVersion: 4 })
        throwOnError(errorCode, { what })
      })
    } catch (error) {
      throw committed && wasSent ? unknownOutcome(what, error) : error
    }
    return identity
  }

  get #transactionalId(): string {
    return this.#options.transactionalId ?? ''
  }

  #onCoordinator(what: string, attempt: (nodeId: number) => Promise<void>): Promise<void> {
    return this.#guarded('abortable', what, () =>
      this.#cluster.withCoordinator('transaction', this.#transactionalId, this.#retry(what), (nodeId) =>
        neverRepeated(what, () => attempt(nodeId)),
      ),
    )
  }

  #retry(what: string): RetryOptions {
    return { what, timeoutMs: this.#options.timeoutMs, onFault: backoffFor }
  }

  /** What was retried until the time was up ends the transaction, not the producer. */
  async #guarded<T>(reaction: Reaction, what: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      if (reactionOf(error) !== 'retriable') throw error
      throw new KafkaError('MILLRACE_TRANSACTION_ABORTABLE', `${what} did not succeed in time.`, {
        cause: error,
        reaction,
      })
    }
  }
}

const harmless: readonly number[] = [errorCodes.NONE, errorCodes.OPERATION_NOT_ATTEMPTED]

/** The markers of the transaction before are still being written: over in milliseconds. */
function backoffFor(error: unknown): BackoffRange | undefined {
  return kafkaCodeOf(error) === errorCodes.CONCURRENT_TRANSACTIONS ? shortBackoff : undefined
}

/** These come only after the request may have reached the broker. */
const doubtfulCodes: readonly string[] = [
  'MILLRACE_REQUEST_TIMEOUT',
  'MILLRACE_CONNECTION_LOST',
  'MILLRACE_CONNECTION_CLOSED',
]

export function isDoubtful(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof TransportError && doubtfulCodes.includes(at.code)) return true
  }
  return false
}

async function neverRepeated<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!isDoubtful(error)) throw error
    const words = error instanceof Error ? error.message : String(error)
    const code: KafkaErrorCode = 'MILLRACE_TRANSACTION_ABORTABLE'
    throw new KafkaError(code, `${what}: no answer came, so it may still be executed. ${words}`, {
      cause: error,
      reaction: 'abortable',
    })
  }
}

function unknownOutcome(what: string, cause: unknown): KafkaError {
  const words = cause instanceof Error ? cause.message : String(cause)
  const kafkaCode = kafkaCodeOf(cause)
  return new KafkaError(
    'MILLRACE_TRANSACTION_OUTCOME_UNKNOWN',
    `${what}: whether it happened is not known. State is replayed from its changelog. ${words}`,
    { cause, reaction: 'unknown-outcome', ...(kafkaCode === undefined ? {} : { kafkaCode }) },
  )
}
