/** A Kafka that runs already, for tests: it is used, and left as it was found. */
import { TestingError } from '../errors/testing-error.ts'
import type { KafkaCluster } from './kafka-cluster.ts'

/** `host:port`, several with commas between them. */
export function externalCluster(addresses: string): KafkaCluster {
  const brokers = addresses.split(',').map((address) => address.trim())
  for (const broker of brokers) if (!/^\S+:\d{1,5}$/.test(broker)) throw notAnAddress(broker)
  return {
    kind: 'external',
    brokerIds: [],
    addresses: brokers,
    connection: { brokers },
    internalAddresses: undefined,
    network: undefined,
    isShared: true,
    faults: undefined,
    adviceWhenSilent: '',
    checkAlive: () => Promise.resolve(),
    logTail: () => Promise.resolve(''),
    close: () => Promise.resolve(),
  }
}

function notAnAddress(text: string): TestingError {
  return new TestingError(
    'MILLRACE_TEST_KAFKA_OPTION',
    `startKafka: '${text}' is neither 'embedded', 'container', 'jars' or 'auto' nor an address (host:port); correct the option 'on' or MILLRACE_TEST_KAFKA`,
  )
}
