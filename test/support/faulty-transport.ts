import { TransportError } from '../../src/errors/kafka-error.ts'
import type {
  BrokerVersions,
  Connection,
  Endpoint,
  Transport,
  WireRequest,
} from '../../src/kafka/transport/transport.ts'

/** `request`: the broker never sees it. `answer`: the broker executes it and nobody learns of it. */
export type Loss = 'request' | 'answer'

interface Rule {
  readonly apiKey: number
  readonly loss: Loss
  times: number
}

/** Any transport, with single requests or answers lost as when a connection breaks at that moment. */
export class FaultyTransport implements Transport {
  readonly bootstrap: readonly Endpoint[]
  /** Api keys in the order in which they were sent. */
  readonly sent: number[] = []
  readonly #inner: Transport
  readonly #rules: Rule[] = []

  constructor(inner: Transport) {
    this.#inner = inner
    this.bootstrap = inner.bootstrap
  }

  lose(loss: Loss, api: { readonly key: number }, times = 1): void {
    this.#rules.push({ apiKey: api.key, loss, times })
  }

  async connect(endpoint: Endpoint, lane: string): Promise<Connection> {
    const connection = await this.#inner.connect(endpoint, lane)
    return new FaultyConnection(connection, this)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  lossOf(apiKey: number): Loss | undefined {
    this.sent.push(apiKey)
    const rule = this.#rules.find((candidate) => candidate.apiKey === apiKey && candidate.times > 0)
    if (rule === undefined) return undefined
    rule.times--
    return rule.loss
  }
}

class FaultyConnection implements Connection {
  readonly #inner: Connection
  readonly #transport: FaultyTransport

  constructor(inner: Connection, transport: FaultyTransport) {
    this.#inner = inner
    this.#transport = transport
  }

  get endpoint(): Endpoint {
    return this.#inner.endpoint
  }

  get versions(): BrokerVersions {
    return this.#inner.versions
  }

  get closed(): boolean {
    return this.#inner.closed
  }

  async send(request: WireRequest): Promise<Buffer> {
    const loss = this.#transport.lossOf(request.apiKey)
    if (loss === undefined) return this.#inner.send(request)
    if (loss === 'answer') await this.#inner.send(request)
    this.#inner.close()
    throw new TransportError('MILLRACE_CONNECTION_LOST', `the test lost the ${loss} of api ${request.apiKey}`, {
      broker: `${this.endpoint.host}:${this.endpoint.port}`,
    })
  }

  close(): void {
    this.#inner.close()
  }
}
