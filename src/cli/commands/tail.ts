/** `millrace tail <topic>`: its committed records, the last ones and then those that come. */
import { Option } from 'commander'
import type { Command } from 'commander'
import { examples } from '../options.ts'
import { recordOptions } from '../record-options.ts'
import type { TailOptions } from '../tail.ts'

export function define(command: Command): void {
  recordOptions(command.argument('<topic>', 'what to read'))
    .option('--null-value <text>', 'what to print for null', 'null')
    .option(
      '--timestamps <text>',
      'print the time of each record and this text before it, as send --timestamps reads it',
    )
    .option('-n, --last <n>', 'begin with the last n records (default: 10)')
    .option('--from-beginning', 'begin with the oldest record')
    .option('--until-end', 'end after the last record instead of waiting for more')
    .option('--partition <n>', 'only this one')
    .addOption(
      new Option('-o, --output <format>', 'json: a line for each record (jsonl is the same)')
        .choices(['text', 'json', 'jsonl'])
        .default('text'),
    )
    .action(async (topic: string) => {
      const { tailCommand } = await import('../tail.ts')
      await tailCommand(topic, command.optsWithGlobals<TailOptions>())
    })
  examples(
    command,
    "millrace tail word-counts --key-separator ' ' --value-serde int64 --brokers localhost:9092",
    "millrace tail clicks-per-hour -k ' ' --key-serde timeWindowed:string --value-serde int64 -b localhost:9092   # UK@3600000 7",
    "millrace tail clicks --timestamps ' ' -k : --from-beginning --until-end > clicks.txt   # 2026-11-02T10:00:00.000Z ada:home",
    'millrace tail word-counts --from-beginning --until-end --value-serde int64 -o json | jq .key',
  )
}
