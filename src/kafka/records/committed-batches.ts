import { controlType, controlTypes } from './control-batch.ts'
import type { RecordBatch } from './record-batch.ts'

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/**
 * The data batches of a read_committed fetch that count (Java's CompletedFetch). The broker lists the aborted
 * transactions that reach into the fetch; each is open from its first offset to the producer's next abort marker, which
 * may lie beyond the fetch. Several of one producer follow each other. A marker may also come alone, its data before the
 * fetch: it then closes nothing. What is a marker is told by the batch's control bit, never by a record's key.
 */
export function committedBatches(
  batches: readonly RecordBatch[],
  abortedTransactions: readonly AbortedTransaction[],
): RecordBatch[] {
  const upcoming = abortedTransactions.toSorted((one, two) => one.firstOffset - two.firstOffset)
  const aborting = new Set<number>()
  const committed: RecordBatch[] = []
  let next = 0
  for (const batch of batches) {
    for (; next < upcoming.length; next++) {
      const transaction = upcoming[next]
      if (transaction === undefined || transaction.firstOffset > batch.lastOffset) break
      aborting.add(transaction.producerId)
    }
    if (batch.isControl) {
      if (controlType(batch) === controlTypes.abort) aborting.delete(batch.producerId)
    } else if (!(batch.isTransactional && aborting.has(batch.producerId))) {
      committed.push(batch)
    }
  }
  return committed
}
