import type { Timer } from '../../common/clock.ts'
import type { TopicPartition } from '../../common/topic-partition.ts'
import { KafkaError } from '../../errors/kafka-error.ts'
import { reactionOf } from '../../errors/streams-error.ts'
import { apis } from '../protocol/apis.ts'
import { errorCodes, isRetriable, isStaleMetadata } from '../protocol/error-codes.ts'
import type { ProduceResponsePartitionProduceResponse } from '../protocol/messages/produce.ts'
import { backoffMs } from './backoff.ts'
import type { Cluster } from './cluster.ts'
import { byTopic } from './grouping.ts'
import { kafkaCodeOf, kafkaFault } from './kafka-faults.ts'
import type { PartitionQueue, ProducerIdentity } from './partition-queue.ts'
import type { ProducerBatch } from './producer-batch.ts'
import { isDoubtful, isVersionFault, protocolGone } from './transaction-faults.ts'
import { pauseAfterEndMs, protocolVersions } from './transaction-protocol.ts'
import type { ProducerSession } from './transaction-protocol.ts'

export interface ProduceSenderOptions {
  readonly transactionalId: string | undefined
  readonly deliveryTimeoutMs: number
  readonly addPartitions: (identity: ProducerIdentity, partitions: readonly TopicPartition[]) => Promise<void>
  readonly onAcknowledged: (bytes: number) => void
  readonly onFailed: (error: unknown) => void
}

interface SentBatch {
  readonly queue: PartitionQueue
  readonly batch: ProducerBatch
}

const lane = 'produce'
const maxRequestBytes = 4 * 1024 * 1024
const maxRequestsPerBroker = 5
const retryBackoff = { firstMs: 20, maxMs: 1000 }
/** The markers of the transaction before are being written; the broker itself has waited for them, too. */
const markersBackoff = { firstMs: 1, maxMs: 20 }
/** A partition without a leader is looked up again after this time. */
const lookUpAgainMs = 100
/** All in-sync replicas have the records. */
const acksAll = -1

/**
 * Sends sealed batches: one batch per partition and request, several requests per broker under way, each batch repeated
 * with its own sequence until it is acknowledged, refused, or too old. In a transaction of protocol v1 a partition is added
 * to it first; under v2 its first batch does that.
 */
export class ProduceSender {
  readonly #cluster: Cluster
  readonly #options: ProduceSenderOptions
  /** Those with batches, in the order in which they are served. */
  #work = new Set<PartitionQueue>()
  readonly #added = new Set<PartitionQueue>()
  readonly #requests = new Map<number, number>()
  #session: ProducerSession | undefined
  #transaction = 0
  /** Answers to requests of an earlier life of the queues mean nothing any more. */
  #life = 0
  #isPaused = true
  /** The markers of the transaction before are awaited. */
  #pause: Timer | undefined
  #isAdding = false
  #isLookingUp = false
  #isDoubtful = false
  #lookUpNotBeforeMs = 0
  #timerAtMs = Infinity

  constructor(cluster: Cluster, options: ProduceSenderOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  /** Whether a request of this transaction was sent and not answered. */
  get isDoubtful(): boolean {
    return this.#isDoubtful || this.#isAdding
  }

  /** A transaction begins (or a producer without any); `isAfterEnd`: at once after another. */
  begin(session: ProducerSession, transaction: number, isAfterEnd = false): void {
    this.#session = session
    this.#transaction = transaction
    this.#added.clear()
    this.#isDoubtful = false
    this.#isPaused = false
    this.#endPause()
    if (isAfterEnd && session.protocol === 'v2') {
      this.#pause = this.#cluster.clock.setTimer(pauseAfterEndMs, () => {
        this.#pause = undefined
        this.pump()
      })
    }
    this.pump()
  }

  #endPause(): void {
    this.#pause?.cancel()
    this.#pause = undefined
  }

  /** What was to be the next transaction belongs to the current one, too. */
  extend(transaction: number): void {
    this.#transaction = transaction
  }

  pause(): void {
    this.#isPaused = true
  }

  stop(): void {
    this.#isPaused = true
    this.#endPause()
    this.#work.clear()
  }

  discard(): void {
    this.#life++
    this.#isPaused = true
    this.#isAdding = false
    this.#endPause()
    this.#work.clear()
    this.#added.clear()
    this.#requests.clear()
  }

  add(queue: PartitionQueue): void {
    this.#work.add(queue)
  }

  /** Whether batches of that transaction, or an earlier one, are not acknowledged yet. */
  hasBatches(transaction: number): boolean {
    for (const { head } of this.#work) if (head !== undefined && head.transaction <= transaction) return true
    return false
  }

  /** Sends whatever can be sent now. */
  pump(): void {
    if (this.#isPaused || this.#pause !== undefined || this.#session === undefined) return
    const mustAdd = this.#options.transactionalId !== undefined && this.#session.protocol === 'v1'
    const unknown: PartitionQueue[] = []
    const toAdd: PartitionQueue[] = []
    const ready = new Map<number, PartitionQueue[]>()
    for (const queue of this.#work) {
      const { head } = queue
      if (head === undefined) {
        this.#work.delete(queue)
        continue
      }
      if (head.transaction > this.#transaction) continue
      const leader = this.#cluster.metadata.leader(queue)
      if (leader === undefined) {
        unknown.push(queue)
      } else if (mustAdd && !this.#added.has(queue)) {
        toAdd.push(queue)
      } else {
        const queues = ready.get(leader.nodeId)
        if (queues === undefined) ready.set(leader.nodeId, [queue])
        else queues.push(queue)
      }
    }
    if (unknown.length > 0) this.#lookUp(unknown)
    if (toAdd.length > 0) this.#addPartitions(toAdd)
    for (const [nodeId, queues] of ready) this.#sendTo(nodeId, queues)
  }

  #sendTo(nodeId: number, queues: readonly PartitionQueue[]): void {
    const now = this.#cluster.clock.now()
    const isChecked = this.#session?.protocol === 'v2'
    while ((this.#requests.get(nodeId) ?? 0) < maxRequestsPerBroker) {
      const sent: SentBatch[] = []
      let bytes = 0
      for (const queue of queues) {
        const batch = queue.sendable(this.#transaction, nodeId, now, isChecked)
        if (batch === undefined || (bytes > 0 && bytes + batch.bytes.length > maxRequestBytes)) continue
        bytes += batch.bytes.length
        sent.push({ queue, batch })
      }
      for (const queue of queues) if (queue.retryAtMs > now) this.#wakeAt(queue.retryAtMs)
      if (sent.length === 0) return
      this.#send(nodeId, sent).catch((error: unknown) => this.#options.onFailed(error))
    }
  }

  async #send(nodeId: number, sent: readonly SentBatch[]): Promise<void> {
    const { transactionalId } = this.#options
    const session = this.#session
    if (session === undefined) return
    const life = this.#life
    for (const { queue, batch } of sent) {
      queue.onSend(batch, nodeId, session.identity, transactionalId !== undefined)
      // Who was served goes to the end, so that a full request does not starve the same partitions for ever.
      this.#work.delete(queue)
      this.#work.add(queue)
    }
    this.#requests.set(nodeId, (this.#requests.get(nodeId) ?? 0) + 1)
    let fault: unknown
    let answers: ReadonlyMap<string, ProduceResponsePartitionProduceResponse> = new Map()
    try {
      answers = await this.#request(nodeId, session, sent)
    } catch (error) {
      fault = session.protocol === 'v2' && isVersionFault(error) ? protocolGone(error) : error
    }
    if (life !== this.#life) return
    this.#requests.set(nodeId, (this.#requests.get(nodeId) ?? 1) - 1)
    if (fault !== undefined) this.#onRequestFault(sent, fault)
    else for (const one of sent) this.#onAnswer(one, answers.get(one.queue.key))
    this.pump()
  }

  async #request(
    nodeId: number,
    { protocol }: ProducerSession,
    sent: readonly SentBatch[],
  ): Promise<ReadonlyMap<string, ProduceResponsePartitionProduceResponse>> {
    const { requestTimeoutMs } = this.#cluster
    const items = sent.map(({ queue, batch }) => ({ topic: queue.topic, partition: queue.partition, batch }))
    const { responses } = await this.#cluster.send(
      nodeId,
      lane,
      apis.Produce,
      {
        transactionalId: this.#options.transactionalId ?? null,
        acks: acksAll,
        timeoutMs: requestTimeoutMs,
        topicData: byTopic(items, ({ partition, batch }) => ({ index: partition, records: batch.bytes })).map(
          ({ name, partitions }) => ({ name, partitionData: partitions }),
        ),
      },
      // A broker may take its whole time-out to answer, so ours is longer.
      { ...protocolVersions[protocol].produce, timeoutMs: requestTimeoutMs + 1000 },
    )
    return new Map(
      responses.flatMap(({ name, partitionResponses }) =>
        partitionResponses.map((answer) => [`${name}-${answer.index}`, answer] as const),
      ),
    )
  }

  #onAnswer({ queue, batch }: SentBatch, answer: ProduceResponsePartitionProduceResponse | undefined): void {
    const errorCode = answer?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR
    if (errorCode === errorCodes.NONE || errorCode === errorCodes.DUPLICATE_SEQUENCE_NUMBER) {
      queue.onAcknowledged(batch, answer?.baseOffset ?? -1)
      this.#options.onAcknowledged(batch.bufferedBytes)
      return
    }
    if (errorCode === errorCodes.MESSAGE_TOO_LARGE && queue.split(batch)) return
    if (isStaleMetadata(errorCode)) this.#refreshMetadata()
    // A gap because the batch before failed, and not a real one: both are sent again, in order.
    const isBehind = errorCode === errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER && queue.head !== batch
    const fault = kafkaFault(errorCode, {
      what: `Producing ${batch.recordCount} records (${batch.bytes.length} bytes) to ${queue.key}`,
      topic: queue.topic,
      partition: queue.partition,
      message: answer?.errorMessage ?? null,
      transactionalId: this.#options.transactionalId,
      needs: { topic: 'Write', transactionalId: 'Write', cluster: 'IdempotentWrite' },
    })
    if (isBehind || isRetriable(errorCode)) this.#retry({ queue, batch }, fault)
    else this.#options.onFailed(fault)
  }

  #onRequestFault(sent: readonly SentBatch[], fault: unknown): void {
    if (reactionOf(fault) !== 'retriable') {
      this.#options.onFailed(fault)
      return
    }
    if (isDoubtful(fault)) this.#isDoubtful = true
    this.#refreshMetadata()
    for (const one of sent) this.#retry(one, fault)
  }

  #retry({ queue, batch }: SentBatch, cause: unknown): void {
    const { clock, random, logger } = this.#cluster
    const now = clock.now()
    const isEarly = kafkaCodeOf(cause) === errorCodes.CONCURRENT_TRANSACTIONS
    const retryAtMs = now + backoffMs(isEarly ? markersBackoff : retryBackoff, batch.attempts, random)
    queue.onFailed(batch, retryAtMs)
    logger.debug({ partition: queue.key, attempts: batch.attempts, cause: String(cause) }, 'a batch is sent again')
    if (this.#isTooOld(batch, now)) this.#options.onFailed(tooOld(queue, batch, this.#options.deliveryTimeoutMs, cause))
    else this.#wakeAt(retryAtMs)
  }

  #isTooOld({ sealedAtMs }: ProducerBatch, now: number): boolean {
    return now - sealedAtMs > this.#options.deliveryTimeoutMs
  }

  #addPartitions(queues: readonly PartitionQueue[]): void {
    const identity = this.#session?.identity
    if (this.#isAdding || identity === undefined) return
    this.#isAdding = true
    const life = this.#life
    this.#options.addPartitions(identity, queues).then(
      () => {
        if (life !== this.#life) return
        this.#isAdding = false
        for (const queue of queues) this.#added.add(queue)
        this.pump()
      },
      (error: unknown) => {
        if (life !== this.#life) return
        this.#isAdding = false
        if (isDoubtful(error)) this.#isDoubtful = true
        this.#options.onFailed(error)
      },
    )
  }

  #refreshMetadata(): void {
    this.#cluster.markStale()
    this.#lookUp([...this.#work])
  }

  /** Learns leaders; again after a while where there is none. */
  #lookUp(queues: readonly PartitionQueue[]): void {
    const { clock, metadata } = this.#cluster
    if (this.#isLookingUp) return
    // The timer that brought us here may have been an earlier one, in whose favour that of the next look was not set.
    if (clock.now() < this.#lookUpNotBeforeMs) return this.#wakeAt(this.#lookUpNotBeforeMs)
    this.#isLookingUp = true
    this.#cluster
      .track(new Set(queues.map(({ topic }) => topic)))
      .catch((error: unknown) => {
        if (reactionOf(error) !== 'retriable') this.#options.onFailed(error)
      })
      .finally(() => {
        this.#isLookingUp = false
        const lost = queues.filter((queue) => queue.head !== undefined && metadata.leader(queue) === undefined)
        const now = clock.now()
        const old = lost.find(({ head }) => head !== undefined && this.#isTooOld(head, now))
        if (old?.head !== undefined) {
          this.#options.onFailed(tooOld(old, old.head, this.#options.deliveryTimeoutMs, 'the partition has no leader'))
        } else if (lost.length > 0) {
          this.#cluster.markStale()
          this.#lookUpNotBeforeMs = now + lookUpAgainMs
          this.#wakeAt(this.#lookUpNotBeforeMs)
        }
        this.pump()
      })
  }

  /** One timer, for the earliest of all retries. */
  #wakeAt(atMs: number): void {
    if (atMs >= this.#timerAtMs) return
    this.#timerAtMs = atMs
    const { clock } = this.#cluster
    clock.setTimer(Math.max(1, Math.ceil(atMs - clock.now())), () => {
      if (this.#timerAtMs !== atMs) return
      this.#timerAtMs = Infinity
      this.pump()
    })
  }
}

function tooOld(queue: PartitionQueue, batch: ProducerBatch, timeoutMs: number, cause: unknown): KafkaError {
  const words = cause instanceof Error ? cause.message : String(cause)
  return new KafkaError(
    'MILLRACE_DELIVERY_TIMEOUT',
    `${batch.recordCount} records for ${queue.key} were not acknowledged within ${timeoutMs} ms and ` +
      `${batch.attempts} attempts. The last one: ${words}`,
    { cause, reaction: 'abortable', topic: queue.topic, partition: queue.partition },
  )
}
