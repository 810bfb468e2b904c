/** `millrace broker`: the embedded broker on TCP. */
import type { Command } from 'commander'
import type { BrokerOptions } from '../broker.ts'
import { examples } from '../options.ts'

export function define(command: Command): void {
  command
    .option('--port <n>', 'port (0: any free one)', '9092')
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .action(async () => {
      const { brokerCommand } = await import('../broker.ts')
      await brokerCommand(command.opts<BrokerOptions>())
    })
  examples(command, 'millrace broker --port 9092')
}
