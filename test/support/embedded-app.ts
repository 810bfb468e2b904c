/** An application on an embedded broker in this process, with a client beside it that produces and reads. */
import { noHeaders } from '../../src/common/headers.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import type { EmbeddedBroker } from '../../src/kafka/broker/embedded-broker.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import type { KafkaConnection, StreamsConfig } from '../../src/processor/streams-config.ts'
import { connectKafka } from '../../src/runtime/connect-kafka.ts'
import { KafkaStreams } from '../../src/runtime/kafka-streams.ts'
import type { StreamsInternals } from '../../src/runtime/kafka-streams.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { EmbeddedKafka } from '../../src/testing/embedded-kafka.ts'
import type { Topology } from '../../src/topology/topology.ts'

export class Cluster implements AsyncDisposable {
  readonly kafka: EmbeddedKafka
  readonly broker: EmbeddedBroker
  readonly client: KafkaClient
  readonly #apps: KafkaStreams[] = []

  static async start(topics: Readonly<Record<string, number>>): Promise<Cluster> {
    const kafka = await EmbeddedKafka.start()
    for (const [name, partitions] of Object.entries(topics)) await kafka.createTopic(name, { partitions })
    const client = connectKafka({ kafka, applicationId: 'test-client' })
    await client.connect()
    return new Cluster(kafka, client)
  }

  private constructor(kafka: EmbeddedKafka, client: KafkaClient) {
    this.kafka = kafka
    this.broker = kafka['~kafka']
    this.client = client
  }

  /** Not started yet. */
  app(topology: Topology, config: Partial<StreamsConfig> = {}, internals: StreamsInternals = {}): KafkaStreams {
    const streams = new KafkaStreams(topology, { applicationId: 'app', kafka: this.kafka, ...config }, internals)
    return this.closesFirst(streams)
  }

  /** An application of this broker that was made elsewhere: without Kafka it would take as long to close as it may. */
  closesFirst<S extends KafkaStreams>(streams: S): S {
    this.#apps.push(streams)
    return streams
  }

  /** The same broker, for one application whose requests are to be told from those of others. */
  as(clientId: string): KafkaConnection {
    return { '~kafka': this.broker, clientId }
  }

  async produce(
    topic: string,
    records: readonly (readonly [key: string | null, value: string | null])[],
  ): Promise<void> {
    const producer = this.client.producer({ lingerMs: 0 })
    await producer.init()
    let timestamp = 0
    for (const [key, value] of records) {
      producer.append(topic, 0, bytes(key), bytes(value), timestamp++, noHeaders)
    }
    await producer.flush()
    await producer.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.broker.controls.clearRules()
    await Promise.allSettled(this.#apps.map((app) => app.close({ timeoutMs: 10_000 })))
    await this.client.close()
    await this.kafka.close()
  }
}

function bytes(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text)
}

/** `in`, counted by key into the store `counts`, to `out`. */
export function countByKey(): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: serdes.string, value: serdes.string })
    .groupByKey()
    .count({ store: 'counts' })
    .toStream()
    .to('out', { key: serdes.string, value: serdes.int64 })
  return builder.build()
}
