import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { freePorts } from '../../../src/testing/free-ports.ts'

describe('Ports for brokers', () => {
  it('are different, and none that systems give to connections', async () => {
    const ports = await freePorts(20)
    expect(new Set(ports).size).toBe(20)
    expect(ports.every((port) => port >= 20_000 && port < 30_000)).toBe(true)
  })

  it('can be listened on', async () => {
    const [port] = await freePorts(1)
    const server = createServer()
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
    await new Promise((resolve) => server.close(resolve))
  })
})
