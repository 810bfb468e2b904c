/** `millrace reset [module]`: starts an application over. */
import { Option } from 'commander'
import type { Command } from 'commander'
import { integerFrom } from '../arguments.ts'
import { applicationOption, connectionOptions, examples, outputOption, timeoutOption } from '../options.ts'
import type { ResetOptions } from '../reset.ts'

/** One of them, or none: `--to-earliest`. */
const targets = ['toEarliest', 'toLatest', 'toDatetime', 'byDuration', 'shiftBy', 'toOffset', 'fromFile'] as const

export function define(command: Command): void {
  command
    .description(
      'start an application over: set the offsets of its input, delete its internal topics, remove its state from this machine. Shows what it will do first; refuses while instances are running; can be called again after an interruption. Output and dead-letter topics stay.',
    )
    .argument('[module]', 'a topology module')
  for (const option of targetOptions()) command.addOption(option)
  command
    .option('--input-topics <topic,…>', 'reset these instead of those of the topology (or of the group)')
    .option(
      '--internal-topics <topic,…>',
      'delete these, too: internal topics that the topology does not have any more',
    )
    .option('--state-dir <directory>', 'where local state is kept')
    .option('--keep-state', 'leave the state on this machine')
    .option(
      '--force-members',
      'remove members whose processes are gone from the group instead of waiting for their sessions to end; who joins again within 10 s is alive, and nothing is reset',
    )
    .option('-n, --dry-run', 'only show what would be done')
    .option('--confirm <application id>', 'do it without asking')
  outputOption(timeoutOption(connectionOptions(applicationOption(command))), ['text', 'json']).action(
    async (file: string | undefined) => {
      const { resetCommand } = await import('../reset.ts')
      await resetCommand(file, command.optsWithGlobals<ResetOptions>())
    },
  )
  examples(
    command,
    'millrace reset topologies/word-count.ts --brokers localhost:9092 --dry-run',
    'millrace reset topologies/word-count.ts --to-datetime 2026-03-01T00:00:00Z --confirm word-count',
    'millrace reset --application-id word-count --shift-by -100 --keep-state',
  )
}

function targetOptions(): Option[] {
  const made = [
    new Option('--to-earliest', 'input from its beginning (the default)'),
    new Option('--to-latest', 'input from its end: what is there is passed over'),
    new Option('--to-datetime <time>', 'input from the first record at or after it: 2026-03-01T10:00:00Z'),
    new Option('--by-duration <duration>', 'input of so long ago: 30m, 12h, 7d'),
    new Option('--shift-by <n>', 'by so many records on, or back with -n').argParser(
      integerFrom(Number.MIN_SAFE_INTEGER),
    ),
    new Option('--to-offset <n>', 'that offset, in every partition').argParser(integerFrom(0)),
    new Option('--from-file <file>', 'a line for each partition: topic,partition,offset'),
  ]
  return made.map((option) => option.conflicts(targets.filter((name) => name !== option.attributeName())))
}
