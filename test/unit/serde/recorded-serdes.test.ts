import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { noHeaders } from '../../../src/common/headers.ts'
import { nullable, type AnySerde, type Serde } from '../../../src/serde/serde.ts'
import { serdes } from '../../../src/serde/serdes.ts'

const file = new URL('../../testdata/serde-recorder/serdes.json', import.meta.url)
const recorded = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly values: readonly { readonly serde: string; readonly value: unknown; readonly bytes: string }[]
  readonly decoded: readonly (readonly [bytes: string, text: string])[]
}

const byName: Record<string, AnySerde> = {
  int16: serdes.int16,
  int32: serdes.int32,
  int64: serdes.int64,
  float32: serdes.float32,
  float64: serdes.float64,
  boolean: serdes.boolean,
  uuid: serdes.uuid,
  string: serdes.string,
  'list(int32)': serdes.list(nullable(serdes.int32)),
  'list(int64)': serdes.list(serdes.int64),
  'list(string)': serdes.list(nullable(serdes.string)),
  'timeWindowed(string)': serdes.timeWindowed(serdes.string, 10),
  'sessionWindowed(string)': serdes.sessionWindowed(serdes.string),
}

describe("serdes write and read Java's bytes", () => {
  test.each(recorded.values)('$serde $value', ({ serde: name, value, bytes }) => {
    const serde = byName[name] as Serde<unknown>
    expect(Buffer.from(serde.serialize(value, 't', noHeaders)).toString('hex')).toBe(bytes)
    const isWellFormed = typeof value !== 'string' || value.isWellFormed()
    if (isWellFormed)
      expect(serde.deserialize(Buffer.from(bytes, 'hex'), 't', noHeaders)).toEqual(
        name === 'float32' ? Math.fround(value as number) : value,
      )
  })
})

test('malformed text becomes the same characters as in Java', () => {
  for (const [bytes, text] of recorded.decoded) {
    expect(serdes.string.deserialize(Buffer.from(bytes, 'hex'), 't', noHeaders), bytes).toBe(text)
  }
})
