import type { RecordCursor, RecordSet } from '../../processor/record-set.ts'
import { committedBatches } from './committed-batches.ts'
import type { AbortedTransaction } from './committed-batches.ts'
import { readBatches } from './record-batch.ts'
import type { RecordBatch } from './record-batch.ts'
import { RecordsCursor } from './records-cursor.ts'

export interface FetchedRecords {
  readonly topic: string
  readonly partition: number
  /** What was asked for; the broker answers with the whole batch around it. */
  readonly fetchOffset: number
  readonly highWatermark: number
  readonly records: Buffer
  /** Given: only committed records (with the broker's list, which may be null). Absent: all but control records. */
  readonly readCommitted?: { readonly abortedTransactions: readonly AbortedTransaction[] | null }
  readonly maxBatchBytes?: number
}

/**
 * One partition's part of a fetch response. Its constructor reads only batch headers (and checksums): it decides which
 * batches count and where the next fetch begins. Records are read by cursors, later.
 */
export class FetchedRecordSet implements RecordSet {
  readonly topic: string
  readonly partition: number
  readonly recordCount: number
  readonly byteLength: number
  readonly nextOffset: number
  readonly highWatermark: number
  /** Of the last batch, for the next fetch's `lastFetchedEpoch` (KIP-595); -1 when there is none. */
  readonly lastLeaderEpoch: number
  readonly #batches: readonly RecordBatch[]
  readonly #fetchOffset: number
  readonly #maxBatchBytes: number | undefined

  constructor(fetched: FetchedRecords) {
    const all = readBatches(fetched.records)
    const last = all.at(-1)
    this.topic = fetched.topic
    this.partition = fetched.partition
    this.byteLength = fetched.records.length
    this.highWatermark = fetched.highWatermark
    this.nextOffset = Math.max(fetched.fetchOffset, last?.nextOffset ?? 0)
    this.lastLeaderEpoch = last?.partitionLeaderEpoch ?? -1
    const visible = fetched.readCommitted
      ? committedBatches(all, fetched.readCommitted.abortedTransactions ?? [])
      : all.filter((batch) => !batch.isControl)
    this.#batches = visible.filter((batch) => batch.recordCount > 0 && batch.lastOffset >= fetched.fetchOffset)
    this.recordCount = this.#batches.reduce((sum, batch) => sum + batch.recordCount, 0)
    this.#fetchOffset = fetched.fetchOffset
    this.#maxBatchBytes = fetched.maxBatchBytes
  }

  cursor(): RecordCursor {
    const fromOffset = this.#fetchOffset
    return this.#maxBatchBytes === undefined
      ? new RecordsCursor(this.#batches, { fromOffset })
      : new RecordsCursor(this.#batches, { fromOffset, maxBatchBytes: this.#maxBatchBytes })
  }
}
