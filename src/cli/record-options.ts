/** The options of `send` and `tail`: how records are written as lines. */
import type { Command } from 'commander'
import { connectionOptions, silenceOption } from './options.ts'

export function recordOptions(command: Command): Command {
  return silenceOption(connectionOptions(command))
    .option('-k, --key-separator <text>', 'what stands between key and value on a line; without it, values only')
    .option(
      '--key-serde <serde>',
      'how keys are written: string, int32, int64, float64, json, bytes, …, timeWindowed:string, …',
      'string',
    )
    .option('--value-serde <serde>', 'how values are written', 'string')
}
