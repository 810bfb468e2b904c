import { describe, expect, test } from 'vitest'
import { lentWriter } from '../../../src/serde/lent-writer.ts'
import { nullable } from '../../../src/serde/serde.ts'
import { serdes } from '../../../src/serde/serdes.ts'

describe('A lent writer', () => {
  test('writes an int64 as its serde does, into one buffer', () => {
    const write = lentWriter(serdes.int64)
    for (const value of [0, -0, 1, -1, 2 ** 32, -(2 ** 32), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
      expect(write(value, 't', [])).toEqual(serdes.int64.serialize(value, 't', []))
    }
    expect(write(1, 't', [])).toBe(write(2, 't', []))
  })

  test('knows an int64 behind nullable', () => {
    const write = lentWriter(nullable(serdes.int64))
    expect(write(1, 't', [])).toBe(write(2, 't', []))
  })

  test('leaves what does not fit to the serde to refuse', () => {
    for (const value of [2 ** 53, 1.5, '1', Number.NaN]) {
      expect(() => lentWriter(serdes.int64)(value, 't', [])).toThrow('int64')
    }
  })

  test('writes text as its serde does, of any length', () => {
    const write = lentWriter(serdes.string)
    for (const text of ['', 'a', 'ä€😀', 'x'.repeat(1024), '€'.repeat(1024), 'x'.repeat(1025), 'a\uD800b', 'b\uDC00']) {
      expect(write(text, 't', [])).toEqual(serdes.string.serialize(text, 't', []))
    }
    expect(write('one', 't', [])).toBe(write('two', 't', []))
    expect(() => write(1, 't', [])).toThrow('string')
  })

  test('gives any other serde its call', () => {
    expect(lentWriter(serdes.utf8Strict)('ä', 't', [])).toEqual(Buffer.from('ä'))
  })

  test('writes windowed keys as their serdes do', () => {
    for (const serde of [serdes.timeWindowed(serdes.string, 10), serdes.sessionWindowed(serdes.string)]) {
      const write = lentWriter(nullable(serde))
      for (const key of ['', 'k', 'ключ', 'x'.repeat(5000)]) {
        for (const start of [0, 1, 1_700_000_000_000]) {
          const windowed = { key, window: { start, end: start + 10 } }
          expect(Buffer.from(write(windowed, 't', []))).toEqual(Buffer.from(serde.serialize(windowed, 't', [])))
        }
      }
      expect(() => write({ key: 'k', window: { start: 0.5, end: 1 } }, 't', [])).toThrow('windowed key')
      expect(() => write('k', 't', [])).toThrow('windowed key')
    }
  })
})
