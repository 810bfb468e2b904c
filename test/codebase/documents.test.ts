import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { filesIn, projectRoot, read } from './project-files.ts'

// Every `ts` block of README.md and docs that stands for itself (it imports what it uses) compiles against the source,
// and every relative link leads somewhere.

const folder = path.join(projectRoot, '.cache', `doc-examples-${process.pid}`)
const documents = ['README.md', ...filesIn('docs').filter((file) => file.endsWith('.md'))]
const examples = documents.flatMap((file) =>
  [...read(file).matchAll(/^```ts\n([\s\S]*?)^```/gm)]
    .map((match, index) => ({ name: `${file.replaceAll(/\W/g, '-')}-${index + 1}.ts`, code: match[1] ?? '' }))
    .filter(({ code }) => /^import /m.test(code)),
)

beforeAll(() => {
  mkdirSync(folder, { recursive: true })
  const compilerOptions = { noUnusedLocals: false, incremental: false, tsBuildInfoFile: null }
  const config = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] }
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config))
  for (const { name, code } of examples) {
    writeFileSync(path.join(folder, name), code.replaceAll("'./topologies/", "'../../topologies/"))
  }
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('Examples in the documents', () => {
  it('compile', () => {
    const compiler = path.join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc')
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', folder], { cwd: folder, encoding: 'utf8' })
    expect(examples.length).toBeGreaterThan(0)
    // Errors below src are the type check's to report.
    expect(stdout.split('\n').filter((line) => /^[\w-]+\.ts\(/.test(line))).toEqual([])
  })
})

describe('Links between the documents', () => {
  it('lead to files that exist', () => {
    const all = [...documents, ...filesIn('.').filter((file) => /^[A-Z]+\.md$/.test(file))]
    const broken = [...new Set(all)].flatMap((file) =>
      [...read(file).matchAll(/\]\((?!\w+:|#)([^)#\s]+)[^)]*\)/g)]
        .map((match) => path.posix.join(path.posix.dirname(file), match[1] ?? ''))
        .filter((target) => !existsSync(path.join(projectRoot, target)))
        .map((target) => `${file} leads to ${target}`),
    )
    expect(broken).toEqual([])
  })
})
