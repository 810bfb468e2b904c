import { describe, expect, it } from 'vitest'
import { wrapped } from '../../../src/cli/wrap.ts'

describe('wrapped text', () => {
  it('breaks between words, and puts blanks before what follows', () => {
    expect(wrapped('ok  disk: there is room for more', { width: 16, hanging: 4 })).toBe(
      'ok  disk: there\n    is room for\n    more',
    )
  })

  it('leaves lines as they are that fit', () => {
    const text = 'ok       two   blanks\n         to do: nothing'
    expect(wrapped(text, { width: 30, hanging: 9 })).toBe(text)
  })

  it('keeps what leads a line in', () => {
    expect(wrapped('    to do: look at the disk', { width: 18, hanging: 4 })).toBe('    to do: look at\n    the disk')
  })

  it('does not break a command that stands between apostrophes, unless it is longer than a line', () => {
    expect(wrapped("look with 'millrace doctor', or wait", { width: 20 })).toBe(
      "look with\n'millrace doctor', or\nwait".replace(' or\nwait', '\nor wait'),
    )
    expect(wrapped("look with 'millrace doctor', or wait", { width: 12 })).toBe(
      "look with\n'millrace\ndoctor', or\nwait",
    )
  })

  it("is not led astray by a module's apostrophe", () => {
    expect(wrapped("the module's place and the module's name", { width: 22 })).toBe(
      "the module's place and\nthe module's name",
    )
  })

  it('counts no colours', () => {
    expect(wrapped('\u001B[1mone\u001B[22m two three', { width: 8 })).toBe('\u001B[1mone\u001B[22m two\nthree')
  })
})
