/**
 * Transactional ids, their producer ids and epochs, and the life of their transactions (Kafka's `TransactionCoordinator`
 * and `TransactionMetadata`, protocol v1). It is the source of truth for who may write under a transactional id, and for
 * commit or abort; that the decision reaches the partitions is the markers' task (`transaction-markers.ts`).
 *
 * | state          | meaning                                           | what a client is told that comes then  |
 * |----------------|---------------------------------------------------|----------------------------------------|
 * | Empty          | nothing was ever in a transaction                 |                                        |
 * | Ongoing        | partitions were added                             |                                        |
 * | PrepareCommit  | decided; markers are on their way                 | CONCURRENT_TRANSACTIONS                |
 * | PrepareAbort   | likewise                                          | CONCURRENT_TRANSACTIONS                |
 * | CompleteCommit | all markers are written                           |                                        |
 * | CompleteAbort  | likewise                                          |                                        |
 */
import type { Clock, Timer } from '../../common/clock.ts'
import { StateMachine } from '../../common/state-machine.ts'
import { topicPartitionKey, type TopicPartition, type TopicPartitionKey } from '../../common/topic-partition.ts'
import type { BrokerConfig } from './broker-config.ts'
import { Refusal } from './refusal.ts'
import type { TransactionMarkers } from './transaction-markers.ts'

export type TransactionState =
  'Empty' | 'Ongoing' | 'PrepareCommit' | 'PrepareAbort' | 'CompleteCommit' | 'CompleteAbort'

const transitions: Readonly<Record<TransactionState, readonly TransactionState[]>> = {
  Empty: ['Ongoing', 'Empty'],
  Ongoing: ['PrepareCommit', 'PrepareAbort'],
  PrepareCommit: ['CompleteCommit'],
  PrepareAbort: ['CompleteAbort'],
  CompleteCommit: ['Ongoing', 'Empty'],
  CompleteAbort: ['Ongoing', 'Empty'],
}

export interface ProducerIdAndEpoch {
  readonly producerId: number
  readonly epoch: number
}

const noEpoch = -1
/** A producer id has epochs up to 32,767; the last one is kept for fencing. */
const lastEpoch = 32_766

export interface Transaction extends ProducerIdAndEpoch {
  readonly transactionalId: string
  readonly state: TransactionState
  readonly timeoutMs: number
  /** -1 while none is open. */
  readonly startedAtMs: number
  readonly partitions: readonly TopicPartition[]
}

class TransactionEntry implements Transaction {
  readonly transactionalId: string
  readonly machine: StateMachine<TransactionState>
  producerId: number
  epoch: number = noEpoch
  /** Before the last bump: who repeats InitProducerId with it gets the same answer again. */
  previousEpoch: number = noEpoch
  timeoutMs = 0
  startedAtMs = -1
  readonly added = new Map<TopicPartitionKey, TopicPartition>()
  timer: Timer | undefined

  constructor(transactionalId: string, producerId: number) {
    this.transactionalId = transactionalId
    this.producerId = producerId
    this.machine = new StateMachine(`transactional id ${transactionalId}`, 'Empty', transitions)
  }

  get state(): TransactionState {
    return this.machine.state
  }

  get partitions(): readonly TopicPartition[] {
    return [...this.added.values()]
  }

  /** Markers are on their way. */
  get isEnding(): boolean {
    return this.machine.is('PrepareCommit', 'PrepareAbort')
  }
}

export class TransactionCoordinator {
  readonly #clock: Clock
  readonly #config: BrokerConfig
  readonly #markers: TransactionMarkers
  readonly #transactions = new Map<string, TransactionEntry>()
  #nextProducerId = 0

  constructor(clock: Clock, config: BrokerConfig, markers: TransactionMarkers) {
    this.#clock = clock
    this.#config = config
    this.#markers = markers
  }

  get all(): readonly Transaction[] {
    return [...this.#transactions.values()]
  }

  get(transactionalId: string): Transaction | undefined {
    return this.#transactions.get(transactionalId)
  }

  /**
   * InitProducerId. `expected` is given by an owner that wants its epoch bumped; without it whoever owned the id before
   * is fenced and its open transaction aborted, which the caller is told to wait for.
   */
  init(
    transactionalId: string | null,
    timeoutMs: number,
    expected: ProducerIdAndEpoch | undefined,
  ): ProducerIdAndEpoch {
    if (transactionalId === null) return { producerId: this.#newProducerId(), epoch: 0 }
    if (transactionalId === '') throw new Refusal('INVALID_REQUEST')
    if (timeoutMs <= 0 || timeoutMs > this.#config.transactionMaxTimeoutMs) {
      throw new Refusal('INVALID_TRANSACTION_TIMEOUT')
    }
    let entry = this.#transactions.get(transactionalId)
    if (entry === undefined) {
      entry = new TransactionEntry(transactionalId, this.#newProducerId())
      this.#makeRoom()
      this.#transactions.set(transactionalId, entry)
    }
    if (expected !== undefined && entry.epoch !== noEpoch && expected.producerId !== entry.producerId) {
      throw new Refusal('PRODUCER_FENCED')
    }
    if (entry.isEnding) throw new Refusal('CONCURRENT_TRANSACTIONS')
    if (entry.state === 'Ongoing') {
      // Whatever epoch the caller has: so does Kafka, and who is fenced learns it with the next try.
      this.#fenceAndAbort(entry)
      throw new Refusal('CONCURRENT_TRANSACTIONS')
    }
    entry.timeoutMs = timeoutMs
    this.#bumpEpoch(entry, expected)
    return { producerId: entry.producerId, epoch: entry.epoch }
  }

  #bumpEpoch(entry: TransactionEntry, expected: ProducerIdAndEpoch | undefined): void {
    if (expected !== undefined && entry.epoch !== noEpoch && expected.epoch !== entry.epoch) {
      // The answer to its last bump was lost: the same again. Anything else is an owner from before.
      if (expected.epoch !== entry.previousEpoch) throw new Refusal('PRODUCER_FENCED')
      return
    }
    entry.machine.become('Empty', 'InitProducerId')
    entry.added.clear()
    entry.startedAtMs = -1
    if (entry.epoch >= lastEpoch) {
      entry.producerId = this.#newProducerId()
      entry.epoch = 0
      entry.previousEpoch = noEpoch
      return
    }
    entry.previousEpoch = entry.epoch
    entry.epoch += 1
  }

  /** AddPartitionsToTxn and AddOffsetsToTxn: begins the transaction if none is open. */
  addPartitions(transactionalId: string, owner: ProducerIdAndEpoch, partitions: readonly TopicPartition[]): void {
    const entry = this.#owned(transactionalId, owner)
    if (entry.isEnding) throw new Refusal('CONCURRENT_TRANSACTIONS')
    if (entry.state !== 'Ongoing') {
      entry.machine.become('Ongoing', 'AddPartitionsToTxn')
      entry.added.clear()
      entry.startedAtMs = this.#clock.now()
      entry.timer = this.#clock.setTimer(entry.timeoutMs, () => this.#timeOut(entry))
    }
    for (const added of partitions) entry.added.set(topicPartitionKey(added.topic, added.partition), added)
  }

  /** Whether a write of a transaction to that partition is one of an open transaction (KIP-890, first part). */
  verify(transactionalId: string, owner: ProducerIdAndEpoch, { topic, partition }: TopicPartition): void {
    const entry = this.#owned(transactionalId, owner)
    if (entry.isEnding) throw new Refusal('CONCURRENT_TRANSACTIONS')
    if (entry.state !== 'Ongoing' || !entry.added.has(topicPartitionKey(topic, partition))) {
      throw new Refusal('TRANSACTION_ABORTABLE', `${topic}-${partition} was not added to the transaction`)
    }
  }

  /** EndTxn: returns when the decision is taken; the markers may still be on their way. */
  end(transactionalId: string, owner: ProducerIdAndEpoch, committed: boolean): void {
    const entry = this.#owned(transactionalId, owner)
    switch (entry.state) {
      case 'Ongoing':
        return this.#complete(entry, committed)
      case 'CompleteCommit':
      case 'CompleteAbort':
        // The answer was lost.
        if (committed === (entry.state === 'CompleteCommit')) return
        throw new Refusal('INVALID_TXN_STATE')
      case 'PrepareCommit':
      case 'PrepareAbort':
        if (committed === (entry.state === 'PrepareCommit')) throw new Refusal('CONCURRENT_TRANSACTIONS')
        throw new Refusal('INVALID_TXN_STATE')
      case 'Empty':
        throw new Refusal('INVALID_TXN_STATE')
    }
  }

  /** The partitions of a deleted topic get no marker. */
  deleteTopic(topic: string): void {
    for (const entry of this.#transactions.values()) {
      for (const [key, added] of entry.added) if (added.topic === topic) entry.added.delete(key)
    }
  }

  close(): void {
    for (const entry of this.#transactions.values()) entry.timer?.cancel()
  }

  #timeOut(entry: TransactionEntry): void {
    if (entry.state === 'Ongoing') this.#fenceAndAbort(entry)
  }

  #fenceAndAbort(entry: TransactionEntry): void {
    entry.previousEpoch = entry.epoch
    entry.epoch += 1
    this.#complete(entry, false)
  }

  #complete(entry: TransactionEntry, committed: boolean): void {
    entry.timer?.cancel()
    entry.machine.become(committed ? 'PrepareCommit' : 'PrepareAbort', 'EndTxn')
    const { producerId, epoch } = entry
    this.#markers.write({ producerId, epoch, committed }, entry.partitions, () => {
      entry.machine.become(committed ? 'CompleteCommit' : 'CompleteAbort', 'the last marker')
      entry.added.clear()
      entry.startedAtMs = -1
    })
  }

  #owned(transactionalId: string, owner: ProducerIdAndEpoch): TransactionEntry {
    if (transactionalId === '') throw new Refusal('INVALID_REQUEST')
    const entry = this.#transactions.get(transactionalId)
    if (entry === undefined || entry.producerId !== owner.producerId) throw new Refusal('INVALID_PRODUCER_ID_MAPPING')
    if (entry.epoch !== owner.epoch) throw new Refusal('PRODUCER_FENCED')
    return entry
  }

  /** Kafka forgets an id that was not used for a week; here it is done when the room is needed. */
  #makeRoom(): void {
    if (this.#transactions.size < this.#config.maxTransactionalIds) return
    for (const [transactionalId, entry] of this.#transactions) {
      if (entry.state === 'Ongoing' || entry.isEnding) continue
      this.#transactions.delete(transactionalId)
      return
    }
    throw new Refusal('COORDINATOR_NOT_AVAILABLE', 'the embedded broker has too many open transactions')
  }

  #newProducerId(): number {
    const producerId = this.#nextProducerId
    this.#nextProducerId += 1
    return producerId
  }
}
