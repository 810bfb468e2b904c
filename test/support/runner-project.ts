/**
 * A small project of a user in an empty folder, with the built package as its `millrace`: one of `test/test-kit`, run by
 * the test runner that it is for.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child } from './child-process.ts'
import type { Finished } from './child-process.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

export class RunnerProject implements Disposable {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'millrace-runner-'))

  /** `isCopied`: the package finds the packages beside it, not those of this repository. */
  constructor(runner: 'node-test' | 'vitest' | 'jest', { isCopied = false } = {}) {
    cpSync(path.join(root, 'test/test-kit', runner), this.#folder, { recursive: true })
    cpSync(path.join(root, 'test/test-kit/word-count.mjs'), path.join(this.#folder, 'word-count.mjs'))
    const packages = path.join(this.#folder, 'node_modules')
    mkdirSync(packages)
    if (!isCopied) this.#link('millrace', root)
    else {
      for (const part of ['dist', 'package.json']) {
        cpSync(path.join(root, part), path.join(packages, 'millrace', part), { recursive: true })
      }
    }
  }

  /** A package of ours, or of `from`. */
  link(name: string, from: string = root): void {
    this.#link(name, path.join(from, 'node_modules', name))
  }

  #link(name: string, target: string): void {
    const link = path.join(this.#folder, 'node_modules', name)
    mkdirSync(path.dirname(link), { recursive: true })
    symlinkSync(target, link, 'dir')
  }

  run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Child {
    return Child.program(program, args, { cwd: this.#folder, env })
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Imports the built package where none of its optional peers is installed, and runs a few lines of a user. */
export async function runWithoutPeers(code: string): Promise<Finished> {
  using project = new RunnerProject('node-test', { isCopied: true })
  const { dependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
  }
  for (const name of Object.keys(dependencies)) project.link(name)
  await using child = project.run(process.execPath, ['--input-type=module', '-e', code])
  return await child.finished
}

/** Runs the project of that runner to its end; `env` says on which Kafka. */
export async function runProject(
  runner: 'node-test' | 'vitest' | 'jest',
  env: Readonly<Record<string, string>>,
): Promise<Finished> {
  using project = new RunnerProject(runner)
  const all = { NODE_OPTIONS: '', ...env }
  if (runner === 'node-test') {
    await using child = project.run(process.execPath, ['--test', '--test-reporter=tap', 'word-count.test.mjs'], all)
    return await child.finished
  }
  if (runner === 'vitest') {
    project.link('vitest')
    const vitest = path.join(root, 'node_modules/vitest/vitest.mjs')
    // A run in a run: without its variables the inner one would take itself for a worker of the outer.
    const outside = { ...all, VITEST: '', VITEST_WORKER_ID: '', VITEST_POOL_ID: '', TEST: '' }
    await using child = project.run(process.execPath, [vitest, 'run'], outside)
    return await child.finished
  }
  const jestHome = await installJest()
  project.link('@jest', jestHome)
  const jest = path.join(jestHome, 'node_modules/jest/bin/jest.js')
  const args = ['--experimental-vm-modules', jest, '--runInBand', '--verbose']
  await using child = project.run(process.execPath, args, all)
  return await child.finished
}

/** Once, below `.cache`; nothing of ours depends on it. */
async function installJest(): Promise<string> {
  const folder = path.join(root, '.cache/jest-30')
  if (existsSync(path.join(folder, 'node_modules/jest/bin/jest.js'))) return folder
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: { jest: '30' } }))
  await using child = Child.program('npm', ['install', '--no-audit', '--no-fund'], { cwd: folder })
  const { code, stderr } = await child.finished
  if (code !== 0) throw new Error(`jest could not be installed:\n${stderr}`)
  return folder
}
