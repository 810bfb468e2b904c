/**
 * One instance of the application: a child process that is killed and started again in the same state directory. It knows
 * from the lines of its process which tasks it has and whether they run, and keeps every line with its time in a file.
 *
 * Both programs print `… -> RUNNING` for a state and `tasks +[…] -[…]` for an assignment.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import type { WriteStream } from 'node:fs'
import { createInterface } from 'node:readline'

export interface Command {
  readonly program: string
  readonly args: readonly string[]
}

/** One process from its start to its end. */
export interface Life {
  readonly number: number
  readonly startedAtMs: number
  /** Its first line: from here on the time is the application's, before that it is the machine's. */
  spokeAtMs: number | undefined
  /** The first assignment that was not empty. */
  assignedAtMs: number | undefined
  /** From when on tasks of its own ran for the first time, stores restored. */
  runningAtMs: number | undefined
  endedAtMs: number | undefined
}

export class Instance {
  readonly index: number
  readonly logFile: string
  readonly lives: Life[] = []
  /** Processes that ended although nobody ended them. */
  readonly unexpectedEnds: string[] = []
  readonly #command: Command
  readonly #log: WriteStream
  readonly #tasks = new Set<string>()
  #child: ChildProcess | undefined
  #ended: Promise<void> = Promise.resolve()
  #endIsWanted = false
  #isRunning = false
  #assignments = 0
  #lastAssignedAtMs = 0
  #exitCode: number | null = null
  #changed = Promise.withResolvers<void>()

  constructor(index: number, command: Command, logFile: string) {
    this.index = index
    this.logFile = logFile
    this.#command = command
    this.#log = createWriteStream(logFile, { flags: 'a' })
  }

  get isAlive(): boolean {
    return this.#child !== undefined
  }

  /** It takes part, with or without tasks. */
  get isRunning(): boolean {
    return this.#isRunning
  }

  /** The tasks that it runs now, as far as it has said. */
  get tasks(): ReadonlySet<string> {
    return this.#isRunning ? this.#tasks : new Set()
  }

  /** How many it was told of in all its lives, and when the last one came. */
  get assignments(): number {
    return this.#assignments
  }

  get lastAssignedAtMs(): number {
    return this.#lastAssignedAtMs
  }

  get life(): Life | undefined {
    return this.lives.at(-1)
  }

  start(): Life {
    const life: Life = {
      number: this.lives.length + 1,
      startedAtMs: Date.now(),
      spokeAtMs: undefined,
      assignedAtMs: undefined,
      runningAtMs: undefined,
      endedAtMs: undefined,
    }
    this.lives.push(life)
    this.#endIsWanted = false
    this.#forget()
    const child = spawn(this.#command.program, this.#command.args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    this.note(`--- life ${life.number}, process ${child.pid}`)
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#read(life, line))
    }
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => this.note(`--- ${error.message}`))
      child.once('close', (code, signal) => {
        this.#close(life, code, signal)
        resolve()
      })
    })
    return life
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#endIsWanted = true
    this.note('--- SIGKILL')
    this.#child?.kill('SIGKILL')
    await this.#ended
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.note(`--- ${name}`)
    this.#child?.kill(name)
  }

  /** SIGTERM, and the exit code; after `timeoutMs` SIGKILL, and undefined. */
  async stop(timeoutMs: number): Promise<number | null | undefined> {
    if (this.#child === undefined) return this.#exitCode
    this.#endIsWanted = true
    this.note('--- SIGTERM')
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), timeoutMs)
    await this.#ended
    clearTimeout(timer)
    return this.#exitCode ?? undefined
  }

  /** Resolves when `holds` is true, looked at after every line; false after `timeoutMs` or at the end of the process. */
  async until(holds: () => boolean, timeoutMs: number): Promise<boolean> {
    const deadlineMs = Date.now() + timeoutMs
    while (!holds()) {
      const leftMs = deadlineMs - Date.now()
      if (leftMs <= 0 || !this.isAlive) return false
      let timer: NodeJS.Timeout | undefined
      const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, leftMs)))
      await Promise.race([this.#changed.promise, timeout])
      clearTimeout(timer)
    }
    return true
  }

  note(line: string): void {
    this.#log.write(`${new Date().toISOString()} ${line}\n`)
  }

  closeLog(): Promise<void> {
    return new Promise((resolve) => this.#log.end(resolve))
  }

  #read(life: Life, line: string): void {
    this.note(line)
    if (life !== this.life) return
    life.spokeAtMs ??= Date.now()
    // What a lost membership takes away is not listed by the assignment after it.
    if (line.includes('membership lost')) this.#tasks.clear()
    const assignment = /tasks \+\[(.*?)\] -\[(.*?)\]/.exec(line)
    if (assignment !== null) this.#assigned(life, namesIn(assignment[1]), namesIn(assignment[2]))
    const state = /(\w+) -> (\w+)/.exec(line)
    if (state !== null) this.#isRunning = state[2] === 'RUNNING'
    if (this.#isRunning && this.#tasks.size > 0) life.runningAtMs ??= Date.now()
    this.#announce()
  }

  #assigned(life: Life, added: readonly string[], removed: readonly string[]): void {
    this.#assignments++
    this.#lastAssignedAtMs = Date.now()
    for (const task of removed) this.#tasks.delete(task)
    for (const task of added) this.#tasks.add(task)
    if (added.length > 0) life.assignedAtMs ??= Date.now()
  }

  #close(life: Life, code: number | null, signal: string | null): void {
    life.endedAtMs = Date.now()
    this.note(`--- ended with ${signal ?? `exit code ${code}`}`)
    this.#child = undefined
    this.#exitCode = code
    this.#forget()
    if (!this.#endIsWanted) {
      this.unexpectedEnds.push(
        `instance ${this.index + 1}, life ${life.number}: ended with ${signal ?? `exit code ${code}`}`,
      )
    }
    this.#announce()
  }

  #forget(): void {
    this.#tasks.clear()
    this.#isRunning = false
  }

  #announce(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

function namesIn(text: string | undefined): string[] {
  return (text ?? '').split(' ').filter((name) => name !== '')
}
