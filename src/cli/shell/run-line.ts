/**
 * Runs one line as a process of its own: nothing of a command stays behind, it may end as it likes, and Ctrl-C in a
 * terminal is its own affair. That costs about as long as a key takes to come up again.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../environment.ts'

const binary = fileURLToPath(new URL('../../../bin/millrace.js', import.meta.url))

export interface RunOptions {
  readonly environment: Environment
  /** `ignore`: lines of a script are not its input. */
  readonly stdin: 'inherit' | 'ignore'
  /** What it is sent is sent on: only from outside of a terminal, where the process has no group of its own. */
  readonly onStarted?: (kill: (signal: NodeJS.Signals) => void) => void
}

/** Its exit code; of a signal 128 and its number. */
export function runLine(words: readonly string[], { environment, stdin, onStarted }: RunOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [binary, ...words], {
      stdio: [stdin, 'inherit', 'inherit'],
      env: environment,
    })
    onStarted?.((signal) => child.kill(signal))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  })
}
