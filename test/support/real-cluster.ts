/**
 * One Apache Kafka for a test file, by the test kit, with a client beside it: started before its tests, closed after them.
 * From its jars, unless `MILLRACE_TEST_KAFKA` says where else.
 */
import { afterAll, beforeAll } from 'vitest'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { connectKafka } from '../../src/runtime/connect-kafka.ts'
import { startKafka } from '../../src/testing/start-kafka.ts'
import type { StartKafkaOptions } from '../../src/testing/start-kafka.ts'
import type { TestKafka } from '../../src/testing/test-kafka.ts'

export interface RealCluster {
  readonly kafka: TestKafka
  readonly client: KafkaClient
  /** As for `--brokers`. */
  readonly brokers: string
}

/** Call it inside `describe`; what it returns is there once a test runs. */
export function useRealCluster(): () => RealCluster {
  let cluster: RealCluster | undefined
  beforeAll(async () => {
    const on = (process.env['MILLRACE_TEST_KAFKA'] ?? 'jars') as NonNullable<StartKafkaOptions['on']>
    const kafka = await startKafka({ on })
    const client = connectKafka({ kafka: kafka.connection, applicationId: 'verifier' })
    cluster = { kafka, client, brokers: kafka.brokers.join(',') }
    await client.connect()
  })
  afterAll(async () => {
    await cluster?.client.close()
    await cluster?.kafka.close()
  })
  return () => cluster as RealCluster
}
