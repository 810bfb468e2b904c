/**
 * Serves an embedded broker on TCP, so that any Kafka client can use it: frames in, frames out, nothing else. One port
 * per node. A connection that sends what is no Kafka frame, or too large a one, is closed; one that sends faster than it
 * is answered is not read from.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { BrokerError } from '../../errors/broker-error.ts'
import type { Endpoint } from '../transport/transport.ts'
import type { BrokerConnection } from './broker-connection.ts'
import type { EmbeddedBroker } from './embedded-broker.ts'
import { FrameReader } from './frame-reader.ts'

export interface ListenOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Of the first node, the others follow; 0 (the default): any that is free. */
  readonly port?: number
  /** What clients are told to connect to; default the host, or localhost where that means all addresses. */
  readonly advertisedHost?: string
}

export interface TcpListener {
  readonly endpoints: readonly Endpoint[]
  close(): Promise<void>
}

/** A connection with this many requests waiting is not read from until half of them are answered. */
const pausedAtRequests = 64

export async function listenOnTcp(broker: EmbeddedBroker, options: ListenOptions = {}): Promise<TcpListener> {
  const { host = '127.0.0.1', port = 0 } = options
  const advertisedHost = options.advertisedHost ?? (isWildcard(host) ? 'localhost' : host)
  const sockets = new Set<Socket>()
  const servers: Server[] = []
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }
  try {
    for (const [index, nodeId] of broker.nodeIds.entries()) {
      const server = createServer((socket) => serve(broker, nodeId, socket, sockets))
      servers.push(server)
      const bound = await listen(server, host, port === 0 ? 0 : port + index)
      broker.setEndpoint(nodeId, { host: advertisedHost, port: bound })
    }
  } catch (error) {
    await close()
    throw error
  }
  return { endpoints: broker.endpoints, close }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const hint = cause.code === 'EADDRINUSE' ? '; another process uses it: choose another port, or 0 for any' : ''
      reject(
        new BrokerError('MILLRACE_BROKER_LISTEN', `cannot listen on ${host}:${port}: ${cause.message}${hint}`, {
          cause,
        }),
      )
    })
    server.listen(port, host, () => {
      const address = server.address()
      resolve(address !== null && typeof address === 'object' ? address.port : port)
    })
  })
}

function serve(broker: EmbeddedBroker, nodeId: number, socket: Socket, sockets: Set<Socket>): void {
  let connection: BrokerConnection
  try {
    connection = broker.openNode(nodeId, socket.remoteAddress ?? 'unknown')
  } catch (error) {
    broker.config.logger.warn({ err: error, nodeId }, 'broker: connection refused')
    socket.destroy()
    return
  }
  sockets.add(socket)
  socket.setNoDelay(true)
  connection.onClosed(() => socket.destroy())
  const frames = new FrameReader(broker.config.maxFrameBytes)
  let waiting = 0
  const answered = (frame: Buffer): void => {
    waiting -= 1
    if (frame.length > 0) writeFrame(socket, frame)
    if (socket.isPaused() && waiting <= pausedAtRequests / 2) socket.resume()
  }
  socket.on('data', (chunk: Buffer) => {
    const complete = frames.push(chunk)
    if (complete === undefined) {
      broker.config.logger.warn(
        { nodeId, client: socket.remoteAddress },
        'broker: not a Kafka frame; connection closed',
      )
      socket.destroy()
      return
    }
    for (const frame of complete) {
      waiting += 1
      connection.handle(frame).then(answered, () => socket.destroy())
    }
    if (waiting >= pausedAtRequests) socket.pause()
  })
  // Its end is seen by 'close', which always follows.
  socket.on('error', () => undefined)
  socket.on('close', () => {
    sockets.delete(socket)
    connection.close()
  })
}

function writeFrame(socket: Socket, frame: Buffer): void {
  const length = Buffer.allocUnsafe(4)
  length.writeInt32BE(frame.length)
  socket.cork()
  socket.write(length)
  socket.write(frame)
  socket.uncork()
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || host === ''
}
