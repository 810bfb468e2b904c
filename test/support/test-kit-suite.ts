/** What `startKafka` promises, whatever kind of Kafka it starts: the same cases on all of them. */
import { describe, expect, it } from 'vitest'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { connectKafka } from '../../src/runtime/connect-kafka.ts'
import { KafkaStreams } from '../../src/runtime/kafka-streams.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { runTopology } from '../../src/testing/run-topology.ts'
import type { TestKafka } from '../../src/testing/test-kafka.ts'
import type { Topology } from '../../src/topology/topology.ts'

export const texts = { key: serdes.string, value: serdes.string }
export const numbers = { key: serdes.string, value: serdes.int64 }

/** Counts `input` by key into `output`. */
export function countTopology(input: string, output: string): Topology {
  const builder = new StreamsBuilder()
  builder.stream(input, texts).groupByKey().count({ store: 'counts' }).toStream().to(output, numbers)
  return builder.build()
}

export function latest<V>(records: readonly { readonly key: string | null; readonly value: V }[]): Map<string, V> {
  return new Map(records.map(({ key, value }) => [key ?? '', value]))
}

/** One kind's `startKafka`, started once for all of them. */
export function testKitSuite(kafka: () => TestKafka): void {
  async function topics(): Promise<{ readonly input: string; readonly output: string }> {
    const [input, output] = [kafka().unique('input'), kafka().unique('output')]
    await kafka().createTopics({ [input]: 3, [output]: 1 })
    return { input, output }
  }

  describe('records', () => {
    it('are read as they were written, with headers, partitions and times', async () => {
      const { input } = await topics()
      const record = { key: 'ada', value: 'one', timestamp: 1000, headers: [['h', Buffer.from('x')]] as const }
      await kafka().pipe(input, texts, [record, { key: null, value: 'two', partition: 0 }, { key: 'ada', value: null }])
      const records = await kafka().read(input, texts)
      expect(records).toHaveLength(3)
      const [first, second] = records.filter(({ key }) => key === 'ada')
      expect(first).toMatchObject({ value: 'one', timestamp: 1000, offset: 0 })
      expect(first?.headers[0]?.[1]?.toString()).toBe('x')
      expect(second).toMatchObject({ value: null, offset: 1, partition: first?.partition })
      expect(first?.partition).toBe(2)
      expect(records.find(({ key }) => key === null)).toMatchObject({ value: 'two', partition: 0 })
    })

    it('of aborted transactions are read only where it is asked for', async () => {
      const { output } = await topics()
      await kafka().pipe(output, texts, [{ value: 'a' }], { transaction: 'abort' })
      await kafka().pipe(output, texts, [{ value: 'b' }], { transaction: 'commit' })
      expect((await kafka().read(output, texts)).map(({ value }) => value)).toEqual(['b'])
      const all = await kafka().read(output, texts, { isolation: 'read_uncommitted' })
      expect(all.map(({ value }) => value)).toEqual(['a', 'b'])
    })

    it('of a transaction that is open are waited for, and an error tells where they are', async () => {
      const { output } = await topics()
      const client = connectKafka({ kafka: kafka().connection, applicationId: 'writer' })
      const producer = client.producer({ transactionalId: kafka().unique('writer'), transactionTimeoutMs: 30_000 })
      await producer.init()
      producer.append(output, 0, null, Buffer.from('late'), 1000, [])
      await producer.flush()
      const impatient = kafka().read(output, texts, { timeoutMs: 200 })
      await expect(impatient).rejects.toThrow(`an open transaction hides ${output}-0 from 0 to 1`)
      const patient = kafka().read(output, texts)
      await producer.commit()
      expect((await patient).map(({ value }) => value)).toEqual(['late'])
      await producer.close()
      await client.close()
    })

    it('that are waited for are those there and those to come', async () => {
      const { input } = await topics()
      await kafka().pipe(input, texts, [{ key: 'a', value: '1' }])
      const waiting = kafka().awaitRecords(input, texts, (records) => records.some(({ value }) => value === '2'))
      await kafka().pipe(input, texts, [{ key: 'a', value: '2' }])
      expect((await waiting).map(({ value }) => value)).toEqual(['1', '2'])
      expect(await kafka().read(input, texts, { count: 1 })).toHaveLength(1)
    })

    it('that do not come are an error that shows those that did', async () => {
      const { output } = await topics()
      await kafka().pipe(output, numbers, [{ key: 'ada', value: 7 }])
      await expect(kafka().awaitRecords(output, numbers, 2, { timeoutMs: 300 })).rejects.toMatchObject({
        code: 'MILLRACE_TEST_RECORDS_MISSING',
        message: `topic ${output} did not have 2 records within 300 ms, but 1 record\n  0@0 ada: 7`,
      })
    })

    it('of a topic that is not there are an error that names those that are', async () => {
      const { input } = await topics()
      const reading = kafka().read('no-such-topic', texts)
      await expect(reading).rejects.toMatchObject({ code: 'MILLRACE_TEST_TOPIC_UNKNOWN' })
      await expect(reading).rejects.toThrow(input)
    })
  })

  describe('topics', () => {
    it('are not created twice, but again after they were deleted', async () => {
      const topic = await kafka().createTopic(kafka().unique('twice'))
      await expect(kafka().createTopic(topic)).rejects.toMatchObject({ code: 'MILLRACE_TEST_TOPIC_EXISTS' })
      await kafka().pipe(topic, texts, [{ value: 'old' }])
      await kafka().deleteTopics([topic])
      await kafka().createTopic(topic, { partitions: 2, config: { 'cleanup.policy': 'compact' } })
      expect(await kafka().read(topic, texts)).toEqual([])
    })
  })

  describe('applications', () => {
    it('have processed all of their input when their lag is zero', async () => {
      const { input, output } = await topics()
      await using app = await runTopology(countTopology(input, output), kafka())
      await kafka().pipe(
        input,
        texts,
        Array.from({ length: 300 }, (_, i) => ({ key: `k${i % 10}`, value: `${i}` })),
      )
      await kafka().awaitLagZero(app.applicationId)
      const counts = latest(await kafka().read(output, numbers))
      expect([...counts.values()]).toEqual(Array.from({ length: 10 }, () => 30))
    })

    it('that were not started by the kit are known by their group', async () => {
      const { input, output } = await topics()
      const other = await kafka().createTopic(kafka().unique('other'), { partitions: 3 })
      const builder = new StreamsBuilder()
      builder.stream([input, other], texts).groupByKey().count({ store: 'counts' }).toStream().to(output, numbers)
      const applicationId = kafka().unique('elsewhere')
      const config = { applicationId, kafka: kafka().connection, store: 'memory' } as const
      await using app = new KafkaStreams(builder.build(), config)
      const starting = app.start()
      await kafka().pipe(other, texts, [{ key: 'a', value: '1' }])
      await starting
      await kafka().pipe(input, texts, [{ key: 'a', value: '2' }])
      await kafka().awaitLagZero(applicationId)
      expect(latest(await kafka().read(output, numbers)).get('a')).toBe(2)
    })

    it('that do not run are an error that tells how far they have come', async () => {
      const { input } = await topics()
      await kafka().pipe(input, texts, [{ key: 'a', value: '1' }])
      const waiting = kafka().awaitLagZero('nobody', { topics: [input], timeoutMs: 200 })
      await expect(waiting).rejects.toMatchObject({ code: 'MILLRACE_TEST_NOT_CAUGHT_UP' })
      await expect(waiting).rejects.toThrow(/at 0 of 1/)
    })

    it('that have failed are not waited for, and the error has their reason', async () => {
      const { input, output } = await topics()
      await using app = await runTopology(countTopology(input, output), kafka())
      app.on('error', () => undefined)
      await kafka().pipe(input, texts, [{ key: null, value: 'no key' }])
      const reason = /its key cannot be read: it is null/
      await expect(kafka().awaitLagZero(app.applicationId, { timeoutMs: 60_000 })).rejects.toThrow(reason)
      await expect(kafka().awaitRecords(output, numbers, 1, { timeoutMs: 60_000 })).rejects.toThrow(reason)
    }, 20_000)

    it('have committed what is asked for while more comes', async () => {
      const { input, output } = await topics()
      await using app = await runTopology(countTopology(input, output), kafka())
      await kafka().pipe(input, texts, [{ key: 'a', value: '1' }])
      await kafka().awaitCommitted(app.applicationId, input)
      expect(latest(await kafka().read(output, numbers)).get('a')).toBe(1)
    })
  })
}

/** Faults of brokers, for kinds that have them; applications go on without noticing more than a delay. */
export function faultSuite(kafka: () => TestKafka): void {
  async function running(run: (counted: (expected: number) => Promise<void>) => Promise<void>): Promise<void> {
    const [input, output] = [kafka().unique('input'), kafka().unique('output')]
    await kafka().createTopics({ [input]: 1, [output]: 1 })
    await using app = await runTopology(countTopology(input, output), kafka(), { transactionTimeoutMs: 5000 })
    await run(async (expected) => {
      await kafka().pipe(input, texts, [{ key: 'a', value: 'x' }])
      await kafka().awaitLagZero(app.applicationId, { timeoutMs: 60_000 })
      expect((await kafka().read(output, numbers)).map(({ value }) => value)).toEqual(
        Array.from({ length: expected }, (_, i) => i + 1),
      )
    })
  }

  it('a restarted broker has its address and its data, and clients go on', async () => {
    const before = kafka().brokers
    await running(async (counted) => {
      await counted(1)
      await kafka().restartBroker()
      expect(kafka().brokers).toEqual(before)
      await counted(2)
    })
  })

  it('a killed broker is back after a restart, with what was acknowledged', async () => {
    await running(async (counted) => {
      await counted(1)
      await kafka().killBroker()
      await kafka().restartBroker()
      await counted(2)
    })
  })

  it('a paused broker answers nothing until it goes on', async () => {
    const topic = await kafka().createTopic(kafka().unique('paused'))
    await kafka().pipe(topic, texts, [{ value: 'before' }])
    const [broker = ''] = kafka().brokers
    await kafka().pauseBroker()
    const silence = await answers(broker, 300)
    await kafka().continueBroker()
    expect(silence).toBe(false)
    expect(await kafka().read(topic, texts)).toHaveLength(1)
  })

  it('there is no broker that was not started', async () => {
    await expect(kafka().killBroker(7)).rejects.toMatchObject({ code: 'MILLRACE_TEST_KAFKA_OPTION' })
  })
}

async function answers(address: string, timeoutMs: number): Promise<boolean> {
  const { liveBrokers } = await import('../../src/testing/live-brokers.ts')
  const [host = '', port = ''] = address.split(':')
  return liveBrokers(host, Number(port), timeoutMs).then(
    () => true,
    () => false,
  )
}
