/** Where the lines of a session are from: a person at a terminal, or a file. */
import { createInterface } from 'node:readline'
import type { Interface } from 'node:readline'
import { inputLines } from '../input-lines.ts'

export interface LineSource {
  /** Undefined at the end: Ctrl-D, or the end of the file. */
  next(prompt: string): Promise<string | undefined>
  close(): void
}

export interface TerminalOptions {
  /** Oldest first. */
  readonly history: readonly string[]
  readonly historyMax: number
  readonly complete: (line: string) => Promise<[string[], string]>
}

/**
 * One line editor for the whole session, which gives the terminal away while a command runs: what is pasted in one go is
 * many lines, and those that are not asked for yet wait here.
 */
export class TerminalLines implements LineSource {
  readonly #editor: Interface
  readonly #waiting: string[] = []
  #deliver: ((line: string | undefined) => void) | undefined
  #isClosed = false

  constructor({ history, historyMax, complete }: TerminalOptions) {
    this.#editor = createInterface({
      input: process.stdin,
      output: process.stderr,
      terminal: true,
      history: history.toReversed(),
      historySize: historyMax,
      removeHistoryDuplicates: true,
      completer: (line: string, done: (error: Error | null, result: [string[], string]) => void) => {
        complete(line).then(
          (found) => done(null, found),
          () => done(null, [[], line]),
        )
      },
    })
    this.#editor.on('line', (line) => this.#take(line))
    this.#editor.on('close', () => {
      this.#isClosed = true
      this.#give(undefined)
    })
    // What was typed is dropped, and a new line begins.
    this.#editor.on('SIGINT', () => {
      process.stderr.write('^C\n')
      Object.assign(this.#editor, { line: '', cursor: 0 })
      this.#editor.prompt()
    })
    this.#giveTerminalAway()
  }

  next(prompt: string): Promise<string | undefined> {
    const waiting = this.#waiting.shift()
    if (waiting !== undefined) return Promise.resolve(waiting)
    if (this.#isClosed) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      this.#deliver = resolve
      process.stdin.setRawMode(true)
      this.#editor.setPrompt(prompt)
      this.#editor.prompt()
    })
  }

  close(): void {
    this.#editor.close()
  }

  #take(line: string): void {
    if (this.#deliver === undefined) this.#waiting.push(line)
    else this.#give(line)
  }

  #give(line: string | undefined): void {
    if (!this.#isClosed) this.#giveTerminalAway()
    const deliver = this.#deliver
    this.#deliver = undefined
    deliver?.(line)
  }

  #giveTerminalAway(): void {
    this.#editor.pause()
    process.stdin.setRawMode(false)
  }
}

export class PipedLines implements LineSource {
  readonly #lines: AsyncGenerator<string, void, void>

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#lines = eachLine(input)
  }

  async next(): Promise<string | undefined> {
    const { done, value } = await this.#lines.next()
    return done === true ? undefined : value
  }

  close(): void {
    process.stdin.destroy()
  }
}

async function* eachLine(input: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  for await (const lines of inputLines(input)) for (const line of lines) yield line.toString()
}
