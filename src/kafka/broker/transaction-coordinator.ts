/**
 * Transactional ids, their producer ids and epochs, and the life of their transactions (Kafka's `TransactionCoordinator`,
 * in both protocols: v1 keeps the epoch at the end of a transaction, v2 (KIP-890) gives each one a new epoch). It is the
 * source of truth for who may write under a transactional id, and for commit or abort; that the decision reaches the
 * partitions is the markers' task (`transaction-markers.ts`).
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
import type { Clock } from '../../common/clock.ts'
import { topicPartitionKey, type TopicPartition } from '../../common/topic-partition.ts'
import type { BrokerConfig } from './broker-config.ts'
import { Refusal } from './refusal.ts'
import { TransactionEntry, lastEpoch, noEpoch } from './transaction-entry.ts'
import type { ProducerIdAndEpoch, Transaction } from './transaction-entry.ts'
import type { TransactionMarkers } from './transaction-markers.ts'

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
    if (entry.isEnding) throw new Refusal('CONCURRENT_TRANSACTIONS')
    if (expected !== undefined && !entry.isOwnId(expected)) throw new Refusal('PRODUCER_FENCED')
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
    // Whom another owner follows gets no epoch again.
    entry.previousEpoch = expected === undefined ? noEpoch : entry.epoch
    if (entry.epoch < lastEpoch) {
      entry.epoch += 1
      return
    }
    entry.previousProducerId = entry.producerId
    entry.producerId = this.#newProducerId()
    entry.epoch = 0
  }

  /** AddPartitionsToTxn, AddOffsetsToTxn, and in v2 every first write: begins the transaction if none is open. */
  addPartitions(transactionalId: string, owner: ProducerIdAndEpoch, partitions: readonly TopicPartition[]): void {
    // First, since an owner of old may be told to wait, while the next producer id counts only after the markers.
    if (this.#transactions.get(transactionalId)?.isEnding) throw new Refusal('CONCURRENT_TRANSACTIONS')
    const entry = this.#owned(transactionalId, owner)
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

  /** EndTxn up to version 4: returns when the decision is taken; the markers may still be on their way. */
  end(transactionalId: string, owner: ProducerIdAndEpoch, committed: boolean): void {
    const entry = this.#owned(transactionalId, owner)
    if (entry.isEnding) throw new Refusal('CONCURRENT_TRANSACTIONS')
    if (entry.state === 'Ongoing') return this.#complete(entry, committed)
    // The same again: the answer was lost.
    if (entry.state !== (committed ? 'CompleteCommit' : 'CompleteAbort')) throw new Refusal('INVALID_TXN_STATE')
  }

  /**
   * EndTxn from version 5 on: every end gives the owner a new epoch, an abort without a transaction as well, so that
   * nothing of the old one can reach the next. Repeated with the old epoch it is answered as the first time.
   */
  endWithNewEpoch(transactionalId: string, owner: ProducerIdAndEpoch, committed: boolean): ProducerIdAndEpoch {
    if (transactionalId === '') throw new Refusal('INVALID_REQUEST')
    const entry = this.#transactions.get(transactionalId)
    if (entry?.isEnding) throw new Refusal('CONCURRENT_TRANSACTIONS')
    if (entry?.isRepeatedEnd(owner) && entry.machine.is('CompleteCommit', 'CompleteAbort')) {
      if (committed !== (entry.state === 'CompleteCommit')) throw new Refusal('INVALID_TXN_STATE')
      return { producerId: entry.producerId, epoch: entry.epoch }
    }
    const owned = this.#owned(transactionalId, owner)
    if (owned.state !== 'Ongoing' && committed) throw new Refusal('INVALID_TXN_STATE')
    owned.previousEpoch = owned.epoch
    owned.epoch += 1
    const next =
      owned.epoch > lastEpoch
        ? { producerId: this.#newProducerId(), epoch: 0 }
        : { producerId: owned.producerId, epoch: owned.epoch }
    this.#complete(owned, committed, next)
    return next
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

  /** `next`: where the epochs are used up, the producer id that counts when the markers of the old one are written. */
  #complete(entry: TransactionEntry, committed: boolean, next: ProducerIdAndEpoch = entry): void {
    entry.timer?.cancel()
    entry.machine.become(committed ? 'PrepareCommit' : 'PrepareAbort', 'EndTxn')
    const { producerId, epoch } = entry
    const { producerId: nextProducerId, epoch: nextEpoch } = next
    this.#markers.write({ producerId, epoch, committed }, entry.partitions, () => {
      entry.machine.become(committed ? 'CompleteCommit' : 'CompleteAbort', 'the last marker')
      entry.added.clear()
      entry.startedAtMs = -1
      if (nextProducerId === producerId) return
      entry.previousProducerId = producerId
      entry.producerId = nextProducerId
      entry.epoch = nextEpoch
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
