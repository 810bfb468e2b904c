import { afterEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/common/logger.ts'
import type { InstanceView } from '../../../src/runtime/instance-view.ts'
import { StatusServer } from '../../../src/server/status-server.ts'
import { fitsSchema } from '../../support/cli-schema.ts'
import { ask, sendRaw } from '../../support/http.ts'

const token = 'a-token-that-is-long-enough'
const paths = ['/livez', '/readyz', '/metrics', '/v1/status', '/v1/topology', '/v1/tasks', '/v1/errors']
const probes = new Set(['/livez', '/readyz'])

/** What a view of an instance says, as far as the server is concerned. */
function viewOf({ state = 'RUNNING', isReady = true, meanMs = 0, maxMs = 0 } = {}): InstanceView {
  const details = {
    state,
    tasks: { running: 2, restoring: 0, assigned: 0 },
    restore: { remaining: 0, etaMs: 0 },
    lastCommitAgeMs: 5,
    lag: 0,
  }
  return {
    state,
    isReady,
    monitor: { loopDelay: { meanMs, p50Ms: 0, p99Ms: 0, maxMs } },
    status: () => details,
    tasks: () => ({ schemaVersion: 1, tasks: [] }),
    topology: () => ({ schemaVersion: 1, text: 'Topologies:' }),
    errors: () => ({ schemaVersion: 1, errors: [] }),
  } as unknown as InstanceView
}

const opened: StatusServer[] = []

async function open(
  view: InstanceView = viewOf(),
  options: { readonly token?: string; readonly metrics?: () => string | Promise<string> } = {},
): Promise<number> {
  const { metrics = () => 'up 1\n' } = options
  const served = { view, metrics }
  const server = await StatusServer.open(served, { address: '127.0.0.1:0', token: options.token, logger: silentLogger })
  opened.push(server)
  return server.port
}

afterEach(async () => {
  for (const server of opened.splice(0)) await server.close()
})

describe('The HTTP server', () => {
  it('answers every path with its type, and with headers that let nobody keep, frame or guess at it', async () => {
    const port = await open()
    for (const path of paths) {
      const { status, headers, body } = await ask(port, path)
      expect(status, path).toBe(200)
      const type = path === '/metrics' ? 'text/plain; version=0.0.4; charset=utf-8' : 'application/json; charset=utf-8'
      expect(headers.get('content-type')).toBe(type)
      expect(headers.get('content-length')).toBe(String(Buffer.byteLength(body)))
      expect(
        Object.fromEntries([...headers].filter(([name]) => !/^(?:content-(?:type|length)|date)$/.test(name))),
      ).toEqual({
        'cache-control': 'no-store',
        connection: 'close',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      })
    }
  })

  it('has a document of its own under every path, which ends with a line feed', async () => {
    const port = await open()
    for (const [path, field] of [
      ['/v1/status', 'lastCommitAgeMs'],
      ['/v1/topology', 'text'],
      ['/v1/tasks', 'tasks'],
      ['/v1/errors', 'errors'],
    ] as const) {
      const { body } = await ask(port, path)
      expect(Object.keys(JSON.parse(body) as object), path).toContain(field)
      expect(body.endsWith('}\n')).toBe(true)
    }
  })

  it('counts bytes, not letters', async () => {
    const metrics = 'up{zone="Österreich"} 1\n'
    const { headers, body } = await ask(await open(viewOf(), { metrics: () => metrics }), '/metrics')
    expect([headers.get('content-length'), body]).toEqual([String(Buffer.byteLength(metrics)), metrics])
  })

  it('commands no terminal that shows a document', async () => {
    const errors = [{ topic: 'in\u009B2J', message: 'a\u0085b\u202E' }]
    const port = await open(Object.assign(viewOf(), { errors: () => ({ schemaVersion: 1, errors }) }))
    const { body } = await ask(port, '/v1/errors')
    expect(body).toBe(
      String.raw`{"schemaVersion":1,"errors":[{"topic":"in\u009b2J","message":"a\u0085b\u202e"}]}` + '\n',
    )
    expect(JSON.parse(body)).toMatchObject({ errors })
  })

  it('answers others while somebody waits for metrics, and says that they failed', async () => {
    const { promise, reject } = Promise.withResolvers<string>()
    const port = await open(viewOf(), { metrics: () => promise })
    const scraped = ask(port, '/metrics')
    expect((await ask(port, '/livez')).status).toBe(200)
    reject(new Error('no metrics'))
    const { status, body } = await scraped
    expect([status, JSON.parse(body)]).toEqual([500, expect.objectContaining({ schemaVersion: 1 })])
  })

  it('answers HEAD as GET, without the body', async () => {
    const port = await open()
    const { status, headers, body } = await ask(port, '/metrics', { method: 'HEAD' })
    expect([status, headers.get('content-length'), body]).toEqual([200, '5', ''])
  })

  it('takes a query and does not look at it', async () => {
    expect((await ask(await open(), '/livez?verbose=1')).status).toBe(200)
  })

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])('refuses %s', async (method) => {
    const { status, headers } = await ask(await open(), '/v1/status', { method })
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  it.each([
    '//v1/status',
    '/v1//status',
    '/v1/../v1/status',
    '/v1/./status',
    '/%76%31/status',
    '/v1%2fstatus',
    '/v1\\status',
    '/v1/status/',
    '/v1/status;a=b',
    'http://127.0.0.1/v1/status',
    'http://evil.example/v1/status',
    '*',
    '/v1/status%00',
  ])('refuses the target %s', async (target) => {
    expect((await ask(await open(), target)).status).toBe(400)
  })

  it('knows no other paths', async () => {
    const port = await open()
    for (const path of ['/', '/V1/status', '/v1', '/v2/status', '/constructor', '/__proto__', '/v1/status/x']) {
      expect((await ask(port, path)).status, path).toBe(404)
    }
  })

  it('refuses bodies, long targets, large headers and what is no HTTP', async () => {
    const port = await open()
    expect((await ask(port, '/livez', { headers: ['Content-Length: 5', '', 'hello'] })).status).toBe(413)
    expect((await ask(port, '/livez', { headers: ['Transfer-Encoding: chunked'] })).status).toBe(413)
    expect((await ask(port, `/${'a'.repeat(1023)}`)).status).toBe(404)
    expect((await ask(port, `/${'a'.repeat(1024)}`)).status).toBe(414)
    expect((await ask(port, '/livez', { headers: [`X-Large: ${'a'.repeat(10_000)}`] })).status).toBe(431)
    expect((await sendRaw(port, 'hello\r\n\r\n')).status).toBe(400)
    expect((await sendRaw(port, 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n')).status).toBe(400)
    expect((await ask(port, '/livez')).status).toBe(200)
  })

  it.each([
    ['another method', 'POST /livez HTTP/1.1'],
    ['a body', 'GET /livez HTTP/1.1\r\nContent-Length: 5'],
    ['a long target', `GET /${'a'.repeat(2000)} HTTP/1.1`],
  ])('ends the connection after %s: what follows on it may be anything', async (_, head) => {
    const { headers } = await sendRaw(await open(), `${head}\r\nHost: 127.0.0.1\r\n\r\n`)
    expect(headers.get('connection')).toBe('close')
  })

  it('tells who asks that an answer failed, not why, and goes on', async () => {
    const secret = 'what only the log may say'
    const port = await open(viewOf(), {
      metrics: () => {
        throw new Error(secret)
      },
    })
    const { status, body } = await ask(port, '/metrics')
    expect(status).toBe(500)
    expect(body).not.toContain(secret)
    expect((await ask(port, '/livez')).status).toBe(200)
  })

  it('says what to do about an address that it cannot have', async () => {
    const port = await open()
    const taken = StatusServer.open(
      { view: viewOf(), metrics: () => '' },
      { address: `127.0.0.1:${port}`, token: undefined, logger: silentLogger },
    )
    await expect(taken).rejects.toMatchObject({ code: 'MILLRACE_HTTP_ADDRESS', address: `127.0.0.1:${port}` })
    await expect(taken).rejects.toThrow(/listens there already.*another port/)
  })

  it.each([
    ['192.0.2.1:0', /no such address: 127\.0\.0\.1 is its own/],
    ['a..b:0', /the name does not resolve: give an address/],
  ])('says what is wrong with %s', async (address, advice) => {
    const served = { view: viewOf(), metrics: () => '' }
    const opening = StatusServer.open(served, { address, token: undefined, logger: silentLogger })
    await expect(opening).rejects.toMatchObject({ code: 'MILLRACE_HTTP_ADDRESS', address })
    await expect(opening).rejects.toThrow(advice)
  })
})

describe('Without a token', () => {
  it.each(['127.0.0.1', '127.0.0.1:8080', 'localhost', 'LOCALHOST:99', '127.1.2.3', '[::1]:80'])(
    'the Host %s is this machine',
    async (host) => {
      expect((await ask(await open(), '/v1/status', { host })).status).toBe(200)
    },
  )

  it.each(['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1', '', 'localhost:x', 'a b'])(
    'the Host %s is not',
    async (host) => {
      const port = await open()
      for (const path of paths) {
        const { status, body } = await ask(port, path, { host })
        if (!probes.has(path)) expect(status, path).toBe(host === '' ? status : 403)
        else expect(body).not.toContain('running')
      }
    },
  )

  it('two Hosts are none', async () => {
    const { status } = await ask(await open(), '/v1/status', { headers: ['Host: evil.example'] })
    expect([400, 403]).toContain(status)
  })
})

describe('With a token', () => {
  it('everything but the probes needs it, wherever Host says', async () => {
    const port = await open(viewOf(), { token })
    for (const path of [...paths, '/unknown']) {
      const { status, headers } = await ask(port, path)
      if (probes.has(path)) {
        expect(status, path).toBe(200)
        continue
      }
      expect([status, headers.get('www-authenticate')], path).toEqual([401, 'Bearer realm="millrace"'])
    }
    for (const path of paths) {
      const options = { host: 'counts-0.counts.svc', headers: [`Authorization: Bearer ${token}`] }
      expect((await ask(port, path, options)).status, path).toBe(200)
    }
  })

  it('the name of the scheme has any case, as RFC 9110 has it', async () => {
    const port = await open(viewOf(), { token })
    expect((await ask(port, '/v1/status', { headers: [`authorization: bearer ${token}`] })).status).toBe(200)
  })

  it('that is empty nobody has', async () => {
    const port = await open(viewOf(), { token: '' })
    for (const headers of [[], ['Authorization: Bearer'], ['Authorization: Bearer ']]) {
      expect((await ask(port, '/v1/status', { headers })).status).toBe(401)
    }
  })

  it.each([
    '',
    'Bearer',
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    `Basic ${token}`,
    token,
    `Bearer ${token.toUpperCase()}`,
    `Bearer ${token} ${token}`,
  ])('%s is not it', async (authorization) => {
    const port = await open(viewOf(), { token })
    expect((await ask(port, '/v1/status', { headers: [`Authorization: ${authorization}`] })).status).toBe(401)
  })

  it('probes without it tell nothing but the status', async () => {
    const port = await open(viewOf({ isReady: false, state: 'REBALANCING' }), { token })
    const { status, body } = await ask(port, '/readyz', { host: '10.1.2.3:8080' })
    expect([status, JSON.parse(body)]).toEqual([503, { schemaVersion: 1, status: 'notReady' }])
    const told = await ask(port, '/readyz', { headers: [`Authorization: Bearer ${token}`] })
    expect(told.status).toBe(503)
    expect(fitsSchema('http-readyz', told.body)).toMatchObject({ state: 'REBALANCING', tasks: { running: 2 } })
  })
})

describe('/livez', () => {
  it.each([
    [{ state: 'RUNNING' }, 200, 'live'],
    [{ state: 'REBALANCING', isReady: false }, 200, 'live'],
    [{ state: 'PENDING_ERROR' }, 503, 'failed'],
    [{ state: 'ERROR' }, 503, 'failed'],
    [{ state: 'ERROR', meanMs: 1500 }, 503, 'failed'],
    [{ meanMs: 999, maxMs: 5000 }, 200, 'live'],
    [{ meanMs: 1000 }, 503, 'blocked'],
    [{ meanMs: 1500 }, 503, 'blocked'],
  ])('with %j is %i %s', async (about, expected, word) => {
    const { status, body } = await ask(await open(viewOf(about)), '/livez')
    expect(status).toBe(expected)
    expect(fitsSchema('http-livez', body)).toEqual({ schemaVersion: 1, status: word })
  })
})
