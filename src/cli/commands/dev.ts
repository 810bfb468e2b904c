/** `millrace dev [module]`: the application on an embedded broker that other clients can reach too. */
import type { Command } from 'commander'
import type { DevOptions } from '../dev.ts'
import { examples } from '../options.ts'
import { runOptions } from '../run-options.ts'

export function define(command: Command): void {
  runOptions(command.argument('[module]', 'a topology module'))
    .option('--port <n>', 'port of the embedded broker (0: any free one)', '0')
    .option('--partitions <n>', 'partitions of the input topics', '4')
    .action(async (file: string | undefined) => {
      const { devCommand } = await import('../dev.ts')
      await devCommand(file, command.optsWithGlobals<DevOptions>())
    })
  examples(command, 'millrace dev topologies/word-count.ts --port 9092')
}
