/** `millrace shell`: one command after the other, from a terminal or from a file. */
import type { Command } from 'commander'
import { CliError } from '../../errors/cli-error.ts'
import { completed } from '../completion.ts'
import type { Completed } from '../completion.ts'
import { describeFailure, exitCodeOf } from '../failure.ts'
import { styled } from '../style.ts'
import { print, say, sayAlways } from '../terminal.ts'
import { completions } from './complete.ts'
import { History, historyFile, historyMaxLines } from './history.ts'
import { PipedLines, TerminalLines } from './line-source.ts'
import type { LineSource } from './line-source.ts'
import { runLine } from './run-line.ts'
import { Session } from './session.ts'
import { operatorIn, splitLine } from './words.ts'

export interface ShellOptions {
  readonly brokers?: string
  readonly applicationId?: string
  readonly profile?: string
  readonly config?: string
  readonly keepGoing?: boolean
  readonly verbose?: boolean
  readonly quiet?: boolean
  readonly color?: boolean
  readonly input?: boolean
}

export async function shellCommand(
  module: string | undefined,
  options: ShellOptions,
  program: () => Promise<Command>,
): Promise<void> {
  const session = sessionOf(module, options)
  const isTerminal = process.stdin.isTTY && process.stderr.isTTY
  const shell = new Shell(session, options, program, isTerminal)
  // `process.exitCode` is the exit code of the whole.
  const code = isTerminal ? await shell.runTerminal() : await shell.runPiped(options.keepGoing === true)
  if (code !== 0) process.exitCode = code
}

function sessionOf(module: string | undefined, options: ShellOptions): Session {
  const session = new Session(process.env)
  const given = {
    brokers: options.brokers,
    module,
    application: options.applicationId,
    profile: options.profile,
    config: options.config,
  }
  for (const [name, value] of Object.entries(given)) if (value !== undefined) session.use(name, value)
  return session
}

class Shell {
  readonly #session: Session
  readonly #globals: readonly string[]
  readonly #isVerbose: boolean
  readonly #program: () => Promise<Command>
  readonly #isTerminal: boolean
  readonly #history: History
  #commands: readonly Completed[] | undefined
  #kill: ((signal: NodeJS.Signals) => void) | undefined
  #stoppedBy: NodeJS.Signals | undefined

  constructor(session: Session, options: ShellOptions, program: () => Promise<Command>, isTerminal: boolean) {
    this.#session = session
    this.#globals = globalFlags(options)
    this.#isVerbose = options.verbose === true
    this.#program = program
    this.#isTerminal = isTerminal
    // What a script says stands in the script.
    this.#history = new History(isTerminal ? historyFile(process.env) : undefined, (reason) =>
      say(`millrace: no history: ${reason}`),
    )
  }

  /** Ends with Ctrl-D or `exit`; what commands ended with was for the person. */
  async runTerminal(): Promise<number> {
    const lines = new TerminalLines({
      history: this.#history.lines(),
      historyMax: historyMaxLines,
      complete: async (line) => completions(await this.#definitions(), line),
    })
    // Ctrl-C has reached the command as well, because it is in the terminal's group; the shell itself goes on.
    const release = this.#onSignals({ SIGINT: () => undefined })
    say(`millrace shell: commands without 'millrace' in front; Tab completes, help lists, Ctrl-D ends`)
    try {
      for (;;) {
        const line = await lines.next(this.#prompt())
        if (line === undefined) {
          process.stderr.write('\n')
          return 0
        }
        this.#history.add(line)
        if ((await this.#run(line)) === 'exit') return 0
        if (this.#stoppedBy !== undefined) return exitCodeOfSignal(this.#stoppedBy)
      }
    } finally {
      release()
      lines.close()
    }
  }

  /** Ends at the first line that fails, with its exit code; or at the end, with that of the first that failed. */
  async runPiped(keepGoing: boolean): Promise<number> {
    const lines: LineSource = new PipedLines(process.stdin as AsyncIterable<Buffer>)
    const stop = (signal: NodeJS.Signals): void => {
      this.#stoppedBy ??= signal
      if (this.#kill === undefined) lines.close()
      else this.#kill(signal)
    }
    const release = this.#onSignals({ SIGINT: stop })
    let failed = 0
    try {
      for (let number = 1; ; number++) {
        const line = await lines.next('').catch(() => undefined)
        if (this.#stoppedBy !== undefined) return exitCodeOfSignal(this.#stoppedBy)
        if (line === undefined) return failed
        const code = await this.#run(line)
        if (this.#stoppedBy !== undefined) return exitCodeOfSignal(this.#stoppedBy)
        if (code === 'exit') return failed
        if (code === 0) continue
        failed ||= code
        say(`millrace: line ${number} ended with exit code ${code}${keepGoing ? '' : '; --keep-going would go on'}`)
        if (!keepGoing) return code
      }
    } finally {
      release()
      lines.close()
    }
  }

  /** SIGTERM ends the command and then the shell. */
  #onSignals({ SIGINT: interrupt }: { readonly SIGINT: (signal: NodeJS.Signals) => void }): () => void {
    const terminate = (signal: NodeJS.Signals): void => {
      this.#stoppedBy = signal
      if (this.#kill === undefined) process.exit(exitCodeOfSignal(signal))
      this.#kill(signal)
    }
    process.on('SIGINT', interrupt).on('SIGTERM', terminate).on('SIGHUP', terminate)
    return () => process.off('SIGINT', interrupt).off('SIGTERM', terminate).off('SIGHUP', terminate)
  }

  async #run(line: string): Promise<number | 'exit'> {
    try {
      const words = wordsOf(line)
      const [first] = words
      if (first === undefined) return 0
      if (first === 'exit' || first === 'quit') return 'exit'
      if (await this.#builtIn(words)) return 0
      return await this.#child(words)
    } catch (error) {
      sayAlways(describeFailure(error, this.#isVerbose))
      return exitCodeOf(error)
    }
  }

  /** False: it is none. */
  async #builtIn([first, ...rest]: readonly string[]): Promise<boolean> {
    if (first === 'use') await this.#use(rest)
    else if (first === 'unset' && rest.length === 1) this.#session.unset(rest[0] ?? '')
    else if (first === 'unset') throw new CliError('MILLRACE_USAGE', 'unset takes one name, such as brokers')
    else if (first === 'history' && rest.length === 0) await print(`${this.#history.lines().join('\n')}\n`)
    else if (first === 'shell') throw new CliError('MILLRACE_USAGE', 'this is the shell already')
    else if (first === 'help' && rest.length === 0) {
      await this.#child(['help'])
      await print(builtInHelp)
    } else return false
    return true
  }

  async #use([name, ...values]: readonly string[]): Promise<void> {
    if (name === undefined) return print(this.#session.describe())
    const [value] = values
    if (value === undefined || values.length > 1) {
      throw new CliError('MILLRACE_USAGE', `use takes a name and a value: use brokers localhost:9092`)
    }
    this.#session.use(name, value)
  }

  async #child(words: readonly string[]): Promise<number> {
    try {
      return await runLine([...this.#globals, ...words], {
        environment: this.#session.environment,
        stdin: this.#isTerminal ? 'inherit' : 'ignore',
        onStarted: (kill) => (this.#kill = kill),
      })
    } finally {
      this.#kill = undefined
    }
  }

  #prompt(): string {
    // Some terminals do not say how wide they are, or say 0.
    return styled('name', this.#session.prompt(process.stderr.columns || 80), process.stderr)
  }

  async #definitions(): Promise<readonly Completed[]> {
    this.#commands ??= completed(await this.#program())
    return this.#commands
  }
}

const builtInHelp = `
In the shell:
  use <name> <value>   for all commands that follow: brokers, module, application, profile, config; alone: what is set
  unset <name>         forget it
  history              earlier lines
  exit                 or Ctrl-D
`

/** Throws where the line cannot be meant. */
function wordsOf(line: string): readonly string[] {
  const { words, open } = splitLine(line)
  if (open !== undefined) {
    const what = open === '\\' ? 'a backslash at its end' : `a ${open} that is not closed`
    throw new CliError('MILLRACE_USAGE', `the line has ${what}`)
  }
  const operator = operatorIn(words)
  if (operator !== undefined) {
    throw new CliError(
      'MILLRACE_USAGE',
      `there is no '${operator}' here: a line is one command, and nothing is expanded; quote it if it is meant literally ('${operator}')`,
    )
  }
  const texts = words.map(({ text }) => text)
  return texts[0] === 'millrace' ? texts.slice(1) : texts
}

/** Of the shell itself, for its commands. */
function globalFlags({ verbose, quiet, color, input }: ShellOptions): readonly string[] {
  return [
    ...(verbose === true ? ['--verbose'] : []),
    ...(quiet === true ? ['--quiet'] : []),
    ...(color === false ? ['--no-color'] : []),
    ...(input === false ? ['--no-input'] : []),
  ]
}

function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return signal === 'SIGINT' ? 130 : signal === 'SIGHUP' ? 129 : 143
}
