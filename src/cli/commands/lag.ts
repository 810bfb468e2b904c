/** `millrace lag [module]`: how far an application is behind, per sub-topology, task and partition. */
import type { Command } from 'commander'
import { durationMs, integerFrom } from '../arguments.ts'
import type { LagOptions } from '../lag.ts'
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
    .description(
      'print what is committed, where the logs end, and how old the next record is; and transactions that hold readers back. Exit code 7 where a partition without a leader leaves it incomplete. With a module per sub-topology and task, with an application id alone per partition.',
    )
    .argument('[module]', 'a topology module')
    .option('--threshold <n>', 'exit code 3 where the lag of all partitions is more than that', integerFrom(0))
    .option('--threshold-time <duration>', 'exit code 3 where the next record of any partition is older', durationMs)
    .option('-w, --watch', 'again and again, until Ctrl-C')
  intervalOption(command, 'with --watch: how often')
  outputOption(timeoutOption(connectionOptions(applicationOption(command)))).action(
    async (file: string | undefined) => {
      const { lagCommand } = await import('../lag.ts')
      await lagCommand(file, command.optsWithGlobals<LagOptions>())
    },
  )
  examples(
    command,
    'millrace lag topologies/word-count.ts --brokers localhost:9092',
    'millrace lag --application-id word-count --threshold 10000 --threshold-time 5m',
    'millrace lag topologies/word-count.ts --watch -o jsonl | jq .total.lag',
  )
}
