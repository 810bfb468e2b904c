/** `npm start -- --brokers` on Apache Kafka: the same counts, and nothing left behind. */
import { describe, expect, it } from 'vitest'
import { Child } from '../support/child-process.ts'
import { useRealCluster } from '../support/real-cluster.ts'
import { whatRealKafkaLacks } from '../support/real-kafka.ts'
import { countedLines, sampleText } from '../support/sample-text.ts'

const lacks = await whatRealKafkaLacks()

describe.skipIf(lacks !== undefined)('npm start -- --brokers', () => {
  const cluster = useRealCluster()

  const ownTopics = async (): Promise<string[]> =>
    [...(await cluster().client.describeTopics('all')).keys()].filter((topic) => !topic.startsWith('__'))

  it('counts exactly, twice on the same Kafka, and deletes its topics', async () => {
    const text = sampleText(1_000_000, 3)
    for (let round = 0; round < 2; round++) {
      await using child = Child.script('dist/cli/start.js', ['--all', '--brokers', cluster().brokers], { stdin: text })
      const { code, stdout, stderr } = await child.finished
      expect({ code, stderr }).toMatchObject({ code: 0 })
      expect(stdout).toBe(countedLines(text))
      expect(await ownTopics()).toEqual([])
    }
  })

  it('leaves its topics where it is told to', async () => {
    await using child = Child.script('dist/cli/start.js', ['--keep', '--brokers', cluster().brokers], {
      stdin: 'a b a',
    })
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
