import { deferred } from '../../common/deferred.ts'
import type { Deferred } from '../../common/deferred.ts'
import type { Headers } from '../../common/headers.ts'
import { StateMachine } from '../../common/state-machine.ts'
import type { TopicPartitionKey } from '../../common/topic-partition.ts'
import { parseTopicPartition } from '../../common/topic-partition.ts'
import { reactionOf } from '../../errors/streams-error.ts'
import { singleRecordBatchBytes } from '../records/batch-builder.ts'
import { clientClosed } from './backoff.ts'
import type { Cluster } from './cluster.ts'
import type { GroupIdentity, Offsets, Producer, ProducerOptions } from './kafka-client.ts'
import { PartitionQueue } from './partition-queue.ts'
import type { ProducerIdentity } from './partition-queue.ts'
import { ProduceSender } from './produce-sender.ts'
import { TransactionRequests, isDoubtful } from './transaction-requests.ts'

type ProducerState = 'new' | 'initialising' | 'ready' | 'committing' | 'aborting' | 'failed' | 'closed'

const transitions: Readonly<Record<ProducerState, readonly ProducerState[]>> = {
  new: ['initialising', 'closed'],
  initialising: ['ready', 'new', 'failed', 'closed'],
  ready: ['committing', 'aborting', 'failed', 'closed'],
  committing: ['ready', 'failed', 'closed'],
  aborting: ['ready', 'failed', 'closed'],
  failed: ['aborting', 'closed'],
  closed: ['closed'],
}

const defaults = {
  transactionTimeoutMs: 60_000,
  compression: 'none',
  batchMaxBytes: 512 * 1024,
  bufferMaxBytes: 32 * 1024 * 1024,
  lingerMs: 100,
  deliveryTimeoutMs: 120_000,
} as const

/** Not waited for longer when a transaction is aborted only because the producer is closed. */
const closeTimeoutMs = 5000

/**
 * Accumulates records per partition and owns the transaction's life; the sender owns what is on the wire.
 *
 * `flush` is the cut between transactions: what is appended after it belongs to the next one and is held back until the
 * current one has ended, so that processing can overlap with the commit. The first failure is kept and thrown by every
 * call until `abort`.
 */
export class ClusterProducer implements Producer {
  readonly #cluster: Cluster
  readonly #options: Required<Omit<ProducerOptions, 'transactionalId'>>
  readonly #isTransactional: boolean
  readonly #requests: TransactionRequests
  readonly #sender: ProduceSender
  readonly #state: StateMachine<ProducerState>
  readonly #topics = new Map<string, (PartitionQueue | undefined)[]>()
  readonly #open = new Set<PartitionQueue>()
  #identity: ProducerIdentity | undefined
  #error: Error | undefined
  /** Transactions are counted here: what may be sent, and where appends go. */
  #current = 0
  #appending = 0
  #hasRecords = false
  #hasNextRecords = false
  #hasOffsets = false
  #bufferedBytes = 0
  #isLingering = false
  #flushed: Deferred<void> | undefined
  #drained: Deferred<void> | undefined
  /** Who appends is mostly where it appended before. */
  #lastQueue: PartitionQueue | undefined

  constructor(cluster: Cluster, options: ProducerOptions & { readonly apiTimeoutMs: number }) {
    const { transactionalId, apiTimeoutMs, ...rest } = options
    this.#cluster = cluster
    this.#options = { ...defaults, ...rest }
    this.#isTransactional = transactionalId !== undefined
    this.#state = new StateMachine<ProducerState>(`producer ${transactionalId ?? ''}`.trim(), 'new', transitions)
    const { transactionTimeoutMs, deliveryTimeoutMs } = this.#options
    this.#requests = new TransactionRequests(cluster, {
      transactionalId,
      transactionTimeoutMs,
      timeoutMs: apiTimeoutMs,
    })
    this.#sender = new ProduceSender(cluster, {
      transactionalId,
      deliveryTimeoutMs,
      addPartitions: (identity, queues) => this.#requests.addPartitions(identity, queues),
      onAcknowledged: (bytes) => this.#onAcknowledged(bytes),
      onFailed: (error) => this.#fail(error),
    })
  }

  async init(): Promise<void> {
    this.#state.become('initialising', 'init')
    try {
      this.#useIdentity(await this.#requests.initProducerId())
      this.#state.become('ready', 'init')
    } catch (error) {
      if (this.#state.is('initialising')) this.#state.become('new', 'init')
      throw error
    }
  }

  get inTransaction(): boolean {
    return this.#hasRecords || this.#hasOffsets || this.#hasNextRecords
  }

  append(
    topic: string,
    partition: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
    headers: Headers,
  ): boolean {
    if (this.#error !== undefined) throw this.#error
    let queue = this.#lastQueue
    if (queue === undefined || queue.partition !== partition || queue.topic !== topic) {
      queue = this.#queue(topic, partition)
      this.#lastQueue = queue
    }
    if (queue.isFullFor(key, value, headers)) {
      this.#seal(queue)
      this.#sender.pump()
    }
    if (!queue.hasOpenRecords) this.#onOpened(queue)
    this.#bufferedBytes += queue.append(key, value, timestamp, headers)
    if (this.#bufferedBytes < this.#options.bufferMaxBytes) return true
    this.#sealAll()
    return false
  }

  recordBytes(key: Uint8Array | null, value: Uint8Array | null, headers: Headers): number {
    return singleRecordBatchBytes(key, value, headers)
  }

  async drained(): Promise<void> {
    this.#throwError()
    if (this.#bufferedBytes < this.#options.bufferMaxBytes) return
    this.#drained ??= deferred()
    await this.#drained.promise
  }

  async flush(): Promise<void> {
    this.#throwError()
    this.#state.require('flush', 'ready')
    // A second flush before the commit takes in what was appended since the first.
    this.#current = this.#appending
    this.#sender.extend(this.#current)
    this.#hasRecords ||= this.#hasNextRecords
    this.#hasNextRecords = false
    this.#sealAll()
    if (this.#isTransactional && this.#hasRecords) this.#appending = this.#current + 1
    if (this.#isFlushed()) return
    this.#flushed ??= deferred()
    await this.#flushed.promise
  }

  async sendOffsets(offsets: Offsets, group: GroupIdentity): Promise<void> {
    this.#throwError()
    this.#state.require('sendOffsets', 'ready')
    if (offsets.size === 0) return
    if (this.#hasRecords && this.#appending === this.#current) await this.flush()
    this.#hasOffsets = true
    this.#appending = this.#current + 1
    try {
      await this.#requests.sendOffsets(this.#knownIdentity(), offsets, group)
    } catch (error) {
      this.#fail(error)
    }
    this.#throwError()
  }

  async commit(): Promise<void> {
    if (!this.#isFlushed() || (this.#hasRecords && this.#appending === this.#current)) await this.flush()
    this.#throwError()
    this.#state.become('committing', 'commit')
    try {
      if (this.#isTransactional && (this.#hasRecords || this.#hasOffsets)) {
        this.#useIdentity(await this.#requests.end(this.#knownIdentity(), true))
      }
      this.#throwError()
      this.#state.become('ready', 'commit')
    } catch (error) {
      this.#fail(error)
      this.#throwError()
    }
    this.#beginNext()
  }

  /** Ends the transaction on the broker, whatever was under way. Only a fencing or a lost coordinator makes it fail. */
  async abort(): Promise<void> {
    const error = this.#error
    this.#state.become('aborting', 'abort')
    const isUnsettled =
      this.#sender.isDoubtful || this.#hasUnsettledSequences() || (error !== undefined && isDoubtful(error))
    const wasOpen = this.#hasRecords || this.#hasOffsets
    this.#discard()
    this.#error = undefined
    try {
      await this.#abortOnBroker(wasOpen, isUnsettled || reactionOf(error ?? undefined) === 'unknown-outcome')
      this.#state.become('ready', 'abort')
    } catch (cause) {
      this.#fail(cause)
      this.#throwError()
    }
  }

  async close(): Promise<void> {
    if (this.#state.is('closed')) return
    const wasOpen = this.#state.is('ready', 'failed') && this.#isTransactional && (this.#hasRecords || this.#hasOffsets)
    if (wasOpen && !this.#cluster.closing.aborted && !isFenced(this.#error)) await this.#abortForClose()
    this.#state.become('closed', 'close')
    this.#error = clientClosed()
    this.#discard()
    this.#sender.stop()
    this.#rejectWaiters(this.#error)
  }

  acknowledged(partition: TopicPartitionKey): number | undefined {
    const { topic, partition: number } = parseTopicPartition(partition)
    return this.#topics.get(topic)?.[number]?.acknowledged
  }

  // --- accumulating -------------------------------------------------------------------------------------------------

  #queue(topic: string, partition: number): PartitionQueue {
    let partitions = this.#topics.get(topic)
    if (partitions === undefined) {
      partitions = []
      this.#topics.set(topic, partitions)
    }
    let queue = partitions[partition]
    if (queue === undefined) {
      const { compression, batchMaxBytes } = this.#options
      queue = new PartitionQueue(topic, partition, { compression, maxBytes: batchMaxBytes })
      partitions[partition] = queue
    }
    return queue
  }

  #onOpened(queue: PartitionQueue): void {
    this.#state.require('append', 'ready', 'committing')
    if (this.#appending === this.#current) this.#hasRecords = true
    else this.#hasNextRecords = true
    this.#open.add(queue)
    if (this.#isLingering) return
    this.#isLingering = true
    this.#cluster.clock.setTimer(this.#options.lingerMs, () => {
      this.#isLingering = false
      this.#sealAll()
    })
  }

  #sealAll(): void {
    for (const queue of this.#open) this.#seal(queue)
    this.#sender.pump()
  }

  #seal(queue: PartitionQueue): void {
    queue.seal(this.#appending, this.#cluster.clock.now())
    this.#open.delete(queue)
    this.#sender.add(queue)
  }

  #onAcknowledged(bytes: number): void {
    this.#bufferedBytes -= bytes
    if (this.#bufferedBytes < this.#options.bufferMaxBytes) {
      this.#drained?.resolve()
      this.#drained = undefined
    }
    if (this.#flushed !== undefined && this.#isFlushed()) {
      this.#flushed.resolve()
      this.#flushed = undefined
    }
  }

  #isFlushed(): boolean {
    return !this.#sender.hasBatches(this.#current)
  }

  // --- transactions -------------------------------------------------------------------------------------------------

  async #abortOnBroker(wasOpen: boolean, isUnsettled: boolean): Promise<void> {
    if (this.#isTransactional && wasOpen && !isUnsettled) {
      try {
        this.#useIdentity(await this.#requests.end(this.#knownIdentity(), false))
        return
      } catch (error) {
        if (isFenced(error) || reactionOf(error) === 'fatal') throw error
        // Not answered, or the transaction is in another state than we think: a new epoch settles both.
      }
    }
    if (wasOpen || isUnsettled) this.#useIdentity(await this.#requests.initProducerId())
    else this.#sender.begin(this.#knownIdentity(), this.#current)
  }

  async #abortForClose(): Promise<void> {
    const done = deferred()
    const timer = this.#cluster.clock.setTimer(closeTimeoutMs, () => done.resolve())
    await Promise.race([this.abort().catch(() => undefined), done.promise])
    timer.cancel()
  }

  #useIdentity(identity: ProducerIdentity): void {
    const before = this.#identity
    const isNew = before?.producerId !== identity.producerId || before.producerEpoch !== identity.producerEpoch
    this.#identity = identity
    if (isNew) for (const queue of this.#queues()) queue.resetSequence()
    this.#sender.begin(identity, this.#current)
  }

  /** After a commit: what was appended meanwhile is the transaction now. */
  #beginNext(): void {
    this.#current = this.#appending
    this.#hasRecords = this.#hasNextRecords
    this.#hasNextRecords = false
    this.#hasOffsets = false
    this.#sender.begin(this.#knownIdentity(), this.#current)
  }

  #knownIdentity(): ProducerIdentity {
    if (this.#identity === undefined) throw new Error('producer: init() comes first (please report this)')
    return this.#identity
  }

  #hasUnsettledSequences(): boolean {
    for (const queue of this.#queues()) if (queue.hasUnsettledSequences) return true
    return false
  }

  *#queues(): Iterable<PartitionQueue> {
    for (const partitions of this.#topics.values()) for (const queue of partitions) if (queue !== undefined) yield queue
  }

  // --- failing ------------------------------------------------------------------------------------------------------

  /** Keeps the first failure. */
  #fail(cause: unknown): void {
    if (this.#error !== undefined || this.#state.is('closed')) return
    this.#error = cause instanceof Error ? cause : new Error(String(cause))
    if (!this.#state.is('failed')) this.#state.become('failed', 'a failure')
    this.#sender.pause()
    this.#rejectWaiters(this.#error)
  }

  #rejectWaiters(error: Error): void {
    const waiters = [this.#flushed, this.#drained]
    this.#flushed = undefined
    this.#drained = undefined
    for (const waiter of waiters) waiter?.reject(error)
  }

  #discard(): void {
    for (const queue of this.#queues()) queue.discard()
    this.#open.clear()
    this.#sender.discard()
    this.#bufferedBytes = 0
    this.#hasRecords = false
    this.#hasNextRecords = false
    this.#hasOffsets = false
    this.#appending = this.#current
    this.#drained?.resolve()
    this.#drained = undefined
  }

  #throwError(): void {
    if (this.#error !== undefined) throw this.#error
  }
}

function isFenced(error: unknown): boolean {
  return error !== undefined && reactionOf(error) === 'producer-fenced'
}
