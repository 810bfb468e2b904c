/**
 * The command line. How a command is made:
 *
 * - Its name and summary stand in `command-table.ts`; `commands/<name>.ts` exports `define(command)`, which adds arguments,
 *   options (those that commands share are in `options.ts`), `examples(…)` and the action. The file is loaded only when
 *   the command is called; what is heavy (the runtime, the Kafka client) is imported in the action.
 * - `--verbose`, `--quiet`, `--no-color` and `--no-input` are recognised everywhere, before and after the command. An
 *   action reads them with `command.optsWithGlobals()`.
 * - Data goes to standard output, through `emit` (`output.ts`: text, json, jsonl; each document has a schema in
 *   `docs/schemas`), everything else to standard error, through `say`. Tables: `table.ts`; colours: `style.ts`; questions:
 *   `prompt.ts`.
 * - A Kafka is reached through `withClient` (`connection.ts`), configuration through `loadSettings` (`settings.ts`), a
 *   module through `loadTopologyModule`.
 * - It ends well by returning, else by throwing a StreamsError, whose code decides the exit code (`failure.ts`); the
 *   message says what happened and what to do. It never calls `process.exit`.
 */
import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { commandTable, helpGroup } from './command-table.ts'
import type { CommandEntry } from './command-table.ts'
import { heading } from './options.ts'
import { hasColours } from './style.ts'
import { wrapped } from './wrap.ts'

/** Where the terminal does not say how wide it is; commander's own. */
const helpWidth = 80

export interface GlobalOptions {
  readonly verbose?: boolean
  readonly quiet?: boolean
}

/** Commands that `argv` names are complete, the others have their summaries only. */
export async function makeProgram(argv: readonly string[] | 'complete'): Promise<Command> {
  const root = rootCommand()
  for (const entry of commandTable) {
    const command = stubOf(root, entry)
    if (argv !== 'complete' && !argv.includes(entry.name)) continue
    const { define } = await entry.load()
    define(command, () => makeProgram('complete'))
    settle(command)
  }
  return root
}

function rootCommand(): Command {
  const root = new Command('millrace')
    .description('Kafka Streams for TypeScript: run, describe and try stream-processing topologies')
    .version(version(), '-V, --version')
    .option('-v, --verbose', 'stack traces and debug logs')
    .option('-q, --quiet', 'no messages but errors')
    .addOption(new Option('--no-color', 'no colours; also NO_COLOR'))
    .addOption(new Option('--no-input', 'never ask; fail where an answer is needed'))
    .addHelpCommand(new Command('help').argument('[command]').summary('what a command takes').helpGroup(helpGroup))
    .commandsGroup(helpGroup)
    // What subcommands inherit.
    .configureHelp({ styleTitle: heading, minWidthToWrap: 18 })
    .addHelpText('after', ({ error }) => endOfHelp(error ? process.stderr : process.stdout))
  return settle(root)
}

function endOfHelp({ isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number }): string {
  const prose = [
    `${heading('Exit codes:')} 0 done, 1 unexpected, 2 usage or configuration, 3 a check failed, 4 a precondition does not hold, 5 no connection or no access, 6 time-out, 7 done in part, 8 differences found, 130 interrupted.`,
    `${heading('Documentation:')} docs/README.md in the package; every error code: 'millrace explain <code>'`,
  ]
  const width = (isTTY === true ? columns : undefined) ?? helpWidth
  return `
${heading('Examples:')}
  millrace dev topologies/word-count.ts --port 9092
  millrace describe topologies/word-count.ts --format mermaid
  millrace help run

${wrapped(prose.join('\n'), { width })}`
}

function stubOf(root: Command, { name, summary, group }: CommandEntry): Command {
  return root.command(name).summary(summary).description(summary).helpGroup(group)
}

/** Sub-commands do not inherit these. */
function settle(command: Command): Command {
  command
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError(`see: ${pathOf(command)} --help`)
    .configureOutput({
      outputError: (text, write) => write(text),
      getOutHasColors: () => hasColours(process.stdout),
      getErrHasColors: () => hasColours(process.stderr),
    })
  for (const inner of command.commands) settle(inner)
  return command
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}

export function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return (manifest as { version: string }).version
}
