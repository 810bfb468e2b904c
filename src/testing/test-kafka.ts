/** `TestKafka`: one interface over every kind of Kafka that a test may run on. Made by `startKafka`. */
import { systemRandom } from '../common/random.ts'
import { TestingError } from '../errors/testing-error.ts'
import type { Isolation, KafkaClient, TopicMetadata } from '../kafka/client/kafka-client.ts'
import type { KafkaConnection } from '../processor/streams-config.ts'
import { connectKafka } from '../runtime/connect-kafka.ts'
import { untilCommitted, untilLagZero } from './application-lag.ts'
import type { LagQuery } from './application-lag.ts'
import { BrokerControl } from './broker-control.ts'
import type { KafkaCapabilities, KafkaCluster, KafkaKind } from './kafka-cluster.ts'
import { KafkaTopics } from './kafka-topics.ts'
import type { TestTopicOptions, TestTopics } from './kafka-topics.ts'
import { TestApplications } from './test-applications.ts'
import { keptAlive } from './kept-alive.ts'
import { looksInternal, otherOwner } from '../runtime/operations/internal-topic-names.ts'
import type { InputRecord } from './test-topics.ts'
import { countOf, readToEnd, readUntil } from './topic-records.ts'
import type { RecordQuery, TestSerdes, TopicRecord } from './topic-records.ts'
import { writeRecords } from './topic-writer.ts'
import type { WriteOptions } from './topic-writer.ts'

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
const topicNameMax = 249

/**
 * A Kafka of a test, whichever kind it is. Waits are bounded (`timeoutMs`) and end as soon as they can; where they fail
 * the error shows what was there instead. An application of `runTopology` that has failed is not waited for.
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
  readonly #topics = new KafkaTopics()
  /** `runTopology` says what it runs. */
  readonly '~applications': TestApplications = new TestApplications()
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
    const client = await this.#connected()
    await keptAlive(() => this.#topics.create(client, topics, options.replace ?? false))
  }

  /** Resolves when they are gone; those that are not there are no error, and those that stay are one. */
  async deleteTopics(names: readonly string[], { timeoutMs = defaultTimeoutMs }: WaitOptions = {}): Promise<void> {
    const client = await this.#connected()
    await keptAlive(() => this.#topics.delete(client, names, timeoutMs))
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
    const client = await this.#connected()
    return keptAlive(() => readToEnd(client, query))
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
    const client = await this.#connected()
    return keptAlive(() => readUntil(client, query, isEnough))
  }

  // --- applications -----------------------------------------------------------------------------------------------

  /**
   * Resolves when an application has committed everything that there is in its source and repartition topics, so that all
   * its results are there; it may run elsewhere. `topics`: those that it reads, where it may not have joined its group yet.
   */
  async awaitLagZero(
    applicationId: string,
    options: WaitOptions & { readonly topics?: readonly string[] } = {},
  ): Promise<void> {
    const { topics, timeoutMs = defaultTimeoutMs } = options
    for (const topic of topics ?? []) await this.#topic(topic)
    const reads =
      topics === undefined ? this['~applications'].reads(applicationId) : (name: string) => topics.includes(name)
    await untilLagZero(await this.#connected(), this.#lagQuery(applicationId, timeoutMs), reads)
  }

  /** Resolves when an application has committed all that is in these topics now, whatever comes meanwhile. */
  async awaitCommitted(
    applicationId: string,
    topics: string | readonly string[],
    { timeoutMs = defaultTimeoutMs }: WaitOptions = {},
  ): Promise<void> {
    const found = await Promise.all([topics].flat().map((topic) => this.#topic(topic)))
    await untilCommitted(await this.#connected(), this.#lagQuery(applicationId, timeoutMs), found)
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
    this.#closing ??= keptAlive(() => this.#close())
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
    const { ids } = this['~applications']
    if (this.#topics.created.length === 0 && ids.length === 0) return
    const client = await this.#connected()
    const groupIds = (await client.admin.groups.list()).map(({ groupId }) => groupId)
    const isInternal = (name: string): boolean =>
      ids.some((id) => looksInternal(name, id) && otherOwner(name, id, groupIds) === undefined)
    const internal = [...(await client.describeTopics('all')).keys()].filter(isInternal)
    try {
      await this.#topics.delete(client, [...this.#topics.created, ...internal])
    } finally {
      await client.admin.deleteGroups(ids)
    }
  }

  #lagQuery(applicationId: string, timeoutMs: number): LagQuery {
    return { applicationId, timeoutMs, failure: () => this['~applications'].failure(applicationId) }
  }

  async #query<K, V>(
    topic: string,
    serdes: TestSerdes<K, V>,
    { isolation = 'read_committed', timeoutMs = defaultTimeoutMs }: ReadOptions,
    wanted: string,
  ): Promise<RecordQuery<K, V>> {
    const { partitionCount } = await this.#topic(topic)
    const failure = (): Promise<Error | undefined> => this['~applications'].failure()
    return { topic, partitions: partitionCount, serdes, isolation, timeoutMs, wanted, failure }
  }

  async #topic(name: string): Promise<TopicMetadata> {
    return this.#topics.require(await this.#connected(), name)
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
