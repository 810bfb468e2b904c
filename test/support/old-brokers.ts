import { apis } from '../../src/kafka/protocol/apis.ts'
import type {
  BrokerVersions,
  Connection,
  Endpoint,
  Transport,
  WireRequest,
} from '../../src/kafka/transport/transport.ts'

/** Brokers that are replaced by ones of Kafka 3 while clients are connected: what is connected anew finds an old one. */
export class OldBrokers implements Transport {
  readonly bootstrap: readonly Endpoint[]
  readonly #inner: Transport
  readonly #connections: { readonly lane: string; readonly connection: Connection }[] = []
  #areOld = false

  constructor(inner: Transport) {
    this.#inner = inner
    this.bootstrap = inner.bootstrap
  }

  /** Connections of that lane end, the others go on with the broker they have. */
  goBack(lane: string): void {
    this.#areOld = true
    for (const open of this.#connections) if (open.lane === lane) open.connection.close()
  }

  async connect(endpoint: Endpoint, lane: string): Promise<Connection> {
    const inner = await this.#inner.connect(endpoint, lane)
    const connection = this.#areOld ? new OldConnection(inner) : inner
    this.#connections.push({ lane, connection })
    return connection
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}

const newestOfKafka3 = new Map<number, number>([
  [apis.Produce.key, 11],
  [apis.EndTxn.key, 4],
  [apis.TxnOffsetCommit.key, 4],
])

class OldConnection implements Connection {
  readonly #inner: Connection

  constructor(inner: Connection) {
    this.#inner = inner
  }

  get endpoint(): Endpoint {
    return this.#inner.endpoint
  }

  get versions(): BrokerVersions {
    const offered = [...this.#inner.versions.apis].map(
      ([key, { min, max }]) => [key, { min, max: newestOfKafka3.get(key) ?? max }] as const,
    )
    return { apis: new Map(offered), finalizedFeatures: new Map() }
  }

  get closed(): boolean {
    return this.#inner.closed
  }

  send(request: WireRequest): Promise<Buffer> {
    return this.#inner.send(request)
  }

  close(): void {
    this.#inner.close()
  }
}
