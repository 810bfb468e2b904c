import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { operatorIn, quoted, splitLine } from '../../../../src/cli/shell/words.ts'

const texts = (line: string): string[] => splitLine(line).words.map(({ text }) => text)

describe('a line', () => {
  it.each([
    ['tail  orders\t-n 3', ['tail', 'orders', '-n', '3']],
    [`-X 'a b' "c \\" d" e\\ f`, ['-X', 'a b', 'c " d', 'e f']],
    [`a'b'"c"d`, ['abcd']],
    [`'' ""`, ['', '']],
    [`"\\d+" '\\n' \\\\`, ['\\d+', '\\n', '\\']],
    ['describe # the topology', ['describe']],
    ['a#b', ['a#b']],
    ['$HOME *.ts ~', ['$HOME', '*.ts', '~']],
    ['   ', []],
  ])('%s is split as a shell splits it, and nothing is expanded', (line, words) => {
    expect(texts(line)).toEqual(words)
  })

  it.each([
    ["'abc", "'"],
    ['a "b', '"'],
    ['a \\', '\\'],
    ["it's", "'"],
  ])('%s is not finished', (line, open) => {
    expect(splitLine(line).open).toBe(open)
  })

  it('of quoted words has those words', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        expect(texts(words.map(quoted).join(' '))).toEqual(words)
      }),
    )
  })

  it('says where its words stand', () => {
    expect(splitLine(` a 'b c'`).words.map(({ start, end }) => [start, end])).toEqual([
      [1, 2],
      [3, 8],
    ])
  })

  it('has operators of other shells only where they stand alone and are not quoted', () => {
    expect(operatorIn(splitLine('tail a | jq').words)).toBe('|')
    expect(operatorIn(splitLine('tail a 2>&1').words)).toBe('2>&1')
    expect(operatorIn(splitLine(`tail a -k '|' "&&" a|b`).words)).toBeUndefined()
  })
})
