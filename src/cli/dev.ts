/** `millrace dev <module>`: the application on an embedded broker that other clients can reach too. */
import { CliError } from '../errors/cli-error.ts'
import { KafkaStreams } from '../server/serving-kafka-streams.ts'
import { TopicNames, userSourceTopics } from '../runtime/topology-plan.ts'
import { EmbeddedKafka } from '../testing/embedded-kafka.ts'
import { loadApplication } from './application.ts'
import { portOf } from './broker.ts'
import { commandLogger } from './log.ts'
import { runUntilSignal } from './run.ts'
import type { RunCommandOptions } from './run.ts'
import { say } from './terminal.ts'

export interface DevOptions extends RunCommandOptions {
  readonly port?: string
  readonly partitions?: string
}

export async function devCommand(named: string | undefined, options: DevOptions): Promise<void> {
  const { module, config } = await loadApplication(named, options)
  const partitions = Number(options.partitions ?? '4')
  if (!Number.isInteger(partitions) || partitions < 1) {
    throw new CliError('MILLRACE_USAGE', `--partitions takes a number of at least 1, not '${options.partitions}'`)
  }
  const topology = module.build(config)
  await using kafka = await EmbeddedKafka.start({ listen: { port: portOf(options.port ?? '0') } })
  const compiled = topology.compile()
  const topics = userSourceTopics(compiled, new TopicNames(compiled, config.applicationId))
  for (const topic of topics) await kafka.createTopic(topic, { partitions })
  say(
    `millrace: embedded broker on ${kafka.brokers.join(',')}, in memory; input topics: ${topics.join(', ') || 'none'}`,
  )
  const logger = config.logger ?? commandLogger(options)
  await runUntilSignal(new KafkaStreams(topology, { ...config, kafka, logger }))
}
