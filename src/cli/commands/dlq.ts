/** `millrace dlq ls|show|retry`: the dead letters of an application, and their way back. */
import { Option } from 'commander'
import type { Command } from 'commander'
import { integerFrom } from '../arguments.ts'
import type { ListOptions } from '../dlq/list.ts'
import type { RetryOptions } from '../dlq/retry.ts'
import type { ShowOptions } from '../dlq/show.ts'
import { applicationOption, connectionOptions, examples, outputOption, silenceOption } from '../options.ts'

const lastMax = 100_000

export function define(command: Command): void {
  command.description(
    'look at the dead letters of an application, and send them to their topics again; a letter is a record that failed, written by the policy { deadLetter: topic }',
  )
  defineList(command.command('ls'))
  defineShow(command.command('show'))
  defineRetry(command.command('retry'))
}

function defineList(list: Command): void {
  list
    .summary('count letters by error, node and source')
    .description('count the letters of topics, grouped by error, code, node and the partition that they are from')
  common(list).action(async (names: readonly string[]) => {
    const { listCommand } = await import('../dlq/list.ts')
    await listCommand(names, list.optsWithGlobals<ListOptions>())
  })
  examples(
    list,
    'millrace dlq ls orders-dead-letters -b localhost:9092',
    'millrace dlq ls src/topology.ts --since 24h',
    'millrace dlq ls -o jsonl | jq "select(.letters > 100)"',
  )
}

function defineShow(show: Command): void {
  show
    .summary('print letters: error, source, key, value, headers')
    .description('print the last letters, by the times of their records; --verbose adds stack traces, and cuts nothing')
  common(show)
    .addOption(new Option('-n, --last <n>', 'how many').argParser(integerFrom(1, lastMax)).default(10))
    .option('--all', 'every letter, as they are read')
    .option('--key-serde <serde>', 'how keys are written: string, int64, json, …; hex where they are not', 'utf8Strict')
    .option('--value-serde <serde>', 'how values are written', 'utf8Strict')
    .action(async (names: readonly string[]) => {
      const { showCommand } = await import('../dlq/show.ts')
      await showCommand(names, show.optsWithGlobals<ShowOptions>())
    })
  examples(
    show,
    'millrace dlq show orders-dead-letters --node check-order -n 3',
    'millrace dlq show orders-dead-letters --partition 0 --offset 17 --verbose',
    'millrace dlq show src/topology.ts --all -o jsonl > letters.jsonl',
  )
}

function defineRetry(retry: Command): void {
  retry
    .summary('send letters to the topics that they are from')
    .description(
      `send letters to the topic and partition that they are from: key, value, time and headers of the record that failed. Each is sent once, whatever is interrupted: what was sent is committed with it, by the group millrace-dlq-<topic>. The header __millrace.retries counts.`,
    )
  common(retry)
    .option('--to <topic>', 'instead of the topics that they are from')
    .addOption(
      new Option(
        '--partition-by <what>',
        "the source's partition, or the one that the key decides (with --to: key)",
      ).choices(['source', 'key']),
    )
    .addOption(new Option('--max <n>', 'send no more than so many').argParser(integerFrom(1)))
    .addOption(
      new Option('--max-retries <n>', 'letters that were sent so often stay')
        .argParser(integerFrom(1, 1_000_000))
        .default(3),
    )
    .option('--again', 'forget what was sent before; of all, of a --partition, or of one --offset')
    .option('-n, --dry-run', 'only show what would be sent')
    .option('-y, --yes', 'do not ask')
    .action(async (names: readonly string[]) => {
      const { retryCommand } = await import('../dlq/retry.ts')
      await retryCommand(names, retry.optsWithGlobals<RetryOptions>())
    })
  examples(
    retry,
    'millrace dlq retry orders-dead-letters --dry-run',
    'millrace dlq retry orders-dead-letters --code processing_failed --node check-order --max 1   # one first',
    'millrace dlq retry src/topology.ts --yes',
    'millrace dlq retry orders-dead-letters --partition 0 --offset 17 --again',
  )
}

function common(command: Command): Command {
  const number = integerFrom(0)
  command
    .argument('[topic...]', 'dead-letter topics, or the module whose policies name them')
    .option('--node <name>', 'letters of this node')
    .option('--code <code>', 'letters with this error code: processing_failed')
    .option('--exception <name>', 'letters of this class of errors: RangeError')
    .option('--message <text>', 'letters whose message has this in it')
    .option('--source <topic>', 'letters of records of this topic')
    .option('--since <time>', 'letters of records since: 2h, 7d, 2026-01-31, 2026-01-31T08:00:00Z')
    .addOption(new Option('--partition <n>', 'letters in this partition of the dead-letter topic').argParser(number))
    .addOption(new Option('--offset <n>', 'the letter at this offset of the --partition').argParser(number))
  return outputOption(silenceOption(connectionOptions(applicationOption(command))))
}
