import { expect, test } from 'vitest'
import { apis } from '../../src/kafka/protocol/apis.ts'
import { appendText, eventually, producerOf, readUntil, valuesOf } from '../support/client-bed.ts'
import type { ClientBed } from '../support/client-bed.ts'

const numbers = (count: number, from = 0): string[] => Array.from({ length: count }, (_, index) => `${from + index}`)

export function producingCases(bed: () => ClientBed): void {
  test('records come back with null and empty values, keys and repeated headers as they were', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const producer = await producerOf(client)
    producer.append(topic, 0, null, Buffer.alloc(0), 1, [])
    producer.append(topic, 0, Buffer.alloc(0), null, 2, [
      ['a', Buffer.from('1')],
      ['b', null],
      ['a', Buffer.alloc(0)],
    ])
    await producer.flush()
    expect(producer.acknowledged(`${topic}-0`)).toBe(2)
    const [one, two] = await readUntil(client, topic, { until: 2 })
    expect(one).toEqual({ offset: 0, timestamp: 1, key: null, value: '', headers: [] })
    expect(two).toMatchObject({ offset: 1, timestamp: 2, key: '', value: null })
    expect(two?.headers.map(([name, value]) => [name, value?.toString()])).toEqual([
      ['a', '1'],
      ['b', undefined],
      ['a', ''],
    ])
  })

  test.for(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('records compressed with %s are read', async (codec) => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const producer = await producerOf(client, { compression: codec })
    appendText(producer, topic, numbers(1000))
    await producer.flush()
    expect(valuesOf(await readUntil(client, topic, { until: 1000 }))).toEqual(numbers(1000))
  })

  test('a topic with log-append time gives the broker’s time to each record', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client, 1, { 'message.timestamp.type': 'LogAppendTime' })
    const producer = await producerOf(client)
    producer.append(topic, 0, null, Buffer.from('x'), 1000, [])
    await producer.flush()
    const [record] = await readUntil(client, topic, { until: 1 })
    expect(record?.timestamp).toBeGreaterThan(1_600_000_000_000)
  })

  test('an append over the buffer limit answers false, and drained() resolves when there is room', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const producer = await producerOf(client, { bufferMaxBytes: 1000, lingerMs: 60_000 })
    const value = Buffer.alloc(600)
    expect(producer.append(topic, 0, null, value, 1, [])).toBe(true)
    expect(producer.append(topic, 0, null, value, 1, [])).toBe(false)
    await producer.drained()
    expect(producer.acknowledged(`${topic}-0`)).toBe(2)
  })

  test('a batch larger than its topic admits is sent in parts, in order', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client, 1, { 'max.message.bytes': '2000' })
    const producer = await producerOf(client, { lingerMs: 60_000 })
    appendText(producer, topic, numbers(2000))
    await producer.flush()
    appendText(producer, topic, numbers(100, 2000))
    await producer.flush()
    expect(valuesOf(await readUntil(client, topic, { until: 2100 }))).toEqual(numbers(2100))
  })

  test('a record larger than its topic admits is refused, naming the partition', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client, 1, { 'max.message.bytes': '2000' })
    const producer = await producerOf(client)
    producer.append(topic, 0, null, Buffer.alloc(3000), 1, [])
    await expect(producer.flush()).rejects.toMatchObject({ code: 'MILLRACE_RECORD_REFUSED', topic, partition: 0 })
  })

  test.for(['request', 'answer'] as const)(
    'batches whose %s was lost are repeated with their sequence: once each, in order',
    async (loss) => {
      const { client, transport } = await bed().faultyClient()
      const topic = await bed().topic(client, 2)
      const producer = await producerOf(client, { batchMaxBytes: 100, lingerMs: 1 })
      appendText(producer, topic, ['begin'])
      await producer.flush()
      transport.lose(loss, apis.Produce, 3)
      for (let part = 0; part < 10; part++) {
        appendText(producer, topic, numbers(20, part * 20))
        appendText(producer, topic, numbers(20, part * 20), { partition: 1 })
      }
      await producer.flush()
      expect(producer.acknowledged(`${topic}-0`)).toBe(201)
      expect(valuesOf(await readUntil(client, topic, { until: 201 }))).toEqual(['begin', ...numbers(200)])
      expect(valuesOf(await readUntil(client, topic, { partition: 1, until: 200 }))).toEqual(numbers(200))
    },
  )

  test('a batch of 200,000 records is written and read', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client, 1, { 'max.message.bytes': '10000000' })
    const producer = await producerOf(client, { batchMaxBytes: 9_000_000, lingerMs: 60_000, compression: 'lz4' })
    for (let index = 0; index < 200_000; index++) producer.append(topic, 0, null, Buffer.from('v'), 1, [])
    await producer.flush()
    const records = await readUntil(client, topic, { until: 200_000 })
    expect(records).toHaveLength(200_000)
    expect(records.at(-1)?.offset).toBe(199_999)
  })

  test('open batches go out by themselves after the linger time', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const producer = await producerOf(client, { lingerMs: 1 })
    appendText(producer, topic, ['a'])
    await eventually(() => producer.acknowledged(`${topic}-0`) === 1)
  })

  test('a topic that does not exist yet gets its records once it does', async () => {
    const client = await bed().client()
    const producer = await producerOf(client)
    const topic = bed().name('late')
    appendText(producer, topic, ['a'])
    const flushed = producer.flush()
    await client.admin.createTopics([{ name: topic, partitions: 1, replicationFactor: -1, config: {} }])
    await flushed
    expect(valuesOf(await readUntil(client, topic, { until: 1 }))).toEqual(['a'])
  })
}
