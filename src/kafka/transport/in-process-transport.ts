import type { Clock } from '../../common/clock.ts'
import { apiOfKey } from '../protocol/apis.ts'
import { decodeResponseHeader, encodeRequestHeader } from '../protocol/header.ts'
import type { TransportError } from '../../errors/kafka-error.ts'
import { requestApiVersions } from './api-versions.ts'
import { closedHere, lost, refusedInProcess, requestTimedOut } from './connection-faults.ts'
import type { Lane } from './connection-faults.ts'
import type {
  BrokerVersions,
  Connection,
  Endpoint,
  InProcessBroker,
  InProcessSocket,
  Transport,
  WireRequest,
} from './transport.ts'

/** The same frames as over TCP, handed to a broker in this process: for development, tests and simulation. */
export class InProcessTransport implements Transport {
  readonly bootstrap: readonly Endpoint[]
  readonly #broker: InProcessBroker
  readonly #clientId: string
  readonly #clock: Clock
  readonly #open = new Set<InProcessConnection>()

  constructor(broker: InProcessBroker, options: { readonly clientId: string; readonly clock: Clock }) {
    this.bootstrap = broker.endpoints
    this.#broker = broker
    this.#clientId = options.clientId
    this.#clock = options.clock
  }

  async connect({ host, port }: Endpoint, lane: string): Promise<Connection> {
    const socket = this.#openSocket({ host, port, lane })
    const connection = new InProcessConnection(socket, { host, port, lane }, this.#clientId, this.#clock, () =>
      this.#open.delete(connection),
    )
    this.#open.add(connection)
    await connection.open()
    return connection
  }

  async close(): Promise<void> {
    for (const connection of [...this.#open]) connection.close()
  }

  #openSocket(lane: Lane): InProcessSocket {
    try {
      return this.#broker.open(lane)
    } catch (error) {
      throw refusedInProcess(lane, error)
    }
  }
}

class InProcessConnection implements Connection {
  readonly endpoint: Endpoint
  readonly #socket: InProcessSocket
  readonly #lane: Lane
  readonly #clientId: string
  readonly #clock: Clock
  readonly #onClose: () => void
  readonly #waiting = new Set<(error: TransportError) => void>()
  #versions: BrokerVersions = { apis: new Map(), finalizedFeatures: new Map() }
  #correlationId = 0
  #fault: TransportError | undefined

  constructor(socket: InProcessSocket, lane: Lane, clientId: string, clock: Clock, onClose: () => void) {
    this.endpoint = lane
    this.#socket = socket
    this.#lane = lane
    this.#clientId = clientId
    this.#clock = clock
    this.#onClose = onClose
  }

  get versions(): BrokerVersions {
    return this.#versions
  }

  get closed(): boolean {
    return this.#fault !== undefined
  }

  async open(): Promise<void> {
    this.#versions = await requestApiVersions((request) => this.send(request), 10_000)
  }

  send(request: WireRequest): Promise<Buffer> {
    if (this.#fault !== undefined) return Promise.reject(this.#fault)
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
    const correlationId = this.#correlationId
    this.#correlationId = (correlationId + 1) & 0x7fff_ffff
    const timer = this.#clock.setTimer(request.timeoutMs, () =>
      this.#fail(requestTimedOut(this.#lane, request.apiKey, request.timeoutMs)),
    )
    const fail = (error: TransportError): void => {
      timer.cancel()
      reject(error)
    }
    this.#waiting.add(fail)
    this.#socket
      .handle(this.#frame(request, correlationId))
      .then((frame) => {
        const body = this.#bodyOf(request, correlationId, frame)
        if (!this.#waiting.delete(fail)) return
        timer.cancel()
        resolve(body)
      })
      .catch((cause: unknown) => this.#fail(lost(this.#lane, cause)))
    return promise
  }

  close(): void {
    this.#fail(closedHere(this.#lane))
  }

  #frame({ apiKey, apiVersion, flexible, body }: WireRequest, correlationId: number): Buffer {
    const header = encodeRequestHeader(flexible ? 2 : 1, {
      requestApiKey: apiKey,
      requestApiVersion: apiVersion,
      correlationId,
      clientId: this.#clientId,
    })
    return Buffer.concat([header, ...body])
  }

  #bodyOf({ apiKey, apiVersion }: WireRequest, expected: number, frame: Buffer): Buffer {
    const headerVersion = apiOfKey(apiKey)?.responseHeaderVersion(apiVersion) ?? 0
    const { correlationId, body } = decodeResponseHeader(headerVersion, frame)
    if (correlationId !== expected) throw new Error(`answer ${correlationId} came for request ${expected}`)
    return body
  }

  #fail(error: TransportError): void {
    if (this.#fault !== undefined) return
    this.#fault = error
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const fail of waiting) fail(error)
    this.#socket.close()
    this.#onClose()
  }
}
