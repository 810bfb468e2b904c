import { describe, expect, it } from 'vitest'
import { apis } from '../../../../src/kafka/protocol/apis.ts'
import { errorCodes } from '../../../../src/kafka/protocol/error-codes.ts'
import { brokerBed, type BrokerClient } from '../../../support/broker-bed.ts'
import { settled } from '../../../support/manual-clock.ts'
import { fetchFrom, produceTo } from '../../../support/raw-kafka.ts'

describe('controls of single requests', () => {
  const bed = () => {
    const made = brokerBed()
    made.broker.createTopic('t')
    return made
  }
  const end = async (client: BrokerClient): Promise<number> => (await fetchFrom(client, 't', 0)).highWatermark

  it('hold a request before it is executed, or its answer after it', async () => {
    for (const phase of ['request', 'answer'] as const) {
      const { broker, connect } = bed()
      const held = broker.controls.hold(phase, { api: 'Produce' })
      const producing = produceTo(connect(), 't', { values: ['a'] })
      expect((await held.arrived).clientId).toBe('test')
      expect(await end(connect())).toBe(phase === 'request' ? 0 : 1)
      held.release()
      expect((await producing).errorCode).toBe(0)
    }
  })

  it('drop a request or its answer: nothing comes back on that connection any more', async () => {
    for (const phase of ['request', 'answer'] as const) {
      const { broker, connect } = bed()
      const rule = broker.controls.drop(phase, { api: 'Produce' })
      const client = connect()
      const lost = produceTo(client, 't', { values: ['a'] })
      const behind = produceTo(client, 't', { values: ['b'] })
      await settled()
      expect(rule.hits).toBe(1)
      expect(await end(connect())).toBe(phase === 'request' ? 0 : 1)
      client.connection.close()
      await expect(lost).rejects.toThrow('closed')
      await expect(behind).rejects.toThrow('closed')
    }
  })

  it('end the connection before or after a request', async () => {
    for (const phase of ['request', 'answer'] as const) {
      const { broker, connect } = bed()
      broker.controls.disconnect(phase, { api: 'Produce' })
      await expect(produceTo(connect(), 't', { values: ['a'] })).rejects.toThrow('closed')
      expect(await end(connect())).toBe(phase === 'request' ? 0 : 1)
    }
  })

  it('delay by the clock', async () => {
    const { broker, clock, connect } = bed()
    broker.controls.delay('request', { api: 'Produce' }, 500)
    const producing = produceTo(connect(), 't', { values: ['a'] })
    await clock.advance(499)
    expect(await end(connect())).toBe(0)
    await clock.advance(1)
    expect((await producing).baseOffset).toBe(0)
  })

  it('execute a request twice', async () => {
    const { broker, connect } = bed()
    broker.controls.duplicate({ api: 'Produce' })
    expect((await produceTo(connect(), 't', { values: ['a'] })).baseOffset).toBe(1)
    broker.controls.duplicate({ api: 'Produce' })
    expect((await produceTo(connect(), 't', { values: ['a'], producerId: 3 })).baseOffset).toBe(2)
    expect(await end(connect())).toBe(3)
  })

  it('alter an answer, and choose by predicate and count', async () => {
    const { broker, connect } = bed()
    const where = ({ body }: { body: unknown }): boolean => JSON.stringify(body).includes('"g2"')
    const rule = broker.controls.alterAnswer({ api: 'FindCoordinator', where, times: 2 }, (answer) => ({
      ...(answer as object),
      errorCode: errorCodes.COORDINATOR_NOT_AVAILABLE,
    }))
    const client = connect()
    const codes: number[] = []
    for (const key of ['g1', 'g2', 'g2', 'g2'])
      codes.push((await client.send(apis.FindCoordinator, 2, { key })).errorCode)
    expect(codes).toEqual([0, 15, 15, 0])
    expect(rule.hits).toBe(2)
  })

  it('show every request', async () => {
    const { broker, connect } = bed()
    const seen: string[] = []
    const stop = broker.controls.observe(({ api, version, nodeId }) => seen.push(`${api} ${version} on ${nodeId}`))
    await produceTo(connect(), 't', { values: ['a'] })
    stop()
    await produceTo(connect(), 't', { values: ['a'] })
    expect(seen).toEqual(['Produce 9 on 1'])
  })
})

describe('controls of nodes', () => {
  const bed = () => {
    const made = brokerBed({ nodes: 3 })
    made.broker.createTopic('t', { replicationFactor: 2 })
    return made
  }

  it('move a leader: the old one refuses writes and fences readers with the old epoch', async () => {
    const { broker, connect } = bed()
    await produceTo(connect(1), 't', { values: ['a'] })
    const parked = fetchFrom(connect(1), 't', 1, { maxWaitMs: 10_000, currentLeaderEpoch: 0 })
    await settled()
    broker.controls.moveLeader('t', 0, 2)
    expect((await parked).errorCode).toBe(errorCodes.FENCED_LEADER_EPOCH)
    const answer = await connect(1).send(apis.Produce, 10, {
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name: 't', partitionData: [{ index: 0, records: null }] }],
    })
    expect(answer.responses[0]?.partitionResponses[0]).toMatchObject({
      errorCode: errorCodes.NOT_LEADER_OR_FOLLOWER,
      currentLeader: { leaderId: 2, leaderEpoch: 1 },
    })
    expect(answer.nodeEndpoints).toMatchObject([{ nodeId: 2, ...broker.endpoints[1] }])
    // A follower serves readers that do not tell their epoch, or know the new one (KIP-392).
    expect((await fetchFrom(connect(1), 't', 0)).records).toEqual(['0:a'])
    expect((await fetchFrom(connect(1), 't', 0, { currentLeaderEpoch: 1 })).records).toEqual(['0:a'])
    expect((await fetchFrom(connect(3), 't', 0)).errorCode).toBe(errorCodes.NOT_LEADER_OR_FOLLOWER)
    expect((await produceTo(connect(2), 't', { values: ['b'] })).baseOffset).toBe(1)
    const { batches } = await fetchFrom(connect(2), 't', 1, { currentLeaderEpoch: 1, lastFetchedEpoch: 0 })
    expect(batches[0]?.partitionLeaderEpoch).toBe(1)
  })

  it('tell a reader where its epoch ended when it read beyond', async () => {
    const { broker, connect } = bed()
    await produceTo(connect(1), 't', { values: ['a'] })
    broker.controls.moveLeader('t', 0, 2)
    await produceTo(connect(2), 't', { values: ['b', 'c'] })
    const { divergingEpoch, records } = await fetchFrom(connect(2), 't', 2, { lastFetchedEpoch: 0 })
    expect([divergingEpoch, records]).toEqual([{ epoch: 0, endOffset: 1 }, []])
  })

  it('move a coordinator: waiting members are told, the group stays', async () => {
    const { broker, connect } = bed()
    const find = async () => (await connect(1).send(apis.FindCoordinator, 2, { key: 'g' })).nodeId
    const old = await find()
    const heartbeat = async (nodeId: number) =>
      (await connect(nodeId).send(apis.Heartbeat, 4, { groupId: 'g', memberId: 'm', generationId: 1 })).errorCode
    expect(await heartbeat(old)).toBe(errorCodes.UNKNOWN_MEMBER_ID)
    const other = (old % 3) + 1
    broker.controls.moveCoordinator('group', 'g', other)
    expect(await find()).toBe(other)
    expect(await heartbeat(old)).toBe(errorCodes.NOT_COORDINATOR)
    expect(await heartbeat(other)).toBe(errorCodes.UNKNOWN_MEMBER_ID)
  })

  it('freeze a node: connections stay and nothing is answered until it is thawed', async () => {
    const { broker, connect } = bed()
    const client = connect(1)
    broker.controls.freezeNode(1)
    let answered = false
    const asking = client.send(apis.Metadata, 12, { topics: null }).then(() => (answered = true))
    await settled()
    expect([answered, client.connection.isClosed]).toEqual([false, false])
    broker.controls.thawNode(1)
    await asking
  })

  it('stop a node: its connections end, its partitions go to a replica, and it can come back', async () => {
    const { broker, connect } = bed()
    const client = connect(1)
    broker.controls.stopNode(1)
    expect(client.connection.isClosed).toBe(true)
    expect(() => connect(1)).toThrow('node 1 is stopped')
    const { brokers, topics } = await connect(2).send(apis.Metadata, 12, { topics: null })
    expect(brokers.map(({ nodeId }) => nodeId)).toEqual([2, 3])
    expect(topics[0]?.partitions).toMatchObject([{ leaderId: 2, leaderEpoch: 1 }])
    broker.controls.stopNode(2)
    const left = await connect(3).send(apis.Metadata, 12, { topics: null })
    expect(left.topics[0]?.partitions).toMatchObject([{ leaderId: -1, errorCode: errorCodes.LEADER_NOT_AVAILABLE }])
    broker.controls.startNode(1)
    expect((await produceTo(connect(1), 't', { values: ['a'] })).errorCode).toBe(0)
  })

  it('name what is not there', () => {
    const { controls } = bed().broker
    expect(() => controls.moveLeader('t', 9, 1)).toThrow('no partition t-9')
    expect(() => controls.freezeNode(9)).toThrow('no node 9, only 1, 2, 3')
    expect(() => controls.expireMember('g', 'm')).toThrow('group g has no member m')
  })
})

describe('controls of transactions', () => {
  it('hold the marker of one partition while the others have theirs', async () => {
    const { broker, connect } = brokerBed()
    broker.createTopic('t', { partitions: 2 })
    const client = connect()
    const transactionalId = 'tid'
    const init = { transactionalId, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 }
    const { producerId, producerEpoch } = await client.send(apis.InitProducerId, 4, init)
    await client.send(apis.AddPartitionsToTxn, 3, {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: [{ name: 't', partitions: [0, 1] }],
    })
    for (const partition of [0, 1]) {
      const records = { values: ['a'], producerId, transactional: true }
      await produceTo(client, 't', records, { partition, transactionalId })
    }
    const release = broker.controls.holdMarkers('t', 1)
    const ended = await client.send(apis.EndTxn, 3, { transactionalId, producerId, producerEpoch, committed: true })
    expect(ended.errorCode).toBe(0)
    const stable = async (partition: number) => (await fetchFrom(client, 't', 0, { partition })).lastStableOffset
    expect([await stable(0), await stable(1)]).toEqual([2, 0])
    expect((await client.send(apis.InitProducerId, 4, init)).errorCode).toBe(errorCodes.CONCURRENT_TRANSACTIONS)
    const parked = fetchFrom(connect(), 't', 0, { partition: 1, committed: true, maxWaitMs: 10_000 })
    await settled()
    release()
    expect((await parked).records).toEqual(['0:a', '1:<commit>'])
  })
})
