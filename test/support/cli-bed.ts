/** Commands against an embedded broker on TCP, each a process of the built binary in a folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { topicPartitionKey } from '../../src/common/topic-partition.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { connectKafka } from '../../src/runtime/connect-kafka.ts'
import { EmbeddedKafka } from '../../src/testing/embedded-kafka.ts'
import type { BrokerConfig } from '../../src/kafka/broker/broker-config.ts'
import { Child } from './child-process.ts'
import type { Finished } from './child-process.ts'

/** An address where nobody listens. */
export const nobody = '127.0.0.1:1'

export class CliBed implements AsyncDisposable {
  readonly kafka: EmbeddedKafka
  readonly client: KafkaClient
  /** Working directory, home and temporary directory of the commands. */
  readonly folder: string

  static async start(
    topics: Readonly<Record<string, number>> = {},
    config: Partial<BrokerConfig> = {},
    brokers: number = 1,
  ): Promise<CliBed> {
    const kafka = await EmbeddedKafka.start({ brokers, listen: true, config: { autoCreateTopics: false, ...config } })
    for (const [name, partitions] of Object.entries(topics)) await kafka.createTopic(name, { partitions })
    const client = connectKafka({ kafka, applicationId: 'bed' })
    await client.connect()
    return new CliBed(kafka, client)
  }

  private constructor(kafka: EmbeddedKafka, client: KafkaClient) {
    this.kafka = kafka
    this.client = client
    this.folder = mkdtempSync(path.join(tmpdir(), 'millrace-cli-'))
  }

  get brokers(): string {
    return this.kafka.brokers.join(',')
  }

  /** With `--brokers`, unless they are given. */
  async millrace(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
    await using child = this.start(args, env)
    return await child.finished
  }

  /** Not awaited: for commands that go on until they are ended. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Child {
    const hasBrokers = args.includes('--brokers') || args.includes('-b')
    const all = hasBrokers ? args : [...args, '--brokers', this.brokers]
    return Child.millrace(all, { cwd: this.folder, env: { HOME: this.folder, NO_COLOR: '1', ...env } })
  }

  /** Of partition 0. */
  async setOffset(groupId: string, topic: string, offset: number): Promise<void> {
    await this.client.admin.groups.setOffsets(groupId, new Map([[topicPartitionKey(topic, 0), { offset }]]))
  }

  async topics(): Promise<string[]> {
    return [...(await this.client.describeTopics('all')).keys()].toSorted()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close()
    await this.kafka.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Absolute, because commands run elsewhere. */
export function moduleOf(name: string): string {
  return path.join(import.meta.dirname, '../..', name)
}
