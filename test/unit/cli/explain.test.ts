/** `millrace explain`, in this process: every part of an entry, and a list in which each code stands once. */
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { readErrorCatalogue } from '../../../src/cli/error-catalogue.ts'
import { explainCommand } from '../../../src/cli/explain.ts'
import { printed } from '../../support/standard-output.ts'

beforeAll(() => {
  vi.stubEnv('NO_COLOR', '1')
  return () => vi.unstubAllEnvs()
})

const catalogue = [...readErrorCatalogue().values()]
const text = (code?: string): Promise<string> => printed(() => explainCommand(code, { output: 'text' }))
const oneLine = (wrapped: string): string => wrapped.replaceAll(/\s+/g, ' ')

describe('millrace explain', () => {
  it('prints what to do where the catalogue has that, and only there', async () => {
    const withTodo = catalogue.find(({ todo }) => todo !== null)
    const without = catalogue.find(({ todo }) => todo === null)
    expect(oneLine(await text(withTodo?.code))).toContain(oneLine(` Do: ${withTodo?.todo} Exit code`))
    expect(await text(without?.code)).not.toContain('\nDo: ')
  })

  it('lists each code once, under its area, with its first sentence', async () => {
    const list = await text()
    const codes = list.split('\n').filter((line) => line.startsWith('  MILLRACE_'))
    expect(codes).toEqual(catalogue.map(({ code }) => `  ${code}`))
    const areas = list.split('\n').filter((line) => /^\S/.test(line))
    expect(areas).toEqual([...new Set(catalogue.map(({ area }) => area))])
    const entries = list.split(/\n {2}(?=MILLRACE_)/).slice(1)
    for (const [at, { meaning }] of catalogue.entries()) {
      const sentence = oneLine(entries[at]?.split('\n\n')[0]?.replace(/^\w+/, '') ?? '').trim()
      expect(oneLine(meaning).startsWith(sentence)).toBe(true)
      expect(sentence).toMatch(/\.$/)
      // It is a sentence, not a part of `docs/x.md`, and no more than one.
      expect(oneLine(meaning).slice(sentence.length)).toMatch(/^(?:$| )/)
      expect(sentence.slice(0, -1)).not.toMatch(/\. [A-Z]/)
    }
  })

  it('indents what stands below a code, on every line', async () => {
    const list = await text()
    expect(list.split('\n').filter((line) => !/^(?:$|\S| {2}MILLRACE_| {6}\S)/.test(line))).toEqual([])
  })
})
