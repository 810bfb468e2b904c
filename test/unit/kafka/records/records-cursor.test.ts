import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../../../src/errors/protocol-error.ts'
import { computeCrc } from '../../../../src/kafka/records/batch-stamp.ts'
import { readBatches } from '../../../../src/kafka/records/record-batch.ts'
import { RecordsCursor } from '../../../../src/kafka/records/records-cursor.ts'
import { batchOf, plainRecord, readAll } from '../../../support/batches.ts'

const rich = [
  plainRecord('value', {
    key: Buffer.from('key'),
    headers: [
      ['name', Buffer.from('one')],
      ['other', null],
    ],
  }),
  plainRecord('x'.repeat(200), { timestamp: 5_000_000_000 }),
]

function readDamaged(batch: Buffer): unknown {
  try {
    computeCrc(batch)
    readAll(new RecordsCursor(readBatches(batch)))
  } catch (error) {
    return error
  }
  return undefined
}

describe('RecordsCursor', () => {
  it('ends in a named error, or reads something, whatever one byte of a record is', () => {
    const whole = batchOf(rich)
    let failures = 0
    for (let at = 57; at < whole.length; at++) {
      for (const byte of [0, 1, 0x7f, 0x80, 0xff]) {
        const damaged = Buffer.from(whole)
        damaged[at] = byte
        const error = readDamaged(damaged)
        if (error === undefined) continue
        failures++
        expect(error, `byte ${at} as ${byte}`).toBeInstanceOf(ProtocolError)
      }
    }
    expect(failures).toBeGreaterThan(50)
  })

  it('refuses a batch that ends within a record or has bytes behind the last one', () => {
    const [first] = readBatches(batchOf([plainRecord('abc'), plainRecord('def')]))
    const tooMany = Buffer.from(first?.bytes ?? [])
    tooMany.writeInt32BE(3, 57)
    expect(readDamaged(tooMany)).toMatchObject({ code: 'MILLRACE_BATCH_MALFORMED' })
    const tooFew = Buffer.from(first?.bytes ?? [])
    tooFew.writeInt32BE(1, 57)
    expect(readDamaged(tooFew)).toMatchObject({ message: expect.stringContaining('bytes follow the last record') })
  })

  it('goes on to its end after an error, so that a caller who skips it is not caught in a loop', () => {
    const batch = batchOf([plainRecord('abc'), plainRecord('def')])
    batch.writeInt32BE(1, 57)
    computeCrc(batch)
    const cursor = new RecordsCursor(
      readBatches(Buffer.concat([batch, batchOf([plainRecord('ghi')], { baseOffset: 2 })])),
    )
    expect(cursor.next()).toBe(true)
    expect(() => cursor.next()).toThrow(ProtocolError)
    expect(cursor.next()).toBe(true)
    expect(cursor.offset).toBe(2)
    expect(cursor.next()).toBe(false)
  })

  it('decodes headers only when asked, in any order with next', () => {
    const cursor = new RecordsCursor(readBatches(batchOf([...rich, ...rich])))
    cursor.next()
    expect(cursor.headers()).toEqual(rich[0]?.headers)
    expect(cursor.headers()).toEqual(rich[0]?.headers)
    cursor.next()
    cursor.next()
    expect(cursor.offset).toBe(2)
    expect(cursor.headers()).toEqual(rich[0]?.headers)
  })

  it('reads header values as copies', () => {
    const batch = batchOf(rich)
    const cursor = new RecordsCursor(readBatches(batch))
    cursor.next()
    const headers = cursor.headers()
    batch.fill(0)
    expect(headers[0]?.[1]?.toString()).toBe('one')
  })

  it('tells null from empty', () => {
    const [record] = readAll(new RecordsCursor(readBatches(batchOf([plainRecord('', { key: null })]))))
    expect(record).toMatchObject({ key: null, value: Buffer.alloc(0) })
  })

  it('decompresses a batch only when its first record is asked for', () => {
    const broken = batchOf(rich, { compression: 'gzip', baseOffset: 1 })
    broken.fill(0xff, 61)
    computeCrc(broken)
    const cursor = new RecordsCursor(readBatches(Buffer.concat([batchOf([plainRecord('fine')]), broken])))
    expect(cursor.next()).toBe(true)
    expect(() => cursor.next()).toThrow(/not valid gzip/)
  })

  it('reads batches of more than 200,000 records', () => {
    const many = Array.from({ length: 210_000 }, () => plainRecord('x'))
    for (const compression of ['none', 'lz4'] as const) {
      const cursor = new RecordsCursor(readBatches(batchOf(many, { compression })))
      let count = 0
      while (cursor.next()) count++
      expect([count, cursor.offset]).toEqual([210_000, 209_999])
    }
  })
})
