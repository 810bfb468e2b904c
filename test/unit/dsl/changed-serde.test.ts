import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changedSerde } from '../../../src/dsl/changed-serde.ts'
import type { Serde } from '../../../src/serde/serde.ts'
import { serdes } from '../../../src/serde/serdes.ts'

const serde = changedSerde(serdes.string)
const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const write = (newValue: string | null, oldValue: string | null): string =>
  Buffer.from(serde.serialize({ newValue, oldValue, isLatest: true }, 't', [])).toString('hex')
const read = (hex: string): unknown => serde.deserialize(bytes(hex), 't', [])

describe('a change on the internal topic of a grouped table', () => {
  test("is written in Java's layout", () => {
    expect(write(null, 'ab')).toBe('616200')
    expect(write('ab', null)).toBe('616201')
    expect(write('ab', 'c')).toBe('0461626302')
    expect(write('', '')).toBe('0002')
    expect(write('x'.repeat(64), 'y')).toBe(`8001${'78'.repeat(64)}7902`)
  })

  test('is read with the flag that says whether it is the latest, too', () => {
    expect(read('6162 00')).toEqual({ newValue: null, oldValue: 'ab', isLatest: true })
    expect(read('6162 00 03')).toEqual({ newValue: null, oldValue: 'ab', isLatest: false })
    expect(read('6162 01 04')).toEqual({ newValue: 'ab', oldValue: null, isLatest: true })
    expect(read('04 6162 63 00 05')).toEqual({ newValue: 'ab', oldValue: 'c', isLatest: false })
  })

  test('comes back as it was written', () => {
    const text = fc.option(fc.string({ unit: 'grapheme', maxLength: 200 }), { nil: null })
    fc.assert(
      fc.property(text, text, (newValue, oldValue) => {
        fc.pre(newValue !== null || oldValue !== null)
        expect(read(write(newValue, oldValue))).toEqual({ newValue, oldValue, isLatest: true })
      }),
    )
  })

  test('of nothing is refused, and so are bytes that are none', () => {
    expect(() => write(null, null)).toThrow(/changed\(string\) cannot write/)
    expect(() => read('')).toThrow(/last byte is missing/)
    expect(() => read('6106')).toThrow(/last byte is 6/)
    expect(() => read('0402')).toThrow(/length of the new value does not fit/)
    expect(() => read('ff02')).toThrow(/length of the new value does not fit/)
    expect(() => read('03')).toThrow(/whether they are the latest is missing/)
    expect(() => read('610203')).toThrow(/whether they are the latest is 2/)
  })

  test('waits for whatever its values wait for', () => {
    const waited: string[] = []
    const known = new Set<string>()
    const inner: Serde<string> = {
      ...serdes.string,
      pending(part) {
        const id = Buffer.from(part).toString()
        waited.push(id)
        return known.has(id) ? undefined : Promise.resolve()
      },
    }
    const { pending } = changedSerde(inner)
    expect(pending?.(bytes('04 6162 63 02'), 't', [])).toBeInstanceOf(Promise)
    expect(waited).toEqual(['ab'])
    known.add('ab').add('c')
    expect(pending?.(bytes('04 6162 63 02'), 't', [])).toBeUndefined()
    expect(waited).toEqual(['ab', 'ab', 'c'])
    expect(serde.pending).toBeUndefined()
  })
})
