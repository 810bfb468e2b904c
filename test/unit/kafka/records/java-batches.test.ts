import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Headers } from '../../../../src/common/headers.ts'
import { BatchBuilder } from '../../../../src/kafka/records/batch-builder.ts'
import { assignOffset, stampBatch } from '../../../../src/kafka/records/batch-stamp.ts'
import { transactionMarkerBatch } from '../../../../src/kafka/records/control-batch.ts'
import { RecordBatch, readBatches } from '../../../../src/kafka/records/record-batch.ts'
import { RecordsCursor } from '../../../../src/kafka/records/records-cursor.ts'
import { readAll } from '../../../support/batches.ts'

type RecordedRecord = readonly [
  offset: number,
  timestamp: number,
  key: string | null,
  value: string | null,
  headers: readonly (readonly [string, string | null])[],
]

interface Recorded {
  readonly name: string
  readonly bytes: string
  readonly records: readonly RecordedRecord[]
  readonly compression: string
  readonly baseOffset: number
  readonly lastOffset: number
  readonly nextOffset: number
  readonly partitionLeaderEpoch: number
  readonly maxTimestamp: number
  readonly isLogAppendTime: boolean
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly crc: number
}

const path = new URL('../../../testdata/java-batches.json', import.meta.url)
const recorded = JSON.parse(readFileSync(path, 'utf8')) as readonly Recorded[]

function named(name: string): Recorded {
  const found = recorded.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no batch named ${name} was recorded`)
  return found
}

function bytesOrNull(hex: string | null): Buffer | null {
  return hex === null ? null : Buffer.from(hex, 'hex')
}

function headersOf(recordedHeaders: RecordedRecord[4]): Headers {
  return recordedHeaders.map(([name, value]) => [name, bytesOrNull(value)])
}

describe('record batches as recorded from Java', () => {
  it.each(recorded.map((one) => [one.name, one] as const))('%s: header and records are read', (_name, one) => {
    const [batch, ...more] = readBatches(Buffer.from(one.bytes, 'hex'), { allowCutOff: false })
    expect(more).toEqual([])
    const { compression, baseOffset, lastOffset, nextOffset, partitionLeaderEpoch, maxTimestamp, crc } = one
    const { isLogAppendTime, isTransactional, isControl, producerId, producerEpoch, baseSequence } = one
    expect(batch).toMatchObject({ compression, baseOffset, lastOffset, nextOffset, partitionLeaderEpoch, crc })
    expect(batch).toMatchObject({ isLogAppendTime, isTransactional, isControl, maxTimestamp })
    expect(batch).toMatchObject({ producerId, producerEpoch, baseSequence, recordCount: one.records.length })
    const expected = one.records.map(([offset, timestamp, key, value, headers]) => ({
      offset,
      timestamp,
      key: bytesOrNull(key),
      value: bytesOrNull(value),
      headers: headersOf(headers),
    }))
    expect(readAll(new RecordsCursor(batch === undefined ? [] : [batch]))).toEqual(expected)
  })

  it.each(['none, mixed', 'transactional'])('%s: the builder writes the same bytes', (name) => {
    const one = named(name)
    const builder = new BatchBuilder()
    for (const [, timestamp, key, value, headers] of one.records) {
      builder.append(timestamp, bytesOrNull(key), bytesOrNull(value), headersOf(headers))
    }
    const batch = builder.seal('none')
    const { producerId, producerEpoch, baseSequence, isTransactional } = one
    stampBatch(batch, { producerId, producerEpoch, baseSequence, transactional: isTransactional })
    assignOffset(batch, one.baseOffset, one.partitionLeaderEpoch)
    expect(batch.toString('hex')).toBe(one.bytes)
  })

  it.each(['commit', 'abort'])('the %s marker is written with the same bytes', (kind) => {
    const one = named(`${kind} marker`)
    const batch = transactionMarkerBatch({
      commit: kind === 'commit',
      producerId: one.producerId,
      producerEpoch: one.producerEpoch,
      coordinatorEpoch: 9,
      timestamp: one.maxTimestamp,
      baseOffset: one.baseOffset,
      partitionLeaderEpoch: one.partitionLeaderEpoch,
    })
    expect(batch.toString('hex')).toBe(one.bytes)
  })

  it('all have a checksum that the batch agrees with', () => {
    for (const one of recorded) expect(new RecordBatch(Buffer.from(one.bytes, 'hex')).isCrcValid, one.name).toBe(true)
  })
})
