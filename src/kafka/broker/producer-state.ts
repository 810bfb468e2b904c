/**
 * What one partition knows of the producers that write to it (`ProducerStateManager`, `ProducerAppendInfo`): their epoch,
 * the sequences of their last batches and where their open transaction begins. It is the source of truth for idempotence
 * and for the last stable offset; it never touches the log itself.
 */
import { Refusal } from './refusal.ts'
import { incrementSequence } from '../records/batch-layout.ts'
import { lastSequence, type StoredBatch } from './stored-batch.ts'

/** Kafka remembers this many batches per producer, as many as a producer may have in flight. */
const rememberedBatches = 5
/** Beyond it the oldest producers without an open transaction are forgotten. */
const maxIdleProducers = 10_000

interface AppendedBatch {
  readonly baseSequence: number
  readonly lastSequence: number
  readonly baseOffset: number
}

export interface ProducerEntry {
  readonly producerId: number
  epoch: number
  /** Oldest first. */
  batches: AppendedBatch[]
  /** The first offset of its open transaction; undefined when there is none. */
  transactionFirstOffset: number | undefined
  lastTimestamp: number
}

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
  /** The offset of the marker. */
  readonly lastOffset: number
}

/** What of a batch decides whether it may be appended; its offsets are not known yet. */
export type IncomingBatch = Pick<
  StoredBatch,
  'producerId' | 'producerEpoch' | 'baseSequence' | 'recordCount' | 'isTransactional' | 'maxTimestamp'
>

export class ProducerState {
  readonly #producers = new Map<number, ProducerEntry>()
  readonly #open = new Map<number, ProducerEntry>()
  readonly #aborted: AbortedTransaction[] = []

  get producers(): IterableIterator<ProducerEntry> {
    return this.#producers.values()
  }

  get(producerId: number): ProducerEntry | undefined {
    return this.#producers.get(producerId)
  }

  /** Whether the producer has an open transaction here under this very epoch. */
  hasOpenTransaction(producerId: number, epoch: number): boolean {
    return this.#open.get(producerId)?.epoch === epoch
  }

  /** Where the earliest open transaction begins; undefined when none is open. */
  get firstUnstableOffset(): number | undefined {
    let first: number | undefined
    for (const { transactionFirstOffset } of this.#open.values()) {
      if (first === undefined || (transactionFirstOffset ?? first) < first) first = transactionFirstOffset
    }
    return first
  }

  /** The offset a repeated batch got the first time; undefined for a new one. */
  duplicateOf(batch: IncomingBatch): number | undefined {
    const entry = this.#producers.get(batch.producerId)
    if (entry === undefined || entry.epoch !== batch.producerEpoch) return undefined
    const last = incrementSequence(batch.baseSequence, batch.recordCount - 1)
    return entry.batches.find((known) => known.baseSequence === batch.baseSequence && known.lastSequence === last)
      ?.baseOffset
  }

  /**
   * Throws the refusal of a batch that must not be appended. A producer that is not known may begin with any sequence,
   * since its records may have been deleted; not so `withNewEpochs` (protocol v2), where every transaction begins with 0.
   */
  check(batch: IncomingBatch, withNewEpochs = false): void {
    const entry = this.#producers.get(batch.producerId)
    if (entry === undefined) {
      if (withNewEpochs && batch.baseSequence !== 0) throw outOfOrder(batch, 0)
      return
    }
    if (batch.producerEpoch < entry.epoch) {
      throw new Refusal(
        'INVALID_PRODUCER_EPOCH',
        `epoch ${batch.producerEpoch} of producer ${batch.producerId} is older than its last one, ${entry.epoch}`,
      )
    }
    if (entry.transactionFirstOffset !== undefined && !batch.isTransactional) {
      throw new Refusal('INVALID_TXN_STATE', `producer ${batch.producerId} writes outside of its open transaction`)
    }
    this.#checkSequence(entry, batch)
  }

  #checkSequence(entry: ProducerEntry, batch: IncomingBatch): void {
    const sameEpoch = batch.producerEpoch === entry.epoch
    const expected = sameEpoch ? incrementSequence(entry.batches.at(-1)?.lastSequence ?? -1, 1) : 0
    if (batch.baseSequence === expected) return
    throw outOfOrder(batch, expected)
  }

  /** Takes note of a batch that was appended. */
  append(batch: StoredBatch): void {
    const entry = this.#entry(batch.producerId, batch.producerEpoch)
    entry.lastTimestamp = batch.maxTimestamp
    entry.batches.push({
      baseSequence: batch.baseSequence,
      lastSequence: lastSequence(batch),
      baseOffset: batch.baseOffset,
    })
    if (entry.batches.length > rememberedBatches) entry.batches.shift()
    if (batch.isTransactional && entry.transactionFirstOffset === undefined) {
      entry.transactionFirstOffset = batch.baseOffset
      this.#open.set(batch.producerId, entry)
    }
  }

  /** Takes note of a transaction's marker at `offset`. */
  complete(producerId: number, epoch: number, offset: number, committed: boolean, timestamp: number): void {
    const entry = this.#entry(producerId, epoch)
    entry.lastTimestamp = timestamp
    const firstOffset = entry.transactionFirstOffset
    if (firstOffset === undefined) return
    entry.transactionFirstOffset = undefined
    this.#open.delete(producerId)
    if (!committed) this.#aborted.push({ producerId, firstOffset, lastOffset: offset })
  }

  /**
   * The aborted transactions that a reader of [from, to) must know: those whose marker is not before `from`, so that a
   * reader that starts between data and marker (or at the marker) is told as well.
   */
  abortedIn(from: number, to: number): AbortedTransaction[] {
    const found: AbortedTransaction[] = []
    for (let index = this.#aborted.length - 1; index >= 0; index--) {
      const aborted = this.#aborted[index]
      // In the order of their markers.
      if (aborted === undefined || aborted.lastOffset < from) break
      if (aborted.firstOffset < to) found.push(aborted)
    }
    return found.reverse()
  }

  /** The log now begins at `offset`. */
  truncateBefore(offset: number): void {
    let kept = 0
    for (const aborted of this.#aborted) if (aborted.lastOffset >= offset) this.#aborted[kept++] = aborted
    this.#aborted.length = kept
  }

  /** The marker at `offset` was compacted away, and the data before it with it. */
  forgetAborted(markers: ReadonlySet<number>): void {
    let kept = 0
    for (const aborted of this.#aborted) if (!markers.has(aborted.lastOffset)) this.#aborted[kept++] = aborted
    this.#aborted.length = kept
  }

  #entry(producerId: number, epoch: number): ProducerEntry {
    const known = this.#producers.get(producerId)
    if (known?.epoch === epoch) return known
    if (known !== undefined) {
      known.epoch = epoch
      known.batches = []
      return known
    }
    const entry = { producerId, epoch, batches: [], transactionFirstOffset: undefined, lastTimestamp: -1 }
    this.#producers.set(producerId, entry)
    if (this.#producers.size > maxIdleProducers + this.#open.size) this.#forgetOldest()
    return entry
  }

  #forgetOldest(): void {
    for (const [producerId, { transactionFirstOffset }] of this.#producers) {
      if (transactionFirstOffset !== undefined) continue
      this.#producers.delete(producerId)
      return
    }
  }
}

function outOfOrder({ producerId, baseSequence }: IncomingBatch, expected: number): Refusal {
  return new Refusal(
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    `producer ${producerId} sent sequence ${baseSequence}, expected was ${expected}`,
  )
}
