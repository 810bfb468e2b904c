/** `millrace topics plan|apply [module]`: the topics of an application, compared with those of the cluster. */
import { Option } from 'commander'
import type { Command } from 'commander'
import { integerFrom } from '../arguments.ts'
import { applicationOption, connectionOptions, examples, outputOption, timeoutOption } from '../options.ts'
import type { TopicsOptions } from '../topics.ts'

export function define(command: Command): void {
  const plan = topicsOptions(
    command
      .command('plan')
      .summary('what is missing, differs, or cannot be right')
      .description(
        'show the topics that the application needs beside those of the cluster: what it reads, writes and keeps for itself. Changes nothing.',
      ),
  )
    .option('--check', 'exit code 8 where anything differs, for CI')
    .addOption(
      new Option('--emit <form>', "what is missing or differs as a script of Kafka's tools, or as resources").choices([
        'sh',
        'strimzi',
        'terraform',
      ]),
    )
    .option('--strimzi-cluster <name>', 'the Kafka resource that the topics of --emit strimzi belong to')
    .action(async (file: string | undefined) => {
      const { topicsPlanCommand } = await import('../topics.ts')
      await topicsPlanCommand(file, plan.optsWithGlobals<TopicsOptions>())
    })
  const apply = topicsOptions(
    command
      .command('apply')
      .summary('create what is missing, set configs that differ')
      .description(
        'create topics that are missing and set configs of internal topics that differ. Never deletes, never changes partition counts; with anything in the way it does nothing. Can be called again.',
      ),
  ).action(async (file: string | undefined) => {
    const { topicsApplyCommand } = await import('../topics.ts')
    await topicsApplyCommand(file, apply.optsWithGlobals<TopicsOptions>())
  })
  examples(
    plan,
    'millrace topics plan topologies/word-count.ts --brokers localhost:9092',
    'millrace topics plan topologies/word-count.ts --partitions 6 --check -o json',
    'millrace topics plan topologies/word-count.ts --partitions 6 --emit strimzi > topics.yaml',
  )
  examples(apply, 'millrace topics apply topologies/word-count.ts --partitions 6 --replication-factor 3')
}

function topicsOptions(command: Command): Command {
  command
    .argument('[module]', 'a topology module')
    .option('--partitions <n>', 'of input and output topics that do not exist yet', integerFrom(1, 100_000))
    .option('--replication-factor <n>', 'of the same (default: that of the brokers)', integerFrom(1, 1000))
  return outputOption(timeoutOption(connectionOptions(applicationOption(command))))
}
