/**
 * How many brokers one broker knows: the first thing that a cluster which is just starting can be asked. Metadata v1 by
 * hand on a socket of its own, because a client would hide which broker has answered.
 */
import { connect } from 'node:net'
import { systemClock } from '../common/clock.ts'

/** Length, api key 3, version 1, correlation id, no client id, an empty list of topics. */
function metadataRequest(): Buffer {
  const frame = Buffer.alloc(18)
  frame.writeInt32BE(14, 0)
  frame.writeInt16BE(3, 4)
  frame.writeInt16BE(1, 6)
  frame.writeInt32BE(7, 8)
  frame.writeInt16BE(-1, 12)
  return frame
}

/** How many brokers the one at `host:port` names as alive. Rejects where nobody answers within `timeoutMs`. */
export function liveBrokers(host: string, port: number, timeoutMs = 1000): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const socket = connect(port, host)
  const timer = systemClock.setTimer(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)))
  let received = Buffer.alloc(0)
  socket.once('error', reject).once('close', () => {
    timer.cancel()
    reject(new Error('the connection was closed'))
  })
  socket.once('connect', () => socket.write(metadataRequest()))
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    if (received.length < 12 || received.length < 4 + received.readInt32BE(0)) return
    resolve(received.readInt32BE(8))
    socket.destroy()
  })
  return promise
}
