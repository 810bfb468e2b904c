import { describe, expect, it } from 'vitest'
import { EmbeddedBroker } from '../../../../src/kafka/broker/embedded-broker.ts'
import { handlerTable } from '../../../../src/kafka/broker/handler-table.ts'
import { apis } from '../../../../src/kafka/protocol/apis.ts'
import { errorCodes } from '../../../../src/kafka/protocol/error-codes.ts'
import { brokerBed, BrokerClient } from '../../../support/broker-bed.ts'
import { settled } from '../../../support/manual-clock.ts'
import { fetchFrom, produceTo } from '../../../support/raw-kafka.ts'

describe('EmbeddedBroker', () => {
  it.each(handlerTable.map((entry) => [entry.api.name, entry] as const))(
    'answers %s in every version it offers',
    async (_, { api, minVersion, maxVersion }) => {
      const { clock, connect } = brokerBed()
      for (let version = minVersion; version <= maxVersion; version++) {
        const answer = connect().send(api, version, api.name === 'Produce' ? { acks: -1 } : {})
        await clock.advance(1000)
        expect(await answer).toBeTypeOf('object')
      }
    },
  )

  it('does the same with the same clock and random, byte for byte', async () => {
    const run = async (): Promise<string> => {
      const { broker, connect } = brokerBed({ nodes: 3 })
      broker.createTopic('t', { partitions: 5 })
      return JSON.stringify(await connect().send(apis.Metadata, 12, { topics: null }))
    }
    expect(await run()).toBe(await run())
  })

  it('has a cluster id of its own, in the form of those of Kafka, unless one is set', async () => {
    const idOf = async (broker: EmbeddedBroker): Promise<string | null> => {
      const answer = await new BrokerClient(broker.openNode(1, 'test')).send(apis.Metadata, 12, { topics: [] })
      return answer.clusterId
    }
    const ids = [await idOf(new EmbeddedBroker()), await idOf(new EmbeddedBroker())]
    expect(new Set(ids).size).toBe(2)
    for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/)
    expect(await idOf(new EmbeddedBroker({ config: { clusterId: 'mine' } }))).toBe('mine')
  })

  it('closes a connection that sends what is no request, or a version it does not offer', async () => {
    const { connect } = brokerBed()
    for (const frame of [
      Buffer.alloc(3),
      Buffer.from('hello, broker!'),
      Buffer.from([0, 3, 0, 99, 0, 0, 0, 1, 0, 0, 0]),
    ]) {
      const { connection } = connect()
      await expect(connection.handle(frame)).rejects.toThrow()
      expect(connection.isClosed).toBe(true)
      await expect(connection.handle(frame)).rejects.toThrow('closed')
    }
  })

  it('bounds frames, queued requests, connections and waiting fetches', async () => {
    const { broker, connect } = brokerBed({
      config: { maxFrameBytes: 2000, maxQueuedRequests: 2, maxConnections: 4, maxPendingFetches: 1 },
    })
    broker.createTopic('t')
    await expect(connect().connection.handle(Buffer.alloc(2001))).rejects.toMatchObject({
      code: 'MILLRACE_BROKER_LIMIT',
    })
    const [waiting, direct, filler] = [connect(), connect(), connect()]
    const parked = fetchFrom(waiting, 't', 0, { maxWaitMs: 1000 })
    await settled()
    expect((await fetchFrom(direct, 't', 0, { maxWaitMs: 1000 })).records).toEqual([])
    const second = fetchFrom(waiting, 't', 0)
    await expect(fetchFrom(waiting, 't', 0)).rejects.toMatchObject({ code: 'MILLRACE_BROKER_LIMIT' })
    await expect(parked).rejects.toThrow('closed')
    await expect(second).rejects.toThrow('closed')
    connect()
    connect()
    expect(() => connect()).toThrow('has its 4 connections')
    filler.connection.close()
    expect(() => connect()).not.toThrow()
  })

  it('refuses records beyond its memory with an error that says what to do', async () => {
    const { broker, connect } = brokerBed({ config: { maxLogBytes: 300 } })
    broker.createTopic('t')
    const client = connect()
    await produceTo(client, 't', { values: ['x'.repeat(150)] })
    const answer = await produceTo(client, 't', { values: ['x'.repeat(150)] })
    expect(answer.errorCode).toBe(errorCodes.POLICY_VIOLATION)
    expect(answer.errorMessage).toContain('raise maxLogBytes')
    expect((await fetchFrom(client, 't', 0)).highWatermark).toBe(1)
  })

  it('answers requests of one connection in order, one at a time', async () => {
    const { broker, clock, connect } = brokerBed()
    broker.createTopic('t')
    const client = connect()
    const order: string[] = []
    const parked = fetchFrom(client, 't', 0, { maxWaitMs: 500 }).then(() => order.push('fetch'))
    const next = client.send(apis.Metadata, 12, { topics: null }).then(() => order.push('metadata'))
    await settled()
    expect(order).toEqual([])
    await clock.advance(500)
    await Promise.all([parked, next])
    expect(order).toEqual(['fetch', 'metadata'])
  })

  it('leaves no timer and no waiting request behind', async () => {
    const { broker, clock, connect } = brokerBed()
    broker.createTopic('t')
    const parked = fetchFrom(connect(), 't', 0, { maxWaitMs: 500 })
    await settled()
    expect(clock.pendingTimers).toBe(1)
    broker.close()
    await expect(parked).rejects.toThrow('closed')
    expect(clock.pendingTimers).toBe(0)
    expect(() => connect()).toThrow('refused: it was closed')
  })
})
