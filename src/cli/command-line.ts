/** How a call of the command line begins and ends. What there is to call is in `program.ts`. */
import { CommanderError } from 'commander'
import type { Command } from 'commander'
import { CliError } from '../errors/cli-error.ts'
import { commandTable } from './command-table.ts'
import { describeFailure, exitCodeOf, failureDocument } from './failure.ts'
import { makeProgram } from './program.ts'
import { forbidQuestions } from './prompt.ts'
import { forbidColours, styled } from './style.ts'
import { beQuiet, sayAlways } from './terminal.ts'
import { wrapped } from './wrap.ts'

interface Ending {
  readonly verbose?: boolean
  readonly quiet?: boolean
  readonly color?: boolean
  readonly input?: boolean
}

/** Runs one command; resolves with its exit code, and never rejects. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  if (argv.includes('--no-color')) forbidColours()
  let called: Command | undefined
  const isForPrograms = wantsDocuments(argv)
  const root = await makeProgram(argv)
  if (isForPrograms) silence(root)
  root.hook('preAction', (_, command) => {
    called = command
    const { quiet, color, input } = command.optsWithGlobals<Ending>()
    if (quiet === true) beQuiet()
    if (color === false) forbidColours()
    if (input === false) forbidQuestions()
  })
  try {
    await root.parseAsync(helpAsked(argv), { from: 'user' })
    return exitCodeOfSuccess()
  } catch (error) {
    // Commander has printed its own words already; help and version are no errors.
    if (error instanceof CommanderError && (error.exitCode === 0 || !isForPrograms)) return error.exitCode === 0 ? 0 : 2
    const { verbose } = (called ?? root).optsWithGlobals<Ending>()
    const failure = error instanceof CommanderError ? usageError(error) : error
    sayAlways(isForPrograms ? failureDocument(failure, verbose === true) : errorText(failure, verbose === true))
    return exitCodeOf(failure)
  }
}

/** On a terminal in lines that fit; a stack is as it is. */
function errorText(failure: unknown, isVerbose: boolean): string {
  const text = describeFailure(failure, isVerbose).replace(/^error:/, styled('bad', 'error:', process.stderr))
  const { isTTY, columns } = process.stderr
  if (!isTTY || !(columns > 0) || isVerbose) return text
  const lines = text.split('\n').map((line, at) => {
    const hanging = at === 0 ? 'error: '.length : line.length - line.trimStart().length
    return wrapped(line, { width: columns, hanging })
  })
  return lines.join('\n')
}

/** As `-o` and `--output` are written; also where the command is not called, because something else of it is wrong. */
function wantsDocuments(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  const options = end < 0 ? argv : argv.slice(0, end)
  return options.some((option, at) => {
    if (option === '--json') return true
    const value = /^(?:-o=?|--output=)(jsonl?)$/.exec(option)?.[1]
    return value !== undefined || (/^(?:-o|--output)$/.test(option) && /^jsonl?$/.test(options[at + 1] ?? ''))
  })
}

/** What is wrong with the usage is told once, as a document. */
function silence(command: Command): void {
  command.configureOutput({ writeErr: () => undefined })
  for (const inner of command.commands) silence(inner)
}

function usageError({ code, message }: CommanderError): CliError {
  const found =
    code === 'commander.help' ? 'no command was named' : message.replace(/^error: /, '').replaceAll(/\s+/g, ' ')
  return new CliError('MILLRACE_USAGE', `${found}; 'millrace help' tells what there is`)
}

/** `help dlq retry` is `dlq retry --help`; a name that is none is an error, and no reason to print all there is. */
function helpAsked(argv: readonly string[]): string[] {
  const [first, name, ...others] = argv
  if (first !== 'help' || name === undefined || name.startsWith('-')) return [...argv]
  const isCommand = name === 'help' || commandTable.some((entry) => entry.name === name)
  return isCommand ? [name, ...others, '--help'] : [name]
}

/** A command that is ended by a signal says so through `process.exitCode`. */
function exitCodeOfSuccess(): number {
  return typeof process.exitCode === 'number' ? process.exitCode : 0
}
