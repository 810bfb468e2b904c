import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { EmbeddedBroker } from '../../../../src/kafka/broker/embedded-broker.ts'
import { FrameReader } from '../../../../src/kafka/broker/frame-reader.ts'
import { listenOnTcp, type TcpListener } from '../../../../src/kafka/broker/tcp-listener.ts'
import { apis } from '../../../../src/kafka/protocol/apis.ts'
import { RawKafka } from '../../../support/raw-kafka.ts'

describe('the TCP listener', () => {
  let broker: EmbeddedBroker
  let listener: TcpListener | undefined

  afterEach(async () => {
    broker.close()
    await listener?.close()
  })

  const listen = async (config = {}): Promise<{ host: string; port: number }> => {
    broker = new EmbeddedBroker({ config })
    listener = await listenOnTcp(broker)
    const [endpoint] = listener.endpoints
    if (endpoint === undefined) throw new Error('no endpoint')
    return endpoint
  }

  const socketTo = async (address: { host: string; port: number }): Promise<Socket> => {
    const socket = connect(address.port, address.host)
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }

  it('tells clients the address it listens on', async () => {
    const address = await listen()
    const kafka = await RawKafka.connect(address)
    const { brokers } = await kafka.send(apis.Metadata, 12, { topics: [] })
    expect(brokers).toMatchObject([{ nodeId: 1, ...address }])
    kafka.close()
  })

  it('answers pipelined requests in their order, however they are cut', async () => {
    const kafka = await RawKafka.connect(await listen())
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        kafka.send(apis.FindCoordinator, 4, { coordinatorKeys: [`k${index}`] }),
      ),
    )
    expect(answers.map(({ coordinators }) => coordinators[0]?.key)).toEqual(answers.map((_, index) => `k${index}`))
    kafka.close()
  })

  it.each([
    ['a TLS hello', Buffer.from('16030100f8010000f40303', 'hex')],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a frame above the bound', Buffer.from([0x7f, 0xff, 0xff, 0xff])],
    ['a negative length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['a frame that is no request', Buffer.from([0, 0, 0, 3, 1, 2, 3])],
  ])('closes a connection that sends %s', async (_, bytes) => {
    const socket = await socketTo(await listen())
    socket.write(bytes)
    await once(socket, 'close')
  })

  it('refuses connections beyond the bound, and ends all when it closes', async () => {
    const address = await listen({ maxConnections: 1 })
    const first = await socketTo(address)
    await once(await socketTo(address), 'close')
    const closed = once(first, 'close')
    await listener?.close()
    await closed
  })

  it('says so when the port is taken', async () => {
    const { port } = await listen()
    const other = new EmbeddedBroker()
    await expect(listenOnTcp(other, { port })).rejects.toThrow(/EADDRINUSE.*choose another port/)
  })
})

describe('FrameReader', () => {
  it('finds the same frames whatever the chunks', () => {
    const frames = ['', 'a', 'bc'.repeat(50)].map((text) => Buffer.from(text))
    const stream = Buffer.concat(frames.flatMap((frame) => [lengthOf(frame), frame]))
    for (let size = 1; size <= stream.length; size++) {
      const reader = new FrameReader(1000)
      const found: string[] = []
      for (let at = 0; at < stream.length; at += size) {
        for (const frame of reader.push(stream.subarray(at, at + size)) ?? []) found.push(String(frame))
      }
      expect(found).toEqual(frames.map(String))
    }
  })

  it('refuses a length that cannot be', () => {
    expect(new FrameReader(10).push(Buffer.from([0, 0, 0, 11]))).toBeUndefined()
    expect(new FrameReader(10).push(Buffer.from([0, 0, 0, 10]))).toEqual([])
  })
})

function lengthOf(frame: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(frame.length)
  return length
}
