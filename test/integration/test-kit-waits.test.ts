/** What the test kit waits for and what it reads, on a broker that is made to answer in an order of the test's choice. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { topicPartitionKey } from '../../src/common/topic-partition.ts'
import { defineTopology } from '../../src/dsl/define-topology.ts'
import type { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { connectKafka } from '../../src/runtime/connect-kafka.ts'
import { KafkaStreams } from '../../src/runtime/kafka-streams.ts'
import type { Serde } from '../../src/serde/serde.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { EmbeddedKafka } from '../../src/testing/embedded-kafka.ts'
import { runTopology } from '../../src/testing/run-topology.ts'
import { startKafka } from '../../src/testing/start-kafka.ts'
import type { TestKafka } from '../../src/testing/test-kafka.ts'
import { countTopology, numbers, texts } from '../support/test-kit-suite.ts'

let broker: EmbeddedKafka
let kafka: TestKafka
/** Another connection, for while one of `kafka` is held. */
let writer: TestKafka
let client: KafkaClient

beforeAll(async () => {
  broker = await EmbeddedKafka.start({ listen: true })
  kafka = await startKafka({ on: broker.brokers[0] as 'localhost:1' })
  writer = await startKafka({ on: broker.brokers[0] as 'localhost:1' })
  client = connectKafka({ kafka: broker, applicationId: 'bed' })
  await client.connect()
})
afterAll(async () => {
  await client?.close()
  await writer?.close()
  await kafka?.close()
  await broker?.close()
})

afterEach(() => {
  vi.unstubAllEnvs()
  broker['~kafka'].controls.clearRules()
})

type Held = ReturnType<EmbeddedKafka['~kafka']['controls']['hold']>

const hold = (api: 'OffsetFetch' | 'SyncGroup'): Held => broker['~kafka'].controls.hold('request', { api })
/** What is told is what was the case before. */
const holdAnswer = (): Held => broker['~kafka'].controls.hold('answer', { api: 'ListOffsets' })

async function topicWith(values: readonly string[], name = 'topic'): Promise<string> {
  const topic = await kafka.createTopic(kafka.unique(name))
  await kafka.pipe(
    topic,
    texts,
    values.map((value) => ({ value })),
  )
  return topic
}

describe('Reading a topic', () => {
  it('goes on with what is left where the beginning was deleted, before it was asked or since', async () => {
    const topic = await topicWith(['1', '2', '3'])
    const before = (offset: number): Promise<void> =>
      client.admin.deleteRecords(new Map([[topicPartitionKey(topic, 0), offset]]))
    await before(1)
    expect(await kafka.read(topic, texts)).toMatchObject([{ value: '2', offset: 1 }, { value: '3' }])
    const end = holdAnswer()
    const reading = kafka.read(topic, texts)
    await end.arrived
    const beginning = holdAnswer()
    end.release()
    await beginning.arrived
    await before(2)
    beginning.release()
    expect(await reading).toMatchObject([{ value: '3', offset: 2 }])
    await before(3)
    expect(await kafka.read(topic, texts)).toEqual([])
  })

  it('ends with what was there when it was asked', async () => {
    const topic = await topicWith(['1'])
    const held = holdAnswer()
    const reading = kafka.read(topic, texts)
    await held.arrived
    await writer.pipe(topic, texts, [{ value: '2' }])
    held.release()
    expect(await reading).toMatchObject([{ value: '1' }])
  })

  it('gives bytes where it is given no serde', async () => {
    const topic = await topicWith(['one', 'two'])
    const records = await kafka.read(topic, {})
    expect(records.map(({ key, value }) => [key, Buffer.from(value ?? []).toString()])).toEqual([
      [null, 'one'],
      [null, 'two'],
    ])
  })

  it('waits for a serde that has to wait', async () => {
    const topic = await topicWith(['one'])
    let isReady = false
    const slow: Serde<string> = {
      ...serdes.string,
      pending: async () => void (isReady = true),
      deserialize: (bytes, ...rest) => (isReady ? serdes.string.deserialize(bytes, ...rest) : 'not ready'),
    }
    expect(await kafka.read(topic, { value: slow })).toMatchObject([{ value: 'one' }])
  })

  it('says which record which serde cannot read', async () => {
    const topic = await topicWith(['one'])
    const reading = kafka.read(topic, { value: serdes.int64 })
    await expect(reading).rejects.toMatchObject({ code: 'MILLRACE_TEST_RECORDS_MISSING' })
    await expect(reading).rejects.toThrow(
      `the value of ${topic}-0@0 cannot be read with the serde ${serdes.int64.name}: `,
    )
  })

  it('shows the last ten records in an error, and the beginning of long ones', async () => {
    const topic = await topicWith([...Array.from({ length: 10 }, (_, at) => `early ${at}`), 'x'.repeat(300)])
    const waiting = kafka.awaitRecords(topic, texts, 12, { timeoutMs: 2000, isolation: 'read_uncommitted' })
    const error = (await waiting.catch((cause: unknown) => cause)) as Error
    const [head, ...shown] = error.message.split('\n')
    expect(head).toBe(`topic ${topic} did not have 12 records within 2000 ms, but 11 records, the last of them`)
    expect(shown).toHaveLength(10)
    expect(shown[0]).toBe('  0@1 null: early 1')
    expect(shown[9]).toBe(`  0@10 null: ${'x'.repeat(200)}…`)
  })

  it('has nothing hidden from it where it reads what is not committed', async () => {
    const topic = await topicWith([])
    const producer = client.producer({ transactionalId: kafka.unique('writer'), transactionTimeoutMs: 30_000 })
    await producer.init()
    producer.append(topic, 0, null, Buffer.from('late'), 1000, [])
    await producer.flush()
    const waiting = kafka.awaitRecords(topic, texts, 2, { timeoutMs: 2000, isolation: 'read_uncommitted' })
    await expect(waiting).rejects.toThrow(
      /^topic \S+ did not have 2 records within 2000 ms, but 1 record\n {2}0@0 null: late$/,
    )
    await producer.abort()
    await producer.close()
  })
})

describe('Waiting for an application', () => {
  it('is not over before it has committed anything, and counts its repartition topics, not those of others', async () => {
    const [input, group] = [await topicWith([]), kafka.unique('group')]
    const waiting = (): Promise<void> => kafka.awaitLagZero(group, { topics: [input], timeoutMs: 100 })
    await expect(waiting()).rejects.toThrow(`${group} has committed nothing`)
    await client.admin.groups.setOffsets(group, new Map([[topicPartitionKey(input, 0), { offset: 0 }]]))
    await topicWith(['1'], 'others-repartition')
    await kafka.createTopic('others-repartition')
    await kafka.pipe('others-repartition', texts, [{ value: '1' }])
    await waiting()
    const own = await kafka.createTopic(`${group}-by-key-repartition`)
    await kafka.pipe(own, texts, [{ value: '1' }])
    await expect(waiting()).rejects.toThrow(`${own}-0 at 0 of 1`)
  })

  it('goes on while its members join', async () => {
    const [input, output] = [await topicWith([]), await topicWith([])]
    const applicationId = kafka.unique('elsewhere')
    await using app = new KafkaStreams(countTopology(input, output), { applicationId, kafka: broker, store: 'memory' })
    const held = hold('SyncGroup')
    const starting = app.start()
    await held.arrived
    await expect(kafka.awaitLagZero(applicationId, { timeoutMs: 100 })).rejects.toThrow(
      `the members of '${applicationId}' are joining`,
    )
    held.release()
    await starting
  })

  it('knows what it reads by what it has committed, too', async () => {
    const [input, group] = [await topicWith(['1', '2']), kafka.unique('group')]
    await client.admin.groups.setOffsets(group, new Map([[topicPartitionKey(input, 0), { offset: 1 }]]))
    await expect(kafka.awaitLagZero(group, { timeoutMs: 100 })).rejects.toThrow(`: ${input}-0 at 1 of 2; is it running`)
  })

  it('for what is there now is over with that, whatever comes meanwhile', async () => {
    const [input, group] = [await topicWith(['1']), kafka.unique('group')]
    const first = hold('OffsetFetch')
    const waiting = kafka.awaitCommitted(group, input, { timeoutMs: 5000 })
    await first.arrived
    await writer.pipe(input, texts, [{ value: '2' }])
    const second = hold('OffsetFetch')
    first.release()
    await second.arrived
    await client.admin.groups.setOffsets(group, new Map([[topicPartitionKey(input, 0), { offset: 1 }]]))
    second.release()
    await waiting
  })

  it('looks at the ends of topics after it has looked at what is committed', async () => {
    const [input, group] = [await topicWith([]), kafka.unique('group')]
    await client.admin.groups.setOffsets(group, new Map([[topicPartitionKey(input, 0), { offset: 0 }]]))
    const held = hold('OffsetFetch')
    const waiting = kafka.awaitLagZero(group, { topics: [input], timeoutMs: 100 })
    await held.arrived
    await writer.pipe(input, texts, [{ value: 'written by a task before that commit' }])
    held.release()
    await expect(waiting).rejects.toThrow(`${input}-0 at 0 of 1`)
  })

  it('names twenty partitions in its error', async () => {
    const input = await kafka.createTopic(kafka.unique('wide'), { partitions: 25 })
    await kafka.pipe(
      input,
      texts,
      Array.from({ length: 25 }, (_, partition) => ({ value: 'x', partition })),
    )
    const waiting = kafka.awaitCommitted('nobody', input, { timeoutMs: 100 })
    const error = (await waiting.catch((cause: unknown) => cause)) as Error
    expect(error.message.match(/ at 0 of 1/g)).toHaveLength(20)
    expect(error.message).toContain(', and 5 more; ')
  })
})

describe('runTopology', () => {
  /** With state on disk. */
  const tasksIn = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => path.basename(name))
      .filter((name) => /^\d+_\d+$/.test(name))
  const count = (input: string, output: string) => (builder: StreamsBuilder) =>
    builder.stream(input, texts).groupByKey().count({ store: 'counts' }).toStream().to(output, numbers)
  const copy = (input: string, output: string) => (builder: StreamsBuilder) =>
    builder.stream(input, texts).to(output, texts)

  it('leaves no state directory, closed or not started, but one that it is given', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'millrace-run-'))
    vi.stubEnv('TMPDIR', folder)
    const [input, output] = [await topicWith([]), await topicWith([])]
    {
      await using app = await runTopology(countTopology(input, output), kafka)
      expect(readdirSync(folder)).toHaveLength(1)
      expect(app.state).toBe('RUNNING')
    }
    await expect(runTopology(countTopology(kafka.unique('none'), output), kafka)).rejects.toThrow(/does not exist/)
    expect(readdirSync(folder)).toEqual([])
    {
      const stateDir = path.join(folder, 'own')
      const module = defineTopology(kafka.unique('kept'), count(input, output), { store: 'persistent' })
      await using app = await runTopology(module, kafka, { stateDir })
      expect(readdirSync(folder)).toEqual(['own'])
      await kafka.pipe(input, texts, [{ key: 'a', value: '1' }])
      await kafka.awaitLagZero(app.applicationId)
      expect(tasksIn(stateDir)).toEqual(['0_0'])
    }
    expect(readdirSync(folder)).toEqual(['own'])
    rmSync(folder, { recursive: true, force: true })
  })

  it('keeps state in memory and commits often, where neither the module nor the test says otherwise', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'millrace-run-'))
    const [input, output] = [await topicWith([]), await topicWith([])]
    const config = { processingGuarantee: 'at_least_once', stateDir: folder } as const
    {
      await using app = await runTopology(countTopology(input, output), kafka, config)
      await kafka.pipe(input, texts, [{ key: 'a', value: '1' }])
      await kafka.awaitLagZero(app.applicationId, { timeoutMs: 10_000 })
      expect(tasksIn(folder)).toEqual([])
    }
    rmSync(folder, { recursive: true, force: true })
  })

  it('runs on the Kafka that it is given, whatever the module has, and knows topics by a pattern of whole names', async () => {
    const suffix = kafka.unique('')
    const [one, two, out] = [`in${suffix}`, `not-in${suffix}`, `out${suffix}`]
    for (const name of [one, two, out]) await kafka.createTopic(name)
    await kafka.pipe(two, texts, [{ key: 'a', value: 'for somebody else' }])
    const module = defineTopology(
      kafka.unique('app'),
      (builder) => builder.stream(new RegExp(`in${suffix}`), texts).to(out, texts),
      { kafka: { brokers: ['localhost:1'] } },
    )
    await using app = await runTopology(module, kafka)
    await kafka.pipe(one, texts, [{ key: 'a', value: '1' }])
    await kafka.awaitLagZero(app.applicationId, { timeoutMs: 10_000 })
    expect(await kafka.read(out, texts)).toMatchObject([{ value: '1' }])
  })

  it('gives what the test says precedence over what the module says', async () => {
    const [input, output] = [await topicWith([]), await topicWith([])]
    const module = defineTopology('of-the-module', copy(input, output), { commitIntervalMs: 50 })
    const applicationId = kafka.unique('of-the-test')
    await using app = await runTopology(module, kafka, { applicationId })
    expect(app.applicationId).toBe(applicationId)
    expect(await client.admin.groups.describe([applicationId])).toHaveProperty('size', 1)
  })
})
