import { describe, expect, test } from 'vitest'
import {
  readRecordContext,
  recordContextSize,
  writeRecordContext,
} from '../../../src/processor/record-context-bytes.ts'
import type { RecordMetadata } from '../../../src/processor/record.ts'

function roundTrip(record: RecordMetadata): RecordMetadata {
  const bytes = Buffer.alloc(3 + recordContextSize(record))
  expect(writeRecordContext(bytes, 3, record)).toBe(bytes.length)
  const { context, end } = readRecordContext(bytes, 3)
  expect(end).toBe(bytes.length)
  return context
}

describe('The bytes of a record context', () => {
  const record = { topic: 'in', partition: 0, offset: 8, timestamp: 5, headers: [] }

  test('are those of Java', () => {
    const bytes = Buffer.alloc(recordContextSize(record))
    writeRecordContext(bytes, 0, record)
    expect(bytes.toString('hex')).toBe('0000000000000005000000000000000800000002696e0000000000000000')
  })

  test('give back everything', () => {
    const headers = [['h', Buffer.from('x')] as const, ['é', null] as const, ['', Buffer.alloc(0)] as const]
    expect(roundTrip({ ...record, topic: 'ü-1', partition: 7, timestamp: 2 ** 52 + 1, headers })).toEqual({
      ...record,
      topic: 'ü-1',
      partition: 7,
      timestamp: 2 ** 52 + 1,
      headers,
    })
  })

  test('of a punctuator have no topic', () => {
    const context = { topic: null, partition: -1, offset: -1, timestamp: -1, headers: [] }
    expect(roundTrip(context)).toEqual(context)
  })
})
