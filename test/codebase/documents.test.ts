import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { anchorOf, docExamples, documents } from './doc-examples.ts'
import { run } from './doc-runs.ts'
import { filesIn, projectRoot, read } from './project-files.ts'

// Examples of README.md and docs compile against the source; those that say what comes out do what they say, those that
// test something with the driver pass; and every relative link leads somewhere.

const folder = path.join(projectRoot, '.cache', `doc-examples-${process.pid}`)
const fileOf = (name: string): string => path.join(folder, `${name}.ts`)

beforeAll(() => {
  mkdirSync(folder, { recursive: true })
  const compilerOptions = { noUnusedLocals: false, incremental: false, tsBuildInfoFile: null }
  const config = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] }
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config))
  for (const { name, code } of docExamples) {
    writeFileSync(fileOf(name), code.replaceAll("'./topologies/", "'../../topologies/"))
  }
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('Examples in the documents', () => {
  it('compile', { timeout: 60_000 }, () => {
    const compiler = path.join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc')
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', folder], { cwd: folder, encoding: 'utf8' })
    expect(docExamples.length).toBeGreaterThan(0)
    // Errors below src are the type check's to report.
    expect(stdout.split('\n').filter((line) => /^[\w-]+\.ts\(/.test(line))).toEqual([])
  })

  const told = docExamples.filter(({ steps }) => steps.length > 0)
  it.each(told)('do what they say: $document#$anchor, compatibility $compatibility', async (example) => {
    const { builder } = (await import(/* @vite-ignore */ fileOf(example.name))) as { builder: StreamsBuilder }
    const { actual, expected } = run(builder, example)
    expect(actual).toEqual(expected)
  })

  const tests = docExamples.filter(({ code }) => code.includes("'millrace/testing'"))
  it.each(tests)('run as tests: $document#$anchor', async ({ name, code }) => {
    const print = vi.spyOn(console, 'log').mockReturnValue()
    await expect(import(/* @vite-ignore */ fileOf(name))).resolves.toBeDefined()
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
