import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectRoot, read } from './project-files.ts'

// What a user reads who made a mistake, and how much work the types are for the compiler.

/** More than it is today, less than what is felt: a change of the types that doubles it is looked at. */
const instantiationsMax = 10_000

interface Compilation {
  readonly text: string
  readonly instantiations: number
}

/** Type checks one file with this project's compiler options. */
async function compile(file: string): Promise<Compilation> {
  const folder = await mkdtemp(path.join(projectRoot, 'node_modules/.cache/types-'))
  try {
    const config = {
      extends: path.join(projectRoot, 'tsconfig.json'),
      compilerOptions: { noEmit: true, incremental: false },
      files: [path.join(projectRoot, file)],
      include: [],
    }
    await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(config))
    const compiler = path.join(projectRoot, 'node_modules/typescript/bin/tsc')
    const text = await new Promise<string>((resolve) => {
      const args = [compiler, '-p', folder, '--pretty', 'false', '--extendedDiagnostics']
      execFile(process.execPath, args, { cwd: projectRoot }, (_error, stdout) => resolve(stdout))
    })
    return { text, instantiations: Number(/^Instantiations:\s+(\d+)/m.exec(text)?.[1]) }
  } finally {
    await rm(folder, { recursive: true })
  }
}

interface Refusal {
  readonly line: number
  readonly expected: readonly string[]
}

/** The `error:` comments of the file, each for the lines up to the next one. */
function refusalsOf(source: string): Refusal[] {
  return source.split('\n').flatMap((text, index) => {
    const comment = /^\s*\/\/ error: (.*)$/.exec(text)?.[1]
    return comment === undefined ? [] : [{ line: index + 1, expected: comment.split(' | ') }]
  })
}

/** By line: the message with everything that explains it. */
function messagesOf(text: string, file: string): Map<number, string> {
  const messages = new Map<number, string>()
  let line = 0
  for (const each of text.split('\n')) {
    const begin = /^(.*)\((\d+),\d+\): error /.exec(each)
    if (begin !== null) {
      expect(path.basename(begin[1] ?? '')).toBe(path.basename(file))
      line = Number(begin[2])
    } else if (!each.startsWith(' ')) line = 0
    if (line > 0) messages.set(line, `${messages.get(line) ?? ''}${each}\n`)
  }
  return messages
}

describe('The types', () => {
  it('refuse mistakes with a message that names them', { timeout: 60_000 }, async () => {
    const file = 'test/types/refusals/refusals.ts'
    const refusals = refusalsOf(read(file))
    const messages = messagesOf((await compile(file)).text, file)
    const found = refusals.map(({ line }, i) => {
      const end = refusals[i + 1]?.line ?? Infinity
      return [...messages].flatMap(([at, message]) => (at > line && at < end ? [message] : [])).join('')
    })
    refusals.forEach(({ line, expected }, i) => {
      for (const part of expected) expect(found[i], `${file}:${line}`).toContain(part)
    })
    const first = refusals[0]?.line ?? 0
    expect([...messages.keys()].filter((line) => line < first)).toEqual([])
  })

  it('are little work for the compiler', { timeout: 60_000 }, async () => {
    const nothing = await compile('test/types/program/nothing.ts')
    const program = await compile('test/types/program/program.ts')
    expect(program.text).not.toContain('error TS')
    const own = program.instantiations - nothing.instantiations
    expect(own, 'type instantiations for test/types/program/program.ts').toBeLessThan(instantiationsMax)
    expect(own).toBeGreaterThan(0)
  })
})
