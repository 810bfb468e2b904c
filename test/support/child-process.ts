/** Commands as users start them: child processes of the built binary, with what they print kept and awaited. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export class Child {
  readonly #process: ChildProcess
  /** Its own, so that no state of one test is found by another. */
  readonly #temporaryDirectory = mkdtempSync(path.join(tmpdir(), 'millrace-test-'))
  readonly finished: Promise<Finished>
  #stdout = ''
  #stderr = ''
  #onOutput: (() => void)[] = []
  #ended = false

  /** `bin/millrace.js` with these arguments. */
  static millrace(args: readonly string[], options: ChildOptions = {}): Child {
    return new Child(process.execPath, [`${root}bin/millrace.js`, ...args], options)
  }

  /** A script of the repository, such as `dist/cli/start.js`. */
  static script(file: string, args: readonly string[], options: ChildOptions = {}): Child {
    return new Child(process.execPath, [`${root}${file}`, ...args], options)
  }

  /** Any program, such as `java`. */
  static program(program: string, args: readonly string[], options: ChildOptions = {}): Child {
    return new Child(program, args, options)
  }

  private constructor(program: string, args: readonly string[], { stdin, cwd = root, env = {} }: ChildOptions) {
    this.#process = spawn(program, args, {
      cwd,
      env: { ...process.env, TMPDIR: this.#temporaryDirectory, ...env },
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    if (stdin !== undefined) this.#process.stdin?.end(stdin)
    this.#process.stdout?.on('data', (chunk: Buffer) => this.#notice(() => (this.#stdout += chunk.toString())))
    this.#process.stderr?.on('data', (chunk: Buffer) => this.#notice(() => (this.#stderr += chunk.toString())))
    this.finished = new Promise((resolve, reject) => {
      this.#process.on('error', reject)
      this.#process.on('close', (code, signal) => {
        this.#notice(() => (this.#ended = true))
        rmSync(this.#temporaryDirectory, { recursive: true, force: true })
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr })
      })
    })
  }

  /** Resolves when stdout or stderr contains `text`, from now on or already; rejects when the process ends without it. */
  prints(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.#stdout.includes(text) || this.#stderr.includes(text)) resolve()
        else if (this.#ended) reject(new Error(`ended without printing '${text}':\n${this.#stdout}\n${this.#stderr}`))
        else this.#onOutput.push(look)
      }
      look()
    })
  }

  get output(): string {
    return `${this.#stdout}${this.#stderr}`
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** For the end of a test: gone, whatever it was doing. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.#process.kill('SIGKILL')
    await this.finished.catch(() => undefined)
  }

  #notice(change: () => void): void {
    change()
    const waiting = this.#onOutput
    this.#onOutput = []
    for (const look of waiting) look()
  }
}

export interface ChildOptions {
  /** Undefined: none at all, as for a service. */
  readonly stdin?: string | Buffer
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}
