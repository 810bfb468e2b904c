/**
 * The log of one partition: stored batches in the order of their offsets, with everything that follows from them (high
 * watermark, last stable offset, aborted transactions, leader epochs). All replicas are simulated, so whatever is
 * appended is replicated at once: the high watermark is the end of the log.
 *
 * It never changes what a producer wrote but for the fields a broker assigns (base offset, leader epoch, log append
 * time), and never decides who may write: `partition.ts` and the handlers do.
 */
import { assignOffset } from '../records/batch-stamp.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import type { LogBudget } from './log-budget.ts'
import { ProducerState, type AbortedTransaction } from './producer-state.ts'
import { storedBatch, type StoredBatch } from './stored-batch.ts'
import type { TimestampedOffset } from './timestamp-lookup.ts'
import { offsetOfMaxTimestamp, offsetOfTimestamp } from './timestamp-lookup.ts'

export interface LogSlice {
  readonly batches: readonly StoredBatch[]
  readonly byteLength: number
}

export class PartitionLog {
  readonly producers: ProducerState = new ProducerState()
  readonly epochs: LeaderEpochs = new LeaderEpochs()
  readonly #budget: LogBudget
  #batches: StoredBatch[] = []
  #startOffset = 0
  #endOffset = 0
  #byteLength = 0

  constructor(budget: LogBudget) {
    this.#budget = budget
  }

  get startOffset(): number {
    return this.#startOffset
  }

  get endOffset(): number {
    return this.#endOffset
  }

  get highWatermark(): number {
    return this.#endOffset
  }

  get lastStableOffset(): number {
    return this.producers.firstUnstableOffset ?? this.#endOffset
  }

  get byteLength(): number {
    return this.#byteLength
  }

  get batches(): readonly StoredBatch[] {
    return this.#batches
  }

  /** Where a reader of that isolation stops. */
  readableEnd(committed: boolean): number {
    return committed ? this.lastStableOffset : this.highWatermark
  }

  /** `bytes` is one whole batch, checked, and belongs to the log from here on. Markers are never refused for room. */
  append(bytes: Buffer, leaderEpoch: number, isMarker = false): StoredBatch {
    this.#budget.take(bytes.length, isMarker)
    assignOffset(bytes, this.#endOffset, leaderEpoch)
    const batch = storedBatch(bytes)
    this.#batches.push(batch)
    this.#endOffset = batch.lastOffset + 1
    this.#byteLength += bytes.length
    return batch
  }

  /**
   * Whole batches from the one that holds `from` on, below `end`, up to `maxBytes`; the first one in any case when
   * `atLeastOne`, so that a batch above a reader's limits does not stop it (KIP-74).
   */
  read(from: number, end: number, maxBytes: number, atLeastOne: boolean): LogSlice {
    const batches: StoredBatch[] = []
    let byteLength = 0
    for (let index = this.#indexOf(from); index < this.#batches.length; index++) {
      const batch = this.#batches[index]
      if (batch === undefined || batch.baseOffset >= end) break
      const fits = byteLength + batch.bytes.length <= maxBytes
      if (!fits && (batches.length > 0 || !atLeastOne)) break
      batches.push(batch)
      byteLength += batch.bytes.length
    }
    return { batches, byteLength }
  }

  abortedIn(from: number, to: number): AbortedTransaction[] {
    return this.producers.abortedIn(from, to)
  }

  offsetOfTimestamp(timestamp: number, end: number): TimestampedOffset | undefined {
    return offsetOfTimestamp(this.#batches, timestamp, this.#startOffset, end)
  }

  offsetOfMaxTimestamp(): TimestampedOffset | undefined {
    return offsetOfMaxTimestamp(this.#batches, this.#startOffset)
  }

  /** DeleteRecords: offsets below are gone; batches that lie wholly below go with them. */
  deleteBefore(offset: number): void {
    if (offset <= this.#startOffset) return
    this.#startOffset = offset
    this.replace(this.#batches.slice(this.#indexOf(offset)))
    this.producers.truncateBefore(offset)
  }

  /** After compaction: the batches that are left. */
  replace(batches: StoredBatch[]): void {
    const byteLength = batches.reduce((sum, batch) => sum + batch.bytes.length, 0)
    this.#budget.give(this.#byteLength - byteLength)
    this.#byteLength = byteLength
    this.#batches = batches
  }

  /** Gives its bytes back; the log must not be used any more. */
  drop(): void {
    this.replace([])
  }

  /** The first batch that ends at or behind `offset`. */
  #indexOf(offset: number): number {
    let low = 0
    let high = this.#batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#batches[middle]?.lastOffset ?? Infinity) < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
