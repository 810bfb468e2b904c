/**
 * Ports for brokers, which must be known before a broker starts (it tells clients its own address) and be free again when
 * it comes back. So they are outside of the ranges from which systems give ports to connections: nobody is given one
 * while its broker is down.
 */
import { createServer } from 'node:net'
import { systemRandom } from '../common/random.ts'

const firstPort = 20_000
/** Linux gives ports from 32768 on to connections, Kubernetes from 30000 on to services. */
const endPort = 30_000
const attemptsMax = 200

/** `count` different ports on which nobody of this machine listens now. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  for (let attempt = 0; ports.size < count; attempt++) {
    if (attempt === attemptsMax) throw new Error(`no ${count} free ports between ${firstPort} and ${endPort}`)
    const port = firstPort + Math.floor(systemRandom.next() * (endPort - firstPort))
    if (!ports.has(port) && (await isFree(port))) ports.add(port)
  }
  return [...ports]
}

/** On all addresses, as Docker binds them: one that is taken on a single address is not free. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, () => server.close(() => resolve(true)))
  })
}
