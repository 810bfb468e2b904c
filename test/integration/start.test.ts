/** What `npm start` runs, as a process: data on stdout, everything else on stderr, exit codes. */
import { describe, expect, it } from 'vitest'
import { Child } from '../support/child-process.ts'
import type { Finished } from '../support/child-process.ts'
import { countedLines, sampleText } from '../support/sample-text.ts'

async function start(args: readonly string[], stdin?: string | Buffer): Promise<Finished> {
  await using child = Child.script('dist/cli/start.js', args, stdin === undefined ? {} : { stdin })
  return await child.finished
}

describe('npm start', () => {
  it('counts every word of standard input', async () => {
    const text = sampleText(300_000)
    const { code, stdout } = await start(['--all'], text)
    expect(stdout).toBe(countedLines(text))
    expect(code).toBe(0)
  })

  it('counts a text without any line end', async () => {
    const text = sampleText(400_000, 2).replaceAll(/[\r\n]/g, ' ')
    expect((await start(['--all'], text)).stdout).toBe(countedLines(text))
  })

  it('prints as many words as it is told, twenty by default', async () => {
    const text = sampleText(20_000)
    const lines = countedLines(text).split('\n')
    expect((await start([], text)).stdout).toBe(`${lines.slice(0, 20).join('\n')}\n`)
    expect((await start(['--top', '3'], text)).stdout).toBe(`${lines.slice(0, 3).join('\n')}\n`)
  })

  it('counts the sample text where nothing is connected to standard input', async () => {
    const { code, stdout, stderr } = await start(['--top', '1'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: '24\tthe\n' })
    expect(stderr).toContain('counting a sample text')
  })

  it('prints nothing for an empty text', async () => {
    expect(await start([], '')).toMatchObject({ code: 0, stdout: '' })
  })

  it('survives bytes that are not UTF-8', async () => {
    const bytes = Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a, 0xc3, 0x0a, 0x61])
    expect((await start([], bytes)).stdout).toBe('2\ta\n1\tb\n')
  })

  it.each([
    ['a number of words that is none', ['--top', 'many'], "--top takes a number of at least 1, not 'many'"],
    ['brokers without a port', ['--brokers', 'localhost'], '--brokers takes host:port'],
    ['an unknown option', ['--brokrs', 'x'], 'Did you mean --brokers?'],
  ])('refuses %s', async (_, args, message) => {
    const { code, stdout, stderr } = await start(args, '')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })
})
