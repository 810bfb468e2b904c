import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { anchorOf, docExamples, documents } from './doc-examples.ts'
import { makeDocFolder } from './doc-folder.ts'
import { run } from './doc-runs.ts'
import { filesIn, projectRoot, read } from './project-files.ts'

// Examples of README.md and docs compile against the source; those that say what comes out do what they say, those that
// test something with the driver pass; and every relative link leads somewhere.

const folder = makeDocFolder()

afterAll(() => folder[Symbol.dispose]())

describe('Examples in the documents', () => {
  it('compile', { timeout: 60_000 }, () => {
    const compiler = path.join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc')
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', folder.path], {
      cwd: folder.path,
      encoding: 'utf8',
    })
    expect(docExamples.length).toBeGreaterThan(0)
    // Errors below src are the type check's to report.
    expect(stdout.split('\n').filter((line) => /^[\w-]+\.ts\(/.test(line))).toEqual([])
  })

  const told = docExamples.filter(({ steps }) => steps.length > 0)
  it.each(told)('do what they say: $document#$anchor, compatibility $compatibility', async (example) => {
    const { builder } = await folder.load(example.name)
    const { actual, expected } = run(builder, example)
    expect(actual).toEqual(expected)
  })

  const tests = docExamples.filter(({ code }) => code.includes("'millrace/testing'"))
  it.each(tests)('run as tests: $document#$anchor', async ({ name, code }) => {
    const print = vi.spyOn(console, 'log').mockReturnValue()
    await expect(folder.load(name)).resolves.toBeDefined()
    const printed = [...code.matchAll(/^\/\/ prints (.*)$/gm)].map(([, line]) => line)
    expect(print.mock.calls.map((values) => values.map((value) => inspect(value)).join(' '))).toEqual(printed)
    print.mockRestore()
  })
})

describe('Links between the documents', () => {
  const all = [...new Set([...documents, ...filesIn('.').filter((file) => /^[A-Z]+\.md$/.test(file))])]
  const links = all.flatMap((file) =>
    [...read(file).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?[^)]*\)/g)].map(([, target = '', anchor]) => ({
      file,
      target: target === '' ? file : path.posix.join(path.posix.dirname(file), target),
      anchor,
    })),
  )

  it('lead to files that exist', () => {
    const broken = links.filter(({ target }) => !existsSync(path.join(projectRoot, target)))
    expect(broken.map(({ file, target }) => `${file} leads to ${target}`)).toEqual([])
  })

  it('lead to headings that are there', () => {
    const anchorsOf = new Map(all.map((file) => [file, headingsOf(read(file))]))
    const broken = links.filter(
      ({ target, anchor }) => anchor !== undefined && anchorsOf.get(target)?.has(anchor) !== true,
    )
    expect(links.some(({ anchor }) => anchor !== undefined)).toBe(true)
    expect(broken.map(({ file, target, anchor }) => `${file} leads to ${target}#${anchor}`)).toEqual([])
  })
})

describe('Files that the documents name', () => {
  it('are there', () => {
    const named = [...documents, 'ARCHITECTURE.md', 'CONTRIBUTING.md'].flatMap((file) =>
      [...read(file).matchAll(/`((?:src|test|docs|scripts|topologies)\/[\w/.-]+\.\w+)`/g)].map(([, name = '']) => ({
        file,
        name,
      })),
    )
    expect(named.length).toBeGreaterThan(40)
    expect(named.filter(({ name }) => !existsSync(path.join(projectRoot, name)))).toEqual([])
  })
})

function headingsOf(text: string): Set<string> {
  return new Set([...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading)))
}
