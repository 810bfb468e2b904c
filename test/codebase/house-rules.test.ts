import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import vitestConfig from '../../vitest.config.ts'
import { filesIn, projectRoot, read, sourceFiles } from './project-files.ts'

const textFiles = filesIn('.').filter((file) => /\.(?:[cm]?[jt]s|json|md|ya?ml|sh)$|^\.ci\/|^[.\w]+$/.test(file))
const handWritten = textFiles.filter((file) => !file.startsWith('test/testdata/') && file !== 'package-lock.json')

describe('House rules', () => {
  it('leave no file in src longer than 600 lines, generated ones apart', () => {
    const long = sourceFiles()
      .filter((file) => !file.endsWith('.generated.ts'))
      .map((file) => ({ file, lines: read(file).split('\n').length }))
      .filter(({ lines }) => lines > 600)
    expect(long).toEqual([])
  })

  it('leave no mark of unfinished work behind', () => {
    const marks = new RegExp(`\\b(?:${['FIX', 'ME'].join('')}|${'X'.repeat(3)})\\b`)
    expect(linesThat(handWritten, (line) => marks.test(line))).toEqual([])
  })

  it('leave time and chance to src/common/clock.ts and random.ts, so that a simulation owns both', () => {
    const source =
      /\b(?:Date\.now|performance\.now|hrtime|set(?:Timeout|Interval|Immediate)|Math\.random|random(?:UUID|Bytes|Int))\(/
    const owners = ['src/common/clock.ts', 'src/common/random.ts']
    // The commands are the outermost layer: a process that must stay alive, progress that a person watches.
    const inner = sourceFiles().filter((file) => !owners.includes(file) && !file.startsWith('src/cli/'))
    expect(linesThat(inner, (line) => source.test(line) && !/^\s*(?:\*|\/\/)/.test(line))).toEqual([])
  })

  it('leave no focused test behind', () => {
    const tests = handWritten.filter((file) => file.startsWith('test/'))
    expect(linesThat(tests, (line) => /\b(?:it|test|describe)\.only\b/.test(line) && !line.includes('\\b'))).toEqual([])
  })

  it('keep paths of the machine they were written on out of the files', () => {
    const here = projectRoot.replace(/[\\/]$/, '')
    const home = homedir()
    const isHere = (line: string): boolean =>
      line.includes(`${here}/`) || (home.length > 1 && line.includes(`${home}/`))
    const isSomeHome = (line: string): boolean => /(?:\/home\/|\/Users\/)[a-z]+\//.test(line) && !line.includes('|')
    expect(linesThat(textFiles, (line) => isHere(line) || isSomeHome(line))).toEqual([])
  })

  it('keep the hosts of package registries out of the lockfile', () => {
    expect(linesThat(['package-lock.json'], (line) => /"resolved"|https?:\/\/[^"]*\.tgz/.test(line))).toEqual([])
  })

  it('run every test file: each lies in the folder of a vitest project', () => {
    const projects = (vitestConfig as { test: { projects: { test: { name: string } }[] } }).test.projects
    const names = projects.map((project) => project.test.name)
    const lost = filesIn('test')
      .filter((file) => file.endsWith('.test.ts') && !/\.(?:real|container)\.test\.ts$/.test(file))
      .filter((file) => !names.includes(file.split('/')[1] ?? ''))
    expect(lost).toEqual([])
  })

  it.runIf(existsSync(path.join(projectRoot, 'topologies/word-count.ts')))('show in README.md a file that runs', () => {
    const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(read('README.md')) ?? []
    expect(example.length).toBeGreaterThan(100)
    const code = read('topologies/word-count.ts').replaceAll(/^\/\*\*[\s\S]*?\*\/\n/gm, '')
    expect(code).toBe(example)
  })

  it.runIf(existsSync(path.join(projectRoot, 'ARCHITECTURE.md')))('name every folder of src in ARCHITECTURE.md', () => {
    const text = read('ARCHITECTURE.md')
    const folders = new Set(sourceFiles().map((file) => path.posix.dirname(file)))
    const named = new Set([...text.matchAll(/`(src\/[\w/-]+?)\/?`/g)].map((match) => match[1] ?? ''))
    expect([...folders].filter((folder) => folder !== 'src' && !named.has(folder))).toEqual([])
    const gone = [...named].filter((name) => !existsSync(path.join(projectRoot, name)))
    expect(gone).toEqual([])
  })
})

function linesThat(files: readonly string[], matches: (line: string) => boolean): string[] {
  return files.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) => (matches(line) ? [`${file}:${index + 1}: ${line.trim().slice(0, 100)}`] : [])),
  )
}
