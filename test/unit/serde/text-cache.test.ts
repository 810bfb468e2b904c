import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TextCache } from '../../../src/serde/text-cache.ts'

function read(texts: TextCache, bytes: Uint8Array): string {
  const buffer = Buffer.concat([Buffer.of(1, 2), bytes, Buffer.of(3)])
  return texts.read(buffer, 2, 2 + bytes.byteLength)
}

test('a text is read as by toString, the first time and again', () => {
  const texts = new TextCache()
  const text = fc
    .oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'grapheme', maxLength: 12 }))
    .map((each) => Buffer.from(each))
  // Malformed bytes, and such as look like the characters of a text that was read before.
  const bytes = fc.uint8Array({ maxLength: 40 })
  fc.assert(
    fc.property(fc.oneof(text, bytes), (some) => {
      const expected = Buffer.from(some).toString()
      expect(read(texts, some)).toBe(expected)
      expect(read(texts, some)).toBe(expected)
      expect(read(texts, Buffer.from(expected, 'latin1'))).toBe(Buffer.from(expected, 'latin1').toString())
    }),
    { numRuns: 2000 },
  )
})

test('texts that share a place do not become each other', () => {
  const texts = new TextCache()
  const all = Array.from({ length: 50_000 }, (_, i) => `key-${i}`)
  for (let round = 0; round < 2; round++) expect(all.map((text) => read(texts, Buffer.from(text)))).toEqual(all)
})
