import { BrokerError } from '../errors/broker-error.ts'
import type { BrokerConfig } from '../kafka/broker/broker-config.ts'
import { EmbeddedBroker } from '../kafka/broker/embedded-broker.ts'
import { listenOnTcp, type ListenOptions, type TcpListener } from '../kafka/broker/tcp-listener.ts'

/** Of `EmbeddedKafka.start`. */
export interface EmbeddedKafkaOptions {
  /** How many nodes; default 1. */
  readonly brokers?: number
  /** On TCP as well: `true` for a free port of 127.0.0.1. Default: in this process only. */
  readonly listen?: boolean | ListenOptions
  readonly config?: Partial<BrokerConfig>
}

/**
 * A Kafka in this process, for development and tests: give it to `KafkaStreams` as `kafka`, or let it listen and connect
 * any Kafka client. Everything is kept in memory and gone with `close`.
 */
export class EmbeddedKafka implements AsyncDisposable {
  /** The broker itself, for the transport; its `controls` serve millrace's own tests. */
  readonly '~kafka': EmbeddedBroker
  readonly #listener: TcpListener | undefined

  private constructor(broker: EmbeddedBroker, listener: TcpListener | undefined) {
    this['~kafka'] = broker
    this.#listener = listener
  }

  static async start(options: EmbeddedKafkaOptions = {}): Promise<EmbeddedKafka> {
    const { brokers = 1, listen = false, config = {} } = options
    if (!Number.isInteger(brokers) || brokers < 1) {
      throw new BrokerError('MILLRACE_BROKER_CONTROL', `brokers must be a whole number above 0, not ${brokers}`)
    }
    const broker = new EmbeddedBroker({ nodes: brokers, config })
    if (listen === false) return new EmbeddedKafka(broker, undefined)
    try {
      return new EmbeddedKafka(broker, await listenOnTcp(broker, listen === true ? {} : listen))
    } catch (error) {
      broker.close()
      throw error
    }
  }

  /** Addresses (`host:port`) when it listens, else none. */
  get brokers(): readonly string[] {
    return this.#listener?.endpoints.map(({ host, port }) => `${host}:${port}`) ?? []
  }

  /** One partition, unless `partitions` says more; topics that an application reads must be there when it starts. */
  async createTopic(
    name: string,
    options: { readonly partitions?: number; readonly config?: Readonly<Record<string, string>> } = {},
  ): Promise<void> {
    this['~kafka'].createTopic(name, options)
  }

  async close(): Promise<void> {
    this['~kafka'].close()
    await this.#listener?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
