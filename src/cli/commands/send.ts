/** `millrace send <topic>`: a record for each line of standard input. */
import { Option } from 'commander'
import type { Command } from 'commander'
import { collect, examples } from '../options.ts'
import { recordOptions } from '../record-options.ts'
import type { SendOptions } from '../send.ts'

export function define(command: Command): void {
  recordOptions(command.argument('<topic>', 'where to write; created on first use where the broker does that'))
    .option('--null-value <text>', 'a value that stands for null (a tombstone)')
    .option('--timestamp <time>', 'of every record: milliseconds since 1970 or ISO 8601 with a zone (default: now)')
    .option('--timestamps <text>', 'each line begins with its time and this text; what tail --timestamps prints')
    .option('--partition <n>', 'instead of the one that the key decides')
    .option('-H, --header <name=value>', 'a header of every record; repeatable', collect)
    .addOption(new Option('--compression <codec>', 'of the batches').choices(['none', 'gzip', 'snappy', 'lz4', 'zstd']))
    .action(async (topic: string) => {
      const { sendCommand } = await import('../send.ts')
      await sendCommand(topic, command.optsWithGlobals<SendOptions>())
    })
  examples(
    command,
    "echo 'a line of text' | millrace send text-lines --brokers localhost:9092",
    'millrace send prices --key-separator : --value-serde float64 < prices.txt   # lines such as apple:1.25',
    "echo 'apple:-' | millrace send prices --key-separator : --null-value -      # deletes the key from a table",
    "echo 'ada:home' | millrace send clicks -k : --timestamp 2026-11-02T10:00:00Z",
    "millrace send clicks --timestamps ' ' -k : < clicks.txt   # lines such as 2026-11-02T10:00:00Z ada:home",
  )
}
