/**
 * The port to brokers: bytes out, bytes in. kafkajs' sockets and the embedded broker in the same process implement it;
 * everything above (messages, metadata, retries, groups, transactions) is ours and cannot tell which one it has.
 *
 * A **connection** is one lane: a broker answers one request at a time per socket, so whatever may wait for long (a
 * parked Fetch, a JoinGroup) gets a connection of its own.
 */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

export interface Transport {
  /** Where to begin; every other endpoint is learned from Metadata. */
  readonly bootstrap: readonly Endpoint[]
  /**
   * Opens a connection of its own to `endpoint`; resolves when it is usable (TLS and SASL done, versions known).
   * `lane` only names it in logs and errors.
   */
  connect(endpoint: Endpoint, lane: string): Promise<Connection>
  close(): Promise<void>
}

export interface Connection {
  readonly endpoint: Endpoint
  /** What the broker answered to ApiVersions on this connection. */
  readonly versions: BrokerVersions
  readonly closed: boolean
  /**
   * Sends one request and resolves with the body of its answer, header removed. Rejects with a `TransportError` when the
   * connection ends or `timeoutMs` passes; a connection whose request timed out is closed, since its next answers could
   * belong to anything.
   */
  send(request: WireRequest): Promise<Buffer>
  close(): void
}

export interface WireRequest {
  readonly apiKey: number
  readonly apiVersion: number
  /** Whether this version has the flexible request and response headers (KIP-482). */
  readonly flexible: boolean
  /** Without length and header, in parts; they must stay as they are until the answer. */
  readonly body: readonly Uint8Array[]
  readonly timeoutMs: number
}

export interface BrokerVersions {
  /** By api key; absent: not offered. */
  readonly apis: ReadonlyMap<number, { readonly min: number; readonly max: number }>
  /** Finalized features (KIP-584), such as `transaction.version`, with their level. */
  readonly finalizedFeatures: ReadonlyMap<string, number>
}

/** What a broker in this process offers to the in-process transport: it is given whole frames without the length. */
export interface InProcessBroker {
  readonly endpoints: readonly Endpoint[]
  /** One per connection, like a socket: answers come in order, one request at a time. */
  open(endpoint: Endpoint): InProcessSocket
}

export interface InProcessSocket {
  /** A request frame (header and body); resolves with the response frame, rejects when the connection was cut. */
  handle(frame: Buffer): Promise<Buffer>
  close(): void
}
