import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { textLines } from '../../../src/cli/text-lines.ts'

async function linesOf(bytes: Buffer, chunkBytes: number): Promise<string[]> {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let i = 0; i < bytes.length; i += chunkBytes) yield bytes.subarray(i, i + chunkBytes)
    await Promise.resolve()
  }
  const lines: string[] = []
  for await (const line of textLines(chunks())) lines.push(line)
  return lines
}

const words = (text: string): string[] => text.match(/\w+/g) ?? []

describe('textLines', () => {
  it('splits at line ends, wherever the chunks end, also inside a character', async () => {
    const text = 'één\n\ntwo €\nthree'
    for (const chunkBytes of [1, 2, 3, 100]) {
      expect(await linesOf(Buffer.from(text), chunkBytes)).toEqual(['één', '', 'two €', 'three'])
    }
  })

  it('cuts a long line only where no word is cut', async () => {
    const word = fc.stringMatching(/^[a-z0-9_]{1,30}$/)
    await fc.assert(
      fc.asyncProperty(
        fc.array(word, { minLength: 1, maxLength: 50 }),
        fc.constantFrom(' ', ', ', '–'),
        async (list, separator) => {
          const text = Array.from({ length: 3000 }, () => list.join(separator)).join(separator)
          const lines = await linesOf(Buffer.from(text), 10_000)
          expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(64 * 1024)
          expect(lines.join('')).toBe(text)
          expect(lines.flatMap(words)).toEqual(words(text))
        },
      ),
      { numRuns: 20 },
    )
  })

  it('keeps a word together that is longer than a line may be', async () => {
    const word = 'x'.repeat(100_000)
    expect(await linesOf(Buffer.from(`a ${word} b`), 5000)).toContain(word)
  })

  it('refuses a word that no record can hold', async () => {
    await expect(linesOf(Buffer.from('x'.repeat(400_000)), 5000).then((lines) => lines.length)).rejects.toThrow(
      'a word of more than 262144 characters',
    )
  })
})
