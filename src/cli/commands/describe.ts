/** `millrace describe [module]`: the topology as text (equal to Java's), as data, as a picture, or compared with another. */
import { Option } from 'commander'
import type { Command } from 'commander'
import { describeFormats } from '../describe-formats.ts'
import type { DescribeOptions } from '../describe.ts'
import {
  applicationOption,
  connectionOptions,
  examples,
  intervalOption,
  outputOption,
  timeoutOption,
} from '../options.ts'

export function define(command: Command): void {
  command
    .argument('[module]', 'a topology module')
    .addOption(new Option('--format <format>', 'how (default: text)').choices(describeFormats))
    .option('--diff <file>', 'what changed since this description (made with --format json), and what that needs')
    .option('--live', 'with who has each task, lag and rates of the running application')
    .option('--out <file>', 'write to this file instead of standard output')
    .action(async (file: string | undefined) => {
      const { describeCommand } = await import('../describe.ts')
      await describeCommand(file, command.optsWithGlobals<DescribeOptions>())
    })
  intervalOption(command, 'with --live: between the two looks that rates are made of')
  timeoutOption(connectionOptions(applicationOption(outputOption(command, ['text', 'json']))))
  examples(
    command,
    'millrace describe topologies/word-count.ts',
    'millrace describe topologies/word-count.ts --format html --out topology.html',
    'millrace describe app.ts --format json --out deployed.json   # at each release',
    'millrace describe app.ts --live --brokers localhost:9092',
    'millrace describe app.ts --diff deployed.json                # exit code 8 unless identical or safe',
  )
}
