import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../../../src/common/clock.ts'
import { apis, encodeResponse } from '../../../../src/kafka/protocol/apis.ts'
import { decodeRequestHeader, encodeResponseHeader } from '../../../../src/kafka/protocol/header.ts'
import { KafkajsTransport } from '../../../../src/kafka/transport/kafkajs-transport.ts'
import type { KafkajsTransportOptions } from '../../../../src/kafka/transport/kafkajs-transport.ts'
import type { Endpoint, WireRequest } from '../../../../src/kafka/transport/transport.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function listen(server: Server): Promise<Endpoint> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

function transportTo(endpoint: Endpoint, options: Partial<KafkajsTransportOptions> = {}): KafkajsTransport {
  const transport = new KafkajsTransport({ bootstrap: [endpoint], clientId: 'test', clock: systemClock, ...options })
  closing.push(() => void transport.close())
  return transport
}

/** A broker that answers ApiVersions as every broker does; anything else is up to the test. */
async function broker(
  onRequest: (request: ReturnType<typeof decodeRequestHeader>, socket: Socket) => void,
): Promise<Endpoint> {
  return listen(
    createServer((socket) => {
      let received = Buffer.alloc(0)
      socket.on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk])
        while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
          const request = decodeRequestHeader(received.subarray(4, 4 + received.readInt32BE(0)))
          received = received.subarray(4 + received.readInt32BE(0))
          if (request.api.key === apis.ApiVersions.key) answerVersions(request, socket)
          else onRequest(request, socket)
        }
      })
    }),
  )
}

function answerVersions({ header }: ReturnType<typeof decodeRequestHeader>, socket: Socket): void {
  const version = header.requestApiVersion
  const apiKeys = [{ apiKey: 3, minVersion: 0, maxVersion: 12 }]
  const finalizedFeatures = [{ name: 'transaction.version', maxVersionLevel: 2, minVersionLevel: 2 }]
  const body = encodeResponse(apis.ApiVersions, version, { apiKeys, ...(version >= 3 ? { finalizedFeatures } : {}) })
  write(socket, Buffer.concat([encodeResponseHeader(0, { correlationId: header.correlationId }), body]))
}

function write(socket: Socket, frame: Buffer): void {
  const length = Buffer.alloc(4)
  length.writeInt32BE(frame.length)
  socket.write(Buffer.concat([length, frame]))
}

const request = (more: Partial<WireRequest> = {}): WireRequest => ({
  apiKey: 3,
  apiVersion: 6,
  flexible: false,
  body: [Buffer.from([1, 2]), Buffer.from([3])],
  timeoutMs: 5000,
  ...more,
})

describe('a connection', () => {
  test('knows the versions and features that the broker told', async () => {
    const endpoint = await broker(() => undefined)
    const connection = await transportTo(endpoint).connect(endpoint, 'main')
    expect(connection.versions.apis.get(3)).toEqual({ min: 0, max: 12 })
    expect(connection.versions.finalizedFeatures.get('transaction.version')).toBe(2)
  })

  test('asks again as version 0 when the broker does not know version 3', async () => {
    const endpoint = await listen(
      createServer((socket) =>
        socket.on('data', (chunk: Buffer) => {
          const { header } = decodeRequestHeader(chunk.subarray(4))
          const refused = Buffer.from([0, 35, 0, 0, 0, 0])
          const body =
            header.requestApiVersion === 3
              ? refused
              : encodeResponse(apis.ApiVersions, 0, { apiKeys: [{ apiKey: 3, minVersion: 0, maxVersion: 5 }] })
          write(socket, Buffer.concat([encodeResponseHeader(0, { correlationId: header.correlationId }), body]))
        }),
      ),
    )
    const connection = await transportTo(endpoint).connect(endpoint, 'main')
    expect(connection.versions.apis.get(3)?.max).toBe(5)
  })

  test('ends with an answer that is larger than any, and says so', async () => {
    const endpoint = await broker((_, socket) => socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff, 1])))
    const connection = await transportTo(endpoint).connect(endpoint, 'main')
    await expect(connection.send(request())).rejects.toThrow('an answer of 2147483647 bytes cannot be')
    expect(connection.closed).toBe(true)
  })

  test('joins nothing to a large answer', async () => {
    const endpoint = await broker(({ header }, socket) => {
      const head = encodeResponseHeader(0, { correlationId: header.correlationId })
      write(socket, Buffer.concat([head, Buffer.alloc(300_000, 7)]))
    })
    const connection = await transportTo(endpoint).connect(endpoint, 'main')
    const concat = vi.spyOn(Buffer, 'concat')
    try {
      for (let i = 0; i < 3; i++) expect((await connection.send(request())).length).toBe(300_000)
      const inClient = concat.mock.calls.filter(([list]) =>
        list.some((each) => each.length > 100_000 && each[20] === 7),
      )
      // The broker of this test joins two for each answer.
      expect(inClient).toHaveLength(2 * 3)
    } finally {
      concat.mockRestore()
    }
  })

  test.for([
    { flexible: false, apiVersion: 6 },
    { flexible: true, apiVersion: 12 },
  ])('sends the body behind its header and takes the header off the answer (flexible: $flexible)', async (version) => {
    const bodies: Buffer[] = []
    const endpoint = await broker(({ header, body }, socket) => {
      bodies.push(Buffer.from(body))
      const head = encodeResponseHeader(version.flexible ? 1 : 0, { correlationId: header.correlationId })
      write(socket, Buffer.concat([head, Buffer.from('answer')]))
    })
    const connection = await transportTo(endpoint).connect(endpoint, 'main')
    expect((await connection.send(request(version))).toString()).toBe('answer')
    expect(bodies).toEqual([Buffer.from([1, 2, 3])])
  })

  test('is closed by a request that timed out, and says so to later ones', async () => {
    const endpoint = await broker(() => undefined)
    const connection = await transportTo(endpoint).connect(endpoint, 'main')
    const timedOut = connection.send(request({ timeoutMs: 20 }))
    const behind = connection.send(request())
    await expect(timedOut).rejects.toMatchObject({ code: 'MILLRACE_REQUEST_TIMEOUT', reaction: 'retriable' })
    await expect(behind).rejects.toMatchObject({ code: 'MILLRACE_REQUEST_TIMEOUT' })
    expect(connection.closed).toBe(true)
    await expect(connection.send(request())).rejects.toMatchObject({ code: 'MILLRACE_REQUEST_TIMEOUT' })
  })

  test('tells requests under way when the broker hangs up', async () => {
    const endpoint = await broker((_request, socket) => socket.destroy())
    const connection = await transportTo(endpoint).connect(endpoint, 'main')
    await expect(connection.send(request())).rejects.toMatchObject({
      code: 'MILLRACE_CONNECTION_LOST',
      message: expect.stringContaining('sasl'),
    })
    expect(connection.closed).toBe(true)
  })

  test('tells requests under way when it is closed here', async () => {
    const endpoint = await broker(() => undefined)
    const transport = transportTo(endpoint)
    const connection = await transport.connect(endpoint, 'main')
    const sent = connection.send(request())
    await transport.close()
    await expect(sent).rejects.toMatchObject({ code: 'MILLRACE_CONNECTION_CLOSED' })
  })

  test('leaves no timer behind while it is idle', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const endpoint = await broker(({ header }, socket) => write(socket, encodeResponseHeader(0, header)))
    const before = timers()
    const connection = await transportTo(endpoint).connect(endpoint, 'main')
    await connection.send(request())
    // Not more: a timer of the test runner may end meanwhile.
    expect(timers()).toBeLessThanOrEqual(before)
  })
})

describe('a connection that cannot be made', () => {
  test('to a port where nothing listens is refused', async () => {
    const endpoint = { host: '127.0.0.1', port: 1 }
    await expect(transportTo(endpoint).connect(endpoint, 'main')).rejects.toMatchObject({
      code: 'MILLRACE_CONNECTION_REFUSED',
      broker: '127.0.0.1:1',
      reaction: 'retriable',
      message: expect.stringContaining('nothing listens'),
    })
  })

  test('to something that is not Kafka shows what it answered', async () => {
    const endpoint = await listen(createHttpServer((_request, response) => response.end('hello')))
    await expect(transportTo(endpoint).connect(endpoint, 'main')).rejects.toMatchObject({
      code: 'MILLRACE_NOT_KAFKA',
      reaction: 'fatal',
      message: expect.stringContaining('HTTP/1.1 400'),
    })
  })

  test('to a TLS listener without TLS says to set ssl', async () => {
    const alert = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46])
    const endpoint = await listen(createServer((socket) => socket.once('data', () => socket.end(alert))))
    await expect(transportTo(endpoint).connect(endpoint, 'main')).rejects.toMatchObject({
      code: 'MILLRACE_TLS_FAILED',
      message: expect.stringContaining('`ssl`'),
    })
  })

  test('with TLS to a plain listener says what to check', async () => {
    const endpoint = await listen(createServer((socket) => socket.once('data', () => socket.destroy())))
    await expect(transportTo(endpoint, { ssl: true }).connect(endpoint, 'main')).rejects.toMatchObject({
      code: 'MILLRACE_TLS_FAILED',
    })
  })

  test('to a listener that hangs up at once names TLS as the likely reason', async () => {
    const endpoint = await listen(createServer((socket) => socket.once('data', () => socket.destroy())))
    await expect(transportTo(endpoint).connect(endpoint, 'main')).rejects.toMatchObject({
      code: 'MILLRACE_CONNECTION_LOST',
      message: expect.stringContaining('`ssl`'),
    })
  })

  test('to a listener that never answers ends after the time-out', async () => {
    const endpoint = await listen(createServer(() => undefined))
    await expect(transportTo(endpoint, { connectTimeoutMs: 30 }).connect(endpoint, 'main')).rejects.toMatchObject({
      code: 'MILLRACE_CONNECTION_TIMEOUT',
    })
  })
})
