/** Options that several commands share, so that one thing is called by one name everywhere. */
import { styleText } from 'node:util'
import { Option } from 'commander'
import type { Command } from 'commander'
import { durationMs } from './arguments.ts'

export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

/** Where configuration comes from: the files, the profile in them, single keys. */
export function settingsOptions(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file (default: millrace.json, where there is one)')
    .option('--profile <name>', 'a profile of the configuration files')
    .option(
      '-X, --set <key=value>',
      'any key of the configuration, its value as JSON or plain text; repeatable',
      collect,
    )
}

/** For commands that work on a Kafka. */
export function connectionOptions(command: Command): Command {
  return settingsOptions(
    command.option('-b, --brokers <host:port,…>', 'Kafka; also from MILLRACE_BROKERS or a configuration file'),
  )
}

/** For commands that ask a Kafka something and end. */
export function timeoutOption(command: Command): Command {
  return command.addOption(
    new Option('--timeout <duration>', 'give up after so long: 500ms, 30s, 2m')
      .argParser(durationMs)
      .default(30_000, '30s'),
  )
}

/** For commands that go on for as long as there are records: reading and sending much takes the time that it takes. */
export function silenceOption(command: Command): Command {
  return command.addOption(
    new Option('--timeout <duration>', 'give up where Kafka does not answer for so long: 500ms, 30s, 2m')
      .argParser(durationMs)
      .default(30_000, '30s'),
  )
}

/** How long between two looks, for what looks more than once; `what` says when. */
export function intervalOption(command: Command, what: string): Command {
  return command.addOption(new Option('--interval <duration>', what).argParser(durationMs).default(2000, '2s'))
}

/** `choices` of text, json and jsonl. */
export function outputOption(command: Command, choices: readonly string[] = ['text', 'json', 'jsonl']): Command {
  const json = new Option('--json', 'the same as -o json').implies({ output: 'json' })
  return command
    .addOption(
      new Option(
        '-o, --output <format>',
        choices.includes('jsonl') ? 'json: one document; jsonl: a line for each row' : 'json: one document',
      )
        .choices(choices)
        .default('text'),
    )
    .addOption(json)
}

/** The application, where a module does not say it, or another one than the module's. */
export function applicationOption(command: Command): Command {
  return command.option('--application-id <id>', "the application's id, instead of the module's own")
}

export function examples(command: Command, ...lines: readonly string[]): Command {
  const title = lines.length === 1 ? 'Example:' : 'Examples:'
  return command.addHelpText('after', `\n${heading(title)}\n${lines.map((line) => `  ${line}`).join('\n')}`)
}

/** In help, from which commander takes the colours away where there are none. */
export function heading(text: string): string {
  return styleText('bold', text, { validateStream: false })
}
