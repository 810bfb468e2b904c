import { expect, test } from 'vitest'
import { topicPartitionKey } from '../../src/common/topic-partition.ts'
import type { RecordSet } from '../../src/processor/record-set.ts'
import type { Fetcher } from '../../src/kafka/client/kafka-client.ts'
import { apis } from '../../src/kafka/protocol/apis.ts'
import { appendText, eventually, producerOf, readUntil, valuesOf } from '../support/client-bed.ts'
import type { ClientBed } from '../support/client-bed.ts'

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`)

async function next(fetcher: Fetcher): Promise<RecordSet[]> {
  for (;;) {
    await fetcher.wait(1000)
    const sets = fetcher.take()
    if (sets.length > 0) return sets
  }
}

export function fetchingCases(bed: () => ClientBed): void {
  test('offsets are listed: earliest, latest, and the first at a time', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client, 2)
    const producer = await producerOf(client)
    for (const timestamp of [1000, 2000, 3000]) producer.append(topic, 0, null, Buffer.from('x'), timestamp, [])
    await producer.flush()
    const at = async (timestamp: number, partition = 0): Promise<number | undefined> => {
      const found = await client.listOffsets([{ topic, partition, timestamp }], 'read_committed')
      return found.get(topicPartitionKey(topic, partition))
    }
    expect([await at(-2), await at(-1), await at(1500), await at(9999), await at(-1, 1)]).toEqual([0, 3, 1, -1, 0])
  })

  test('offsets that can be had are found, and the others are named with the reason', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client, 2)
    const producer = await producerOf(client)
    appendText(producer, topic, ['a'])
    await producer.flush()
    const query = [topic, `${topic}-missing`].flatMap((name) => [
      { topic: name, partition: 0, timestamp: -1 },
      { topic: name, partition: 1, timestamp: -1 },
    ])
    const { offsets, unknown } = await client.findOffsets(query, 'read_committed', { timeoutMs: 1000 })
    expect(Object.fromEntries(offsets)).toEqual({ [`${topic}-0`]: 1, [`${topic}-1`]: 0 })
    expect(new Set(unknown.keys())).toEqual(new Set([`${topic}-missing-0`, `${topic}-missing-1`]))
    for (const { message } of unknown.values()) expect(message).toContain('UNKNOWN_TOPIC_OR_PARTITION')
    const all = await client.findOffsets(query.slice(0, 2), 'read_committed', { timeoutMs: 10_000 })
    expect(all).toEqual({ offsets, unknown: new Map() })
  })

  test('a response that was not taken holds back the next fetch', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const producer = await producerOf(client)
    appendText(producer, topic, ['a'])
    await producer.flush()
    const fetcher = client.fetcher({ name: 'held', isolation: 'read_committed' })
    fetcher.assign(new Map([[`${topic}-0` as const, 0]]))
    await fetcher.wait(5000)
    appendText(producer, topic, ['b'])
    await producer.flush()
    expect(fetcher.position(`${topic}-0`)).toBe(0)
    expect(fetcher.take().map(({ recordCount }) => recordCount)).toEqual([1])
    expect(fetcher.position(`${topic}-0`)).toBe(1)
    expect((await next(fetcher)).map(({ nextOffset }) => nextOffset)).toEqual([2])
    await fetcher.close()
  })

  test('nothing of a paused partition is returned, others go on, and nothing is lost', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client, 2)
    const producer = await producerOf(client)
    const [one, two] = [topicPartitionKey(topic, 0), topicPartitionKey(topic, 1)]
    appendText(producer, topic, ['a'], { partition: 0 })
    await producer.flush()
    const fetcher = client.fetcher({ name: 'paused', isolation: 'read_committed' })
    fetcher.assign(
      new Map([
        [one, 0],
        [two, 0],
      ]),
    )
    await fetcher.wait(5000)
    fetcher.pause([one])
    expect(fetcher.take()).toEqual([])
    appendText(producer, topic, ['b'], { partition: 1 })
    appendText(producer, topic, ['c'], { partition: 0 })
    await producer.flush()
    expect((await next(fetcher)).map(({ partition }) => partition)).toEqual([1])
    fetcher.resume([one])
    const seen = [...(await next(fetcher)), ...(await next(fetcher))]
    expect(seen.map(({ partition, nextOffset }) => [partition, nextOffset])).toEqual([
      [0, 1],
      [0, 2],
    ])
    await fetcher.close()
  })

  test('a seek drops what is buffered and is not undone by an older response', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const producer = await producerOf(client, { batchMaxBytes: 100 })
    appendText(producer, topic, numbers(100))
    await producer.flush()
    const fetcher = client.fetcher({ name: 'seek', isolation: 'read_committed', maxPartitionBytes: 200 })
    fetcher.assign(new Map([[`${topic}-0` as const, 0]]))
    await fetcher.wait(5000)
    fetcher.seek(`${topic}-0`, 97)
    const offsets: number[] = []
    while ((fetcher.position(`${topic}-0`) ?? 0) < 100) {
      for (const set of await next(fetcher)) {
        const cursor = set.cursor()
        while (cursor.next()) offsets.push(cursor.offset)
      }
    }
    expect(offsets).toEqual([97, 98, 99])
    await fetcher.close()
  })

  test('partitions assigned later are fetched without waiting for a parked fetch', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client, 2)
    const producer = await producerOf(client)
    appendText(producer, topic, ['a'], { partition: 1 })
    await producer.flush()
    const fetcher = client.fetcher({ name: 'late', isolation: 'read_committed', maxWaitMs: 300_000 })
    fetcher.assign(new Map([[topicPartitionKey(topic, 0), 0]]))
    await fetcher.wait(300)
    fetcher.assign(
      new Map([
        [topicPartitionKey(topic, 0), 0],
        [topicPartitionKey(topic, 1), 0],
      ]),
    )
    expect((await next(fetcher)).map(({ partition }) => partition)).toEqual([1])
    await fetcher.close()
  })

  test('an offset that is gone is an error that names partition and offset, until a seek', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const producer = await producerOf(client)
    appendText(producer, topic, numbers(10))
    await producer.flush()
    await client.admin.deleteRecords(new Map([[topicPartitionKey(topic, 0), 5]]))
    const fetcher = client.fetcher({ name: 'gone', isolation: 'read_committed' })
    fetcher.assign(new Map([[`${topic}-0` as const, 2]]))
    await fetcher.wait(10_000)
    expect(() => fetcher.take()).toThrowError(
      expect.objectContaining({ reaction: 'offset-out-of-range', topic, partition: 0, offset: 2 }),
    )
    fetcher.seek(`${topic}-0`, 5)
    expect((await next(fetcher)).at(-1)?.nextOffset).toBe(10)
    await fetcher.close()
  })

  test('fetches and their answers may be lost: every record comes once', async () => {
    const { client, transport } = await bed().faultyClient()
    const topic = await bed().topic(client)
    const producer = await producerOf(client, { batchMaxBytes: 200 })
    appendText(producer, topic, numbers(500))
    await producer.flush()
    transport.lose('request', apis.Fetch, 2)
    transport.lose('answer', apis.Fetch, 3)
    const records = await readUntil(client, topic, { until: 500, fetcher: { maxPartitionBytes: 400 } })
    expect(valuesOf(records)).toEqual(numbers(500))
  })

  test('with little room in a response every partition gets its turn', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client, 4)
    const producer = await producerOf(client, { batchMaxBytes: 500 })
    for (let partition = 0; partition < 4; partition++) appendText(producer, topic, numbers(400), { partition })
    await producer.flush()
    const fetcher = client.fetcher({ name: 'fair', isolation: 'read_committed', maxBytes: 500, maxPartitionBytes: 500 })
    fetcher.assign(new Map([0, 1, 2, 3].map((partition) => [topicPartitionKey(topic, partition), 0])))
    const seen: number[] = []
    while (seen.length < 12) for (const { partition } of await next(fetcher)) seen.push(partition)
    expect(new Set(seen.slice(0, 8)).size).toBe(4)
    await fetcher.close()
  })

  test('wait ends with a wake-up, also one that came before', async () => {
    const client = await bed().client()
    const fetcher = client.fetcher({ name: 'wake', isolation: 'read_committed' })
    fetcher.wakeup()
    await fetcher.wait(60_000)
    const waiting = fetcher.wait(60_000)
    fetcher.wakeup()
    await waiting
    await fetcher.close()
  })

  test('a topic that is made later is fetched from then on', async () => {
    const client = await bed().client()
    const topic = bed().name('later')
    const fetcher = client.fetcher({ name: 'later', isolation: 'read_committed' })
    fetcher.assign(new Map([[`${topic}-0` as const, 0]]))
    await fetcher.wait(100)
    await client.admin.createTopics([{ name: topic, partitions: 1, replicationFactor: -1, config: {} }])
    const producer = await producerOf(client)
    appendText(producer, topic, ['a'])
    await producer.flush()
    expect(await next(fetcher)).toHaveLength(1)
    await eventually(() => fetcher.watermarks(`${topic}-0`)?.highWatermark === 1)
    await fetcher.close()
  })
}
