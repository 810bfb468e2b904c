/** How long the HTTP server keeps a connection, an address and a process, and what it gives up. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/common/logger.ts'
import type { InstanceView } from '../../../src/runtime/instance-view.ts'
import { StatusServer } from '../../../src/server/status-server.ts'
import { Child } from '../../support/child-process.ts'
import { sendRaw } from '../../support/http.ts'

const view = {
  state: 'RUNNING',
  isReady: true,
  monitor: { loopDelay: { meanMs: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 } },
} as unknown as InstanceView

const served = { view, metrics: () => '' }
const servers: StatusServer[] = []
const sockets: Socket[] = []

async function open(address = '127.0.0.1:0'): Promise<StatusServer> {
  const server = await StatusServer.open(served, { address, token: undefined, logger: silentLogger })
  servers.push(server)
  return server
}

async function connected({ port }: StatusServer): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port })
  sockets.push(socket)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

const gone = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.resume().once('close', resolve))

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) await server.close()
})

describe('The HTTP server', () => {
  it('tells a request that does not come to its end in five seconds so, and ends the connection', async () => {
    const { status, headers } = await sendRaw((await open()).port, 'GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ')
    expect([status, headers.get('connection')]).toEqual([408, 'close'])
  })

  it('takes a thousand requests on a connection, and no more', async () => {
    const socket = await connected(await open())
    const request = 'GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
    const answers: string[] = []
    socket.on('data', (chunk) => {
      answers.push(String(chunk))
      socket.write(request)
    })
    socket.write(request)
    await gone(socket)
    expect(answers).toHaveLength(1000)
    expect(answers.filter((answer) => /\r\nconnection: close\r\n/i.test(answer))).toEqual([answers.at(-1)])
  })

  it('closes at once, whoever is in the middle of a request', async () => {
    const server = await open()
    const socket = await connected(server)
    socket.write('GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n')
    const end = gone(socket)
    await server.close()
    await end
  }, 10_000)

  it('keeps no process that has nothing else to do', async () => {
    const script = `
      import { StatusServer } from './src/server/status-server.ts'
      const served = { view: {}, metrics: () => '' }
      const { port } = await StatusServer.open(served, { address: '127.0.0.1:0', token: undefined, logger: {} })
      console.log(port > 0)`
    await using child = Child.program(process.execPath, ['--input-type=module', '--eval', script])
    expect(await child.finished).toMatchObject({ code: 0, stdout: 'true\n' })
  })

  it('tells its address as others reach it', async () => {
    const all = await open('0.0.0.0:0')
    expect(all.address).toBe(`${hostname()}:${all.port}`)
    const local = await open('localhost:0')
    expect(local.address).toBe(`localhost:${local.port}`)
  })

  const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))
  it.skipIf(!hasIpv6)('tells an address of IPv6 in brackets', async () => {
    const server = await open('[::1]:0')
    expect(server.address).toBe(`[::1]:${server.port}`)
  })
})
