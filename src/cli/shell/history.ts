/**
 * The lines of earlier sessions, in `$XDG_STATE_HOME/millrace/history`: at most 1000, readable by nobody else, secrets
 * left out before they are written. Where the file cannot be kept like this there is none, and that is said once.
 */
import { chmodSync, closeSync, existsSync, fstatSync, lstatSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Environment } from '../environment.ts'
import { redactedLine } from './redact-line.ts'

export const historyMaxLines = 1000
const lineMaxLength = 4000

/** Undefined: there is no home. */
export function historyFile(environment: Environment): string | undefined {
  const { XDG_STATE_HOME: state, HOME: home } = environment
  // A relative path is to be ignored (XDG Base Directory Specification).
  if (state !== undefined && path.isAbsolute(state)) return path.join(state, 'millrace', 'history')
  return home === undefined || home === '' ? undefined : path.join(home, '.local', 'state', 'millrace', 'history')
}

export class History {
  readonly #file: string | undefined
  readonly #onProblem: (reason: string) => void
  #isBroken = false

  /** `onProblem` is told once why nothing is kept. */
  constructor(file: string | undefined, onProblem: (reason: string) => void) {
    this.#file = file
    this.#onProblem = onProblem
  }

  /** Oldest first. */
  lines(): readonly string[] {
    return this.#guarded((file) => (existsSync(file) ? readSafely(file) : [])) ?? []
  }

  /** Lines that begin with a blank are not kept, as in other shells; nor is the same one twice in a row. */
  add(line: string): void {
    if (line.startsWith(' ') || line.trim() === '' || line.length > lineMaxLength) return
    const safe = redactedLine(line)
    if (safe === undefined) return
    this.#guarded((file) => {
      makeFolder(path.dirname(file))
      // Other shells write here, too.
      const before = existsSync(file) ? readSafely(file) : []
      if (before.at(-1) !== safe) replace(file, [...before, safe].slice(-historyMaxLines))
    })
  }

  #guarded<T>(work: (file: string) => T): T | undefined {
    if (this.#file === undefined || this.#isBroken) return undefined
    try {
      return work(this.#file)
    } catch (error) {
      this.#isBroken = true
      this.#onProblem(error instanceof Error ? error.message : String(error))
      return undefined
    }
  }
}

function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if ((lstatSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700)
}

/** Throws where it is not a file of this user. */
function readSafely(file: string): readonly string[] {
  if (!lstatSync(file).isFile()) throw new Error(`'${file}' is no file`)
  const descriptor = openSync(file, 'r')
  try {
    const { uid, mode, size } = fstatSync(descriptor)
    if (process.getuid !== undefined && uid !== process.getuid()) throw new Error(`'${file}' is another user's`)
    if ((mode & 0o077) !== 0) chmodSync(file, 0o600)
    if (size > historyMaxLines * lineMaxLength * 4) throw new Error(`'${file}' is too large to be a history`)
    const lines = readFileSync(descriptor, 'utf8').split('\n')
    return lines.filter((line) => line !== '').slice(-historyMaxLines)
  } finally {
    closeSync(descriptor)
  }
}

/** Whole or not at all, and never through a link that somebody has put in the way. */
function replace(file: string, lines: readonly string[]): void {
  const fresh = `${file}.${process.pid}`
  rmSync(fresh, { force: true })
  writeFileSync(fresh, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' })
  renameSync(fresh, file)
}
