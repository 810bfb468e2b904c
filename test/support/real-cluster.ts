/** One Apache Kafka for a test file, with a client: started before its tests, stopped after them. */
import { afterAll, beforeAll } from 'vitest'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { connectKafka } from '../../src/runtime/connect-kafka.ts'
import { startKafka } from './real-kafka.ts'
import type { RealKafka, RealKafkaOptions } from './real-kafka.ts'

export interface RealCluster {
  readonly kafka: RealKafka
  readonly client: KafkaClient
  /** As for `--brokers`. */
  readonly brokers: string
}

/** Call it inside `describe`; what it returns is there once a test runs. */
export function useRealCluster(options: RealKafkaOptions = {}): () => RealCluster {
  let cluster: RealCluster | undefined
  beforeAll(async () => {
    const kafka = await startKafka(options)
    const brokers = kafka.bootstrap.map(({ host, port }) => `${host}:${port}`)
    const client = connectKafka({ kafka: { brokers }, applicationId: 'verifier' })
    cluster = { kafka, client, brokers: brokers.join(',') }
    await client.connect()
  })
  afterAll(async () => {
    await cluster?.client.close()
    await cluster?.kafka.stop()
  })
  return () => cluster as RealCluster
}
