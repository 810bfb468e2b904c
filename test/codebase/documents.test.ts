import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { anchorOf, docExamples, documents } from './doc-examples.ts'
import { makeDocFolder } from './doc-folder.ts'
import { run } from './doc-runs.ts'
import { projectRoot, read } from './project-files.ts'

// Examples of all pages compile against the source; those that say what comes out do what they say, those that
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

  const tests = docExamples.filter(
    ({ code }) => code.includes("'millrace/testing'") && !/^\/\/ compiled only/m.test(code),
  )
  it.each(tests)('run as tests: $document#$anchor', async ({ name, code }) => {
    const print = vi.spyOn(console, 'log').mockReturnValue()
    await expect(folder.load(name)).resolves.toBeDefined()
    const printed = [...code.matchAll(/^\/\/ prints (.*)$/gm)].map(([, line]) => line)
    expect(print.mock.calls.map((values) => values.map((value) => inspect(value)).join(' '))).toEqual(printed)
    print.mockRestore()
  })
})

describe('Links between the documents', () => {
  const links = documents.flatMap((file) =>
    [...withoutCode(read(file)).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?[^)]*\)/g)].map(
      ([, target = '', anchor]) => ({
        file,
        target: target === '' ? file : path.posix.join(path.posix.dirname(file), target),
        anchor,
      }),
    ),
  )

  it('lead to files that exist', () => {
    const broken = links.filter(({ target }) => !existsSync(path.join(projectRoot, target)))
    expect(broken.map(({ file, target }) => `${file} leads to ${target}`)).toEqual([])
  })

  it('lead to headings that are there', () => {
    const anchorsOf = new Map(documents.map((file) => [file, headingsOf(read(file))]))
    const broken = links.filter(
      ({ target, anchor }) => anchor !== undefined && anchorsOf.get(target)?.has(anchor) !== true,
    )
    expect(links.some(({ anchor }) => anchor !== undefined)).toBe(true)
    expect(broken.map(({ file, target, anchor }) => `${file} leads to ${target}#${anchor}`)).toEqual([])
  })
})

describe('Files that the documents name', () => {
  it('are there', () => {
    const named = documents.flatMap((file) =>
      [...read(file).matchAll(/`((?:src|test|docs|scripts|topologies)\/[\w/.-]+\.\w+)`/g)].map(([, name = '']) => ({
        file,
        name,
      })),
    )
    expect(named.length).toBeGreaterThan(40)
    expect(named.filter(({ name }) => !existsSync(path.join(projectRoot, name)))).toEqual([])
  })
})

/** Of several headings with the same words the second has `-1` at its end. */
function headingsOf(text: string): Set<string> {
  const counts = new Map<string, number>()
  for (const [, heading = ''] of withoutCode(text).matchAll(/^#+ (.*)$/gm)) {
    const anchor = anchorOf(heading)
    counts.set(anchor, (counts.get(anchor) ?? 0) + 1)
  }
  return new Set(
    [...counts].flatMap(([anchor, count]) =>
      Array.from({ length: count }, (_, index) => (index === 0 ? anchor : `${anchor}-${index}`)),
    ),
  )
}

function withoutCode(text: string): string {
  return text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '')
}
