/** An embedded broker on a manual clock, and connections that speak any message to it in process. */
import type { Random } from '../../src/common/random.ts'
import type { BrokerConnection } from '../../src/kafka/broker/broker-connection.ts'
import type { BrokerConfig } from '../../src/kafka/broker/broker-config.ts'
import { EmbeddedBroker } from '../../src/kafka/broker/embedded-broker.ts'
import { decodeResponse, encodeRequest, type Api } from '../../src/kafka/protocol/apis.ts'
import { decodeResponseHeader, encodeRequestHeader } from '../../src/kafka/protocol/header.ts'
import type { MessageInput } from '../../src/kafka/protocol/message-spec.ts'
import { ManualClock } from './manual-clock.ts'

export interface BrokerBed {
  readonly broker: EmbeddedBroker
  readonly clock: ManualClock
  readonly connect: (nodeId?: number) => BrokerClient
}

export function brokerBed(
  options: { readonly nodes?: number; readonly config?: Partial<BrokerConfig> } = {},
): BrokerBed {
  const clock = new ManualClock()
  const broker = new EmbeddedBroker({ ...options, clock, random: countingRandom() })
  return { broker, clock, connect: (nodeId = 1) => new BrokerClient(broker.openNode(nodeId, 'test')) }
}

export class BrokerClient {
  readonly connection: BrokerConnection

  constructor(connection: BrokerConnection) {
    this.connection = connection
  }

  async send<Request, Response>(
    api: Api<Request, Response>,
    version: number,
    message: MessageInput<Request>,
    clientId = 'test',
  ): Promise<Response> {
    const header = encodeRequestHeader(api.requestHeaderVersion(version), {
      requestApiKey: api.key,
      requestApiVersion: version,
      correlationId: 7,
      clientId,
    })
    const frame = await this.connection.handle(Buffer.concat([header, encodeRequest(api, version, message)]))
    return decodeResponse(api, version, decodeResponseHeader(api.responseHeaderVersion(version), frame).body)
  }
}

/** UUIDs 1, 2, 3, … */
export function countingRandom(): Random {
  let count = 0
  return {
    next: () => 0.5,
    uuid: () => `00000000-0000-4000-8000-${String((count += 1)).padStart(12, '0')}`,
  }
}
