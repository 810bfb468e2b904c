/** Apache Kafka from its jars as a Kafka for tests. */
import type { BrokerProperties } from './broker-properties.ts'
import { startJarKafka } from './jar-kafka.ts'
import type { KafkaCluster } from './kafka-cluster.ts'

export interface JarClusterOptions {
  readonly brokers: number
  readonly config: BrokerProperties
  readonly startupTimeoutMs: number
}

export async function startJarCluster(options: JarClusterOptions): Promise<KafkaCluster> {
  const kafka = await startJarKafka(options)
  const addresses = kafka.brokers.map(({ host, port }) => `${host}:${port}`)
  return {
    kind: 'jars',
    brokerIds: kafka.brokers.map(({ id }) => id),
    addresses,
    connection: { brokers: addresses },
    internalAddresses: undefined,
    network: undefined,
    isShared: false,
    faults: {
      end: (id) => kafka.endBroker(id),
      kill: (id) => kafka.killBroker(id),
      start: (id) => kafka.restartBroker(id),
      pause: async (id) => kafka.pauseBroker(id),
      resume: async (id) => kafka.continueBroker(id),
    },
    adviceWhenSilent: '',
    checkAlive: () => Promise.resolve(),
    logTail: (id) => kafka.logTail(id),
    close: () => kafka.stop(),
  }
}
