import { deferred } from '../../common/deferred.ts'
import type { Deferred } from '../../common/deferred.ts'
import type { Headers } from '../../common/headers.ts'
import { StateMachine } from '../../common/state-machine.ts'
import type { TopicPartitionKey } from '../../common/topic-partition.ts'
import { reactionOf } from '../../errors/streams-error.ts'
import { singleRecordBatchBytes } from '../records/batch-builder.ts'
import { Accumulator } from './accumulator.ts'
import { clientClosed } from './backoff.ts'
import type { Cluster } from './cluster.ts'
import type { GroupIdentity, Offsets, Producer, ProducerOptions } from './kafka-client.ts'
import { ProduceSender } from './produce-sender.ts'
import { isDoubtful, isVersionFault, transactionAborted } from './transaction-faults.ts'
import type { ProducerSession } from './transaction-protocol.ts'
import { TransactionRequests } from './transaction-requests.ts'

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
 * Owns the life of the transaction; the accumulator owns what is not sent yet, the sender what is on the wire.
 *
 * `flush` is the cut between transactions: what is appended after it belongs to the next one and is held back until the
 * current one has ended, so that processing can overlap with the commit. The first failure is kept and thrown by every
 * call until `abort`; only how a commit went is told whatever else has failed.
 */
export class ClusterProducer implements Producer {
  readonly #cluster: Cluster
  readonly #isTransactional: boolean
  readonly #requests: TransactionRequests
  readonly #accumulator: Accumulator
  readonly #sender: ProduceSender
  readonly #state: StateMachine<ProducerState>
  #session: ProducerSession | undefined
  #error: Error | undefined
  /** Transactions are counted here: what may be sent. Appends go to this one before the cut, to the next one after it. */
  #current = 0
  /** Answers to what was begun before an abort mean nothing any more. */
  #life = 0
  #hasRecords = false
  #hasNextRecords = false
  #hasOffsets = false
  #isSendingOffsets = false
  /** An abort did not succeed: what it was to end may still be open, and only a new epoch ends it. */
  #isLeftOpen = false
  #flushed: Deferred<void> | undefined
  #drained: Deferred<void> | undefined
  /** The commit or abort that is under way. */
  #ending: Promise<void> | undefined

  constructor(
    cluster: Cluster,
    options: ProducerOptions & { readonly apiTimeoutMs: number; readonly onlyV1?: boolean | undefined },
  ) {
    const { transactionalId, apiTimeoutMs, onlyV1 } = options
    const { transactionTimeoutMs, deliveryTimeoutMs, ...buffering } = { ...defaults, ...options }
    this.#cluster = cluster
    this.#isTransactional = transactionalId !== undefined
    this.#state = new StateMachine<ProducerState>(`producer ${transactionalId ?? ''}`.trim(), 'new', transitions)
    const timeouts = { transactionTimeoutMs, timeoutMs: apiTimeoutMs }
    this.#requests = new TransactionRequests(cluster, { transactionalId, onlyV1, ...timeouts })
    this.#accumulator = new Accumulator({
      ...buffering,
      clock: cluster.clock,
      onOpened: () => this.#onOpened(),
      onSealed: (queue) => this.#sender.add(queue),
      onAllSealed: () => this.#sender.pump(),
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
      const session = await this.#requests.initProducerId()
      if (this.#state.is('closed')) throw clientClosed()
      this.#state.become('ready', 'init')
      this.#begin(session)
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
    return this.#accumulator.append(topic, partition, key, value, timestamp, headers)
  }

  recordBytes(key: Uint8Array | null, value: Uint8Array | null, headers: Headers): number {
    return singleRecordBatchBytes(key, value, headers)
  }

  async drained(): Promise<void> {
    this.#throwError()
    if (!this.#accumulator.isFull) return
    this.#drained ??= deferred()
    await this.#drained.promise
  }

  async flush(): Promise<void> {
    this.#throwError()
    this.#state.require('flush', 'ready')
    this.#cut()
    await this.#untilFlushed()
  }

  async sendOffsets(offsets: Offsets, group: GroupIdentity): Promise<void> {
    this.#throwError()
    this.#state.require('sendOffsets', 'ready')
    if (offsets.size === 0) return
    if (!this.#isCut) this.#cut()
    await this.#untilFlushed()
    const life = this.#life
    this.#hasOffsets = true
    this.#isSendingOffsets = true
    try {
      await this.#requests.sendOffsets(this.#knownSession(), offsets, group)
    } catch (error) {
      if (life === this.#life) this.#fail(error)
    }
    if (life !== this.#life) throw transactionAborted()
    this.#isSendingOffsets = false
    this.#throwError()
  }

  async commit(): Promise<void> {
    this.#throwError()
    this.#state.require('commit', 'ready')
    if (this.#hasRecords && !this.#isCut) this.#cut()
    await this.#untilFlushed()
    this.#state.become('committing', 'commit')
    await this.#end(this.#commit())
  }

  /** Ends the transaction on the broker, whatever was under way. Only a fencing or a lost coordinator makes it fail. */
  async abort(): Promise<void> {
    if (this.isClosed) return
    this.#state.become('aborting', 'abort')
    await this.#end(this.#abort())
  }

  get isClosed(): boolean {
    return this.#state.is('closed')
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    if (this.#isTransactional && !this.#cluster.closing.aborted) await this.#settle()
    if (!this.#state.is('closed')) this.#state.become('closed', 'close')
    this.#requests.stop()
    this.#error = clientClosed()
    this.#discard()
    this.#sender.stop()
    this.#rejectWaiters(this.#error)
  }

  acknowledged(partition: TopicPartitionKey): number | undefined {
    return this.#accumulator.acknowledged(partition)
  }

  // --- records ------------------------------------------------------------------------------------------------------

  get #isCut(): boolean {
    return this.#accumulator.transaction > this.#current
  }

  /** Another one before the commit takes in what was appended since the first. */
  #cut(): void {
    this.#current = this.#accumulator.transaction
    this.#sender.extend(this.#current)
    this.#hasRecords ||= this.#hasNextRecords
    this.#hasNextRecords = false
    this.#accumulator.sealAll()
    // Also when it is empty: what is processed from now on must not go into one transaction with offsets from before.
    if (this.#isTransactional) this.#accumulator.transaction = this.#current + 1
  }

  #onOpened(): void {
    this.#state.require('append', 'ready', 'committing')
    if (this.#isCut) this.#hasNextRecords = true
    else this.#hasRecords = true
  }

  #onAcknowledged(bytes: number): void {
    this.#accumulator.onAcknowledged(bytes)
    if (!this.#accumulator.isFull) {
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

  async #untilFlushed(): Promise<void> {
    if (this.#isFlushed()) return
    this.#flushed ??= deferred()
    await this.#flushed.promise
  }

  // --- transactions -------------------------------------------------------------------------------------------------

  /** What is appended meanwhile belongs to the next transaction, and so does every failure but that of the end itself. */
  async #commit(): Promise<void> {
    const isOpen = this.#isTransactional && (this.#hasRecords || this.#hasOffsets)
    let session = this.#knownSession()
    try {
      if (isOpen) session = await this.#requests.end(session, true)
    } catch (error) {
      if (this.#state.is('closed')) throw error
      this.#error = undefined
      this.#fail(error)
      throw error
    }
    this.#current = this.#accumulator.transaction
    this.#hasRecords = this.#hasNextRecords
    this.#hasNextRecords = false
    this.#hasOffsets = false
    if (this.#state.is('committing')) this.#state.become('ready', 'commit')
    this.#begin(session, isOpen)
  }

  async #abort(): Promise<void> {
    const error = this.#error
    const isUnknown = this.#isLeftOpen || reactionOf(error ?? undefined) === 'unknown-outcome'
    const isUnsettled = isUnknown || this.#isDoubtful()
    const wasOpen = this.#hasRecords || this.#hasOffsets
    this.#isLeftOpen = wasOpen || isUnsettled
    this.#discard()
    this.#rejectWaiters(transactionAborted())
    this.#error = undefined
    try {
      if (isVersionFault(error)) await this.#requests.forgetProtocol()
      const session = await this.#endAborted(wasOpen, isUnknown, isUnsettled)
      this.#isLeftOpen = false
      if (this.#state.is('aborting')) this.#state.become('ready', 'abort')
      this.#begin(session, wasOpen)
    } catch (cause) {
      this.#fail(cause)
    }
    this.#throwError()
  }

  async #endAborted(wasOpen: boolean, isUnknown: boolean, isUnsettled: boolean): Promise<ProducerSession> {
    const session = this.#knownSession()
    // Under v2 the end gives a new epoch, which settles all but what another end has decided.
    const mustInit = session.protocol === 'v2' && wasOpen ? isUnknown : isUnsettled
    if (this.#isTransactional && wasOpen && !mustInit) {
      try {
        return await this.#requests.end(session, false)
      } catch (error) {
        if (isFenced(error) || reactionOf(error) === 'fatal') throw error
        // Not answered, or the transaction is in another state than we think: a new epoch settles both.
      }
    }
    return wasOpen || isUnsettled ? this.#requests.initProducerId() : session
  }

  /** Whether something was sent of which it is not known whether it has happened, or will. */
  #isDoubtful(): boolean {
    if (this.#sender.isDoubtful || this.#isSendingOffsets || isDoubtful(this.#error)) return true
    for (const queue of this.#accumulator.queues()) if (queue.hasUnsettledSequences) return true
    return false
  }

  #begin(session: ProducerSession, isAfterEnd = false): void {
    const before = this.#session?.identity
    const { producerId, producerEpoch } = session.identity
    this.#session = session
    if (before?.producerId !== producerId || before.producerEpoch !== producerEpoch) {
      for (const queue of this.#accumulator.queues()) queue.resetSequence()
    }
    if (this.#state.is('ready')) this.#sender.begin(session, this.#current, isAfterEnd)
  }

  #knownSession(): ProducerSession {
    if (this.#session === undefined) throw new Error('producer: init() comes first (please report this)')
    return this.#session
  }

  /** Only remembers it, for `close`. */
  #end(ending: Promise<void>): Promise<void> {
    this.#ending = ending.catch(() => undefined)
    return ending
  }

  /** No transaction is left open, as far as that is known within some seconds. */
  async #settle(): Promise<void> {
    const settled = async (): Promise<void> => {
      await this.#ending
      const isOpen = this.#hasRecords || this.#hasOffsets || this.#isLeftOpen
      if (isOpen && this.#state.is('ready', 'failed') && !isFenced(this.#error))
        await this.abort().catch(() => undefined)
    }
    const late = deferred()
    const timer = this.#cluster.clock.setTimer(closeTimeoutMs, () => late.resolve())
    await Promise.race([settled(), late.promise])
    timer.cancel()
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
    this.#life++
    this.#accumulator.discard()
    this.#accumulator.transaction = this.#current
    this.#sender.discard()
    this.#hasRecords = false
    this.#hasNextRecords = false
    this.#hasOffsets = false
    this.#isSendingOffsets = false
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
