import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/common/clock.ts'
import { reactionOf } from '../../src/errors/streams-error.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { KafkajsTransport } from '../../src/kafka/transport/kafkajs-transport.ts'
import { ClientBed, appendText, eventually, producerOf, readUntil, valuesOf } from '../support/client-bed.ts'
import { liveBrokers } from '../../src/testing/live-brokers.ts'
import { startKafka, whatRealKafkaLacks } from '../support/real-kafka.ts'
import type { RealKafka } from '../support/real-kafka.ts'

const missing = await whatRealKafkaLacks()
if (missing !== undefined) test.skip(missing, () => undefined)

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`)

describe.skipIf(missing !== undefined)('the client on three brokers of Apache Kafka', () => {
  let kafka: RealKafka
  let bed: ClientBed

  beforeAll(async () => {
    kafka = await startKafka({ brokers: 3 })
    bed = new ClientBed({
      name: 'real',
      transport: (clientId) => new KafkajsTransport({ bootstrap: kafka.bootstrap, clientId, clock: systemClock }),
      stop: () => kafka.stop(),
    })
  })
  afterAll(async () => {
    await bed.close()
    await kafka.stop()
  })

  /** While `strike` is done to the leader, batches keep being written, one after the other. */
  async function writeThrough(
    client: KafkaClient,
    strike: (leaderId: number) => Promise<void>,
  ): Promise<{ readonly topic: string; readonly leaderId: number }> {
    const topic = await bed.topic(client, 3)
    const producer = await producerOf(client, { batchMaxBytes: 200, lingerMs: 1 })
    const leaderId = await leaderOf(topic)
    let struck: Promise<void> | undefined
    for (let round = 0; round < 40; round++) {
      for (let partition = 0; partition < 3; partition++) {
        appendText(producer, topic, [`${round * 2}`, `${round * 2 + 1}`], { partition })
      }
      if (round === 5) struck = strike(leaderId)
      if (round % 5 === 4) await producer.flush()
    }
    await producer.flush()
    await struck
    for (let partition = 0; partition < 3; partition++) {
      const read = readUntil(client, topic, { partition, until: 80, timeoutMs: 60_000 })
      expect(valuesOf(await read)).toEqual(numbers(80))
    }
    return { topic, leaderId }
  }

  async function leaderOf(topic: string): Promise<number> {
    return bed.withCluster(async (cluster) => (await cluster.leader({ topic, partition: 0 })).nodeId)
  }

  test('a leader killed with -9 loses and repeats nothing; it is used again when it is back', async () => {
    const client = await bed.client()
    const { leaderId } = await writeThrough(client, (id) => kafka.killBroker(id))
    await kafka.restartBroker(leaderId)
    const { topic } = await writeThrough(client, async () => undefined)
    expect(await leaderOf(topic)).toBeGreaterThan(0)
  })

  test('a leader that is paused loses and repeats nothing', async () => {
    const client = await bed.client({ requestTimeoutMs: 1500 })
    let paused = 0
    try {
      await writeThrough(client, async (id) => kafka.pauseBroker((paused = id)))
    } finally {
      kafka.continueBroker(paused)
    }
    // Until the cluster counts on it again, topics with three copies are refused.
    const [{ host, port }] = kafka.bootstrap as readonly [{ readonly host: string; readonly port: number }]
    await eventually(async () => (await liveBrokers(host, port).catch(() => 0)) === 3)
  })

  test('a fetcher that follows goes on at the new leader without losing its place', async () => {
    const client = await bed.client({ requestTimeoutMs: 3000 })
    const topic = await bed.topic(client)
    const producer = await producerOf(client)
    const fetcher = client.fetcher({ name: 'follow', isolation: 'read_committed' })
    fetcher.assign(new Map([[`${topic}-0` as const, 0]]))
    const offsets: number[] = []
    const leaderId = await leaderOf(topic)
    for (let round = 0; round < 30; round++) {
      appendText(producer, topic, ['x'])
      await producer.flush()
      if (round === 10) await kafka.killBroker(leaderId)
      await fetcher.wait(100)
      collect(offsets)
    }
    const deadline = Date.now() + 60_000
    while (offsets.length < 30 && Date.now() < deadline) {
      await fetcher.wait(100)
      collect(offsets)
    }
    expect(offsets).toEqual(Array.from({ length: 30 }, (_, index) => index))
    await fetcher.close()
    await kafka.restartBroker(leaderId)

    function collect(into: number[]): void {
      for (const set of fetcher.take()) {
        const cursor = set.cursor()
        while (cursor.next()) into.push(cursor.offset)
      }
    }
  })

  test('transactions go on, none torn, when their coordinator is killed between flush and commit', async () => {
    const client = await bed.client({ requestTimeoutMs: 3000 })
    const topic = await bed.topic(client, 2)
    const transactionalId = bed.name('tx')
    const producer = await producerOf(client, { transactionalId })
    const coordinatorId = await bed.withCluster((cluster) => cluster.coordinator('transaction', transactionalId))
    for (let round = 0; round < 12; round++) {
      for (;;) {
        try {
          for (const partition of [0, 1]) appendText(producer, topic, [`${round}`], { partition })
          await producer.flush()
          if (round === 4) await kafka.killBroker(coordinatorId)
          await producer.commit()
          break
        } catch (error) {
          expect(['abortable', 'unknown-outcome']).toContain(reactionOf(error))
          await producer.abort()
          // An unknown outcome may have been a success: the round's records then come twice, together.
          if (reactionOf(error) === 'unknown-outcome') break
        }
      }
    }
    await kafka.restartBroker(coordinatorId)
    const rounds = await Promise.all(
      [0, 1].map(async (partition) => {
        const end = await client.listOffsets([{ topic, partition, timestamp: -1 }], 'read_uncommitted')
        const until = end.get(`${topic}-${partition}`) ?? 0
        return valuesOf(await readUntil(client, topic, { partition, until, timeoutMs: 60_000 }))
      }),
    )
    expect(rounds[0]).toEqual(rounds[1])
    expect(rounds[0]?.length).toBeGreaterThan(10)
    expect(new Set(rounds[0]).size).toBe(rounds[0]?.length)
  })
})
