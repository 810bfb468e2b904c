import type { Clock } from '../../common/clock.ts'
import { TransportError } from '../../errors/kafka-error.ts'
import { apis } from '../protocol/apis.ts'
import { encodeRequestHeader } from '../protocol/header.ts'
import { requestApiVersions } from './api-versions.ts'
import {
  closedHere,
  connectFailed,
  connectTimedOut,
  lost,
  lostAfterVersions,
  lostAtFirstRequest,
  notKafka,
  requestTimedOut,
  saslFailed,
} from './connection-faults.ts'
import type { Lane } from './connection-faults.ts'
import type { KafkajsConnection } from './kafkajs-internals.ts'
import type { BrokerVersions, Connection, Endpoint, WireRequest } from './transport.ts'

export interface ConnectionLaneOptions {
  readonly lane: Lane
  readonly clientId: string
  readonly clock: Clock
  readonly tls: boolean
  readonly mechanism: string | undefined
  readonly connectTimeoutMs: number
  readonly onClose: () => void
}

/** No answer to ApiVersions is near this; "HTTP" read as a length is 1.2 GB. */
const firstFrameMaxBytes = 1 << 20
const noVersions: BrokerVersions = { apis: new Map(), finalizedFeatures: new Map() }

/** One kafkajs connection. Its first fault is kept, ends the socket, and is what every later call is told. */
export class KafkajsConnectionLane implements Connection {
  readonly endpoint: Endpoint
  readonly #kafkajs: KafkajsConnection
  readonly #options: ConnectionLaneOptions
  #versions: BrokerVersions = noVersions
  #answers = 0
  #fault: TransportError | undefined

  constructor(kafkajs: KafkajsConnection, options: ConnectionLaneOptions) {
    this.endpoint = options.lane
    this.#kafkajs = kafkajs
    this.#options = options
  }

  get versions(): BrokerVersions {
    return this.#versions
  }

  get closed(): boolean {
    return this.#fault !== undefined || !this.#kafkajs.isConnected()
  }

  /** TCP, TLS, versions, SASL. */
  async open(): Promise<void> {
    const { lane, clock, connectTimeoutMs } = this.#options
    const timer = clock.setTimer(connectTimeoutMs, () => this.#fail(connectTimedOut(lane, undefined)))
    try {
      await this.#connect()
      this.#versions = await requestApiVersions((request) => this.send(request), connectTimeoutMs)
      await this.#authenticate()
    } catch (error) {
      throw this.#fault ?? error
    } finally {
      timer.cancel()
    }
  }

  async send(request: WireRequest): Promise<Buffer> {
    const { lane, clock } = this.#options
    if (this.closed) throw this.#fault ?? closedHere(lane)
    const timer = clock.setTimer(request.timeoutMs, () =>
      this.#fail(requestTimedOut(lane, request.apiKey, request.timeoutMs)),
    )
    try {
      await this.#authenticateAgain(request)
      const { payload } = await this.#exchange(request)
      this.#answers++
      return payload.subarray(tagBytes(request))
    } catch (error) {
      throw this.#translate(error)
    } finally {
      timer.cancel()
    }
  }

  close(): void {
    this.#fail(closedHere(this.#options.lane))
  }

  async #connect(): Promise<void> {
    const { lane, tls } = this.#options
    const connecting = this.#kafkajs.connect()
    const socket = this.#kafkajs.socket
    // Before kafkajs' own handlers see it: the socket's first bytes tell whether Kafka is at the other end.
    socket?.prependOnceListener('data', (chunk: Buffer) => this.#checkFirstBytes(chunk))
    socket?.once('close', () => this.#fail(lost(lane, 'the socket was closed')))
    try {
      await connecting
    } catch (error) {
      throw this.#fail(connectFailed(lane, tls, error))
    }
  }

  #checkFirstBytes(chunk: Buffer): void {
    if (chunk.length < 4) return
    const length = chunk.readInt32BE(0)
    if (length < 0 || length > firstFrameMaxBytes) this.#fail(notKafka(this.#options.lane, chunk))
  }

  async #authenticate(): Promise<void> {
    const { lane, mechanism } = this.#options
    if (mechanism === undefined) return
    const offered = [...this.#versions.apis].map(([key, { min, max }]) => [key, { minVersion: min, maxVersion: max }])
    this.#kafkajs.setVersions(Object.fromEntries(offered))
    this.#kafkajs.setSupportAuthenticationProtocol(this.#versions.apis.has(apis.SaslAuthenticate.key))
    try {
      await this.#kafkajs.authenticate()
    } catch (error) {
      throw this.#fail(saslFailed(lane, mechanism, error))
    }
  }

  /** A session has an end where the broker says so (KIP-368). */
  async #authenticateAgain({ apiKey }: WireRequest): Promise<void> {
    if (this.#options.mechanism === undefined || apiKey === apis.ApiVersions.key) return
    if (!this.#kafkajs.isAuthenticated()) await this.#kafkajs.authenticate()
  }

  /**
   * Through kafkajs' queue, but not through its encoder, which copies the records of a Produce twice, each time into zeroed
   * memory of up to double the size.
   */
  #exchange(request: WireRequest): Promise<{ readonly payload: Buffer }> {
    if (this.closed) throw this.#fault ?? closedHere(this.#options.lane)
    const { promise, resolve, reject } = Promise.withResolvers<{ readonly payload: Buffer }>()
    const correlationId = this.#kafkajs.nextCorrelationId()
    const { apiKey, apiVersion } = request
    this.#kafkajs.requestQueue.push({
      entry: { apiKey, apiVersion, apiName: '', correlationId, resolve, reject },
      expectResponse: true,
      requestTimeout: null,
      sendRequest: () => this.#write(request, correlationId),
    })
    return promise
  }

  #write({ apiKey, apiVersion, flexible, body }: WireRequest, correlationId: number): void {
    const header = encodeRequestHeader(flexible ? 2 : 1, {
      requestApiKey: apiKey,
      requestApiVersion: apiVersion,
      correlationId,
      clientId: this.#options.clientId,
    })
    const length = Buffer.allocUnsafe(4)
    length.writeInt32BE(body.reduce((sum, part) => sum + part.byteLength, header.length))
    const { socket } = this.#kafkajs
    socket?.cork()
    socket?.write(Buffer.concat([length, header]))
    for (const part of body) socket?.write(part)
    socket?.uncork()
  }

  #translate(error: unknown): TransportError {
    if (this.#fault !== undefined) return this.#fault
    if (error instanceof TransportError) return error
    const { lane, tls, mechanism } = this.#options
    if (error instanceof Error && error.name === 'KafkaJSSASLAuthenticationError') {
      return this.#fail(saslFailed(lane, mechanism ?? '', error))
    }
    if (this.#answers === 0) return this.#fail(lostAtFirstRequest(lane, tls, error))
    if (this.#answers === 1 && mechanism === undefined) return this.#fail(lostAfterVersions(lane, error))
    return this.#fail(lost(lane, error))
  }

  #fail(error: TransportError): TransportError {
    if (this.#fault !== undefined) return this.#fault
    this.#fault = error
    this.#kafkajs.rejectRequests(error)
    this.#kafkajs.socket?.destroy()
    void this.#kafkajs.disconnect().catch(() => undefined)
    this.#options.onClose()
    return error
  }
}

/**
 * kafkajs takes off response header v0. The flexible headers (KIP-482) only add an empty tag section behind it: one byte
 * to skip in the answer. ApiVersions is always answered with header v0.
 */
function tagBytes({ apiKey, flexible }: WireRequest): number {
  return flexible && apiKey !== apis.ApiVersions.key ? 1 : 0
}
