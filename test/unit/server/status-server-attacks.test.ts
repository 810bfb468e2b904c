/** What a client can try on the HTTP server, byte by byte: nothing in between puts anything right. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/common/logger.ts'
import type { InstanceView } from '../../../src/runtime/instance-view.ts'
import { StatusServer } from '../../../src/server/status-server.ts'
import { ask, sendRaw } from '../../support/http.ts'

const secret = 'what-only-the-status-says'
const largeMetrics = 'up 1\n'.repeat(200_000)

let statusCalls = 0
let metricsCalls = 0
const view = {
  state: 'RUNNING',
  isReady: true,
  monitor: { loopDelay: { meanMs: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 } },
  status: () => {
    statusCalls++
    return { state: 'RUNNING', applicationId: secret }
  },
} as unknown as InstanceView

const servers: StatusServer[] = []
const sockets: Socket[] = []

async function open(token?: string): Promise<number> {
  statusCalls = 0
  metricsCalls = 0
  const metrics = (): string => {
    metricsCalls++
    return largeMetrics
  }
  const options = { address: '127.0.0.1:0', token, logger: silentLogger }
  const server = await StatusServer.open({ view, metrics }, options)
  servers.push(server)
  return server.port
}

/** Connected, and silent unless it is told otherwise. */
async function connected(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port })
  sockets.push(socket)
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

const closed = (socket: Socket): Promise<unknown> =>
  socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.resume().once('close', resolve))

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) await server.close()
})

const local = 'Host: 127.0.0.1'
const hidden = `GET /v1/status HTTP/1.1\r\n${local}\r\n\r\n`

describe('A request that hides another one', () => {
  it.each<[string, string]>([
    ['behind a length and chunks', 'Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['behind an encoding that nobody knows', 'Transfer-Encoding: xchunked\r\n\r\n'],
    ['behind two lengths', 'Content-Length: 0\r\nContent-Length: 60\r\n\r\n'],
    ['behind a length with a sign', 'Content-Length: +0\r\n\r\n'],
    ['behind a length with a blank before the colon', 'Content-Length : 0\r\n\r\n'],
    ['in its body', `Content-Length: ${hidden.length}\r\n\r\n`],
    ['behind line feeds alone', 'X: a\n\n'],
    ['behind a header that is folded', 'X: a\r\n b\r\n\r\n'],
    ['behind a carriage return in a header', 'X: a\rb\r\n\r\n'],
  ])('%s gets one answer, and no status', async (_, headers) => {
    const port = await open()
    const { status, body } = await sendRaw(port, `GET /livez HTTP/1.1\r\n${local}\r\n${headers}${hidden}`)
    expect([400, 413]).toContain(status)
    expect(body).not.toContain('HTTP/1.1')
    expect(body).not.toContain(secret)
    expect(statusCalls).toBe(0)
  })

  it('as bytes that are no HTTP gets no second answer', async () => {
    const port = await open()
    const { body } = await sendRaw(port, `GET /livez HTTP/1.1\r\n${local}\r\n\r\nnonsense\r\n\r\n`)
    expect(body).not.toContain('HTTP/1.1')
  })
})

describe('What is asked in an unusual way', () => {
  const evil = 'Host: evil.example'

  it.each<[string, string]>([
    ['an upgrade', `GET /v1/status HTTP/1.1\r\n${evil}\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n`],
    ['a tunnel', `CONNECT 127.0.0.1:80 HTTP/1.1\r\n${evil}\r\n\r\n`],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/0.9', 'GET /v1/status\r\n\r\n'],
    ['HTTP/1.0 without a host', 'GET /v1/status HTTP/1.0\r\n\r\n'],
    ['a version that there is not', `GET /v1/status HTTP/3.7\r\n${local}\r\n\r\n`],
    ['a host behind a user', 'GET /v1/status HTTP/1.0\r\nHost: 127.0.0.1@evil.example\r\n\r\n'],
    ['two hosts in one header', 'GET /v1/status HTTP/1.0\r\nHost: 127.0.0.1, evil.example\r\n\r\n'],
    ['a host that a proxy forwards', `GET /v1/status HTTP/1.0\r\n${evil}\r\nX-Forwarded-Host: 127.0.0.1\r\n\r\n`],
    ['an absolute target', `GET http://127.0.0.1/v1/status HTTP/1.0\r\n${evil}\r\n\r\n`],
    ['a body to come', `GET /v1/status HTTP/1.1\r\n${evil}\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n`],
    ['another method in a header', `POST /v1/status HTTP/1.0\r\n${local}\r\nX-HTTP-Method-Override: GET\r\n\r\n`],
    ['a NUL in the path', `GET /v1/status\0 HTTP/1.1\r\n${local}\r\n\r\n`],
    ['many headers', `GET /v1/status HTTP/1.1\r\n${local}\r\n${'a: bcdefg\r\n'.repeat(1500)}\r\n`],
    ['a token in the query', `GET /v1/status?token=0123456789abcdef HTTP/1.0\r\n${evil}\r\n\r\n`],
  ])('as by %s tells nothing', async (_, request) => {
    const port = await open()
    const { status, body } = await sendRaw(port, request)
    expect(status).not.toBe(200)
    expect(body).not.toContain(secret)
    expect(statusCalls).toBe(0)
    expect((await ask(port, '/livez')).status).toBe(200)
  })

  it('is not unpacked, cut or translated: there are no ranges and no encodings', async () => {
    const port = await open()
    const headers = ['Range: bytes=0-999999999999,0-0,0-0', 'Accept-Encoding: gzip, br', 'If-None-Match: *']
    const { status, headers: answered, body } = await ask(port, '/metrics', { headers })
    expect([status, answered.get('content-encoding'), body.length]).toEqual([200, undefined, largeMetrics.length])
  })

  it('echoes nothing, whatever a header or the target holds', async () => {
    const port = await open()
    const canary = 'canary-1b2c'
    const headers = [`Origin: http://${canary}`, `Cookie: ${canary}`, `X-Request-Id: ${canary}`]
    for (const target of ['/livez', `/${canary}`, `/v1/status?${canary}`]) {
      const { headers: answered, body } = await ask(port, target, { headers })
      expect(JSON.stringify([...answered])).not.toContain(canary)
      expect(body).not.toContain(canary)
    }
  })
})

describe('What fails', () => {
  it('is logged without the query', async () => {
    const facts: object[] = []
    const logger = { ...silentLogger, error: (fact: object) => void facts.push(fact) }
    const metrics = (): string => {
      throw new Error('broken')
    }
    const server = await StatusServer.open({ view, metrics }, { address: '127.0.0.1:0', token: undefined, logger })
    servers.push(server)
    expect((await ask(server.port, '/metrics?token=secret')).status).toBe(500)
    expect(facts).toMatchObject([{ path: '/metrics' }])
  })
})

describe('A client that takes what others need', () => {
  it('with many silent connections keeps out nobody', async () => {
    const port = await open()
    const silent: Socket[] = []
    for (let count = 0; count < 64; count++) silent.push(await connected(port))
    for (let round = 0; round < 3; round++) expect((await ask(port, '/livez')).status).toBe(200)
    await closed(silent[0]!)
    expect(silent.filter((socket) => socket.destroyed).length).toBeLessThan(64)
  })

  it('loses first what has been without a request for longest', async () => {
    const port = await open()
    const busy = await connected(port)
    const silent = await connected(port)
    const answered = new Promise((resolve) => busy.once('data', resolve))
    busy.write(`GET /livez HTTP/1.1\r\n${local}\r\n\r\n`)
    await answered
    for (let count = 0; count < 63; count++) await connected(port)
    await closed(silent)
    expect(busy.destroyed).toBe(false)
  })

  it('does not fill memory with answers that it does not read', async () => {
    const port = await open()
    const socket = await connected(port)
    socket.pause()
    socket.write(`GET /metrics HTTP/1.1\r\n${local}\r\n\r\n`.repeat(900))
    await closed(socket)
    expect(metricsCalls).toBeLessThan(10)
    expect((await ask(port, '/livez')).status).toBe(200)
  })

  it('without the token makes nothing to be worked out', async () => {
    const port = await open('a-token-of-sixteen-letters')
    for (const path of ['/livez', '/readyz', '/v1/status', '/metrics', '/unknown']) await ask(port, path)
    expect([statusCalls, metricsCalls]).toEqual([0, 0])
  })

  it('may ask again and again on one connection', async () => {
    const port = await open()
    const socket = await connected(port)
    for (let count = 0; count < 50; count++) {
      const answered = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())))
      socket.write(`GET /livez HTTP/1.1\r\n${local}\r\n\r\n`)
      expect(await answered).toMatch(/^HTTP\/1.1 200/)
    }
  })
})
