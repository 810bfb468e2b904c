/** `startKafka`: which kind of Kafka a test runs on, started and ready. */
import { TestingError } from '../errors/testing-error.ts'
import type { BrokerProperties } from './broker-properties.ts'
import { startEmbeddedCluster } from './embedded-cluster.ts'
import { externalCluster } from './external-cluster.ts'
import type { KafkaCluster } from './kafka-cluster.ts'
import { untilReady } from './kafka-readiness.ts'
import { keptAlive } from './kept-alive.ts'
import { TestKafka } from './test-kafka.ts'
import type { TestTopics } from './kafka-topics.ts'

/** Of `startKafka`. */
export interface StartKafkaOptions {
  /**
   * `embedded`: in this process, in memory; needs nothing. `container`: Apache Kafka by Testcontainers; needs that package
   * and a container engine. `jars`: Apache Kafka as processes of this machine; needs Java 17, and Maven the first time.
   * `host:port` (several with commas): one that runs already. `auto`: container, else jars, else embedded, whichever can be
   * had. Default: what `MILLRACE_TEST_KAFKA` says, which takes the same; else `embedded`.
   */
  readonly on?: 'embedded' | 'container' | 'jars' | 'auto' | `${string}:${number}`
  /**
   * Of the container; `apache/kafka` and `confluentinc/cp-kafka` (from 7.4 on) work. Default: `MILLRACE_TEST_KAFKA_IMAGE`,
   * else `apache/kafka:4.3.1`.
   */
  readonly image?: string
  /** Default 1. */
  readonly brokers?: 1 | 3
  /** Topics to begin with: `{ orders: 3 }` is a topic with three partitions. */
  readonly topics?: TestTopics
  /** Broker properties by their names in Kafka, on top of those for tests: `{ 'message.max.bytes': 2_000_000 }`. */
  readonly config?: BrokerProperties
  /** How long it may take to become ready, in milliseconds, without the download of an image or jars. Default 120000. */
  readonly startupTimeoutMs?: number
  /**
   * For containers: the network that they are in, under the names of `internalBrokers`, so that other containers reach
   * them; its name, what Testcontainers' `new Network().start()` gives, or `true` for one of its own. Default false.
   */
  readonly network?: boolean | string | { getName(): string }
  /**
   * For containers: `close` leaves it running, and the next `startKafka` with the same options goes on with it. Topics are
   * deleted by `close`. Default false.
   */
  readonly reuse?: boolean
}

const defaultImage = 'apache/kafka:4.3.1'
const defaultStartupTimeoutMs = 120_000

/**
 * A Kafka for a test: transactions work, faults can be made, and it is ready when this resolves. The same test runs on
 * the embedded broker and on Apache Kafka. Throws a `TestingError` in one line where what is needed is not there.
 *
 * @example
 * await using kafka = await startKafka({ topics: { orders: 3, totals: 1 } })
 * await using app = await runTopology(topology, kafka)
 * await kafka.pipe('orders', { key: serdes.string, value: serdes.json() }, [{ key: 'a', value: { price: 3 } }])
 * await kafka.awaitRecords('totals', { key: serdes.string, value: serdes.int64 }, 1)
 */
export async function startKafka(options: StartKafkaOptions = {}): Promise<TestKafka> {
  checkOptions(options)
  const { topics = {}, startupTimeoutMs = defaultStartupTimeoutMs } = options
  return keptAlive(async () => {
    const cluster = await startCluster(options, startupTimeoutMs)
    const kafka = new TestKafka(cluster, startupTimeoutMs)
    try {
      await ready(cluster, options, startupTimeoutMs)
      await kafka.createTopics(topics, { replace: cluster.isShared && cluster.kind !== 'external' })
      return kafka
    } catch (error) {
      // Broken or too slow: nobody will use it, so nothing of it may stay.
      await kafka.close().catch(() => undefined)
      throw error
    }
  })
}

/**
 * Why `startKafka` could not start that kind of Kafka here, in one line; undefined where it can. For tests that are to be
 * skipped then: `test.skipIf(await whyNoKafka('container'))`.
 */
export async function whyNoKafka(on: 'embedded' | 'container' | 'jars'): Promise<string | undefined> {
  if (on === 'container') {
    const { containerEngine } = await import('./container-engine.ts')
    return containerEngine().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
  }
  if (on === 'embedded') return undefined
  const { defaultJarCache, whatJarsLack } = await import('./jar-files.ts')
  return whatJarsLack(defaultJarCache())
}

async function startCluster(options: StartKafkaOptions, startupTimeoutMs: number): Promise<KafkaCluster> {
  const { brokers = 1, config = {}, reuse = false, network = false } = options
  const on = await resolveKind(options.on ?? (process.env['MILLRACE_TEST_KAFKA'] || 'embedded'))
  if (on === 'embedded') return startEmbeddedCluster(brokers, config)
  if (on === 'jars') {
    const { startJarCluster } = await import('./jar-cluster.ts')
    return startJarCluster({ brokers, config, startupTimeoutMs })
  }
  if (on === 'container') {
    const { startContainerCluster } = await import('./container-cluster.ts')
    const image = options.image ?? (process.env['MILLRACE_TEST_KAFKA_IMAGE'] || defaultImage)
    const networkName = typeof network === 'object' ? network.getName() : network
    return startContainerCluster({ image, brokers, config, network: networkName, reuse })
  }
  const cluster = externalCluster(on)
  if (Object.keys(config).length > 0) {
    throw new TestingError(
      'MILLRACE_TEST_KAFKA_OPTION',
      `startKafka: the Kafka at ${on} runs already, so its config (${Object.keys(config).join(', ')}) cannot be given`,
    )
  }
  return cluster
}

async function resolveKind(on: string): Promise<string> {
  if (on !== 'auto') return on
  for (const kind of ['container', 'jars'] as const) if ((await whyNoKafka(kind)) === undefined) return kind
  return 'embedded'
}

async function ready(cluster: KafkaCluster, { brokers = 1 }: StartKafkaOptions, timeoutMs: number): Promise<void> {
  await untilReady({
    addresses: cluster.addresses,
    brokers,
    connection: cluster.connection,
    timeoutMs,
    advice: cluster.adviceWhenSilent,
    check: () => cluster.checkAlive(cluster.brokerIds),
    logTail: async () => (await Promise.all(cluster.brokerIds.map((id) => cluster.logTail(id)))).join('\n').trim(),
  })
}

function checkOptions({ brokers = 1, startupTimeoutMs = defaultStartupTimeoutMs }: StartKafkaOptions): void {
  const refuse = (what: string): never => {
    throw new TestingError('MILLRACE_TEST_KAFKA_OPTION', `startKafka: ${what}`)
  }
  if (![1, 3].includes(brokers)) refuse(`brokers is 1 or 3, not ${brokers}: with two, none may be missing`)
  if (!(Number.isFinite(startupTimeoutMs) && startupTimeoutMs > 0)) {
    refuse(`startupTimeoutMs takes milliseconds above 0, not ${startupTimeoutMs}`)
  }
}
