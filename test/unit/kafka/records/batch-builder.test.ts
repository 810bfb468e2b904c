import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noHeaders } from '../../../../src/common/headers.ts'
import type { Header } from '../../../../src/common/headers.ts'
import { BatchBuilder, singleRecordBatchBytes } from '../../../../src/kafka/records/batch-builder.ts'
import { stampBatch } from '../../../../src/kafka/records/batch-stamp.ts'
import { readBatches } from '../../../../src/kafka/records/record-batch.ts'
import { RecordsCursor } from '../../../../src/kafka/records/records-cursor.ts'
import { batchOf, plainRecord, readAll } from '../../../support/batches.ts'
import type { PlainRecord } from '../../../support/batches.ts'

const bytes = fc.uint8Array({ maxLength: 300 }).map((array): Buffer => Buffer.from(array))
const header = fc.tuple(fc.string({ unit: 'grapheme' }), fc.option(bytes)).map(([name, value]): Header => [name, value])
const record: fc.Arbitrary<PlainRecord> = fc.record({
  timestamp: fc.oneof(fc.integer({ min: -1, max: 2_000_000_000_000 }), fc.nat({ max: 2 ** 45 })),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(header, { maxLength: 3 }),
})

describe('BatchBuilder', () => {
  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'records are read as they were appended (%s)',
    (compression) => {
      fc.assert(
        fc.property(
          fc.array(record, { minLength: 1, maxLength: 20 }),
          fc.nat({ max: 2 ** 50 }),
          (records, baseOffset) => {
            const batch = batchOf(records, { compression, baseOffset })
            const read = readAll(new RecordsCursor(readBatches(batch, { allowCutOff: false })))
            expect(read).toEqual(records.map((one, index) => ({ ...one, offset: baseOffset + index })))
          },
        ),
        { numRuns: 50 },
      )
    },
  )

  it('tells beforehand exactly how many bytes a record adds', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
        const builder = new BatchBuilder()
        for (const { timestamp, key, value, headers } of records) {
          const before = builder.byteLength
          const announced = builder.recordBytes(timestamp, key, value, headers)
          expect(builder.append(timestamp, key, value, headers)).toBe(announced)
          expect(builder.byteLength - before).toBe(announced)
        }
        const { byteLength } = builder
        expect(builder.seal('none').length).toBe(byteLength)
      }),
    )
  })

  it('tells the size of a batch with one record', () => {
    fc.assert(
      fc.property(record, (one) => {
        expect(singleRecordBatchBytes(one.key, one.value, one.headers)).toBe(batchOf([one]).length)
      }),
    )
  })

  it('is empty and usable again after seal and after reset, and what was sealed stays', () => {
    const builder = new BatchBuilder()
    builder.append(1, null, Buffer.from('discarded'), noHeaders)
    builder.reset()
    builder.append(5000, null, Buffer.from('one'), noHeaders)
    const first = builder.seal('none')
    expect([builder.recordCount, builder.byteLength]).toEqual([0, 61])
    builder.append(7000, null, Buffer.from('two'), noHeaders)
    const second = builder.seal('none')
    for (const batch of [first, second]) {
      stampBatch(batch, { producerId: -1, producerEpoch: -1, baseSequence: -1, transactional: false })
    }
    const read = readAll(new RecordsCursor(readBatches(Buffer.concat([first, second]))))
    expect(read).toMatchObject([
      { offset: 0, timestamp: 5000, value: Buffer.from('one') },
      { offset: 0, timestamp: 7000, value: Buffer.from('two') },
    ])
  })

  it('grows in time whatever the length of a record is', () => {
    for (let length = 3_900; length < 4_200; length++) {
      const value = 'x'.repeat(length)
      const read = readAll(new RecordsCursor(readBatches(batchOf([plainRecord(value), plainRecord(value)]))))
      expect(read.map((one) => one.value?.length)).toEqual([length, length])
      expect(batchOf([plainRecord(value)]).at(-1)).toBe(0)
    }
  })

  it('copies what it is given', () => {
    const builder = new BatchBuilder()
    const value = Buffer.from('before')
    builder.append(1, null, value, noHeaders)
    value.write('after!')
    const batch = builder.seal('none')
    expect(readAll(new RecordsCursor(readBatches(batch, { checkCrc: false })))[0]?.value?.toString()).toBe('before')
  })

  it('keeps the highest timestamp in the header', () => {
    const [batch] = readBatches(batchOf([5, 9, 7].map((timestamp) => plainRecord('x', { timestamp }))))
    expect(batch).toMatchObject({ baseTimestamp: 5, maxTimestamp: 9, recordCount: 3, lastOffsetDelta: 2 })
  })
})
