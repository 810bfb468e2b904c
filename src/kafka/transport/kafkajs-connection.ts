import type { Clock } from '../../common/clock.ts'
import { TransportError } from '../../errors/kafka-error.ts'
import { apis } from '../protocol/apis.ts'
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
      const answer = await this.#kafkajs.send(rawRequest(request))
      this.#answers++
      return answer
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
 * kafkajs writes request header v1 and takes off response header v0. The flexible headers (KIP-482) only add an empty
 * tag section behind them: one zero byte in front of the body, one byte to skip in the answer. ApiVersions is always
 * answered with header v0.
 */
function rawRequest({ apiKey, apiVersion, flexible, body }: WireRequest): Parameters<KafkajsConnection['send']>[0] {
  const skip = flexible && apiKey !== apis.ApiVersions.key ? 1 : 0
  const payload = flexible ? Buffer.concat([noTags, body]) : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return {
    request: { apiKey, apiVersion, apiName: '', encode: () => ({ buf: payload, buffer: payload }) },
    response: { decode: async (answer) => answer.subarray(skip), parse: async (answer) => answer },
    logResponseError: false,
  }
}

const noTags = Buffer.alloc(1)
