/** One Apache Kafka in a container: `kafka:9092` on the network of the bed, a port of this machine for the test itself. */
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { connectKafka } from '../../src/runtime/connect-kafka.ts'
import type { Container, ContainerBed } from './docker.ts'
import { freePort } from './docker.ts'

export const kafkaImage = `apache/kafka:${process.env['MILLRACE_KAFKA_VERSION'] ?? '4.3.1'}`

export interface KafkaContainer {
  readonly container: Container
  readonly client: KafkaClient
}

export async function startKafkaContainer(bed: ContainerBed): Promise<KafkaContainer> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      const args = ['--network-alias', 'kafka', '--publish', `127.0.0.1:${port}:${port}`]
      const container = await bed.start(kafkaImage, { args, env: brokerEnvironment(port) })
      await container.prints('Kafka Server started')
      const client = connectKafka({ kafka: { brokers: [`127.0.0.1:${port}`] }, applicationId: 'verifier' })
      await client.connect()
      return { container, client }
    } catch (error) {
      // Somebody else may have taken the port meanwhile.
      if (attempt === 3 || !String(error).includes('port is already allocated')) throw error
    }
  }
}

/** A single node whose transactions work: the internal topics have one replica. */
function brokerEnvironment(port: number): Record<string, string> {
  return {
    KAFKA_NODE_ID: '1',
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
    KAFKA_LISTENERS: `INTERNAL://:9092,CONTROLLER://:9093,HOST://:${port}`,
    KAFKA_ADVERTISED_LISTENERS: `INTERNAL://kafka:9092,HOST://127.0.0.1:${port}`,
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,HOST:PLAINTEXT',
    KAFKA_INTER_BROKER_LISTENER_NAME: 'INTERNAL',
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '4',
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS: '4',
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  }
}

export async function makeTopics(client: KafkaClient, names: readonly string[], partitions: number): Promise<void> {
  await client.admin.createTopics(names.map((name) => ({ name, partitions, replicationFactor: 1, config: {} })))
}
