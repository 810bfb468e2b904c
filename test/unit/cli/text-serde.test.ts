import { describe, expect, it } from 'vitest'
import { textSerdeNames, textSerdeOf } from '../../../src/cli/text-serde.ts'

const encode = (name: string, text: string): Uint8Array =>
  textSerdeOf(name, '--value-serde').encode(Buffer.from(text), 't')
const show = (name: string, bytes: Uint8Array): string =>
  textSerdeOf(name, '--value-serde').show(Buffer.from(bytes), 't').toString()
const json = (name: string, bytes: Uint8Array): string =>
  textSerdeOf(name, '--value-serde').json(Buffer.from(bytes), 't')

describe('textSerdeOf', () => {
  it.each([
    ['string', 'grüße "x"', '"grüße \\"x\\""'],
    ['utf8Strict', 'grüße', '"grüße"'],
    ['boolean', 'true', 'true'],
    ['int16', '-32768', '-32768'],
    ['int32', '2147483647', '2147483647'],
    ['int64', '9223372036854775807', '9223372036854775807'],
    ['float32', '1.5', '1.5'],
    ['float64', '-0.1', '-0.1'],
    ['float64', 'NaN', '"NaN"'],
    ['float64', '-Infinity', '"-Infinity"'],
    ['uuid', '0123abcd-0123-4567-89ab-0123456789ab', '"0123abcd-0123-4567-89ab-0123456789ab"'],
    ['json', '{"n": 9007199254740993}', '{"n": 9007199254740993}'],
    ['bytes', 'raw', '"cmF3"'],
  ])('%s: %s comes back as it was, and is %s in JSON', (name, text, asJson) => {
    const bytes = encode(name, text)
    expect(show(name, bytes)).toBe(text)
    expect(json(name, bytes)).toBe(asJson)
    expect(() => JSON.parse(asJson) as unknown).not.toThrow()
  })

  it("knows Java's names of the numbers", () => {
    for (const [java, ours] of [
      ['short', 'int16'],
      ['int', 'int32'],
      ['long', 'int64'],
      ['float', 'float32'],
      ['double', 'float64'],
    ] as const) {
      expect(encode(java, '7')).toEqual(encode(ours, '7'))
    }
  })

  it.each([
    ['int32', ''],
    ['int32', '1.5'],
    ['int32', '1e3'],
    ['int32', '2147483648'],
    ['int64', '9223372036854775808'],
    ['float64', ''],
    ['float64', '1,5'],
    ['boolean', '1'],
    ['uuid', 'x'],
    ['json', '{'],
    ['json', ''],
  ])('%s refuses %j', (name, text) => {
    expect(() => encode(name, text)).toThrow()
  })

  it('writes JSON that came on several lines on one', () => {
    expect(json('json', Buffer.from('{\n  "a": "b\\n"\r\n}\n'))).toBe('{   "a": "b\\n" }')
  })

  it('lists the names for one that it does not know', () => {
    expect(() => textSerdeOf('toString', '--key-serde')).toThrowError(
      `--key-serde takes one of ${textSerdeNames.join(', ')}`,
    )
  })
})
