import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stringSerde } from '../../../src/serde/string-serde.ts'
import { readText } from '../../../src/serde/text-reader.ts'

const surrogateLead = 0xed

test('text is read as by toString, whatever its length and however malformed, but for surrogates', () => {
  const text = fc
    .oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'grapheme', maxLength: 12 }))
    .map((each) => Buffer.from(each))
  const malformed = fc.uint8Array({ maxLength: 40 }).filter((bytes) => !bytes.includes(surrogateLead))
  fc.assert(
    fc.property(fc.oneof(text, malformed), (bytes) => {
      const buffer = Buffer.concat([Buffer.of(65, 66), bytes, Buffer.of(67)])
      expect(readText(buffer, 2, 2 + bytes.byteLength)).toBe(buffer.toString('utf8', 2, 2 + bytes.byteLength))
    }),
    { numRuns: 2000 },
  )
  const digits = Buffer.from('0123456789abcdefghijkl')
  for (let length = 0; length <= digits.length; length++)
    expect(readText(digits, 0, length)).toBe(digits.toString('utf8', 0, length))
})

// As Java 17 decodes them; Node makes one of each byte.
test.each([
  ['eda080', 1],
  ['61edbfbf62', 1],
  ['eda0', 1],
  ['eda041', 1],
  ['eda0eda080', 2],
  ['ed41', 1],
  ['eda080eda080ff', 3],
])('surrogates in %s are %i malformed characters', (hex, count) => {
  const bytes = Buffer.from(hex, 'hex')
  for (const text of [readText(bytes, 0, bytes.length), stringSerde.deserialize(bytes, 't', [])]) {
    expect(text.replaceAll(/[^\uFFFD]/g, '')).toBe('\uFFFD'.repeat(count))
  }
})
