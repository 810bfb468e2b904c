/**
 * The word count on real Apache Kafka, as users run it: several processes of `millrace run` share the work, one leaves
 * and one comes while records flow; the counts in read_committed order are exact and never fall or repeat.
 */
import { describe, expect, it } from 'vitest'
import { Child } from '../support/child-process.ts'
import { useRealCluster } from '../support/real-cluster.ts'
import { whatRealKafkaLacks } from '../support/real-kafka.ts'
import { readCounts, WordLoad } from '../support/word-count-load.ts'

const lacks = await whatRealKafkaLacks()
if (lacks !== undefined) console.log(lacks)

describe.skipIf(lacks !== undefined)('word count on Apache Kafka', () => {
  const cluster = useRealCluster()

  const run = (): Child => Child.millrace(['run', 'topologies/word-count.ts', '--brokers', cluster().brokers])

  it('counts exactly while one of three instances is stopped and another started', async () => {
    const { kafka, client } = cluster()
    await kafka.createTopics({ 'text-lines': 4, 'word-counts': 4 })
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
    await kafka.awaitLagZero('word-count', { topics: ['text-lines'], timeoutMs: 60_000 })
    const { counts, regressions } = await readCounts(client, 'word-counts', 4)
    expect(regressions).toEqual([])
    expect(counts).toEqual(load.expected)
    for (const child of [second, third, fourth]) child.kill('SIGTERM')
    for (const child of [second, third, fourth]) expect(await child.finished).toMatchObject({ code: 0 })
  })
})
