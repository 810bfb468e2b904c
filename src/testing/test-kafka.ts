/** `TestKafka`: one interface over every kind of Kafka that a test may run on. Made by `startKafka`. */
import { keepProcessAlive, sleep, systemClock } from '../common/clock.ts'
import { systemRandom } from '../common/random.ts'
import { TestingError } from '../errors/testing-error.ts'
import type { Isolation, KafkaClient, TopicMetadata } from '../kafka/client/kafka-client.ts'
import type { KafkaConnection } from '../processor/streams-config.ts'
import { connectKafka } from '../runtime/connect-kafka.ts'
import { untilCommitted, untilLagZero } from './application-lag.ts'
import { BrokerControl } from './broker-control.ts'
import type { KafkaCapabilities, KafkaCluster, KafkaKind } from './kafka-cluster.ts'
import type { InputRecord } from './test-topics.ts'
import { countOf, readToEnd, readUntil } from './topic-records.ts'
import type { RecordQuery, TestSerdes, TopicRecord } from './topic-records.ts'
import { writeRecords } from './topic-writer.ts'
import type { WriteOptions } from './topic-writer.ts'

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

/** How long is waited, in milliseconds; default 30000. */
export interface WaitOptions {
  readonly timeoutMs?: number
}

/** Of reading a topic. */
export interface ReadOptions extends WaitOptions {
  /** Default `read_committed`: nothing of open and aborted transactions. */
  readonly isolation?: Isolation
}

const defaultTimeoutMs = 30_000
const deletionPollMs = 20
const topicNameMax = 249

/**
 * A Kafka of a test, whichever kind it is. Waits are bounded (`timeoutMs`) and end as soon as they can; where they fail
 * the error shows what was there instead.
 */
export class TestKafka implements AsyncDisposable {
  readonly kind: KafkaKind
  /** What can be asked of this kind; asking for more is an error. */
  readonly capabilities: KafkaCapabilities
  /** Addresses (`host:port`) for clients on this machine. */
  readonly brokers: readonly string[]
  /** For `restartBroker` and the like: 1, 2, 3. Empty where brokers are not ours. */
  readonly brokerIds: readonly number[]
  /** For `KafkaStreams`: `new KafkaStreams(topology, { applicationId, kafka: kafka.connection })`. */
  readonly connection: KafkaConnection
  readonly #cluster: KafkaCluster
  readonly #control: BrokerControl
  readonly #created = new Set<string>()
  readonly #applications = new Map<string, (topic: string) => boolean>()
  #client: Promise<KafkaClient> | undefined
  #closing: Promise<void> | undefined

  constructor(cluster: KafkaCluster, startupTimeoutMs: number) {
    this.kind = cluster.kind
    this.capabilities = {
      faults: cluster.faults !== undefined,
      processes: cluster.kind === 'container' || cluster.kind === 'jars',
      containers: cluster.internalAddresses !== undefined,
    }
    this.brokers = cluster.addresses
    this.brokerIds = cluster.brokerIds
    this.connection = cluster.connection
    this.#cluster = cluster
    this.#control = new BrokerControl(cluster, startupTimeoutMs)
  }

  /** Addresses for containers in `network`; throws where there is none. */
  get internalBrokers(): readonly string[] {
    return this.#cluster.internalAddresses ?? this.#noNetwork()
  }

  /** The name of the container network: `new GenericContainer(image).withNetworkMode(kafka.network)`; throws where there is none. */
  get network(): string {
    return this.#cluster.network ?? this.#noNetwork()
  }

  /** A name that nothing else has, for topics and application ids: tests then need not know of each other. */
  unique(name: string): string {
    return `${name.slice(0, topicNameMax - 50)}-${systemRandom.uuid().slice(0, 8)}`
  }

  // --- topics -----------------------------------------------------------------------------------------------------

  /** Resolves with the name when the topic can be used. One that is there already is an error: it may have records. */
  async createTopic(name: string, options: TestTopicOptions = {}): Promise<string> {
    await this.createTopics({ [name]: options })
    return name
  }

  /** With `replace`, topics that are there are deleted first. */
  async createTopics(topics: TestTopics, options: { readonly replace?: boolean } = {}): Promise<void> {
    const names = Object.keys(topics)
    if (names.length === 0) return
    const client = await this.#connected()
    const existing = [...(await client.describeTopics(names)).keys()]
    if (existing.length > 0 && options.replace !== true) throw topicExists(existing)
    await this.deleteTopics(existing)
    for (const name of names) this.#created.add(name)
    await client.admin.createTopics(
      Object.entries(topics).map(([name, topic]) => {
        const {
          partitions = 1,
          replicationFactor = -1,
          config = {},
        } = typeof topic === 'number' ? { partitions: topic } : topic
        return { name, partitions, replicationFactor, config }
      }),
    )
  }

  /** Resolves when they are gone; those that are not there are no error. */
  async deleteTopics(names: readonly string[]): Promise<void> {
    if (names.length === 0) return
    const client = await this.#connected()
    const there = [...(await client.describeTopics(names)).keys()]
    await client.admin.deleteTopics(there)
    const deadlineMs = systemClock.now() + defaultTimeoutMs
    const alive = keepProcessAlive()
    try {
      while ((await client.describeTopics(there)).size > 0 && systemClock.now() < deadlineMs) {
        await sleep(systemClock, deletionPollMs)
      }
    } finally {
      alive.cancel()
    }
    for (const name of names) this.#created.delete(name)
  }

  // --- records ----------------------------------------------------------------------------------------------------

  /**
   * Writes records; resolves when all replicas have them. Keys choose partitions as Java's producer does. `transaction`:
   * all in one, committed or aborted.
   */
  async pipe<K = Uint8Array, V = Uint8Array>(
    topic: string,
    serdes: TestSerdes<K, V>,
    records: Iterable<InputRecord<K, V>>,
    options: WriteOptions = {},
  ): Promise<void> {
    const { partitionCount } = await this.#topic(topic)
    await writeRecords(await this.#connected(), { topic, partitions: partitionCount }, serdes, records, options)
  }

  /**
   * Reads a topic from its beginning: everything that is there now, waiting for transactions that are open now; or with
   * `count` the first so many records, waiting for them. Records of one partition are in order.
   */
  async read<K = Uint8Array, V = Uint8Array>(
    topic: string,
    serdes: TestSerdes<K, V>,
    options: ReadOptions & { readonly count?: number } = {},
  ): Promise<TopicRecord<K, V>[]> {
    const { count } = options
    if (count !== undefined) return (await this.awaitRecords(topic, serdes, count, options)).slice(0, count)
    const query = await this.#query(topic, serdes, options, 'what it has, outside of open transactions,')
    return readToEnd(await this.#connected(), query)
  }

  /**
   * Resolves with all records of the topic once there are `wanted` of them, or once `wanted` returns true for them; it is
   * called with all records so far whenever some have come.
   */
  async awaitRecords<K = Uint8Array, V = Uint8Array>(
    topic: string,
    serdes: TestSerdes<K, V>,
    wanted: number | ((records: readonly TopicRecord<K, V>[]) => boolean),
    options: ReadOptions = {},
  ): Promise<TopicRecord<K, V>[]> {
    const what = typeof wanted === 'number' ? countOf(wanted) : 'records that the predicate accepts'
    const query = await this.#query(topic, serdes, options, what)
    const isEnough = typeof wanted === 'number' ? (records: readonly unknown[]) => records.length >= wanted : wanted
    return readUntil(await this.#connected(), query, isEnough)
  }

  // --- applications -----------------------------------------------------------------------------------------------

  /**
   * Resolves when an application has committed everything that there is in its source and repartition topics, so that all
   * its results are there. For one that was not started by `runTopology` give the `topics` that it reads: otherwise those
   * are looked at of which it has committed something.
   */
  async awaitLagZero(
    applicationId: string,
    options: WaitOptions & { readonly topics?: readonly string[] } = {},
  ): Promise<void> {
    const { topics, timeoutMs = defaultTimeoutMs } = options
    for (const topic of topics ?? []) await this.#topic(topic)
    const reads = topics === undefined ? this.#applications.get(applicationId) : (name: string) => topics.includes(name)
    await untilLagZero(await this.#connected(), { applicationId, timeoutMs }, reads)
  }

  /** Resolves when an application has committed all that is in these topics now, whatever comes meanwhile. */
  async awaitCommitted(
    applicationId: string,
    topics: string | readonly string[],
    { timeoutMs = defaultTimeoutMs }: WaitOptions = {},
  ): Promise<void> {
    const found = await Promise.all([topics].flat().map((topic) => this.#topic(topic)))
    await untilCommitted(await this.#connected(), { applicationId, timeoutMs }, found)
  }

  /** `runTopology` says what an application reads. */
  '~runs'(applicationId: string, reads: (topic: string) => boolean): void {
    this.#applications.set(applicationId, reads)
  }

  // --- faults -----------------------------------------------------------------------------------------------------

  /**
   * Ends a broker in an orderly way (unless it was killed) and starts it again, with the same address and data; clients go
   * on. Resolves when it is ready again.
   */
  restartBroker(brokerId = 1): Promise<void> {
    return this.#control.restart(brokerId)
  }

  /** kill -9: it ends at once; `restartBroker` brings it back. */
  killBroker(brokerId = 1): Promise<void> {
    return this.#control.kill(brokerId)
  }

  /** SIGSTOP: its connections stay and nothing is answered, until `continueBroker`. */
  pauseBroker(brokerId = 1): Promise<void> {
    return this.#control.pause(brokerId)
  }

  continueBroker(brokerId = 1): Promise<void> {
    return this.#control.resume(brokerId)
  }

  // --- end --------------------------------------------------------------------------------------------------------

  /**
   * Ends it and all that is in it. Of a Kafka that goes on (an address, `reuse`) it deletes what the test has made: topics,
   * and the internal topics of applications of `runTopology`. Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    try {
      if (this.#cluster.isShared) await this.#removeTraces()
    } finally {
      const client = await this.#client?.catch(() => undefined)
      await client?.close()
      await this.#cluster.close()
    }
  }

  async #removeTraces(): Promise<void> {
    if (this.#created.size === 0 && this.#applications.size === 0) return
    const client = await this.#connected()
    const prefixes = [...this.#applications.keys()].map((id) => `${id}-`)
    const isInternal = (name: string): boolean =>
      /-(?:changelog|repartition)$/.test(name) && prefixes.some((prefix) => name.startsWith(prefix))
    const internal = [...(await client.describeTopics('all')).keys()].filter(isInternal)
    await this.deleteTopics([...this.#created, ...internal])
    await client.admin.deleteGroups([...this.#applications.keys()])
  }

  async #query<K, V>(
    topic: string,
    serdes: TestSerdes<K, V>,
    { isolation = 'read_committed', timeoutMs = defaultTimeoutMs }: ReadOptions,
    wanted: string,
  ): Promise<RecordQuery<K, V>> {
    const { partitionCount } = await this.#topic(topic)
    return { topic, partitions: partitionCount, serdes, isolation, timeoutMs, wanted }
  }

  async #topic(name: string): Promise<TopicMetadata> {
    const client = await this.#connected()
    const found = (await client.describeTopics([name])).get(name)
    if (found !== undefined) return found
    const others = [...(await client.describeTopics('all')).keys()].filter((other) => !other.startsWith('__'))
    throw topicUnknown(name, others)
  }

  #connected(): Promise<KafkaClient> {
    if (this.#closing !== undefined && !this.#cluster.isShared) throw closed()
    this.#client ??= this.#connect()
    return this.#client
  }

  async #connect(): Promise<KafkaClient> {
    const client = connectKafka({ kafka: this.connection, applicationId: 'millrace-test-kit' })
    await client.connect()
    return client
  }

  #noNetwork(): never {
    const how = this.kind === 'container' ? 'network: true' : "on: 'container', network: true"
    throw new TestingError(
      'MILLRACE_TEST_KAFKA_UNABLE',
      `this Kafka (${this.kind}) is in no container network that others could be in; start it with startKafka({ ${how} })`,
    )
  }
}

function closed(): TestingError {
  return new TestingError('MILLRACE_TEST_KAFKA_UNABLE', 'this Kafka was closed; start another with startKafka()')
}

function topicExists(names: readonly string[]): TestingError {
  return new TestingError(
    'MILLRACE_TEST_TOPIC_EXISTS',
    `there is a topic ${names.join(', ')} already, which may have records: give each test its own (kafka.unique('${names[0]}')), or delete it first`,
  )
}

function topicUnknown(name: string, others: readonly string[]): TestingError {
  const known = others.length === 0 ? 'none' : others.slice(0, 20).join(', ')
  return new TestingError(
    'MILLRACE_TEST_TOPIC_UNKNOWN',
    `there is no topic '${name}'; there are: ${known}. Create it with kafka.createTopic('${name}')`,
  )
}
