/** What no real broker does on command: leaders that move between two answers, sequences refused, markers held back. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../../src/common/clock.ts'
import { TransportError } from '../../../../src/errors/kafka-error.ts'
import { reactionOf } from '../../../../src/errors/streams-error.ts'
import { EmbeddedBroker } from '../../../../src/kafka/broker/embedded-broker.ts'
import { apis } from '../../../../src/kafka/protocol/apis.ts'
import type { FetchResponse } from '../../../../src/kafka/protocol/messages/fetch.ts'
import type { MetadataResponse } from '../../../../src/kafka/protocol/messages/metadata.ts'
import type { ProduceResponse } from '../../../../src/kafka/protocol/messages/produce.ts'
import { errorCodes } from '../../../../src/kafka/protocol/error-codes.ts'
import { InProcessTransport } from '../../../../src/kafka/transport/in-process-transport.ts'
import type { Endpoint, Transport } from '../../../../src/kafka/transport/transport.ts'
import { ClientBed, appendText, eventually, producerOf, readUntil, valuesOf } from '../../../support/client-bed.ts'

let broker: EmbeddedBroker
let bed: ClientBed

beforeEach(() => {
  broker = new EmbeddedBroker({ nodes: 2, config: { autoCreateTopics: false, groupMinSessionTimeoutMs: 100 } })
  bed = new ClientBed({
    name: 'embedded',
    transport: (clientId) => new InProcessTransport(broker, { clientId, clock: systemClock }),
    stop: async () => broker.close(),
  })
})
afterEach(async () => {
  broker.controls.clearRules()
  await bed.close()
  broker.close()
})

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`)

/** Alters the error code of the first partition in the answer to a Produce. */
function refuse(errorCode: number): (answer: unknown) => unknown {
  return (answer) => {
    const { responses, ...rest } = answer as ProduceResponse
    return {
      ...rest,
      responses: responses.map((topic) => ({
        ...topic,
        partitionResponses: topic.partitionResponses.map((partition) => ({ ...partition, errorCode, baseOffset: -1 })),
      })),
    }
  }
}

test('a leader that moves between two acknowledgements loses and repeats nothing', async () => {
  const client = await bed.client()
  broker.createTopic('moving', { partitions: 2, replicationFactor: 2 })
  const producer = await producerOf(client, { batchMaxBytes: 120, lingerMs: 1 })
  for (let round = 0; round < 20; round++) {
    for (const partition of [0, 1]) appendText(producer, 'moving', [`${round}`], { partition })
    for (const partition of [0, 1])
      broker.controls.moveLeader('moving', partition, broker.nodeIds[(round + partition) % 2] ?? 0)
    if (round % 3 === 0) await producer.flush()
  }
  await producer.flush()
  for (const partition of [0, 1]) {
    expect(valuesOf(await readUntil(client, 'moving', { partition, until: 20 }))).toEqual(numbers(20))
  }
})

test('a fetcher follows its leaders without losing its place', async () => {
  const client = await bed.client()
  broker.createTopic('followed', { partitions: 1, replicationFactor: 2 })
  const producer = await producerOf(client)
  const fetcher = client.fetcher({ name: 'follow', isolation: 'read_committed' })
  fetcher.assign(new Map([['followed-0', 0]]))
  const offsets: number[] = []
  for (let round = 0; round < 10; round++) {
    broker.controls.moveLeader('followed', 0, broker.nodeIds[round % 2] ?? 0)
    appendText(producer, 'followed', [`${round}`])
    await producer.flush()
    await eventually(async () => {
      await fetcher.wait(50)
      for (const set of fetcher.take()) {
        const cursor = set.cursor()
        while (cursor.next()) offsets.push(cursor.offset)
      }
      return offsets.length === round + 1
    })
  }
  expect(offsets).toEqual(numbers(10).map(Number))
  await fetcher.close()
})

test('a fetcher follows a leader that somebody else learned of first', async () => {
  const client = await bed.client()
  const [old = 0, young = 0] = broker.nodeIds
  broker.createTopic('told', { partitions: 1, replicationFactor: 2 })
  broker.controls.moveLeader('told', 0, old)
  const fetcher = client.fetcher({ name: 'follow', isolation: 'read_committed' })
  fetcher.assign(new Map([['told-0', 0]]))
  await eventually(() => fetcher.watermarks('told-0') !== undefined)
  const before = await bed.withCluster((cluster) => cluster.leader({ topic: 'told', partition: 0 }))
  const stale = broker.controls.alterAnswer({ api: 'Metadata' }, (answer) => {
    const { topics, ...rest } = answer as MetadataResponse
    const leader = { leaderId: before.nodeId, leaderEpoch: before.epoch }
    return {
      ...rest,
      topics: topics.map((topic) => ({
        ...topic,
        partitions: topic.partitions.map((partition) => ({ ...partition, ...leader })),
      })),
    }
  })
  broker.controls.moveLeader('told', 0, young)
  await eventually(() => stale.hits === 1)
  await client.describeTopics(['told'])
  const producer = await producerOf(client)
  appendText(producer, 'told', ['a'])
  await producer.flush()
  await eventually(() => fetcher.take().length === 1)
  await fetcher.close()
})

test('a broker that calls a good offset out of range for a moment is asked again', async () => {
  const client = await bed.client()
  broker.createTopic('doubted')
  const producer = await producerOf(client)
  appendText(producer, 'doubted', ['a'])
  await producer.flush()
  const rule = broker.controls.alterAnswer({ api: 'Fetch', times: 2 }, (answer) => {
    const { responses, ...rest } = answer as FetchResponse
    const refused = { errorCode: errorCodes.OFFSET_OUT_OF_RANGE, records: null, highWatermark: -1 }
    return {
      ...rest,
      responses: responses.map((topic) => ({
        ...topic,
        partitions: topic.partitions.map((partition) => ({ ...partition, ...refused })),
      })),
    }
  })
  expect(valuesOf(await readUntil(client, 'doubted', { until: 1 }))).toEqual(['a'])
  expect(rule.hits).toBe(2)
})

test('a duplicate that the broker no longer knows the offset of counts as acknowledged', async () => {
  const client = await bed.client()
  broker.createTopic('twice')
  const producer = await producerOf(client)
  broker.controls.alterAnswer({ api: 'Produce' }, refuse(errorCodes.DUPLICATE_SEQUENCE_NUMBER))
  appendText(producer, 'twice', ['a'])
  await producer.flush()
  expect(valuesOf(await readUntil(client, 'twice', { until: 1 }))).toEqual(['a'])
})

test('a real gap in the sequence makes the transaction abortable', async () => {
  const client = await bed.client()
  broker.createTopic('gap')
  const producer = await producerOf(client, { transactionalId: 'tx' })
  broker.controls.alterAnswer({ api: 'Produce' }, refuse(errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER))
  appendText(producer, 'gap', ['lost'])
  const error = await producer.flush().catch((cause: unknown) => cause)
  expect(reactionOf(error)).toBe('abortable')
  await producer.abort()
  appendText(producer, 'gap', ['kept'])
  await producer.commit()
  expect(valuesOf(await readUntil(client, 'gap', { until: 4 }))).toEqual(['kept'])
})

test('records that are never acknowledged are given up after the delivery time-out', async () => {
  const client = await bed.client({ requestTimeoutMs: 50 })
  broker.createTopic('silent')
  const producer = await producerOf(client, { deliveryTimeoutMs: 200 })
  broker.controls.alterAnswer({ api: 'Produce', times: Infinity }, refuse(errorCodes.NOT_ENOUGH_REPLICAS))
  appendText(producer, 'silent', ['a'])
  await expect(producer.flush()).rejects.toMatchObject({
    code: 'MILLRACE_DELIVERY_TIMEOUT',
    reaction: 'abortable',
    message: expect.stringContaining('NOT_ENOUGH_REPLICAS'),
  })
})

test('committed offsets wait for a transaction whose marker is late', async () => {
  const { client, transport } = await bed.faultyClient()
  broker.createTopic('input')
  const letGo = broker.controls.holdOffsetMarkers('group')
  const producer = await producerOf(client, { transactionalId: 'tx' })
  const group = { groupId: 'group', generationId: -1, memberId: '', instanceId: undefined }
  await producer.sendOffsets(new Map([['input-0', { offset: 3 }]]), group)
  await producer.commit()
  const asked = client.committedOffsets('group', [{ topic: 'input', partition: 0 }], { requireStable: true })
  await eventually(() => transport.sent.filter((key) => key === apis.OffsetFetch.key).length > 2)
  letGo()
  expect((await asked).get('input-0')?.offset).toBe(3)
})

test('coordinators that move are found again', async () => {
  const client = await bed.client()
  broker.createTopic('moved')
  const producer = await producerOf(client, { transactionalId: 'tx' })
  const group = { groupId: 'group', generationId: -1, memberId: '', instanceId: undefined }
  for (let round = 0; round < 6; round++) {
    appendText(producer, 'moved', [`${round}`])
    await producer.flush()
    broker.controls.moveCoordinator('transaction', 'tx', broker.nodeIds[round % 2] ?? 0)
    broker.controls.moveCoordinator('group', 'group', broker.nodeIds[(round + 1) % 2] ?? 0)
    await producer.sendOffsets(new Map([['moved-0', { offset: round }]]), group)
    await producer.commit()
  }
  const committed = await client.committedOffsets('group', [{ topic: 'moved', partition: 0 }], { requireStable: true })
  expect(committed.get('moved-0')?.offset).toBe(5)
})

test('a node that answers nothing is given up, and its partitions are read elsewhere', async () => {
  const { client, transport } = await bed.faultyClient({ requestTimeoutMs: 100 })
  broker.createTopic('frozen', { partitions: 1, replicationFactor: 2 })
  broker.controls.moveLeader('frozen', 0, broker.nodeIds[0] ?? 0)
  const producer = await producerOf(client, { lingerMs: 1 })
  appendText(producer, 'frozen', ['before'])
  await producer.flush()
  broker.controls.freezeNode(broker.nodeIds[0] ?? 0)
  appendText(producer, 'frozen', ['after'])
  const flushed = producer.flush()
  await eventually(() => transport.sent.filter((key) => key === apis.Produce.key).length === 2)
  broker.controls.moveLeader('frozen', 0, broker.nodeIds[1] ?? 0)
  broker.controls.stopNode(broker.nodeIds[0] ?? 0)
  await flushed
  expect(valuesOf(await readUntil(client, 'frozen', { until: 2 }))).toEqual(['before', 'after'])
})

test('a member whose session ended is lost, then joins anew', async () => {
  const client = await bed.client()
  const log: string[] = []
  const membership = client.group(
    {
      groupId: 'group',
      instanceId: undefined,
      protocolName: 'millrace',
      sessionTimeoutMs: 6000,
      heartbeatIntervalMs: 10,
      rebalanceTimeoutMs: 1000,
    },
    {
      subscription: () => ({ topics: ['t'], ownedPartitions: [], userData: undefined }),
      assign: async (members) => members.map(({ memberId }) => ({ memberId, partitions: [], userData: undefined })),
      onPrepareJoin: async () => void log.push('prepare'),
      onAssigned: async () => void log.push('assigned'),
      onLost: async () => void log.push('lost'),
      onFatal: () => log.push('fatal'),
    },
  )
  await membership.start()
  broker.controls.expireMember('group', membership.identity().memberId)
  await eventually(() => log.length === 3)
  expect(log).toEqual(['assigned', 'lost', 'assigned'])
  await membership.leave()
  expect(broker.controls.memberIds('group')).toEqual([])
})

test('a closed client ends whatever waits', async () => {
  const client = await bed.client()
  const fetcher = client.fetcher({ name: 'waiting', isolation: 'read_committed' })
  fetcher.assign(new Map([['nowhere-0', 0]]))
  const producer = await producerOf(client)
  appendText(producer, 'nowhere', ['x'])
  const flushed = producer.flush().catch((error: unknown) => error)
  const offsets = client
    .listOffsets([{ topic: 'nowhere', partition: 0, timestamp: -1 }], 'read_committed')
    .catch((error: unknown) => error)
  await client.close()
  expect(await offsets).toMatchObject({ code: 'MILLRACE_CLIENT_CLOSED' })
  await producer.close()
  expect(await flushed).toMatchObject({ code: 'MILLRACE_CLIENT_CLOSED' })
  await fetcher.close()
})

test('a cluster that cannot be reached is named with everything that was tried', async () => {
  for (const node of broker.nodeIds) broker.controls.stopNode(node)
  await expect(bed.client({ connectTimeoutMs: 100 })).rejects.toMatchObject({
    code: 'MILLRACE_KAFKA_UNREACHABLE',
    reaction: 'fatal',
    message: expect.stringMatching(/embedded-kafka:9092[^]*embedded-kafka:9093[^]*advertised\.listeners/),
  })
})

test('brokers that all refuse for one reason that does not pass are named by that reason', async () => {
  const fault = (code: 'MILLRACE_NOT_KAFKA' | 'MILLRACE_SASL_FAILED' | 'MILLRACE_CONNECTION_REFUSED', at: Endpoint) =>
    new TransportError(code, `${at.port} says ${code}`, { broker: `${at.host}:${at.port}` })
  const connecting = (...codes: readonly Parameters<typeof fault>[0][]): Promise<unknown> => {
    const bootstrap = codes.map((_, index) => ({ host: 'somewhere', port: index }))
    const transport: Transport = {
      bootstrap,
      connect: (at) => Promise.reject(fault(codes[at.port] ?? 'MILLRACE_NOT_KAFKA', at)),
      close: async () => undefined,
    }
    return bed.client({ transport, connectTimeoutMs: 30 }).catch((error: unknown) => error)
  }
  const refused = 'MILLRACE_CONNECTION_REFUSED'
  expect(await connecting('MILLRACE_NOT_KAFKA', 'MILLRACE_NOT_KAFKA')).toMatchObject({
    code: 'MILLRACE_NOT_KAFKA',
    reaction: 'fatal',
  })
  expect(await connecting('MILLRACE_SASL_FAILED')).toMatchObject({ code: 'MILLRACE_SASL_FAILED', reaction: 'fatal' })
  for (const codes of [
    ['MILLRACE_NOT_KAFKA', 'MILLRACE_SASL_FAILED'],
    ['MILLRACE_NOT_KAFKA', refused],
  ] as const) {
    expect(await connecting(...codes)).toMatchObject({
      code: 'MILLRACE_KAFKA_UNREACHABLE',
      reaction: 'fatal',
      message: expect.stringMatching(new RegExp(`0 says ${codes[0]}[^]*1 says ${codes[1]}`)),
    })
  }
})
