/** `millrace status [module]`: the instances of an application, their tasks, and how they are. */
import type { Command } from 'commander'
import {
  applicationOption,
  connectionOptions,
  examples,
  intervalOption,
  outputOption,
  timeoutOption,
} from '../options.ts'
import type { StatusOptions } from '../status.ts'

export function define(command: Command): void {
  command
    .description(
      'print the instances that the group has, with their tasks; and of those that have a status server (http) state, lag, restore, memory and errors. With --verbose task ids, members and directories.',
    )
    .argument('[module]', 'a topology module')
    .option('--at <host:port,…>', 'ask these status servers, without Kafka')
    .option('-w, --watch', 'again and again, until Ctrl-C')
  intervalOption(command, 'with --watch: how often')
  outputOption(timeoutOption(connectionOptions(applicationOption(command)))).action(
    async (file: string | undefined) => {
      const { statusCommand } = await import('../status.ts')
      await statusCommand(file, command.optsWithGlobals<StatusOptions>())
    },
  )
  examples(
    command,
    'millrace status topologies/word-count.ts --brokers localhost:9092',
    'millrace status --application-id word-count --watch',
    'millrace status --at 127.0.0.1:8080 -o json | jq .instances[0].status.state',
  )
}
