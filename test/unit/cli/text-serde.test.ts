import { describe, expect, it } from 'vitest'
import { serdes } from '../../../src/serde/serdes.ts'
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
    ['timeWindowed:string', 'a@b@-60000', '{"key":"a@b","start":-60000}'],
    ['sessionWindowed:int32', '7@1000@5000', '{"key":7,"start":1000,"end":5000}'],
  ])('%s: %s comes back as it was, and is %s in JSON', (name, text, asJson) => {
    const bytes = encode(name, text)
    expect(show(name, bytes)).toBe(text)
    expect(json(name, bytes)).toBe(asJson)
    expect(() => JSON.parse(asJson) as unknown).not.toThrow()
  })

  it('writes keys of windows as the serdes of the library do', () => {
    const key = 'ada'
    const session = { key, window: { start: 1000, end: 5000 } }
    expect(encode('timeWindowed:string', 'ada@60000')).toEqual(
      Buffer.from(
        serdes.timeWindowed(serdes.string, '1m').serialize({ key, window: { start: 60_000, end: 120_000 } }, 't', []),
      ),
    )
    expect(encode('sessionWindowed:string', 'ada@1000@5000')).toEqual(
      Buffer.from(serdes.sessionWindowed(serdes.string).serialize(session, 't', [])),
    )
    expect(() => show('sessionWindowed:string', Buffer.alloc(15))).toThrow('15 bytes are too few')
    expect(() => textSerdeOf('timeWindowed:nope', '--key-serde')).toThrow("not 'nope'")
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
    ['timeWindowed:string', 'a'],
    ['timeWindowed:int32', 'a@1'],
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
