import { describe, expect, it } from 'vitest'
import { provenanceOf } from '../../../../src/cli/dlq/letter.ts'
import { letterDocument, showText } from '../../../../src/cli/dlq/show-text.ts'
import type { Letter } from '../../../../src/cli/dlq/show-text.ts'
import { textSerdeOf } from '../../../../src/cli/text-serde.ts'
import { letterHeader } from '../../../../src/processor/letter-headers.ts'

const serdes = { key: textSerdeOf('string', '--key-serde'), value: textSerdeOf('json', '--value-serde') }

function letter(value: string, text: string = ''): Letter {
  const said = [
    letterHeader.exception,
    letterHeader.message,
    letterHeader.node,
    letterHeader.stacktrace,
    letterHeader.code,
  ]
  return {
    topic: 'orders-dlq',
    partition: 0,
    offset: 7,
    timestamp: 0,
    key: Buffer.from(text),
    value: Buffer.from(value),
    headers: [[`name ${text}`, Buffer.from(text)]],
    provenance: provenanceOf(said.map((name) => [name, Buffer.from(text)])),
  }
}

describe('A hostile letter', () => {
  it.each([1000, 200_000])('whose value is %i lists within each other is a document all the same', (depth) => {
    const value = '['.repeat(depth) + ']'.repeat(depth)
    const document = letterDocument(letter(value), serdes)
    expect(JSON.parse(JSON.stringify(document, undefined, 2))).toMatchObject({
      valueHex: Buffer.from(value).toString('hex'),
    })
  })

  it('commands no terminal, and forges no line', () => {
    const evil = '\u001B[2J\r\n  error    nothing at all\u009B1A\u202E'
    const text = showText(letter('{}', evil), serdes, true)
    // oxlint-disable-next-line no-control-regex -- those are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/)
    expect(text.match(/^ {2}error/gm)).toHaveLength(1)
  })

  it('shows a value that is JSON as it is', () => {
    expect(letterDocument(letter('{"a":[1,{"b":2}]}'), serdes)).toMatchObject({ value: { a: [1, { b: 2 }] } })
  })
})
