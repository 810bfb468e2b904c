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
    const cursor = new RecordsCursor(readBatches(batch))
    while (cursor.next()) {
      cursor.headers()
      const raw = cursor.rawRecord()
      const end = raw.byteOffset + raw.length - cursor.buffer.byteOffset
      expect(cursor.keyStart + Math.max(cursor.keyLength, 0)).toBeLessThan(end)
      expect(cursor.valueStart + Math.max(cursor.valueLength, 0)).toBeLessThan(end)
    }
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

  it('says which part of a record cannot be', () => {
    // length 18, attributes, timestamp, offset, key "k", value "v", 1 header: name "name", value "text"
    const headers = [['name', Buffer.from('text')]] as const
    const whole = batchOf([plainRecord('v', { key: Buffer.from('k'), headers }), plainRecord('second')])
    const bad: readonly (readonly [at: number, byte: number, expected: string])[] = [
      [61, 0x7e, 'its length of 63 is beyond its batch'],
      [61, 0x01, 'its length of -1 is beyond its batch'],
      [65, 0x0c, 'its parts do not fill its length'],
      [67, 0x1e, 'its parts do not fill its length'],
      [69, 0x00, 'its parts do not fill its length'],
      [69, 0x01, 'its parts do not fill its length'],
      [69, 0x04, 'a header name is beyond it'],
      [70, 0x01, 'a header name is beyond it'],
      [70, 0x7e, 'a header name is beyond it'],
      [75, 0x7e, 'a header value is beyond it'],
      [75, 0x06, 'its headers end elsewhere'],
    ]
    for (const [at, byte, expected] of bad) {
      const damaged = Buffer.concat([whole, batchOf(rich, { baseOffset: 1 })])
      damaged[at] = byte
      computeCrc(damaged.subarray(0, whole.length))
      const cursor = new RecordsCursor(readBatches(damaged))
      expect(() => cursor.next() && cursor.headers(), `byte ${at} as ${byte}`).toThrow(expected)
    }
  })

  it('goes on behind a record whose headers could not be read', () => {
    const whole = batchOf([plainRecord('v', { headers: [['name', Buffer.from('text')]] }), plainRecord('next')])
    const nameAt = whole.indexOf('name')
    whole[nameAt - 1] = 0x7e
    computeCrc(whole)
    const cursor = new RecordsCursor(readBatches(whole))
    cursor.next()
    expect(() => cursor.headers()).toThrow(/a header name is beyond it/)
    expect(readAll(cursor)).toMatchObject([{ offset: 1, value: Buffer.from('next') }])
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
