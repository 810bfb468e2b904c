import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readText } from '../../../src/serde/text-reader.ts'

test('text is read as by toString, whatever its length and however malformed', () => {
  const text = fc
    .oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'grapheme', maxLength: 12 }))
    .map((each) => Buffer.from(each))
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 40 })), (bytes) => {
      const buffer = Buffer.concat([Buffer.of(65, 66), bytes, Buffer.of(67)])
      expect(readText(buffer, 2, 2 + bytes.byteLength)).toBe(buffer.toString('utf8', 2, 2 + bytes.byteLength))
    }),
    { numRuns: 2000 },
  )
  const digits = Buffer.from('0123456789abcdefghijkl')
  for (let length = 0; length <= digits.length; length++)
    expect(readText(digits, 0, length)).toBe(digits.toString('utf8', 0, length))
})
