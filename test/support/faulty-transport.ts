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

interface Gate {
  readonly apiKey: number
  readonly phase: Loss
  readonly arrived: PromiseWithResolvers<void>
  readonly released: PromiseWithResolvers<void>
}

export interface HeldExchange {
  /** Resolves when a request or an answer is being held. */
  readonly arrived: Promise<void>
  release(): void
}

/** Any transport, with single requests or answers lost as when a connection breaks at that moment, or held back. */
export class FaultyTransport implements Transport {
  readonly bootstrap: readonly Endpoint[]
  /** Api keys in the order in which they were sent. */
  readonly sent: number[] = []
  readonly #inner: Transport
  readonly #rules: Rule[] = []
  readonly #gates: Gate[] = []

  constructor(inner: Transport) {
    this.#inner = inner
    this.bootstrap = inner.bootstrap
  }

  lose(loss: Loss, api: { readonly key: number }, times = 1): { end(): void } {
    const rule = { apiKey: api.key, loss, times }
    this.#rules.push(rule)
    return { end: () => void (rule.times = 0) }
  }

  /** The next request of that api waits before it is sent, or its answer before it is handed over. */
  hold(phase: Loss, api: { readonly key: number }): HeldExchange {
    const [arrived, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    this.#gates.push({ apiKey: api.key, phase, arrived, released })
    return { arrived: arrived.promise, release: () => released.resolve() }
  }

  /** How many requests of that api were sent. */
  count(api: { readonly key: number }): number {
    return this.sent.filter((key) => key === api.key).length
  }

  async connect(endpoint: Endpoint, lane: string): Promise<Connection> {
    const connection = await this.#inner.connect(endpoint, lane)
    return new FaultyConnection(connection, this)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  async passed(phase: Loss, apiKey: number): Promise<void> {
    const index = this.#gates.findIndex((gate) => gate.apiKey === apiKey && gate.phase === phase)
    const [gate] = index < 0 ? [] : this.#gates.splice(index, 1)
    gate?.arrived.resolve()
    await gate?.released.promise
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
    const { apiKey } = request
    const loss = this.#transport.lossOf(apiKey)
    if (loss === undefined) {
      await this.#transport.passed('request', apiKey)
      const answer = await this.#inner.send(request)
      await this.#transport.passed('answer', apiKey)
      return answer
    }
    if (loss === 'answer') await this.#inner.send(request)
    this.#inner.close()
    throw new TransportError('MILLRACE_CONNECTION_LOST', `the test lost the ${loss} of api ${apiKey}`, {
      broker: `${this.endpoint.host}:${this.endpoint.port}`,
    })
  }

  close(): void {
    this.#inner.close()
  }
}
