/** Applies mutations to a copy of the sources, one after the other, and looks for the first run that shows each. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Mutation } from './mutations.ts'
import { runPool, type PoolResult } from './pool.ts'

export interface MutationResult {
  readonly mutation: Mutation
  /** The first seed that showed it; undefined: none did. */
  readonly seed: number | undefined
  readonly runs: number
  readonly violation: string
}

export interface MutateOptions {
  /** Of the sources. */
  readonly root: string
  readonly jobs: number
  readonly from: number
  readonly seeds: number
}

export async function tryMutation(
  mutation: Mutation,
  { root, jobs, from, seeds }: MutateOptions,
): Promise<MutationResult> {
  const copy = mkdtempSync(path.join(tmpdir(), 'millrace-mutation-'))
  try {
    for (const name of ['src', 'test/simulation', 'test/support', 'package.json']) {
      cpSync(path.join(root, name), path.join(copy, name), { recursive: true })
    }
    symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'))
    for (const { file, find, replace } of mutation.edits) {
      const target = path.join(copy, file)
      const source = readFileSync(target, 'utf8')
      if (source.split(find).length !== 2) {
        throw new Error(`mutation ${mutation.name}: its text is not there exactly once in ${file}; bring it up to date`)
      }
      writeFileSync(
        target,
        source.replace(find, () => replace),
      )
    }
    let runs = 0
    for (let next = from; next < from + seeds;) {
      const result = await runSeeds(copy, mutation, next, from + seeds, jobs)
      runs += result.runs
      const [first] = result.failures
      if (first === undefined) break
      // What fails without the mutation as well says nothing about it.
      const before = await runSeeds(root, mutation, first.number, first.number + 1, 1)
      const violation = first.text.match(/^violated:\n {2}(.*)$/m)?.[1] ?? ''
      if (before.failures.length === 0) return { mutation, seed: first.number, runs, violation }
      next = first.number + 1
    }
    return { mutation, seed: undefined, runs, violation: '' }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

function runSeeds(root: string, { workload }: Mutation, from: number, to: number, jobs: number): Promise<PoolResult> {
  const plain = { exhaustive: false, workload, overlap: false, replay: '', traceLines: 0, failuresMax: 1 }
  return runPool({ ...plain, root, from, to, jobs })
}
