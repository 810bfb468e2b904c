import { describe, expect, it } from 'vitest'
import { incrementSequence } from '../../../../src/kafka/records/batch-layout.ts'
import { assignLogAppendTime, assignOffset, computeCrc, stampBatch } from '../../../../src/kafka/records/batch-stamp.ts'
import { controlType } from '../../../../src/kafka/records/control-batch.ts'
import { readBatches } from '../../../../src/kafka/records/record-batch.ts'
import { RecordsCursor } from '../../../../src/kafka/records/records-cursor.ts'
import { retainRecords } from '../../../../src/kafka/records/retain-records.ts'
import { batchOf, marker, plainRecord, readAll } from '../../../support/batches.ts'

const records = ['one', 'two', 'three'].map((value) => plainRecord(value))
const first = batchOf(records)
const second = batchOf(records, { baseOffset: 3, producerId: 7 })

describe('readBatches', () => {
  it('leaves out a last batch that is cut off anywhere', () => {
    const both = Buffer.concat([first, second])
    for (let length = first.length; length < both.length; length++) {
      expect(readBatches(both.subarray(0, length)), `${length} bytes`).toHaveLength(1)
    }
    expect(readBatches(first.subarray(0, 40))).toEqual([])
    expect(readBatches(both)).toHaveLength(2)
  })

  it('refuses a cut-off batch where none is admitted', () => {
    for (let length = 1; length < first.length; length++) {
      expect(() => readBatches(first.subarray(0, length), { allowCutOff: false }), `${length} bytes`).toThrow(
        /is cut off/,
      )
    }
    expect(readBatches(Buffer.alloc(0), { allowCutOff: false })).toEqual([])
  })

  it('refuses a batch with any byte under the checksum changed', () => {
    for (let at = 17; at < first.length; at++) {
      const damaged = Buffer.from(first)
      damaged[at] = (damaged[at] ?? 0) ^ 0x10
      expect(() => readBatches(damaged), `byte ${at}`).toThrow(
        expect.objectContaining({ code: 'MILLRACE_BATCH_CORRUPT' }),
      )
      expect(readBatches(damaged, { checkCrc: false }).length, `byte ${at}, unchecked`).toBeLessThanOrEqual(1)
    }
  })

  it('refuses the formats before v2 and lengths that cannot be', () => {
    const old = Buffer.from(first)
    old[16] = 1
    expect(() => readBatches(old)).toThrow(/message format 1/)
    const short = Buffer.from(first)
    short.writeInt32BE(-5, 8)
    expect(() => readBatches(short)).toThrow(/announces 7 bytes/)
    const negative = Buffer.from(first)
    negative.writeInt32BE(-1, 57)
    computeCrc(negative)
    expect(() => readBatches(negative)).toThrow(/announces -1 records/)
  })

  it('refuses a compression nobody knows when it is read', () => {
    const unknown = Buffer.from(first)
    unknown.writeInt16BE(5, 21)
    computeCrc(unknown)
    const [batch] = readBatches(unknown)
    expect(() => batch?.compression).toThrow(/compressed with type 5/)
  })
})

describe('stamps', () => {
  it('of a producer can be set anew for every sending', () => {
    const batch = Buffer.from(first)
    const stamp = { producerId: 2 ** 40, producerEpoch: 3, baseSequence: 99, transactional: true }
    stampBatch(batch, stamp)
    const { transactional: isTransactional, ...rest } = stamp
    expect(readBatches(batch)[0]).toMatchObject({ ...rest, isTransactional })
    stampBatch(batch, { producerId: -1, producerEpoch: -1, baseSequence: -1, transactional: false })
    expect(batch.equals(first)).toBe(true)
  })

  it('of a broker leave the checksum right', () => {
    const batch = Buffer.from(second)
    assignOffset(batch, 2 ** 50, 8)
    expect(readBatches(batch)[0]).toMatchObject({
      baseOffset: 2 ** 50,
      lastOffset: 2 ** 50 + 2,
      partitionLeaderEpoch: 8,
    })
    assignLogAppendTime(batch, 123_456)
    const [read] = readBatches(batch)
    expect(read).toMatchObject({ isLogAppendTime: true, isTransactional: true, maxTimestamp: 123_456 })
    expect(readAll(new RecordsCursor(read ? [read] : [])).map(({ timestamp }) => timestamp)).toEqual([
      123_456, 123_456, 123_456,
    ])
  })

  it('of sequences wrap after 2^31 - 1', () => {
    expect(incrementSequence(0x7fffffff, 1)).toBe(0)
    expect(incrementSequence(0x7ffffffe, 3)).toBe(1)
    expect(incrementSequence(5, 3)).toBe(8)
  })
})

describe('transaction markers', () => {
  it('tell their kind, and an emptied control batch tells none', () => {
    const [commit, abort] = readBatches(Buffer.concat([marker('commit', 7, 10), marker('abort', 7, 11)]))
    expect([commit && controlType(commit), abort && controlType(abort)]).toEqual([1, 0])
    const [emptied] = readBatches(retainRecords(commit ?? fail('no batch'), () => false))
    expect(emptied && controlType(emptied)).toBe(-1)
  })
})

function fail(message: string): never {
  throw new Error(message)
}

describe('retainRecords', () => {
  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('keeps offsets, times and header (%s)', (compression) => {
    const whole = batchOf(records, { baseOffset: 100, producerId: 7, baseSequence: 4, compression })
    const [batch] = readBatches(whole)
    if (batch === undefined) throw new Error('no batch')
    const [retained] = readBatches(retainRecords(batch, (record) => record.offset !== 101))
    expect(retained).toMatchObject({ baseOffset: 100, lastOffset: 102, recordCount: 2, baseSequence: 4, producerId: 7 })
    const read = readAll(new RecordsCursor(retained ? [retained] : []))
    expect(read.map(({ offset, value }) => [offset, value?.toString()])).toEqual([
      [100, 'one'],
      [102, 'three'],
    ])
    expect(retainRecords(batch, () => true)).toBe(batch.bytes)
    const [emptied] = readBatches(retainRecords(batch, () => false))
    expect(emptied).toMatchObject({ recordCount: 0, lastOffset: 102 })
    expect(readAll(new RecordsCursor(emptied ? [emptied] : []))).toEqual([])
  })
})
