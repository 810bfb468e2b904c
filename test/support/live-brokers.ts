import { connect } from 'node:net'

/** How many brokers the one at `host:port` names as alive (Metadata v1, without topics); needs no other code of ours. */
export function liveBrokers(host: string, port: number, timeoutMs = 1000): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const socket = connect(port, host)
  let received = Buffer.alloc(0)
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error('timed out')))
  socket.once('error', reject).once('close', () => reject(new Error('closed')))
  socket.once('connect', () => socket.write(metadataRequest()))
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    if (received.length < 12 || received.length < 4 + received.readInt32BE(0)) return
    resolve(received.readInt32BE(8))
    socket.destroy()
  })
  return promise
}

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
