import { describe, expect, it } from 'vitest'
import { describeBeside, lossOfRead, outputDeleted } from '../../../src/runtime/topic-loss.ts'
import type { TopicKind } from '../../../src/runtime/topology-plan.ts'
import { FakeKafka } from '../../support/fake-kafka.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'

const orders = { name: 'orders', topicId: 'a', internal: false, partitionCount: 2 }

function bed(): { kafka: FakeKafka; clock: ManualClock; described: ReturnType<typeof describeBeside> } {
  const kafka = new FakeKafka()
  kafka.topics.set('orders', 2).set('users', 2)
  kafka.topicIds.set('orders', 'b').set('users', 'c')
  const clock = new ManualClock()
  const tools = { client: kafka.client, clock, kindOf: (): TopicKind => 'external' }
  const described = describeBeside(new Map([['orders', orders]]), ['orders', 'users'], tools)
  described.catch(() => undefined)
  return { kafka, clock, described }
}

describe('describing topics for new tasks beside old ones', () => {
  it('fails when two answers a second apart say that one is another now', async () => {
    const { clock, described } = bed()
    await settled()
    await clock.advance(999)
    expect(clock.pendingTimers).toBe(1)
    await clock.advance(1)
    await expect(described).rejects.toMatchObject({ code: 'MILLRACE_TOPIC_RECREATED', topic: 'orders' })
  })

  it('goes on with what the second answer says when the first one was not confirmed', async () => {
    const { kafka, clock, described } = bed()
    await settled()
    kafka.topicIds.set('orders', 'a')
    kafka.topics.set('orders', 3)
    await clock.advance(1000)
    const found = await described
    expect(found.get('orders')).toMatchObject({ topicId: 'a', partitionCount: 3 })
    expect(found.get('users')?.topicId).toBe('c')
  })

  it('keeps what old tasks were opened on where only the second answer has another: the watch compares with it', async () => {
    const kafka = new FakeKafka()
    kafka.topics.set('orders', 2).set('users', 2)
    kafka.topicIds.set('orders', 'a').set('users', 'another')
    const clock = new ManualClock()
    const users = { ...orders, name: 'users', topicId: 'c' }
    const known = new Map([
      ['orders', orders],
      ['users', users],
    ])
    const tools = { client: kafka.client, clock, kindOf: (): TopicKind => 'external' }
    const described = describeBeside(known, ['orders', 'users'], tools)
    await settled()
    kafka.topicIds.set('orders', 'another').set('users', 'c')
    await clock.advance(1000)
    expect((await described).get('orders')).toEqual(orders)
  })

  it('asks once where nothing is lost', async () => {
    const kafka = new FakeKafka()
    kafka.topics.set('orders', 4)
    kafka.topicIds.set('orders', 'a')
    const clock = new ManualClock()
    const tools = { client: kafka.client, clock, kindOf: (): TopicKind => 'external' }
    const found = await describeBeside(new Map([['orders', orders]]), ['orders'], tools)
    expect(found.get('orders')?.partitionCount).toBe(4)
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('the advice on a topic that is lost', () => {
  it("speaks of offsets for a user's input, of local state for a changelog, of both for a repartition topic", () => {
    const another = { ...orders, topicId: 'b' }
    for (const now of [undefined, another]) {
      expect(lossOfRead(orders, now, 'external').message).toContain("reset the group's offsets for it")
      const ofChangelog = lossOfRead(orders, now, 'changelog').message
      expect(ofChangelog).toContain('do not create it by hand')
      expect(ofChangelog).toContain('MILLRACE_CHANGELOG_BEHIND_STATE')
      expect(ofChangelog).not.toContain('offsets')
      const ofRepartition = lossOfRead(orders, now, 'repartition').message
      expect(ofRepartition).toContain('do not create it by hand')
      expect(ofRepartition).toContain("the group's offsets of 'orders'")
    }
  })

  it("asks for a user's output to be created again, and for an internal one to be left to the leader", () => {
    expect(outputDeleted(orders, 'external').message).toContain('create it again (it had 2 partitions)')
    expect(outputDeleted(orders, 'repartition').message).toContain('the leader creates it')
  })
})
