/** From a configured connection to a client: the broker in this process, or sockets. */
import { systemClock } from '../common/clock.ts'
import type { Clock } from '../common/clock.ts'
import { silentLogger } from '../common/logger.ts'
import type { Logger } from '../common/logger.ts'
import { systemRandom } from '../common/random.ts'
import type { Random } from '../common/random.ts'
import { createKafkaClient } from '../kafka/client/client.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import { InProcessTransport } from '../kafka/transport/in-process-transport.ts'
import { KafkajsTransport } from '../kafka/transport/kafkajs-transport.ts'
import type { KafkajsTransportOptions } from '../kafka/transport/kafkajs-transport.ts'
import type { Endpoint, InProcessBroker, Transport } from '../kafka/transport/transport.ts'
import type { KafkaConnection, StreamsConfig } from '../processor/streams-config.ts'

export interface ConnectOptions {
  readonly clock?: Clock
  readonly random?: Random
  readonly logger?: Logger
  /** All attempts of `connect`; default 15 s. */
  readonly connectTimeoutMs?: number
}

/** Not connected yet: `connect()` reaches the first broker. */
export function connectKafka(
  config: Pick<StreamsConfig, 'kafka' | 'applicationId'>,
  options: ConnectOptions = {},
): KafkaClient {
  const { clock = systemClock, random = systemRandom, logger = silentLogger, connectTimeoutMs } = options
  const clientId = ('clientId' in config.kafka ? config.kafka.clientId : undefined) ?? config.applicationId
  const transport = transportOf(config.kafka, clientId, clock)
  return createKafkaClient({
    transport,
    clock,
    random,
    logger,
    clientId,
    ...(connectTimeoutMs !== undefined && { connectTimeoutMs }),
  })
}

function transportOf(kafka: KafkaConnection, clientId: string, clock: Clock): Transport {
  if ('~kafka' in kafka) return new InProcessTransport(kafka['~kafka'] as InProcessBroker, { clientId, clock })
  return new KafkajsTransport({
    bootstrap: kafka.brokers.map(parseEndpoint),
    clientId,
    clock,
    // The shapes are kafkajs' own; its sockets check them.
    ...(kafka.ssl !== undefined && { ssl: kafka.ssl as NonNullable<KafkajsTransportOptions['ssl']> }),
    ...(kafka.sasl !== undefined && { sasl: kafka.sasl as NonNullable<KafkajsTransportOptions['sasl']> }),
  })
}

/** `host:port`; an IPv6 host may stand in brackets. */
function parseEndpoint(broker: string): Endpoint {
  const colon = broker.lastIndexOf(':')
  return { host: broker.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(broker.slice(colon + 1)) }
}
