/** Questions before something is changed. Never the only way: each has a flag, named where nobody can be asked. */
import { createInterface } from 'node:readline/promises'
import { CliError } from '../errors/cli-error.ts'
import { styled } from './style.ts'

export interface Confirmation {
  /** What is about to happen: a sentence without its full stop. */
  readonly what: string
  /** What has to be typed, such as the application id; 'yes' for what can be undone. */
  readonly expected: string
  /** What was given on the command line. */
  readonly given: string | undefined
  /** The flag that stands for the answer: `--confirm word-count`. */
  readonly flag: string
}

let isForbidden = false

/** `--no-input`. */
export function forbidQuestions(): void {
  isForbidden = true
}

/** Throws where it is refused, or where nobody can be asked. */
export async function confirm({ what, expected, given, flag }: Confirmation): Promise<void> {
  if (given !== undefined) {
    if (given === expected) return
    throw new CliError('MILLRACE_CONFIRMATION', `${what}: '${given}' is not '${expected}'; nothing was changed`)
  }
  const canAsk = !isForbidden && process.stdin.isTTY && process.stderr.isTTY && !process.env['MILLRACE_NO_INPUT']
  if (!canAsk) {
    throw new CliError('MILLRACE_CONFIRMATION', `${what}: give ${flag} to confirm that; nothing was changed`)
  }
  const answer = await ask(`${styled('warning', what, process.stderr)}. Type ${expected} to go on: `)
  if (answer?.trim() === expected) return
  throw new CliError('MILLRACE_CONFIRMATION', `not confirmed; nothing was changed`)
}

/** Undefined: the input ended, or Ctrl-C. */
async function ask(question: string): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const interruption = new AbortController()
  lines.once('SIGINT', () => interruption.abort()).once('close', () => interruption.abort())
  try {
    return await lines.question(question, { signal: interruption.signal })
  } catch {
    return undefined
  } finally {
    lines.close()
  }
}
