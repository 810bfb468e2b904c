/** What answers where a member of the group says that its status server is may be anything. */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { askInstance } from '../../../src/cli/instance-http.ts'
import { isStreamsStatus } from '../../../src/cli/instance-status.ts'
import { instancesAt } from '../../../src/cli/instances.ts'
import { statusText } from '../../../src/cli/status-text.ts'
import { sampleStatus } from '../../support/sample-status.ts'

const good = {
  ...sampleStatus,
  errors: { total: 1, last: { at: '2026-01-01T00:00:00Z', code: 'MILLRACE_X', message: 'it failed' } },
}

const servers: Server[] = []

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

function ask(address: string): ReturnType<typeof askInstance> {
  return askInstance(address, '/v1/status', isStreamsStatus, { token: 'a-token-of-sixteen-letters', timeoutMs: 2000 })
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

describe('An instance that is asked', () => {
  it('tells its status', async () => {
    const asked: (string | undefined)[] = []
    const address = await serve((request, response) => {
      asked.push(request.url, request.headers.host, request.headers.authorization)
      response.end(JSON.stringify({ ...good, more: 1 }))
    })
    expect(await ask(address)).toEqual({ document: { ...good, more: 1 } })
    expect(asked).toEqual(['/v1/status', address, 'Bearer a-token-of-sixteen-letters'])
  })

  it.each([
    'HOST/latest/meta-data?',
    'HOST/?',
    'HOST#',
    'somebody@HOST',
    'somebody:else@HOST',
    'http://HOST',
    'HOST\r\nX-Header: 1',
    ' HOST',
    '127.0.0.1:0',
    '127.0.0.1:99999',
    '127.0.0.1',
    '',
  ])('is not asked where its address is %j', async (form) => {
    let requests = 0
    const address = await serve((_, response) => {
      requests++
      response.end(JSON.stringify(good))
    })
    expect(await ask(form.replace('HOST', address))).toEqual({ problem: 'its address is not host:port' })
    expect(requests).toBe(0)
  })

  it.each<[string, string]>([
    ['no JSON, with a sequence that clears the screen', '\u001B[2J'],
    ['null', 'null'],
    ['an empty document', '{}'],
    ['a list', '[]'],
    ['no threads', JSON.stringify({ ...good, threads: undefined })],
    ['threads that are none', JSON.stringify({ ...good, threads: [null] })],
    ['tasks that are no names', JSON.stringify({ ...good, threads: [{ taskIds: [{}] }] })],
    ['text for a number', JSON.stringify({ ...good, uptimeMs: 'long' })],
    ['a last error without a time', JSON.stringify({ ...good, errors: { total: 1, last: {} } })],
    ['a document of another version', JSON.stringify({ ...good, schemaVersion: 2 })],
    ['the prototype instead of fields', `{"__proto__":${JSON.stringify(good)}}`],
    ['a field that is nested too deep', `${JSON.stringify(good).slice(0, -1)},"deep":${deep(100_000)}}`],
  ])('with %s tells nothing that is used', async (_, body) => {
    const address = await serve((_request, response) => void response.end(body))
    expect(await ask(address)).toEqual({ problem: 'its answer is not of this version of millrace' })
  })

  it('with an answer that does not end is given up', async () => {
    const address = await serve((_, response) => {
      response.write('{')
      const more = setInterval(() => response.write(' '.repeat(100_000)), 1)
      response.once('close', () => clearInterval(more))
    })
    expect(await ask(address)).toEqual({ problem: 'its answer is too long' })
  })

  it('does not send the token elsewhere', async () => {
    let requests = 0
    const other = await serve((_, response) => {
      requests++
      response.end(JSON.stringify(good))
    })
    const address = await serve((_, response) => {
      response.writeHead(302, { location: `http://${other}/v1/status` }).end()
    })
    expect(await ask(address)).toEqual({ problem: 'it answers 302' })
    expect(requests).toBe(0)
  })

  it('commands no terminal and forges no lines with what it tells', async () => {
    const evil = '\u001B[2J\nword-count-1: all is well\r\u009B1A'
    const last = { at: evil, code: evil, message: evil }
    const document = { ...good, applicationId: evil, state: evil, errors: { total: 1, last } }
    const address = await serve((_, response) => void response.end(JSON.stringify(document)))
    const instances = await instancesAt([address], { token: undefined, timeoutMs: 2000 })
    const text = statusText({ applicationId: evil, groupState: 'not asked', instances }, 0, true)
    // oxlint-disable-next-line no-control-regex -- those are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/)
    expect(text).not.toMatch(/^word-count-1/m)
  })
})

function deep(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth)
}
