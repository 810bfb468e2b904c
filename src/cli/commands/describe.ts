/** `millrace describe [module]`: the topology as text (equal to Java's), JSON or a Mermaid flow chart. */
import { Option } from 'commander'
import type { Command } from 'commander'
import type { DescribeOptions } from '../describe.ts'
import { examples } from '../options.ts'

export function define(command: Command): void {
  command
    .argument('[module]', 'a topology module')
    .addOption(new Option('--format <format>', 'how').choices(['text', 'json', 'mermaid']).default('text'))
    .action(async (file: string | undefined) => {
      const { describeCommand } = await import('../describe.ts')
      await describeCommand(file, command.optsWithGlobals<DescribeOptions>())
    })
  examples(command, 'millrace describe topologies/word-count.ts --format mermaid')
}
