/** kafkajs, whole, as a foreign client of the embedded broker: its own producer, consumer and admin client over TCP. */
import { CompressionTypes, Kafka, logLevel, type Admin, type EachMessagePayload } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EmbeddedKafka } from '../../src/testing/embedded-kafka.ts'

describe.each([1, 3])('kafkajs on an embedded broker with %i nodes', (nodes) => {
  let kafka: EmbeddedKafka
  let client: Kafka
  let admin: Admin

  beforeAll(async () => {
    process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1'
    kafka = await EmbeddedKafka.start({ brokers: nodes, listen: true })
    client = new Kafka({ clientId: 'kafkajs', brokers: [...kafka.brokers], logLevel: logLevel.NOTHING })
    admin = client.admin()
    await admin.connect()
  })

  afterAll(async () => {
    await admin.disconnect()
    await kafka.close()
  })

  it('administers topics, configs and partitions', async () => {
    const topic = 'administered'
    expect((await admin.describeCluster()).brokers).toHaveLength(nodes)
    const configEntries = [{ name: 'cleanup.policy', value: 'compact' }]
    expect(await admin.createTopics({ topics: [{ topic, numPartitions: 2, configEntries }] })).toBe(true)
    expect(await admin.createTopics({ topics: [{ topic }] })).toBe(false)
    await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] })
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    expect(topics[0]?.partitions).toHaveLength(4)
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: topic, configNames: ['cleanup.policy'] }],
    })
    expect(resources[0]?.configEntries[0]?.configValue).toBe('compact')
    await admin.deleteTopics({ topics: [topic] })
    expect(await admin.listTopics()).not.toContain(topic)
  })

  it('creates a topic by producing to it', async () => {
    const producer = client.producer()
    await producer.connect()
    const [result] = await producer.send({ topic: 'created-by-use', messages: [{ value: 'first' }] })
    expect(result).toMatchObject({ errorCode: 0, baseOffset: '0' })
    await producer.disconnect()
  })

  it('produces plain, compressed, idempotent and with headers, and consumes all of it', async () => {
    const topic = 'produced'
    await admin.createTopics({ topics: [{ topic, numPartitions: 3 }] })
    const plain = client.producer()
    const idempotent = client.producer({ idempotent: true, maxInFlightRequests: 1 })
    await Promise.all([plain.connect(), idempotent.connect()])
    const messages = (prefix: string) =>
      Array.from({ length: 50 }, (_, index) => ({ key: `k${index}`, value: prefix + index }))
    await plain.send({ topic, messages: messages('plain') })
    await plain.send({ topic, messages: messages('gzip'), compression: CompressionTypes.GZIP })
    await plain.send({ topic, acks: 1, messages: [{ key: 'h', value: 'with headers', headers: { one: 'two' } }] })
    for (const prefix of ['first', 'second']) await idempotent.send({ topic, messages: messages(prefix) })
    const received = await consume(client, 'readers', topic, 201)
    expect(new Set(received.map(({ message }) => String(message.value))).size).toBe(201)
    const found = received.find(({ message }) => String(message.key) === 'h')
    expect(String(found?.message.headers?.['one'])).toBe('two')
    await Promise.all([plain.disconnect(), idempotent.disconnect()])
  })

  it('commits and aborts transactions with offsets', async () => {
    const topic = 'transactional'
    await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] })
    const producer = client.producer({ transactionalId: 'kafkajs-1', idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    for (const [index, commits] of [true, false, true, false, true].entries()) {
      const transaction = await producer.transaction()
      const value = `${commits ? 'committed' : 'aborted'} ${index}`
      await transaction.send({ topic, messages: [0, 1].map((partition) => ({ partition, key: 'k', value })) })
      const partitions = [{ partition: 0, offset: String(index) }]
      await transaction.sendOffsets({ consumerGroupId: 'transactional-readers', topics: [{ topic, partitions }] })
      await (commits ? transaction.commit() : transaction.abort())
    }
    await producer.disconnect()
    const received = await consume(client, 'transaction-readers', topic, 6)
    expect(received.every(({ message }) => String(message.value).startsWith('committed'))).toBe(true)
    const [offsets] = await admin.fetchOffsets({ groupId: 'transactional-readers', topics: [topic] })
    expect(offsets?.partitions.find(({ partition }) => partition === 0)?.offset).toBe('4')
  })

  it('shares a topic among the members of a group and takes over when one leaves', async () => {
    const topic = 'shared'
    await admin.createTopics({ topics: [{ topic, numPartitions: 4 }] })
    const groupId = 'sharers'
    const members = [
      client.consumer({ groupId, heartbeatInterval: 200 }),
      client.consumer({ groupId, heartbeatInterval: 200 }),
    ]
    const assigned = members.map(() => [] as number[][])
    const seen = new Set<string>()
    for (const [index, member] of members.entries()) {
      member.on(member.events.GROUP_JOIN, ({ payload }) => {
        assigned[index]?.push(payload.memberAssignment[topic] ?? [])
      })
      await member.connect()
      await member.subscribe({ topics: [topic], fromBeginning: true })
      await member.run({ eachMessage: async ({ message }) => void seen.add(String(message.value)) })
    }
    await until(() => assigned.every((history) => history.at(-1)?.length === 2))
    expect(assigned.flatMap((history) => history.at(-1) ?? []).toSorted((one, other) => one - other)).toEqual([
      0, 1, 2, 3,
    ])
    const producer = client.producer()
    await producer.connect()
    await producer.send({
      topic,
      messages: Array.from({ length: 100 }, (_, index) => ({ key: `${index}`, value: `${index}` })),
    })
    await until(() => seen.size === 100)
    const { groups } = await admin.describeGroups([groupId])
    expect(groups[0]).toMatchObject({ state: 'Stable', protocolType: 'consumer' })
    await members[1]?.disconnect()
    await until(() => assigned[0]?.at(-1)?.length === 4)
    await members[0]?.disconnect()
    await producer.disconnect()
    expect((await admin.listGroups()).groups.map((group) => group.groupId)).toContain(groupId)
    expect(await admin.deleteGroups([groupId])).toMatchObject([{ groupId, errorCode: 0 }])
  })
})

async function consume(client: Kafka, groupId: string, topic: string, count: number): Promise<EachMessagePayload[]> {
  const consumer = client.consumer({ groupId })
  const received: EachMessagePayload[] = []
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: async (payload) => {
          received.push(payload)
          if (received.length === count) resolve()
        },
      })
      .catch(reject)
  })
  await consumer.disconnect()
  return received
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    if (holds()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('it did not come to hold within 30 s')
}
