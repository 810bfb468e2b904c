import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { harmless, oneLine } from '../../../src/cli/printable.ts'

// oxlint-disable-next-line no-control-regex -- those are what must not be there
const control = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069]/

const hostile = fc
  .array(fc.oneof(fc.string(), fc.constantFrom('\u001B', '\u009B', '[', '2J', ']0;', '\u0007', '\r', '\n', '\u202E')))
  .map((parts) => parts.join(''))

describe('Text of others', () => {
  it.each([
    ['the screen cleared', '\u001B[2J', '\\u001b[2J'],
    ['the same with the eight-bit introducer', '\u009B2J', '\\u009b2J'],
    ['a title for the window', '\u001B]0;owned\u0007', '\\u001b]0;owned\\u0007'],
    ['a question that the terminal answers', '\u001B[6n', '\\u001b[6n'],
    ['text that is hidden', '\u001B[8m', '\\u001b[8m'],
    ['the line written over', 'failed\rdone', 'failed\\rdone'],
    ['a line that ends', 'a\u2028b', 'a\\u2028b'],
    ['another direction', 'a\u202Eb', 'a\\u202eb'],
  ])('is shown with %s as text', (_, given, shown) => {
    expect(harmless(given)).toBe(shown)
    expect(oneLine(given)).toBe(shown)
  })

  it('keeps its lines, its tabs, and the styles that commands make', () => {
    const text = '\u001B[1mheading\u001B[22m\n\t\u001B[31mbad\u001B[39m größer 日本\n'
    expect(harmless(text)).toBe(text)
  })

  it('within a line neither ends it nor has a style', () => {
    expect(oneLine('a\nb\tc\u001B[31md')).toBe('a\\nb\\tc\\u001b[31md')
  })

  it('has no control character left, whatever it is', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        // oxlint-disable-next-line no-control-regex -- the styles of commands
        expect(harmless(text).replaceAll(/\u001B\[(?:1|2|22|3[1236]|39)m/g, '')).not.toMatch(control)
        expect(oneLine(text)).not.toMatch(control)
        expect(oneLine(text)).not.toContain('\n')
      }),
    )
  })

  it('in a JSON document says the same as before', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(JSON.parse(harmless(JSON.stringify({ text }, undefined, 2)))).toEqual({ text })
      }),
    )
  })
})
