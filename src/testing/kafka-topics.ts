/** The topics of a test: created once, found or refused by name, deleted until they are gone. */
import { sleep, systemClock } from '../common/clock.ts'
import { TestingError } from '../errors/testing-error.ts'
import type { KafkaClient, TopicMetadata } from '../kafka/client/kafka-client.ts'
import { noTopicId } from '../kafka/client/metadata.ts'

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
  async delete(client: KafkaClient, names: readonly string[], timeoutMs: number = deletionTimeoutMs): Promise<void> {
    const before = await client.describeTopics(names)
    const deadlineMs = systemClock.now() + timeoutMs
    if (before.size > 0) await client.admin.deleteTopics([...before.keys()])
    for (;;) {
      const left = before.size === 0 ? before : await client.describeTopics([...before.keys()])
      for (const name of names) if (!left.has(name)) this.#created.delete(name)
      if (left.size === 0) return
      if (systemClock.now() >= deadlineMs) throw await topicsLeft(client, before, left, timeoutMs)
      await sleep(systemClock, deletionPollMs)
    }
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

type Found = ReadonlyMap<string, TopicMetadata>

async function topicsLeft(client: KafkaClient, before: Found, left: Found, timeoutMs: number): Promise<TestingError> {
  const shown = [...left.values()].slice(0, shownMax)
  // No more than a hint: that they cannot be named must not hide what has failed.
  const brokers = await brokersOf(client, [...left.keys()]).catch(() => new Map<string, string>())
  const words = shown.map(({ name, topicId }) => {
    const isNew = topicId !== noTopicId && topicId !== before.get(name)?.topicId
    if (isNew) return `'${name}', which was deleted and has been made anew by somebody else`
    const where = brokers.get(name)
    return where === undefined ? `'${name}'` : `'${name}' on ${where}`
  })
  const more = left.size > shownMax ? `; and ${left.size - shownMax} more` : ''
  return new TestingError(
    'MILLRACE_TEST_TOPIC_LEFT',
    `${left.size} of ${before.size} topics are there ${timeoutMs} ms after they were to be deleted: ${words.join('; ')}${more}. Stop what still uses them, since brokers may create topics on first use (auto.create.topics.enable); see whether all brokers run, and what their logs say; or take names that nothing else has (kafka.unique('orders'))`,
  )
}

/** By topic: `broker 1 (localhost:9092), broker 2 (localhost:9093)`. */
async function brokersOf(client: KafkaClient, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { brokers } = await client.admin.cluster.describe()
  const addresses = new Map(brokers.map(({ id, host, port }) => [id, `broker ${id} (${host}:${port})`]))
  const replicas = await client.admin.describeReplicas(names)
  return new Map(
    [...replicas].map(([name, partitions]) => {
      const ids = new Set(partitions.flatMap(({ replicas: all }) => all))
      return [name, [...ids].map((id) => addresses.get(id) ?? `broker ${id} (not running)`).join(', ')]
    }),
  )
}

function topicUnknown(name: string, others: readonly string[]): TestingError {
  const known = others.length === 0 ? 'none' : others.slice(0, shownMax).join(', ')
  return new TestingError(
    'MILLRACE_TEST_TOPIC_UNKNOWN',
    `there is no topic '${name}'; there are: ${known}. Create it with kafka.createTopic('${name}')`,
  )
}
