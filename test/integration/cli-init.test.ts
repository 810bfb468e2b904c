/** `millrace init` as a process, and the project that it makes: types, tests, and what the commands say about it. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exampleNames } from '../../src/cli/init/examples.ts'
import { Child } from '../support/child-process.ts'
import type { Finished } from '../support/child-process.ts'
import { fitsSchema } from '../support/cli-schema.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-init-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function run(program: string, args: readonly string[], cwd: string): Promise<Finished> {
  await using child = Child.program(program, args, { cwd, env: { HOME: folder } })
  return await child.finished
}

const init = (...args: readonly string[]): Promise<Finished> =>
  run(process.execPath, [path.join(root, 'bin/millrace.js'), 'init', ...args], folder)

/** What npm would install, from here: packages as they are, this project as `millrace`. */
function install(project: string): void {
  mkdirSync(path.join(project, 'node_modules', '@types'), { recursive: true })
  symlinkSync(root, path.join(project, 'node_modules', 'millrace'))
  for (const name of ['typescript', '@types/node', 'vitest']) {
    symlinkSync(path.join(root, 'node_modules', name), path.join(project, 'node_modules', name))
  }
}

describe('millrace init', () => {
  // The runner changes the line of an import and nothing else: both with the first, then one after the other.
  const calls = exampleNames.map((example, index) => ({
    example,
    runners: index === 0 ? ['node', 'vitest'] : [index % 2 === 0 ? 'node' : 'vitest'],
  }))

  it.each(calls)(
    'makes a project of $example whose types and tests are good, under $runners',
    async ({ example, runners }) => {
      for (const tests of runners) {
        const name = `${example}-by-${tests}`
        const made = await init(name, '--example', example, '--tests', tests, '-o', 'json')
        expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: '' })
        expect(fitsSchema('init', made.stdout)).toMatchObject({ name, example })
        const project = path.join(folder, name)
        install(project)
        const node = (...args: readonly string[]): Promise<Finished> => run(process.execPath, args, project)
        expect(await node('node_modules/typescript/bin/tsc')).toMatchObject({ code: 0, stdout: '' })
        const tested =
          tests === 'node'
            ? await node('--test', 'test/**/*.test.ts')
            : await node('node_modules/vitest/vitest.mjs', 'run', 'test/unit', 'test/integration')
        expect(tested.code, tested.stdout).toBe(0)
        expect(stripVTControlCharacters(tested.stdout)).toMatch(
          tests === 'node' ? /pass [34567]/ : /Tests +[34567] passed/,
        )
        const described = await node('node_modules/millrace/bin/millrace.js', 'describe')
        expect(described.stdout).toMatch(/^Topologies:\n/)
        expect(await node('node_modules/millrace/bin/millrace.js', 'validate')).toMatchObject({ code: 0 })
      }
      // Two compilers and two test runners, on a machine that does other things as well.
    },
    240_000,
  )

  it('overwrites nothing, and says what is in the way', async () => {
    mkdirSync(path.join(folder, 'taken', 'src'), { recursive: true })
    writeFileSync(path.join(folder, 'taken', 'README.md'), 'mine')
    writeFileSync(path.join(folder, 'taken', 'src', 'other.ts'), 'mine, too')
    symlinkSync('/nowhere/at/all', path.join(folder, 'taken', 'Dockerfile'))
    const refused = await init('taken')
    expect(refused).toMatchObject({ code: 4, stdout: '' })
    expect(refused.stderr).toContain('these files are there already: Dockerfile, README.md;')
    expect(readdirSync(path.join(folder, 'taken')).toSorted()).toEqual(['Dockerfile', 'README.md', 'src'])
    rmSync(path.join(folder, 'taken', 'Dockerfile'))
    expect((await init('taken', '--force')).code).toBe(0)
    expect(readFileSync(path.join(folder, 'taken', 'README.md'), 'utf8')).toMatch(/^# taken\n/)
    expect(readFileSync(path.join(folder, 'taken', 'src', 'other.ts'), 'utf8')).toBe('mine, too')
  })

  it('takes a tarball with it, and prints what to do next', async () => {
    writeFileSync(path.join(folder, 'millrace-9.9.9.tgz'), 'packed')
    const { code, stdout } = await init('Packed App', '--millrace', 'millrace-9.9.9.tgz')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^packed-app: 29 files\. Next:\n {2}cd 'Packed App'\n {2}npm install\n/)
    const project = path.join(folder, 'Packed App')
    expect(readFileSync(path.join(project, 'millrace-9.9.9.tgz'), 'utf8')).toBe('packed')
    const manifest = JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8')) as object
    expect(manifest).toMatchObject({ name: 'packed-app', dependencies: { millrace: 'file:./millrace-9.9.9.tgz' } })
  })

  it.each([
    ['a name that cannot be', ['x', '--name', 'My_App'], 2, '--name takes lower-case letters'],
    ['a directory that makes no name', ['42'], 2, 'give one: --name'],
    ['an example that is none', ['y', '--example', 'nothing'], 2, 'Allowed choices are'],
    ['a tarball that is not there', ['z', '--millrace', 'none.tgz'], 2, "there is no file 'none.tgz'"],
    ['a file as directory', ['file'], 4, 'is no directory'],
  ])('refuses %s', async (_, args, code, message) => {
    writeFileSync(path.join(folder, 'file'), '')
    const found = await init(...args)
    expect(found.stderr).toContain(message)
    expect(found).toMatchObject({ code, stdout: '' })
    expect(existsSync(path.join(folder, args[0] ?? '', 'package.json'))).toBe(false)
  })
})
