/** Applies mutations to a copy of the sources, one after the other, and looks for the first run that shows each. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Mutation } from './mutations.ts'
import { runPool } from './pool.ts'

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
    const { runs, failures } = await runPool({
      root: copy,
      jobs,
      from,
      to: from + seeds,
      exhaustive: false,
      overlap: mutation.overlap ?? false,
      replay: '',
      traceLines: 0,
      failuresMax: 1,
    })
    const [first] = failures
    const violation = first?.text.match(/^violated:\n {2}(.*)$/m)?.[1] ?? ''
    return { mutation, seed: first?.number, runs, violation }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}
