import type { TopicPartition } from '../../common/topic-partition.ts'
import { apis } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { clientClosed, retrying } from './backoff.ts'
import type { RetryOptions } from './backoff.ts'
import type { Cluster } from './cluster.ts'
import { byTopic, entriesOf } from './grouping.ts'
import type { GroupIdentity, Offsets } from './kafka-client.ts'
import { kafkaFault, throwOnError } from './kafka-faults.ts'
import type { FaultSubject } from './kafka-faults.ts'
import { committedPartition, throwCommitFaults } from './offsets.ts'
import type { ProducerIdentity } from './partition-queue.ts'
import {
  abortableInTheEnd,
  isVersionFault,
  neverRepeated,
  protocolGone,
  transactionBackoff,
  unknownOutcome,
} from './transaction-faults.ts'
import { protocolOf, protocolVersions } from './transaction-protocol.ts'
import type { ProducerSession, TransactionProtocol } from './transaction-protocol.ts'

export interface TransactionRequestsOptions {
  readonly transactionalId: string | undefined
  readonly transactionTimeoutMs: number
  readonly timeoutMs: number
  /** Protocol v2 is not used, whatever the cluster has finalised. */
  readonly onlyV1?: boolean | undefined
}

const lane = 'transactions'

/**
 * The requests of a transaction: one method each, repeated while that is safe.
 *
 * A request that was sent and not answered may still be executed. Under v1 it could then hit the next transaction of the
 * same epoch, so it is never repeated: it makes the transaction abortable, or its outcome unknown, and only a new epoch
 * (InitProducerId) ends the doubt. Under v2 the epoch is the transaction's own: the same request is sent until it is
 * answered, and the broker answers a repeated end as the first one.
 */
export class TransactionRequests {
  readonly #cluster: Cluster
  readonly #options: TransactionRequestsOptions
  #isStopped = false

  constructor(cluster: Cluster, options: TransactionRequestsOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  /** Nothing is sent any more: what is retried in the background could fence the next producer of the same id. */
  stop(): void {
    this.#isStopped = true
  }

  /**
   * A new epoch: fences whoever had the transactional id before and resolves its open transaction. Always with -1, -1:
   * brokers before 4.0 refuse a producer's own id and epoch after a transaction time-out.
   */
  async initProducerId(): Promise<ProducerSession> {
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
        throwOnError(answer.errorCode, { what, needs: { cluster: 'IdempotentWrite' } })
        const { producerId, producerEpoch } = answer
        return { identity: { producerId, producerEpoch }, protocol: 'v1' }
      })
    }
    return this.#withCoordinator(what, async (nodeId) => {
      const protocol = await this.#protocolAt(nodeId)
      const answer = await this.#cluster.send(nodeId, lane, apis.InitProducerId, request, options)
      throwOnError(answer.errorCode, this.#subject(what))
      const { producerId, producerEpoch } = answer
      return { identity: { producerId, producerEpoch }, protocol }
    })
  }

  /** Protocol v1: before the first records of a transaction go to these partitions. */
  async addPartitions(identity: ProducerIdentity, partitions: readonly TopicPartition[]): Promise<void> {
    const what = 'Adding partitions to the transaction'
    await this.#onceOnCoordinator(what, async (nodeId) => {
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
            kafkaFault(result.partitionErrorCode, {
              ...this.#subject(what),
              topic: name,
              partition: result.partitionIndex,
            }),
          ),
      )
      const fault = results.find(({ reaction }) => reaction !== 'retriable') ?? results[0]
      if (fault !== undefined) throw fault
    })
  }

  /** Fenced by the group's generation, so that an owner of old cannot commit (KIP-447). */
  async sendOffsets({ identity, protocol }: ProducerSession, offsets: Offsets, group: GroupIdentity): Promise<void> {
    const what = `Committing offsets of the group ${group.groupId} in the transaction`
    if (protocol === 'v1') await this.#addOffsets(identity, group, what)
    const request = {
      transactionalId: this.#transactionalId,
      ...identity,
      groupId: group.groupId,
      generationId: group.generationId,
      memberId: group.memberId,
      groupInstanceId: group.instanceId ?? null,
      topics: byTopic(entriesOf(offsets), committedPartition),
    }
    const { clock } = this.#cluster
    const transactionalId = this.#transactionalId
    const beganMs = clock.now()
    const send = async (nodeId: number): Promise<void> => {
      const bounds = protocolVersions[protocol].offsets
      const { topics } = await this.#cluster.send(nodeId, lane, apis.TxnOffsetCommit, request, bounds)
      throwCommitFaults(topics, { what, groupId: group.groupId, transactionalId }, clock.now() - beganMs)
    }
    await abortableInTheEnd(what, () =>
      this.#cluster.withCoordinator('group', group.groupId, this.#retry(what), (nodeId) => {
        this.#throwIfStopped()
        return protocol === 'v1' ? neverRepeated(what, () => send(nodeId)) : whileSpoken(() => send(nodeId))
      }),
    )
  }

  #addOffsets(identity: ProducerIdentity, { groupId }: GroupIdentity, what: string): Promise<void> {
    const request = { transactionalId: this.#transactionalId, ...identity, groupId }
    return this.#onceOnCoordinator(what, async (nodeId) => {
      const answer = await this.#cluster.send(nodeId, lane, apis.AddOffsetsToTxn, request, { maxVersion: 3 })
      throwOnError(answer.errorCode, { ...this.#subject(what), groupId })
    })
  }

  /**
   * What to go on with: under v2 another epoch, or another producer id when the epochs are used up, after a commit and an
   * abort alike. Once a commit was sent, whatever is not a success leaves the outcome unknown.
   */
  async end({ identity, protocol }: ProducerSession, committed: boolean): Promise<ProducerSession> {
    const what = committed ? 'Committing the transaction' : 'Aborting the transaction'
    const request = { transactionalId: this.#transactionalId, ...identity, committed }
    let wasSent = false
    const send = async (nodeId: number): Promise<ProducerSession> => {
      // Connecting first: what fails before the request is sent changes nothing.
      const next = await this.#protocolAt(nodeId, protocol)
      wasSent = true
      const answer = await this.#cluster.send(nodeId, lane, apis.EndTxn, request, protocolVersions[protocol].end)
      throwOnError(answer.errorCode, this.#subject(what))
      if (protocol === 'v1') return { identity, protocol: next }
      const { producerId, producerEpoch } = answer
      // Java's TransactionManager, too, keeps what it has where the broker gives nothing.
      return { identity: producerId < 0 ? identity : { producerId, producerEpoch }, protocol: next }
    }
    try {
      if (protocol === 'v1') return await this.#onceOnCoordinator(what, send)
      return await abortableInTheEnd(what, () => this.#withCoordinator(what, send))
    } catch (error) {
      throw committed && wasSent ? unknownOutcome(what, error) : error
    }
  }

  /** What the cluster has finalised is learned anew, with a new connection to the coordinator. */
  async forgetProtocol(): Promise<void> {
    this.#cluster.drop(await this.#cluster.coordinator('transaction', this.#transactionalId), lane)
  }

  #subject(what: string): FaultSubject {
    const needs = { transactionalId: 'Write', group: 'Read', topic: 'Write' }
    return { what, transactionalId: this.#transactionalId, needs }
  }

  get #transactionalId(): string {
    return this.#options.transactionalId ?? ''
  }

  /** Of the next transaction. Throws when the coordinator cannot end the present one, which is one of `current`. */
  async #protocolAt(nodeId: number, current: TransactionProtocol = 'v1'): Promise<TransactionProtocol> {
    const versions = await this.#cluster.versionsOf(nodeId, lane)
    const needed = protocolVersions[current].end.minVersion ?? 0
    if ((versions.apis.get(apis.EndTxn.key)?.max ?? 0) < needed) throw protocolGone('Its coordinator is of Kafka 3.')
    return this.#options.onlyV1 === true ? 'v1' : protocolOf(versions)
  }

  #onceOnCoordinator<T>(what: string, attempt: (nodeId: number) => Promise<T>): Promise<T> {
    return abortableInTheEnd(what, () =>
      this.#withCoordinator(what, (nodeId) => neverRepeated(what, () => attempt(nodeId))),
    )
  }

  #withCoordinator<T>(what: string, attempt: (nodeId: number) => Promise<T>): Promise<T> {
    return this.#cluster.withCoordinator('transaction', this.#transactionalId, this.#retry(what), (nodeId) => {
      this.#throwIfStopped()
      return attempt(nodeId)
    })
  }

  #retry(what: string): RetryOptions {
    return { what, timeoutMs: this.#options.timeoutMs, onFault: transactionBackoff }
  }

  #throwIfStopped(): void {
    if (this.#isStopped) throw clientClosed()
  }
}

const harmless: readonly number[] = [errorCodes.NONE, errorCodes.OPERATION_NOT_ATTEMPTED]

async function whileSpoken(call: () => Promise<void>): Promise<void> {
  try {
    await call()
  } catch (error) {
    throw isVersionFault(error) ? protocolGone(error) : error
  }
}
