/** How a call of the command line begins and ends. What there is to call is in `program.ts`. */
import { CommanderError } from 'commander'
import type { Command } from 'commander'
import { describeFailure, exitCodeOf, failureDocument } from './failure.ts'
import { makeProgram } from './program.ts'
import { forbidQuestions } from './prompt.ts'
import { forbidColours } from './style.ts'
import { beQuiet, sayAlways } from './terminal.ts'

interface Ending {
  readonly verbose?: boolean
  readonly quiet?: boolean
  readonly color?: boolean
  readonly input?: boolean
  readonly output?: string
}

/** Runs one command; resolves with its exit code, and never rejects. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  let called: Command | undefined
  const root = await makeProgram(argv)
  root.hook('preAction', (_, command) => {
    called = command
    const { quiet, color, input } = command.optsWithGlobals<Ending>()
    if (quiet === true) beQuiet()
    if (color === false) forbidColours()
    if (input === false) forbidQuestions()
  })
  try {
    await root.parseAsync([...argv], { from: 'user' })
    return exitCodeOfSuccess()
  } catch (error) {
    // Commander has printed its own words already; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const { verbose, output } = (called ?? root).optsWithGlobals<Ending>()
    const isForPrograms = output === 'json' || output === 'jsonl'
    sayAlways(isForPrograms ? failureDocument(error, verbose === true) : describeFailure(error, verbose === true))
    return exitCodeOf(error)
  }
}

/** A command that is ended by a signal says so through `process.exitCode`. */
function exitCodeOfSuccess(): number {
  return typeof process.exitCode === 'number' ? process.exitCode : 0
}
