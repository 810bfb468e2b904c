import { KafkaError, TransportError } from '../../errors/kafka-error.ts'
import { decodeResponse, encodeRequestParts } from '../protocol/apis.ts'
import type { Api } from '../protocol/apis.ts'
import type { MessageInput } from '../protocol/message-spec.ts'
import type { BrokerVersions, Connection, Endpoint, Transport } from '../transport/transport.ts'
import { clientClosed } from './backoff.ts'

export interface SendOptions {
  readonly timeoutMs: number
  /** Bounds on top of what broker and tables admit. */
  readonly minVersion?: number
  readonly maxVersion?: number
}

/** The message, or how to make it for the version that was chosen. */
export type MessageFor<Request> = MessageInput<Request> | ((version: number) => MessageInput<Request>)

/**
 * Open connections by broker address and lane, made at the first use and forgotten at the first fault. One attempt each:
 * who calls decides about trying again.
 */
export class Connections {
  readonly #transport: Transport
  readonly #connections = new Map<string, Promise<Connection>>()
  readonly #onFault: () => void
  #closed = false

  /** `onFault` is told of every connection that could not be made or broke: the metadata may be stale. */
  constructor(transport: Transport, onFault: () => void) {
    this.#transport = transport
    this.#onFault = onFault
  }

  async send<Request, Response>(
    endpoint: Endpoint,
    lane: string,
    api: Api<Request, Response>,
    message: MessageFor<Request>,
    options: SendOptions,
  ): Promise<Response> {
    const connection = await this.#connection(endpoint, lane)
    const version = chooseVersion(api, connection.versions, options)
    const body = encodeRequestParts(api, version, messageFor(message, version))
    try {
      const answer = await connection.send({
        apiKey: api.key,
        apiVersion: version,
        flexible: api.isFlexible(version),
        body,
        timeoutMs: options.timeoutMs,
      })
      return decodeResponse(api, version, answer)
    } catch (error) {
      if (error instanceof TransportError) this.#forget(endpoint, lane, connection)
      throw error
    }
  }

  /** What that broker offers; connects if need be. */
  async versions(endpoint: Endpoint, lane: string): Promise<BrokerVersions> {
    return (await this.#connection(endpoint, lane)).versions
  }

  /** Ends whatever is under way on that lane. */
  drop(endpoint: Endpoint, lane: string): void {
    const key = keyOf(endpoint, lane)
    const connection = this.#connections.get(key)
    this.#connections.delete(key)
    connection?.then((open) => open.close()).catch(() => undefined)
  }

  close(): void {
    this.#closed = true
    for (const connection of this.#connections.values()) {
      connection.then((open) => open.close()).catch(() => undefined)
    }
    this.#connections.clear()
  }

  async #connection(endpoint: Endpoint, lane: string): Promise<Connection> {
    if (this.#closed) throw clientClosed()
    const key = keyOf(endpoint, lane)
    const known = this.#connections.get(key)
    if (known !== undefined) {
      const connection = await known
      if (!connection.closed) return connection
      if (this.#connections.get(key) === known) this.#connections.delete(key)
      return this.#connection(endpoint, lane)
    }
    const connecting = this.#transport.connect(endpoint, lane)
    this.#connections.set(key, connecting)
    try {
      return await connecting
    } catch (error) {
      if (this.#connections.get(key) === connecting) this.#connections.delete(key)
      this.#onFault()
      throw error
    }
  }

  #forget(endpoint: Endpoint, lane: string, connection: Connection): void {
    connection.close()
    const key = keyOf(endpoint, lane)
    void this.#connections.get(key)?.then(
      (current) => current === connection && this.#connections.delete(key),
      () => undefined,
    )
    if (!this.#closed) this.#onFault()
  }
}

/** The newest version that all sides admit. */
export function chooseVersion(
  api: Api<unknown, unknown>,
  versions: BrokerVersions,
  { minVersion = 0, maxVersion = Infinity }: Pick<SendOptions, 'minVersion' | 'maxVersion'>,
): number {
  const offered = versions.apis.get(api.key)
  const max = Math.min(api.maxVersion, maxVersion, offered?.max ?? -1)
  const min = Math.max(api.minVersion, minVersion, offered?.min ?? 0)
  if (max >= min) return max
  const has = offered === undefined ? 'does not offer it' : `offers the versions ${offered.min}-${offered.max}`
  const needed = `${Math.max(api.minVersion, minVersion)}-${Math.min(api.maxVersion, maxVersion)}`
  throw new KafkaError(
    'MILLRACE_KAFKA_VERSION',
    `${api.name} is needed in one of the versions ${needed}; the broker ${has}. Brokers from Kafka 2.5 on are fit.`,
  )
}

function messageFor<Request>(message: MessageFor<Request>, version: number): MessageInput<Request> {
  return typeof message === 'function' ? (message as (version: number) => MessageInput<Request>)(version) : message
}

function keyOf({ host, port }: Endpoint, lane: string): string {
  return `${host} ${port} ${lane}`
}
