/** Topics that are deleted, or deleted and made anew, under a running application: it stops and says so. */
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/common/clock.ts'
import type { Clock } from '../../src/common/clock.ts'
import { noHeaders } from '../../src/common/headers.ts'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import { silentLogger } from '../../src/common/logger.ts'
import type { Logger } from '../../src/common/logger.ts'
import { listenOnTcp } from '../../src/kafka/broker/tcp-listener.ts'
import { apis } from '../../src/kafka/protocol/apis.ts'
import type { KafkaStreams } from '../../src/runtime/kafka-streams.ts'
import { Cluster, countByKey } from '../support/embedded-app.ts'
import { LeapingClock } from '../support/leaping-clock.ts'
import { RawKafka } from '../support/raw-kafka.ts'
import type { RawAddress } from '../support/raw-kafka.ts'
import { readCounts } from '../support/word-count-load.ts'

function failureOf(app: KafkaStreams): Promise<Error & { readonly code?: string }> {
  return new Promise((resolve) => app.on('error', ({ error }) => resolve(error)))
}

async function countOne(cluster: Cluster, clock: Clock = systemClock): Promise<KafkaStreams> {
  const app = cluster.app(countByKey(), {}, { clock })
  await app.start()
  await cluster.produce('in', [['k', 'a']])
  await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
  return app
}

function noting(messages: string[]): Logger {
  const note = (_fields: object, message?: string): void => void messages.push(message ?? '')
  return { ...silentLogger, info: note }
}

describe('an application whose input topic', () => {
  it('is deleted stops, naming it', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const app = await countOne(cluster)
    const failed = failureOf(app)
    await cluster.client.admin.deleteTopics(['in'])
    const error = await failed
    expect(error.code).toBe('MILLRACE_TOPIC_DELETED')
    expect(error.message).toContain("'in'")
  })

  it('is deleted and made anew stops, and counts nothing of the new one', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const app = await countOne(cluster)
    const failed = failureOf(app)
    await cluster.client.admin.deleteTopics(['in'])
    await cluster.kafka.createTopic('in', { partitions: 1 })
    await cluster.produce('in', [
      ['k', 'b'],
      ['k', 'c'],
      ['k', 'd'],
    ])
    expect((await failed).code).toBe('MILLRACE_TOPIC_RECREATED')
    expect((await readCounts(cluster.client, 'out', 1)).counts).toEqual(new Map([['k', 1]]))
  })

  it('is made anew while another instance hands its tasks over stops, and counts nothing of the new one', async () => {
    await using cluster = await Cluster.start({ in: 2, out: 2 })
    const produce = async (count: number): Promise<void> => {
      const producer = cluster.client.producer({ lingerMs: 0 })
      await producer.init()
      for (let i = 0; i < count; i++)
        for (const partition of [0, 1])
          producer.append('in', partition, Buffer.from(`k${partition}`), Buffer.from('v'), i, noHeaders)
      await producer.flush()
      await producer.close()
    }
    const [one, other] = [1, 2].map(() => cluster.app(countByKey()))
    await one?.start()
    await other?.start()
    await produce(5)
    const inputs = partitionsOf('in', 2)
    await committedToEnd(cluster.client, 'app', inputs)

    const failed = failureOf(other as KafkaStreams)
    await cluster.client.admin.deleteTopics(['in'])
    await cluster.kafka.createTopic('in', { partitions: 2 })
    await produce(20)
    await one?.close()
    expect(await failed).toMatchObject({ code: 'MILLRACE_TOPIC_RECREATED' })
    // The broker has removed those of the old one with it.
    expect(await cluster.client.committedOffsets('app', inputs, { requireStable: true })).toEqual(new Map())
  })
})

describe('an application whose changelog', () => {
  it('is deleted stops, with advice that is not that of an input', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const clock = new LeapingClock()
    const failed = failureOf(await countOne(cluster, clock))
    await cluster.client.admin.deleteTopics(['app-counts-changelog'])
    clock.leap(30_000)
    const error = await failed
    expect(error).toMatchObject({ code: 'MILLRACE_TOPIC_DELETED', topic: 'app-counts-changelog' })
    expect(error.message).toContain('MILLRACE_CHANGELOG_BEHIND_STATE')
  })
})

describe('an application whose output topic', () => {
  it('is deleted stops, naming it', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const clock = new LeapingClock()
    const failed = failureOf(await countOne(cluster, clock))
    await cluster.client.admin.deleteTopics(['out'])
    clock.leap(30_000)
    expect(await failed).toMatchObject({ code: 'MILLRACE_SINK_TOPIC_MISSING', topic: 'out' })
  })

  const enlargements: Readonly<Record<string, (cluster: Cluster) => Promise<void>>> = {
    'gets more partitions': async ({ broker }) => {
      const listener = await listenOnTcp(broker)
      const kafka = await RawKafka.connect(listener.endpoints[0] as RawAddress)
      await kafka.send(apis.CreatePartitions, 3, { topics: [{ name: 'out', count: 4 }] })
      kafka.close()
      await listener.close()
    },
    'is made anew with more partitions': async ({ client, kafka }) => {
      await client.admin.deleteTopics(['out'])
      await kafka.createTopic('out', { partitions: 4 })
    },
  }

  it.each(Object.entries(enlargements))('%s goes on, and uses them', async (_, enlarge) => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const clock = new LeapingClock()
    const messages: string[] = []
    const app = cluster.app(countByKey(), { logger: noting(messages) }, { clock })
    await app.start()
    await cluster.produce('in', [['k', 'a']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    await enlarge(cluster)
    clock.leap(30_000)
    while (!messages.some((message) => message.startsWith('an output topic changed'))) await clock.yieldTurn()
    await cluster.produce('in', [
      ['k', 'b'],
      ['a', 'c'],
      ['b', 'd'],
      ['c', 'e'],
    ])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    const ends = await cluster.client.listOffsets(
      partitionsOf('out', 4).map((partition) => ({ ...partition, timestamp: -1 })),
      'read_committed',
    )
    expect([...ends.values()].filter((end) => end > 0).length).toBeGreaterThan(1)
  })
})
