import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainJson } from '../../../src/common/plain-json.ts'

/** Around what is looked for, since that alone is rare in what is generated. */
const nearby = fc.oneof(
  fc.constantFrom('\u007F', '\u009B', '\u0085', '\u2028', '\u2029', '\u202E', '\u2066', '\uD800', '"', '\\'),
  fc.integer({ min: 0, max: 0xff_ff }).map((code) => String.fromCharCode(code)),
  fc.string(),
)
const hostile = fc.array(nearby).map((parts) => parts.join(''))

describe('plainJson', () => {
  it('has no control character, line separator or change of direction, in values and in names', () => {
    fc.assert(
      fc.property(hostile, hostile, (name, text) => {
        // oxlint-disable-next-line no-control-regex -- those are what must not be there
        expect(plainJson({ [name]: text })).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069]/)
      }),
    )
  })

  it('says what JSON says', () => {
    fc.assert(
      fc.property(hostile, hostile, (name, text) => {
        const document = { '': [text], [`n${name}`]: text }
        expect(JSON.parse(plainJson(document))).toEqual(document)
      }),
    )
  })

  it('escapes with four digits, and leaves other writing as it is', () => {
    expect(plainJson({ a: '\u0085\u2028größer 日本 𝄞' })).toBe(String.raw`{"a":"\u0085\u2028größer 日本 𝄞"}`)
  })
})
