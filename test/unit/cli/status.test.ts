/** `millrace status --at`, in this process: instances that answer beside those that do not, and the token. */
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { FoundApplication } from '../../../src/cli/instances.ts'
import { statusCommand } from '../../../src/cli/status.ts'
import type { StatusOptions } from '../../../src/cli/status.ts'
import { nobody } from '../../support/cli-bed.ts'
import { sampleStatus as status } from '../../support/sample-status.ts'
import { printed } from '../../support/standard-output.ts'

const token = 'a-token-of-sixteen-letters'

let server: Server
let address: string

beforeEach(async () => {
  server = createServer((request, response) => {
    const isAllowed = request.headers.authorization === `Bearer ${token}`
    response.writeHead(isAllowed ? 200 : 401).end(JSON.stringify(status))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  vi.stubEnv('HOME', tmpdir())
  vi.stubEnv('NO_COLOR', '1')
  vi.stubEnv('MILLRACE_HTTP_TOKEN', token)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const at = (addresses: string, options: Partial<StatusOptions> = {}): Promise<string> =>
  printed(() => statusCommand(undefined, { output: 'text', interval: 1000, at: addresses, ...options }))

describe('millrace status --at', () => {
  it('tells of those that answer and why the others do not, and whose they are by the first that says so', async () => {
    const found = JSON.parse(await at(`${nobody},${address}`, { output: 'json' })) as FoundApplication
    expect(found).toMatchObject({
      applicationId: 'word-count',
      groupState: 'not asked',
      instances: [
        { http: nobody, status: null, problem: 'nothing listens there' },
        { http: address, status: { state: 'RUNNING' }, problem: null },
      ],
    })
    const text = await at(`${nobody},${address}`)
    expect(text).toMatch(/^word-count; instances: 2, tasks: 1\n/)
    expect(text).not.toContain('tasks 0_0')
    expect(await at(address, { verbose: true })).toContain('tasks 0_0')
  })

  it('has a row for each instance', async () => {
    const rows = (await at(`${nobody},${address}`, { output: 'jsonl' })).trimEnd().split('\n')
    expect(rows.map((row) => (JSON.parse(row) as { http: string }).http)).toEqual([nobody, address])
  })

  it('is an error where none answers, naming each with its reason', async () => {
    vi.stubEnv('MILLRACE_HTTP_TOKEN', 'a-token-that-is-another')
    await expect(at(`${nobody},${address}`)).rejects.toMatchObject({
      code: 'MILLRACE_INSTANCE_UNREACHABLE',
      message: `no instance answers; ${nobody}: nothing listens there; ${address}: it refuses the token`,
    })
  })
})
