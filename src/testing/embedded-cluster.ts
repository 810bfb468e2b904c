/** The embedded broker as a Kafka for tests: in this process for the application, on TCP for everybody else. */
import { TestingError } from '../errors/testing-error.ts'
import type { BrokerConfig } from '../kafka/broker/broker-config.ts'
import type { BrokerProperties } from './broker-properties.ts'
import { EmbeddedKafka } from './embedded-kafka.ts'
import type { KafkaCluster } from './kafka-cluster.ts'

type NumberKey = {
  [K in keyof BrokerConfig]: BrokerConfig[K] extends number ? K : never
}[keyof BrokerConfig]

/** Broker properties that the embedded broker has, by their names in Kafka. */
const numberKeys: Readonly<Record<string, NumberKey>> = {
  'num.partitions': 'defaultPartitions',
  'default.replication.factor': 'defaultReplicationFactor',
  'group.min.session.timeout.ms': 'groupMinSessionTimeoutMs',
  'group.max.session.timeout.ms': 'groupMaxSessionTimeoutMs',
  'group.initial.rebalance.delay.ms': 'groupInitialRebalanceDelayMs',
  'group.max.size': 'groupMaxSize',
  'offset.metadata.max.bytes': 'offsetMetadataMaxBytes',
  'transaction.max.timeout.ms': 'transactionMaxTimeoutMs',
}

/** Those that set the default of a topic config (TopicConfig.java, ServerTopicConfigSynonyms.java). */
const topicKeys: Readonly<Record<string, string>> = {
  'message.max.bytes': 'max.message.bytes',
  'log.cleanup.policy': 'cleanup.policy',
  'log.retention.ms': 'retention.ms',
  'log.retention.bytes': 'retention.bytes',
  'log.segment.bytes': 'segment.bytes',
  'log.message.timestamp.type': 'message.timestamp.type',
  'compression.type': 'compression.type',
  'min.insync.replicas': 'min.insync.replicas',
}

export async function startEmbeddedCluster(brokers: number, properties: BrokerProperties): Promise<KafkaCluster> {
  const kafka = await EmbeddedKafka.start({ brokers, listen: true, config: brokerConfig(brokers, properties) })
  const { controls } = kafka['~kafka']
  return {
    kind: 'embedded',
    brokerIds: kafka['~kafka'].nodeIds,
    addresses: kafka.brokers,
    connection: kafka,
    internalAddresses: undefined,
    network: undefined,
    isShared: false,
    faults: {
      end: async (id) => controls.stopNode(id),
      kill: async (id) => controls.stopNode(id),
      start: async (id) => controls.startNode(id),
      pause: async (id) => controls.freezeNode(id),
      resume: async (id) => controls.thawNode(id),
    },
    adviceWhenSilent: '',
    checkAlive: () => Promise.resolve(),
    logTail: () => Promise.resolve(''),
    close: () => kafka.close(),
  }
}

/** As those of the other kinds, so that a test that passes here passes there. */
function brokerConfig(brokers: number, properties: BrokerProperties): Partial<BrokerConfig> {
  const config: Record<string, unknown> = {
    autoCreateTopics: false,
    groupMinSessionTimeoutMs: 500,
    defaultReplicationFactor: Math.min(3, brokers),
  }
  const topicDefaults: Record<string, string> = {}
  for (const [name, value] of Object.entries(properties)) {
    const [key, topicKey] = [numberKeys[name], topicKeys[name]]
    if (name === 'auto.create.topics.enable') config['autoCreateTopics'] = String(value) === 'true'
    else if (key !== undefined) config[key] = numberOf(name, value)
    else if (topicKey !== undefined) topicDefaults[topicKey] = String(value)
    else throw unknownProperty(name)
  }
  return { ...config, topicDefaults }
}

function numberOf(name: string, value: string | number | boolean): number {
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  throw new TestingError('MILLRACE_TEST_KAFKA_OPTION', `startKafka: config '${name}' takes a number, not '${value}'`)
}

function unknownProperty(name: string): TestingError {
  const known = ['auto.create.topics.enable', ...Object.keys(numberKeys), ...Object.keys(topicKeys)].toSorted()
  return new TestingError(
    'MILLRACE_TEST_KAFKA_OPTION',
    `startKafka: the embedded broker does not have the config '${name}', only ${known.join(', ')}; leave it out, or test on: 'container'`,
  )
}
