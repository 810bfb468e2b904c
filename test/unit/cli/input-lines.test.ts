import { describe, expect, it } from 'vitest'
import { inputLines } from '../../../src/cli/input-lines.ts'

async function linesOf(...chunks: readonly string[]): Promise<string[]> {
  const lines: string[] = []
  const input = (async function* (): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield Buffer.from(chunk, 'latin1')
  })()
  for await (const some of inputLines(input)) lines.push(...some.map((line) => line.toString('latin1')))
  return lines
}

describe('inputLines', () => {
  it.each([
    ['nothing', [], []],
    ['a line without an end', ['a'], ['a']],
    ['empty lines', ['\n\na\n'], ['', '', 'a']],
    ['line ends of Windows', ['a\r\nb\r\n\r\nc\r'], ['a', 'b', '', 'c']],
    ['a carriage return within a line', ['a\rb\n'], ['a\rb']],
    ['lines across chunks', ['a', 'b', 'c\nd', '', 'e\n'], ['abc', 'de']],
    ['a line end cut in two', ['a\r', '\nb'], ['a', 'b']],
    ['bytes that are not UTF-8', ['\xff\xfe\n\xc3'], ['\xff\xfe', '\xc3']],
  ])('gives %s as it is', async (_, chunks, lines) => {
    expect(await linesOf(...chunks)).toEqual(lines)
  })
})
