/**
 * What is in a partition's log, read by the simplest means: no cursor, no client, nothing of what is under test. A record
 * is committed when it belongs to no transaction or to one whose next marker is a commit.
 */
import type { StoredBatch } from '../../src/kafka/broker/stored-batch.ts'

export interface LogRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: Buffer | null
}

export interface LogContent {
  readonly committed: readonly LogRecord[]
  /** Producers whose last transaction has no marker yet. */
  readonly open: readonly number[]
}

export function readLog(batches: readonly StoredBatch[]): LogContent {
  const undecided = new Map<number, StoredBatch[]>()
  const committed: StoredBatch[] = []
  for (const batch of batches) {
    if (!batch.isTransactional) {
      committed.push(batch)
      continue
    }
    const own = undecided.get(batch.producerId) ?? []
    if (!batch.isControl) {
      undecided.set(batch.producerId, [...own, batch])
      continue
    }
    if (isCommit(batch)) committed.push(...own)
    undecided.delete(batch.producerId)
  }
  const inOrder = committed.toSorted((one, other) => one.baseOffset - other.baseOffset)
  return { committed: inOrder.flatMap(recordsOf), open: [...undecided.keys()] }
}

/** How often the markers of a partition follow each other: for traces. */
export function describeLog(batches: readonly StoredBatch[]): string[] {
  return batches.map((batch) => {
    const what = batch.isControl ? (isCommit(batch) ? 'COMMIT' : 'ABORT') : `${batch.recordCount} records`
    const who = batch.producerId < 0 ? '' : ` of ${batch.producerId}/${batch.producerEpoch} from ${batch.baseSequence}`
    return `${batch.baseOffset}..${batch.lastOffset} ${what}${who}`
  })
}

const headerBytes = 61

function isCommit(batch: StoredBatch): boolean {
  const [record] = recordsOf(batch)
  return record?.key?.charCodeAt(3) === 1
}

/** Only what is not compressed. */
function recordsOf({ bytes, baseOffset, recordCount }: StoredBatch): LogRecord[] {
  if ((bytes.readInt16BE(21) & 7) !== 0) throw new Error('the model reads no compressed batches')
  const baseTimestamp = Number(bytes.readBigInt64BE(27))
  let at = headerBytes
  const varint = (): number => {
    let result = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes.readUInt8(at++)
      result += (byte & 127) * factor
      if (byte < 128) return result % 2 === 0 ? result / 2 : -(result + 1) / 2
    }
  }
  const nullable = (): Buffer | null => {
    const length = varint()
    if (length < 0) return null
    at += length
    return bytes.subarray(at - length, at)
  }
  return Array.from({ length: recordCount }, () => {
    const length = varint()
    const end = at + length
    at += 1
    const timestamp = baseTimestamp + varint()
    const offset = baseOffset + varint()
    const key = nullable()
    const value = nullable()
    at = end
    return { offset, timestamp, key: key === null ? null : key.toString('latin1'), value }
  })
}
