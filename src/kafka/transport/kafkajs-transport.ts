import { connect as connectTcp } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ISocketFactoryArgs, KafkaConfig, SASLOptions } from 'kafkajs'
import type { Clock } from '../../common/clock.ts'
import { FrameAssembler } from './frame-assembler.ts'
import { connectionFactory } from './kafkajs-internals.ts'
import type { ConnectionFactory } from './kafkajs-internals.ts'
import { KafkajsConnectionLane } from './kafkajs-connection.ts'
import type { Connection, Endpoint, Transport } from './transport.ts'

export interface KafkajsTransportOptions {
  readonly bootstrap: readonly Endpoint[]
  readonly clientId: string
  /** As in kafkajs: true, or the options of `tls.connect`. */
  readonly ssl?: KafkaConfig['ssl']
  /** As in kafkajs. */
  readonly sasl?: SASLOptions
  readonly connectTimeoutMs?: number
  readonly clock: Clock
}

/**
 * Sockets, TLS and SASL of kafkajs 2.2.4, and nothing else of it: metadata, retries, time-outs, groups and transactions
 * are ours. One connection is one socket; nothing of kafkajs is left running while a connection is idle.
 */
export class KafkajsTransport implements Transport {
  readonly bootstrap: readonly Endpoint[]
  readonly #options: KafkajsTransportOptions
  readonly #open = new Set<KafkajsConnectionLane>()
  #factory: ConnectionFactory | undefined

  constructor(options: KafkajsTransportOptions) {
    this.bootstrap = options.bootstrap
    this.#options = options
  }

  async connect(endpoint: Endpoint, lane: string): Promise<Connection> {
    const { clock, clientId, ssl, sasl, connectTimeoutMs = 10_000 } = this.#options
    this.#factory ??= connectionFactory({ clientId, ssl, sasl, connectTimeoutMs, socketFactory: openSocket })
    const connection = new KafkajsConnectionLane(await this.#factory(endpoint.host, endpoint.port), {
      lane: { host: endpoint.host, port: endpoint.port, lane },
      clientId,
      clock,
      tls: ssl !== undefined && ssl !== false,
      mechanism: sasl?.mechanism,
      connectTimeoutMs,
      onClose: () => this.#open.delete(connection),
    })
    this.#open.add(connection)
    try {
      await connection.open()
    } catch (error) {
      connection.close()
      throw error
    }
    return connection
  }

  async close(): Promise<void> {
    for (const connection of [...this.#open]) connection.close()
  }
}

/** kafkajs' own factory leaves Nagle's algorithm on, which holds back every second pipelined request. */
function openSocket({ host, port, ssl, onConnect }: ISocketFactoryArgs): Socket {
  // `|| undefined`: kafkajs hands on false and null, too.
  const serverName = /^[\d.]+$|:/.test(host) ? {} : { servername: host }
  const socket = ssl
    ? connectTls({ host, port, ...serverName, ...ssl }, onConnect)
    : connectPlain(host, port, onConnect)
  socket.setNoDelay(true)
  socket.setKeepAlive(true, 60_000)
  return socket
}

const readBytes = 64 * 1024

/** Reads into one buffer again and again, and gives whole frames on. */
function connectPlain(host: string, port: number, onConnect: () => void): Socket {
  const frames = new FrameAssembler(
    (bytes) => socket.emit('data', bytes),
    (length) => socket.destroy(new Error(`an answer of ${length} bytes cannot be, so the connection was closed here`)),
  )
  const buffer = Buffer.allocUnsafeSlow(readBytes)
  const onread = {
    buffer,
    callback: (count: number): boolean => {
      frames.push(buffer.subarray(0, count))
      return true
    },
  }
  const socket: Socket = connectTcp({ host, port, onread }, onConnect)
  return socket
}
