/**
 * The word count on real Apache Kafka, as users run it: several processes of `millrace run` share the work, one leaves
 * and one comes while records flow; the counts in read_committed order are exact and never fall or repeat.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { connectKafka } from '../../src/runtime/connect-kafka.ts'
import { Child } from '../support/child-process.ts'
import { startKafka, whatRealKafkaLacks } from '../support/real-kafka.ts'
import type { RealKafka } from '../support/real-kafka.ts'
import { readCounts, WordLoad } from '../support/word-count-load.ts'

const lacks = await whatRealKafkaLacks()
if (lacks !== undefined) console.log(lacks)

describe.skipIf(lacks !== undefined)('word count on Apache Kafka', () => {
  let kafka: RealKafka
  let client: KafkaClient
  let brokers: string

  beforeAll(async () => {
    kafka = await startKafka()
    brokers = kafka.bootstrap.map(({ host, port }) => `${host}:${port}`).join(',')
    client = connectKafka({ kafka: { brokers: brokers.split(',') }, applicationId: 'verifier' })
    await client.connect()
  })

  afterAll(async () => {
    await client?.close()
    await kafka?.stop()
  })

  async function makeTopics(): Promise<void> {
    await client.admin.createTopics(
      ['text-lines', 'word-counts'].map((name) => ({ name, partitions: 4, replicationFactor: 1, config: {} })),
    )
  }

  const run = (): Child => Child.millrace(['run', 'topologies/word-count.ts', '--brokers', brokers])

  it('counts exactly while one of three instances is stopped and another started', async () => {
    await makeTopics()
    const load = new WordLoad(7)
    await using first = run()
    await using second = run()
    await using third = run()
    await Promise.all([first, second, third].map((child) => child.prints('-> RUNNING')))
    await load.produce(client, 'text-lines', 4, 5000)
    first.kill('SIGTERM')
    const producing = load.produce(client, 'text-lines', 4, 20_000)
    expect(await first.finished).toMatchObject({ code: 0, stdout: '' })
    await using fourth = run()
    await fourth.prints('-> RUNNING')
    await producing
    await load.produce(client, 'text-lines', 4, 5000)
    await committedToEnd(client, 'word-count', partitionsOf('text-lines', 4))
    await committedToEnd(client, 'word-count', partitionsOf('word-count-counts-repartition', 4))
    const { counts, regressions } = await readCounts(client, 'word-counts', 4)
    expect(regressions).toEqual([])
    expect(counts).toEqual(load.expected)
    for (const child of [second, third, fourth]) child.kill('SIGTERM')
    for (const child of [second, third, fourth]) expect(await child.finished).toMatchObject({ code: 0 })
  })
})
