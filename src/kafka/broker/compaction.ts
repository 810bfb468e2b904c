/**
 * Log compaction (Kafka's `LogCleaner`): of each key only the last record stays, under its old offset and in its old
 * batch; records of aborted transactions go. Tombstones and markers go too, `delete.retention.ms` after the first
 * compaction that saw them (KIP-534). Nothing at or above the last stable offset is touched.
 */
import { bytesToLatin1 } from '../../common/bytes.ts'
import type { RecordCursor } from '../../processor/record-set.ts'
import { RecordBatch } from '../records/record-batch.ts'
import { RecordsCursor } from '../records/records-cursor.ts'
import { retainRecords } from '../records/retain-records.ts'
import type { PartitionLog } from './partition-log.ts'
import type { AbortedTransaction } from './producer-state.ts'
import { storedBatch, type StoredBatch } from './stored-batch.ts'
import type { Partition } from './topics.ts'

/** Bytes of the log after its last compaction. */
const cleanBytes = new WeakMap<PartitionLog, number>()

/** When more than `thresholdBytes` came, and as much as was left the last time: so its cost stays in proportion. */
export function compactWhenDue(partition: Partition, thresholdBytes: number, nowMs: number): void {
  const { log, topic } = partition
  if (!topic.config.settings.isCompacted) return
  const clean = cleanBytes.get(log) ?? 0
  if (log.byteLength - clean > Math.max(thresholdBytes, clean)) compact(partition, nowMs)
}

export function compact({ log, topic }: Partition, nowMs: number): void {
  // The last batch stays whole, as Kafka's active segment does: a reader learns from it where the log ends.
  const end = Math.min(log.lastStableOffset, log.batches.at(-1)?.baseOffset ?? 0)
  const aborted = new AbortedData(log.abortedIn(log.startOffset, end))
  const offsets = lastOffsets(log, end, aborted)
  const retentionMs = topic.config.settings.deleteRetentionMs
  const kept: StoredBatch[] = []
  const forgotten = new Set<number>()
  for (const batch of log.batches) {
    if (batch.lastOffset >= end) {
      kept.push(batch)
      continue
    }
    const horizonMs = batch.deleteHorizonMs ?? nowMs + retentionMs
    const expired = batch.deleteHorizonMs !== undefined && nowMs >= batch.deleteHorizonMs
    if (batch.isControl) {
      if (expired) forgotten.add(batch.baseOffset)
      else kept.push({ ...batch, deleteHorizonMs: horizonMs })
      continue
    }
    const isAborted = aborted.has(batch)
    const bytes = retainRecords(new RecordBatch(batch.bytes), (record) => {
      if (isAborted) return false
      if (record.keyLength >= 0 && offsets.get(keyOf(record)) !== record.offset) return false
      return record.valueLength >= 0 || !expired
    })
    const left = bytes === batch.bytes ? batch : storedBatch(bytes)
    // An empty batch stays while it is what its producer's sequence is known by.
    if (left.recordCount > 0 || isLastOfProducer(log, batch)) kept.push({ ...left, deleteHorizonMs: horizonMs })
  }
  log.replace(kept)
  log.producers.forgetAborted(forgotten)
  cleanBytes.set(log, log.byteLength)
}

function lastOffsets(log: PartitionLog, end: number, aborted: AbortedData): Map<string, number> {
  const offsets = new Map<string, number>()
  for (const batch of log.batches) {
    if (batch.lastOffset >= end) break
    if (batch.isControl || aborted.has(batch)) continue
    const cursor = new RecordsCursor([new RecordBatch(batch.bytes)])
    while (cursor.next()) if (cursor.keyLength >= 0) offsets.set(keyOf(cursor), cursor.offset)
  }
  return offsets
}

function keyOf({ buffer, keyStart, keyLength }: RecordCursor): string {
  return bytesToLatin1(buffer.subarray(keyStart, keyStart + keyLength))
}

function isLastOfProducer(log: PartitionLog, { producerId, baseOffset }: StoredBatch): boolean {
  return log.producers.get(producerId)?.batches.at(-1)?.baseOffset === baseOffset
}

class AbortedData {
  readonly #byProducer = new Map<number, AbortedTransaction[]>()

  constructor(transactions: readonly AbortedTransaction[]) {
    for (const transaction of transactions) {
      const known = this.#byProducer.get(transaction.producerId)
      if (known === undefined) this.#byProducer.set(transaction.producerId, [transaction])
      else known.push(transaction)
    }
  }

  has({ isTransactional, producerId, baseOffset }: StoredBatch): boolean {
    if (!isTransactional) return false
    const transactions = this.#byProducer.get(producerId) ?? []
    return transactions.some(({ firstOffset, lastOffset }) => firstOffset <= baseOffset && baseOffset < lastOffset)
  }
}
