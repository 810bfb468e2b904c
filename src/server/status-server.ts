/**
 * The HTTP server of an instance: node:http and nothing else. Everything that a client can hold is limited (connections,
 * headers, time), and nothing that goes wrong here reaches the application.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { hostname } from 'node:os'
import type { Socket } from 'node:net'
import { parseHttpAddress } from '../common/http-address.ts'
import type { Logger } from '../common/logger.ts'
import { ServerError } from '../errors/server-error.ts'
import { admit, type GuardOptions, type Refusal } from './request-guard.ts'
import { json, type Answer, type Served } from './routes.ts'

export interface StatusServerOptions {
  /** `host:port`, checked. */
  readonly address: string
  readonly token: string | undefined
  readonly logger: Logger
}

const limits = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  /** How often the two above are looked at. */
  connectionsCheckingInterval: 2000,
} as const
/** Beyond it the connection makes room that has been without a request for longest: whoever holds many keeps out nobody. */
const maxConnections = 64
/** Of one connection. A client sends the next request when it has the answer; whoever does not would fill memory with answers. */
const maxWaitingAnswers = 4
const maxRequestsPerSocket = 1000
/** Of a connection on which nothing happens. */
const idleMs = 30_000

/** Nothing of an answer is to be kept, framed, guessed at or run. */
const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const

export class StatusServer {
  readonly #server: Server
  readonly #served: Served
  readonly #guard: GuardOptions
  readonly #host: string
  readonly #logger: Logger
  /** How many answers are not written yet; in the order of their last request. */
  readonly #connections = new Map<Socket, number>()
  /** Told that they end: what still comes on them is the rest of something refused. */
  readonly #ending = new WeakSet<Socket>()

  /** Listens. Throws a {@link ServerError} where the address cannot be had. */
  static async open(served: Served, options: StatusServerOptions): Promise<StatusServer> {
    const { address } = options
    const parsed = parseHttpAddress(address)
    if (parsed === undefined) throw new Error(`the address '${address}' was checked before (please report this)`)
    const server = new StatusServer(served, options, parsed.host)
    try {
      await server.#listen(parsed.port)
    } catch (error) {
      throw cannotListen(address, error as NodeJS.ErrnoException)
    }
    return server
  }

  private constructor(served: Served, { token, logger }: StatusServerOptions, host: string) {
    this.#served = served
    this.#guard = { token }
    this.#host = host
    this.#logger = logger
    const server = createServer(limits, (request, response) => void this.#answer(request, response))
    server.maxRequestsPerSocket = maxRequestsPerSocket
    server.timeout = idleMs
    server.on('connection', (socket: Socket) => this.#admitConnection(socket))
    // Node tells it to close its end, and goes on answering 503 where it does not.
    server.on('dropRequest', (_, socket) => socket.destroy())
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => this.#refuseBytes(error, socket))
    this.#server = server
  }

  /** `host:port` as others reach it; an address for all interfaces is told with this machine's name. */
  get address(): string {
    const isAll = this.#host === '0.0.0.0' || this.#host === '::'
    const named = isAll ? hostname() : this.#host
    return `${named.includes(':') ? `[${named}]` : named}:${this.port}`
  }

  get port(): number {
    const bound = this.#server.address()
    return typeof bound === 'object' && bound !== null ? bound.port : 0
  }

  /** Resolves when the port is free. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      // Connections that are kept for more requests would hold it up.
      this.#server.closeAllConnections()
    })
  }

  async #listen(port: number): Promise<void> {
    const server = this.#server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: this.#host, port }, () => {
        server.off('error', reject)
        resolve()
      })
    })
    server.on('error', (error) => this.#logger.warn({ err: error }, 'the HTTP server has an error'))
    // The application keeps the process, and nobody who only asks how it is.
    server.unref()
  }

  #admitConnection(socket: Socket): void {
    const [longestQuiet] = this.#connections.keys()
    if (this.#connections.size >= maxConnections && longestQuiet !== undefined) {
      this.#connections.delete(longestQuiet)
      longestQuiet.destroy()
    }
    this.#connections.set(socket, 0)
    socket.once('close', () => this.#connections.delete(socket))
  }

  /** False: the client does not wait for answers, and is gone. */
  #noteRequest({ socket }: IncomingMessage, response: ServerResponse): boolean {
    const waiting = this.#connections.get(socket)
    if (waiting === undefined || waiting >= maxWaitingAnswers) {
      socket.destroy()
      return false
    }
    this.#connections.delete(socket)
    this.#connections.set(socket, waiting + 1)
    response.once('close', () => {
      const now = this.#connections.get(socket)
      if (now !== undefined) this.#connections.set(socket, now - 1)
    })
    return true
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#noteRequest(request, response)) return
    try {
      const admitted = admit(request, this.#guard)
      if ('status' in admitted) this.#refuse(admitted, request, response)
      else send(await admitted.route.answer(this.#served, admitted.isTrusted), request, response)
    } catch (error) {
      // Not what follows: somebody may have put a token there.
      const [path] = (request.url ?? '').split('?', 1)
      this.#logger.error({ err: error, path }, 'a request to the HTTP server failed')
      if (response.headersSent) response.destroy()
      else send(json(500, { schemaVersion: 1, error: 'the request failed; the log says why' }), request, response)
    }
  }

  #refuse({ status, error, headers = {}, closes }: Refusal, request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (closes === true) {
      this.#ending.add(request.socket)
      response.setHeader('connection', 'close')
    }
    send(json(status, { schemaVersion: 1, error }), request, response)
  }

  /** What is no HTTP, too large or too slow: a word, and the end of the connection. */
  #refuseBytes({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
    // Behind an answer another one would be taken for that of the next request, or for a part of the first.
    if (this.#ending.has(socket)) return
    const isAnswered = (this.#connections.get(socket) ?? 0) > 0
    if (code === 'ECONNRESET' || !socket.writable || isAnswered) return void socket.destroy()
    const status = wordsOnBytes[code] ?? '400 Bad Request'
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
  }
}

function send({ status, contentType, body }: Answer, { method }: IncomingMessage, response: ServerResponse): void {
  response.writeHead(status, {
    ...securityHeaders,
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
  })
  response.end(method === 'HEAD' ? undefined : body)
}

const wordsOnBytes: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

function cannotListen(address: string, cause: NodeJS.ErrnoException): ServerError {
  const advice: Readonly<Record<string, string>> = {
    EADDRINUSE: 'something listens there already: choose another port, or 0 for any free one, or end what has it',
    EACCES: 'this user may not: choose a port above 1023',
    EADDRNOTAVAIL: 'this machine has no such address: 127.0.0.1 is its own, 0.0.0.0 stands for all it has',
    ENOTFOUND: 'the name does not resolve: give an address',
  }
  return new ServerError(
    'MILLRACE_HTTP_ADDRESS',
    address,
    `the HTTP server cannot listen on ${address} (http): ${advice[cause.code ?? ''] ?? cause.message}`,
    { cause },
  )
}
