/** `npm start -- --brokers` on Apache Kafka: the same counts, and nothing left behind. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { connectKafka } from '../../src/runtime/connect-kafka.ts'
import { Child } from '../support/child-process.ts'
import { startKafka, whatRealKafkaLacks } from '../support/real-kafka.ts'
import type { RealKafka } from '../support/real-kafka.ts'
import { countedLines, sampleText } from '../support/sample-text.ts'

const lacks = await whatRealKafkaLacks()

describe.skipIf(lacks !== undefined)('npm start -- --brokers', () => {
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

  const ownTopics = async (): Promise<string[]> =>
    [...(await client.describeTopics('all')).keys()].filter((topic) => !topic.startsWith('__'))

  it('counts exactly, twice on the same Kafka, and deletes its topics', async () => {
    const text = sampleText(1_000_000, 3)
    for (let round = 0; round < 2; round++) {
      await using child = Child.script('dist/cli/start.js', ['--all', '--brokers', brokers], { stdin: text })
      const { code, stdout, stderr } = await child.finished
      expect({ code, stderr }).toMatchObject({ code: 0 })
      expect(stdout).toBe(countedLines(text))
      expect(await ownTopics()).toEqual([])
    }
  })

  it('leaves its topics where it is told to', async () => {
    await using child = Child.script('dist/cli/start.js', ['--keep', '--brokers', brokers], { stdin: 'a b a' })
    expect(await child.finished).toMatchObject({ code: 0, stdout: '2\ta\n1\tb\n' })
    const topics = await ownTopics()
    expect(topics.map((topic) => topic.replace(/^millrace-start-[0-9a-f]+-/, '')).toSorted()).toEqual([
      'counts-changelog',
      'counts-repartition',
      'text-lines',
      'word-counts',
    ])
  })
})
