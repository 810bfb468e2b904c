/** The topics of a test: created once, found or refused by name, deleted until they are gone. */
import { sleep, systemClock } from '../common/clock.ts'
import { TestingError } from '../errors/testing-error.ts'
import type { KafkaClient, TopicMetadata } from '../kafka/client/kafka-client.ts'

/** Of a topic that a test creates. */
export interface TestTopicOptions {
  /** Default 1. */
  readonly partitions?: number
  /** Default: one copy on each broker, up to three. */
  readonly replicationFactor?: number
  /** By their names in Kafka: `{ 'cleanup.policy': 'compact' }`. */
  readonly config?: Readonly<Record<string, string>>
}

/** Topics by their names, with their partition counts or more. */
export type TestTopics = Readonly<Record<string, number | TestTopicOptions>>

const deletionTimeoutMs = 30_000
const deletionPollMs = 20
const shownMax = 20

export class KafkaTopics {
  readonly #created = new Set<string>()

  /** By this test, and not deleted since. */
  get created(): readonly string[] {
    return [...this.#created]
  }

  async create(client: KafkaClient, topics: TestTopics, replace: boolean): Promise<void> {
    const names = Object.keys(topics)
    const existing = [...(await client.describeTopics(names)).keys()]
    if (existing.length > 0 && !replace) throw topicExists(existing)
    await this.delete(client, existing)
    await client.admin.createTopics(
      Object.entries(topics).map(([name, topic]) => {
        const options = typeof topic === 'number' ? { partitions: topic } : topic
        const { partitions = 1, replicationFactor = -1, config = {} } = options
        return { name, partitions, replicationFactor, config }
      }),
    )
    for (const name of names) this.#created.add(name)
  }

  /** Brokers answer before a topic is gone, and one that is created meanwhile would be refused. */
  async delete(client: KafkaClient, names: readonly string[]): Promise<void> {
    const there = [...(await client.describeTopics(names)).keys()]
    if (there.length > 0) await client.admin.deleteTopics(there)
    const deadlineMs = systemClock.now() + deletionTimeoutMs
    while ((await client.describeTopics(there)).size > 0 && systemClock.now() < deadlineMs) {
      await sleep(systemClock, deletionPollMs)
    }
    for (const name of names) this.#created.delete(name)
  }

  async require(client: KafkaClient, name: string): Promise<TopicMetadata> {
    const found = (await client.describeTopics([name])).get(name)
    if (found !== undefined) return found
    const others = [...(await client.describeTopics('all')).keys()].filter((other) => !other.startsWith('__'))
    throw topicUnknown(name, others)
  }
}

function topicExists(names: readonly string[]): TestingError {
  return new TestingError(
    'MILLRACE_TEST_TOPIC_EXISTS',
    `there is a topic ${names.join(', ')} already, which may have records: give each test its own (kafka.unique('${names[0]}')), or delete it first`,
  )
}

function topicUnknown(name: string, others: readonly string[]): TestingError {
  const known = others.length === 0 ? 'none' : others.slice(0, shownMax).join(', ')
  return new TestingError(
    'MILLRACE_TEST_TOPIC_UNKNOWN',
    `there is no topic '${name}'; there are: ${known}. Create it with kafka.createTopic('${name}')`,
  )
}
