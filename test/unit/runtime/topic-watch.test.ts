import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/common/logger.ts'
import type { KafkaClient, TopicMetadata } from '../../../src/kafka/client/kafka-client.ts'
import { TopicWatch } from '../../../src/runtime/topic-watch.ts'
import { FakeKafka } from '../../support/fake-kafka.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'

interface Bed {
  readonly kafka: FakeKafka
  readonly clock: ManualClock
  readonly watch: TopicWatch
  /** What was asked for, each time. */
  readonly asked: (readonly string[] | 'all')[]
  /** Moves the clock, and looks as a thread's loop would. */
  readonly after: (ms: number) => Promise<void>
  /** What was written to, by the collector. */
  readonly written: Map<string, TopicMetadata>
  changes: number
}

async function bed(
  topics: Readonly<Record<string, number>>,
  matchesPattern?: (topic: string) => boolean,
): Promise<Bed> {
  const kafka = new FakeKafka()
  for (const [name, partitions] of Object.entries(topics)) {
    kafka.topics.set(name, partitions)
    kafka.topicIds.set(name, `id of ${name}`)
  }
  const clock = new ManualClock()
  const asked: Bed['asked'] = []
  const describeTopics: KafkaClient['describeTopics'] = (names) => {
    asked.push(names)
    return kafka.client.describeTopics(names)
  }
  const watch = new TopicWatch({
    client: { describeTopics },
    clock,
    logger: silentLogger,
    matchesPattern,
    written: () => result.written,
    kindOf: (topic) => (topic.endsWith('-repartition') ? 'repartition' : 'external'),
    onChange: () => result.changes++,
  })
  const after: Bed['after'] = async (ms) => {
    await clock.advance(ms)
    watch.check(clock.now())
    await settled()
  }
  const result: Bed = { kafka, clock, watch, asked, after, written: new Map(), changes: 0 }
  watch.watch(await kafka.client.describeTopics(Object.keys(topics)))
  return result
}

describe('TopicWatch', () => {
  it('asks for the watched topics every 30 seconds, and finds nothing where nothing has changed', async () => {
    const { watch, asked, after } = await bed({ orders: 2, users: 2 })
    await after(29_999)
    expect(asked).toEqual([])
    await after(1)
    await after(29_999)
    expect(asked).toEqual([['orders', 'users']])
    await after(1)
    expect(asked).toHaveLength(2)
    expect(watch.take()).toBeUndefined()
  })

  it('calls a topic deleted when two answers a second apart lack it', async () => {
    const { kafka, watch, after } = await bed({ orders: 2 })
    kafka.topics.delete('orders')
    await after(30_000)
    await after(999)
    expect(watch.take()).toBeUndefined()
    await after(1)
    expect(watch.take()).toMatchObject({
      kind: 'deleted',
      topic: 'orders',
      error: { code: 'MILLRACE_TOPIC_DELETED', topic: 'orders', reaction: 'fatal' },
    })
    await after(60_000)
    expect(watch.take()).toBeUndefined()
  })

  it('forgets a topic that was missing from one answer only', async () => {
    const { kafka, watch, after } = await bed({ orders: 2 })
    kafka.topics.delete('orders')
    await after(30_000)
    kafka.topics.set('orders', 2)
    await after(1000)
    kafka.topics.delete('orders')
    await after(30_000)
    expect(watch.take()).toBeUndefined()
  })

  it('calls a topic with another id recreated, once that is confirmed', async () => {
    const { kafka, watch, after } = await bed({ orders: 2 })
    kafka.topicIds.set('orders', 'another')
    await after(30_000)
    expect(watch.take()).toBeUndefined()
    await after(1000)
    expect(watch.take()).toMatchObject({ kind: 'recreated', error: { code: 'MILLRACE_TOPIC_RECREATED' } })
  })

  it('takes fewer partitions for a new topic only where brokers have no ids', async () => {
    const withIds = await bed({ orders: 4 })
    withIds.kafka.topics.set('orders', 2)
    await withIds.after(30_000)
    await withIds.after(1000)
    expect(withIds.watch.take()).toBeUndefined()

    const without = await bed({})
    without.kafka.topics.set('orders', 4)
    without.watch.watch(await without.kafka.client.describeTopics(['orders']))
    without.kafka.topics.set('orders', 2)
    await without.after(30_000)
    await without.after(1000)
    expect(without.watch.take()).toMatchObject({ kind: 'recreated' })
  })

  it('tells the leader of new partitions once, until the next assignment', async () => {
    const { kafka, watch, after } = await bed({ orders: 2 })
    const assign = async (count: number): Promise<void> => {
      watch.planned(new Map([['orders', count]]))
      watch.watch(await kafka.client.describeTopics(['orders']))
    }
    await assign(2)
    kafka.topics.set('orders', 3)
    await after(30_000)
    expect(watch.take()).toEqual({ kind: 'repartitioned', topic: 'orders', partitionCount: 3 })
    await after(30_000)
    expect(watch.take()).toBeUndefined()
    // It was told something old by a broker: found again.
    await assign(2)
    await after(30_000)
    expect(watch.take()).toMatchObject({ partitionCount: 3 })
    await assign(3)
    await after(30_000)
    expect(watch.take()).toBeUndefined()
  })

  it('tells nobody else of new partitions: the plan is not theirs', async () => {
    const { kafka, watch, after } = await bed({ orders: 2 })
    const topics = await kafka.client.describeTopics(['orders'])
    watch.planned(new Map([['orders', 2]]))
    watch.watch(topics)
    // Somebody else leads from here on.
    watch.watch(topics)
    kafka.topics.set('orders', 3)
    await after(30_000)
    expect(watch.take()).toBeUndefined()
  })

  it('says that there is something to take, what stops the application first', async () => {
    const state = await bed({ orders: 2, users: 2 })
    const { kafka, watch, after } = state
    watch.planned(new Map([['orders', 2]]))
    watch.watch(await kafka.client.describeTopics(['orders', 'users']))
    kafka.topics.set('orders', 3)
    kafka.topics.delete('users')
    await after(30_000)
    expect(state.changes).toBe(1)
    await after(1000)
    expect(state.changes).toBe(2)
    expect([watch.take()?.kind, watch.take()?.kind]).toEqual(['deleted', 'repartitioned'])
  })

  it('asks soon about a topic that is suspected, and at most once a second', async () => {
    const { watch, asked, after } = await bed({ orders: 2 })
    watch.suspect('somebody else’s')
    await after(1)
    expect(asked).toHaveLength(0)
    watch.suspect('orders')
    await after(1)
    expect(asked).toHaveLength(1)
    watch.suspect('orders')
    await after(999)
    expect(asked).toHaveLength(1)
    await after(1)
    expect(asked).toHaveLength(2)
  })

  it('has one question under way at a time, and does not look at answers from before an assignment', async () => {
    const clock = new ManualClock()
    const questions: PromiseWithResolvers<Map<string, never>>[] = []
    const describeTopics: KafkaClient['describeTopics'] = () => {
      const question = Promise.withResolvers<Map<string, never>>()
      questions.push(question)
      return question.promise
    }
    const watch = new TopicWatch({ client: { describeTopics }, clock, logger: silentLogger })
    const topics = new Map([['orders', { name: 'orders', topicId: 'a', internal: false, partitionCount: 1 }]])
    const answers = async (): Promise<void> => {
      questions.at(-1)?.resolve(new Map<string, never>())
      await settled()
    }
    watch.watch(topics)
    for (let i = 0; i < 3; i++) {
      await clock.advance(30_000)
      watch.check(clock.now())
    }
    expect(questions).toHaveLength(1)
    await answers()
    await clock.advance(1000)
    watch.check(clock.now())
    watch.watch(topics)
    await answers()
    expect(questions).toHaveLength(2)
    expect(watch.take()).toBeUndefined()
  })

  it('asks again when asking failed', async () => {
    const { kafka, watch, asked, after } = await bed({ orders: 2 })
    kafka.fault = new Error('no broker')
    await after(30_000)
    kafka.fault = undefined
    kafka.topicIds.set('orders', 'another')
    await after(30_000)
    await after(1000)
    expect(asked).toHaveLength(3)
    expect(watch.take()).toMatchObject({ kind: 'recreated' })
  })

  it('tells the leader of each topic that a pattern matches and that was not planned', async () => {
    const { kafka, watch, asked, after } = await bed({ 'logs-a': 1 }, (topic) => topic.startsWith('logs-'))
    const topics = await kafka.client.describeTopics(['logs-a'])
    kafka.topics.set('logs-b', 4).set('metrics', 1).set("logs-of-another-member's-tasks", 1)
    watch.planned(
      new Map([
        ['logs-a', 1],
        ["logs-of-another-member's-tasks", 1],
      ]),
    )
    watch.watch(topics)
    await after(30_000)
    expect(asked).toEqual(['all'])
    expect(watch.take()).toEqual({ kind: 'appeared', topic: 'logs-b', partitionCount: 4 })
    expect(watch.take()).toBeUndefined()
    await after(30_000)
    expect(watch.take()).toBeUndefined()
  })

  it('asks a member that does not lead for the topics of its tasks only, and without tasks for nothing', async () => {
    const { watch, asked, after } = await bed({ 'logs-a': 1 }, (topic) => topic.startsWith('logs-'))
    await after(30_000)
    expect(asked).toEqual([['logs-a']])
    watch.watch(new Map())
    await after(30_000)
    expect(asked).toHaveLength(1)
  })

  it('asks nothing more once it is closed', async () => {
    const { watch, asked, after } = await bed({ orders: 2 })
    watch.close()
    await after(60_000)
    expect(asked).toEqual([])
  })

  describe('of topics that are written to', () => {
    async function writing(name: string): Promise<Bed> {
      const state = await bed({ orders: 2 })
      const { kafka, watch, written } = state
      kafka.topics.set(name, 2)
      kafka.topicIds.set(name, 'a')
      for (const [topic, metadata] of await kafka.client.describeTopics([name])) written.set(topic, metadata)
      watch.watch(await kafka.client.describeTopics(['orders']), [name])
      return state
    }

    it('calls one deleted when two answers a second apart lack it, with advice of its own', async () => {
      const { kafka, watch, asked, after } = await writing('out')
      kafka.topics.delete('out')
      await after(30_000)
      expect(asked).toEqual([['orders', 'out']])
      expect(watch.take()).toBeUndefined()
      await after(1000)
      expect(watch.take()).toMatchObject({
        kind: 'deleted',
        topic: 'out',
        error: { code: 'MILLRACE_SINK_TOPIC_MISSING', topic: 'out', reaction: 'fatal' },
      })
    })

    it('does not stop for one that is no output of the tasks any more, or that a function has named', async () => {
      const { kafka, watch, after } = await writing('out')
      watch.watch(await kafka.client.describeTopics(['orders']))
      kafka.topics.delete('out')
      await after(30_000)
      await after(1000)
      expect(watch.take()).toBeUndefined()
    })

    it('says what a larger or another one is now, until it is known', async () => {
      const { kafka, watch, written, after } = await writing('out')
      kafka.topics.set('out', 3)
      for (let look = 0; look < 2; look++) {
        await after(30_000)
        expect(watch.take()).toMatchObject({ kind: 'resized', topic: 'out', metadata: { partitionCount: 3 } })
      }
      kafka.topics.set('out', 1)
      kafka.topicIds.set('out', 'b')
      await after(30_000)
      const change = watch.take()
      expect(change).toMatchObject({ kind: 'resized', metadata: { topicId: 'b', partitionCount: 1 } })
      if (change?.kind === 'resized') written.set('out', change.metadata)
      await after(30_000)
      expect(watch.take()).toBeUndefined()
    })

    it('takes a smaller count of the same one for an old answer', async () => {
      const { kafka, watch, after } = await writing('out')
      kafka.topics.set('out', 1)
      await after(30_000)
      expect(watch.take()).toBeUndefined()
    })

    it('leaves the count of an internal one to the plan', async () => {
      const { kafka, watch, after } = await writing('app-x-repartition')
      kafka.topics.set('app-x-repartition', 3)
      await after(30_000)
      expect(watch.take()).toBeUndefined()
    })
  })
})
