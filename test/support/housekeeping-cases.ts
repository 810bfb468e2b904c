/** What the watch over topics and the purge of repartition topics rely on in brokers: the same on ours and on Apache Kafka. */
import { expect, it } from 'vitest'
import { noHeaders } from '../../src/common/headers.ts'
import { silentLogger } from '../../src/common/logger.ts'
import { topicPartitionKey } from '../../src/common/topic-partition.ts'
import type { KafkaClient, TopicMetadata } from '../../src/kafka/client/kafka-client.ts'
import { RepartitionPurge } from '../../src/runtime/repartition-purge.ts'
import { TopicWatch } from '../../src/runtime/topic-watch.ts'
import type { TopicChange } from '../../src/runtime/topic-watch.ts'
import { ManualClock, settled } from './manual-clock.ts'

export function housekeepingCases(theClient: () => KafkaClient): void {
  const create = (name: string): Promise<void> =>
    theClient().admin.createTopics([
      { name, partitions: 1, replicationFactor: 1, config: { 'cleanup.policy': 'delete' } },
    ])

  const describe = (name: string): Promise<Map<string, TopicMetadata>> => theClient().describeTopics([name])

  const remove = async (name: string): Promise<void> => {
    await theClient().admin.deleteTopics([name])
    while ((await describe(name)).size > 0);
  }

  /** The first change, looking as often as the watch wants to. */
  async function change(watch: TopicWatch, clock: ManualClock, answered: () => Promise<unknown>): Promise<TopicChange> {
    for (;;) {
      await clock.advance(30_000)
      watch.check(clock.now())
      await answered()
      await settled()
      const found = watch.take()
      if (found !== undefined) return found
    }
  }

  async function watching(
    topic: string,
    meanwhile: () => Promise<void>,
    matchesPattern?: (name: string) => boolean,
  ): Promise<TopicChange> {
    const clock = new ManualClock()
    let answer: Promise<unknown> = Promise.resolve()
    const describeTopics: KafkaClient['describeTopics'] = (names) => {
      const asked = theClient().describeTopics(names)
      answer = asked
      return asked
    }
    const watch = new TopicWatch({ client: { describeTopics }, clock, logger: silentLogger, matchesPattern })
    await create(topic)
    watch.planned(new Map([[topic, 1]]))
    watch.watch(await describe(topic))
    await meanwhile()
    return await change(watch, clock, () => answer)
  }

  it('a topic that is deleted is seen to be', async () => {
    const found = await watching('deleted', () => remove('deleted'))
    expect(found).toMatchObject({ kind: 'deleted', topic: 'deleted' })
  })

  it('a topic that is made anew is another one', async () => {
    const found = await watching('recreated', async () => {
      await remove('recreated')
      await create('recreated')
    })
    expect(found).toMatchObject({ kind: 'recreated', topic: 'recreated' })
  })

  it('a topic that a pattern matches is seen when it is there', async () => {
    const found = await watching(
      'logs-one',
      () => create('logs-two'),
      (name) => name.startsWith('logs-'),
    )
    expect(found).toEqual({ kind: 'appeared', topic: 'logs-two', partitionCount: 1 })
  })

  it('records below the committed offset are deleted, and none above', async () => {
    const client = theClient()
    const partition = topicPartitionKey('app-x-repartition', 0)
    await create('app-x-repartition')
    const producer = client.producer({ lingerMs: 0, transactionalId: 'purged' })
    await producer.init()
    for (let i = 0; i < 10; i++)
      producer.append('app-x-repartition', 0, null, Buffer.from(`r${i}`), Date.now(), noHeaders)
    await producer.flush()
    await producer.commit()
    await producer.close()
    const clock = new ManualClock()
    const purge = new RepartitionPurge({
      client,
      clock,
      logger: silentLogger,
      intervalMs: 1000,
      isRepartition: (topic) => topic.endsWith('-repartition'),
    })
    const oldest = async (): Promise<number | undefined> =>
      (await client.listOffsets([{ topic: 'app-x-repartition', partition: 0, timestamp: -2 }], 'read_committed')).get(
        partition,
      )
    // All records, and the marker behind them.
    for (const offset of [6, 11]) {
      purge.committed(new Map([[partition, { offset }]]))
      expect(await oldest()).toBeLessThan(offset)
      await clock.advance(1000)
      while ((await oldest()) !== offset) await settled()
    }
    purge.close()
  })
}
