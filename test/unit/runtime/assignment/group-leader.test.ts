import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../../../src/common/logger.ts'
import { StreamsBuilder } from '../../../../src/dsl/streams-builder.ts'
import { KafkaError } from '../../../../src/errors/kafka-error.ts'
import type { MemberSubscription } from '../../../../src/kafka/client/kafka-client.ts'
import { assignGroup } from '../../../../src/runtime/assignment/group-leader.ts'
import { decodeAssignment, encodeSubscription } from '../../../../src/runtime/assignment/user-data.ts'
import type { AssignmentInfo, SubscriptionInfo } from '../../../../src/runtime/assignment/user-data.ts'
import { TopicNames } from '../../../../src/runtime/topology-plan.ts'
import { serdes } from '../../../../src/serde/serdes.ts'
import { FakeKafka } from '../../../support/fake-kafka.ts'

function member(memberId: string, info: Partial<SubscriptionInfo> = {}): MemberSubscription {
  const userData = encodeSubscription({
    processId: memberId,
    transactionalId: undefined,
    startedAtMs: 1,
    topologyFingerprint: 'one',
    tasks: [],
    ...info,
  })
  return { memberId, instanceId: undefined, topics: ['in'], ownedPartitions: [], userData }
}

interface Outcome {
  readonly [memberId: string]: {
    readonly partitions: readonly string[]
    readonly tasks: readonly string[] | undefined
    readonly error: string | undefined
  }
}

async function assign(kafka: FakeKafka, members: readonly MemberSubscription[]): Promise<Outcome> {
  const builder = new StreamsBuilder()
  const options = { key: serdes.string, value: serdes.string }
  const counts = builder
    .stream('in', options)
    .merge(builder.stream('more', options))
    .groupByKey()
    .count({ store: 'counts' })
  counts.toStream().to('out', { key: serdes.string, value: serdes.int64 })
  const topology = builder.build().compile()
  const assignments = await assignGroup(
    {
      client: kafka.client,
      topology,
      names: new TopicNames(topology, 'app'),
      applicationId: 'app',
      replicationFactor: -1,
      logger: silentLogger,
    },
    members,
  )
  return Object.fromEntries(
    assignments.map(({ memberId, partitions, userData }) => {
      const info: AssignmentInfo | undefined = decodeAssignment(userData)
      const names = partitions.map(({ topic, partition }) => `${topic}-${partition}`)
      return [memberId, { partitions: names, tasks: info?.activeTasks, error: info?.error?.code }]
    }),
  )
}

function twoTopics(): FakeKafka {
  const kafka = new FakeKafka()
  kafka.topics.set('in', 2).set('more', 1)
  return kafka
}

describe('assignGroup', () => {
  it('creates internal topics and gives each task the partitions that its topics have', async () => {
    const kafka = twoTopics()
    const outcome = await assign(kafka, [member('a'), member('b')])
    expect(kafka.created).toEqual(['app-counts-changelog'])
    expect(kafka.topics.get('app-counts-changelog')).toBe(2)
    expect(outcome).toEqual({
      a: { partitions: ['in-0', 'more-0'], tasks: ['0_0'], error: undefined },
      b: { partitions: ['in-1'], tasks: ['0_1'], error: undefined },
    })
  })

  it('refuses members whose topology is not that of the oldest process', async () => {
    const outcome = await assign(twoTopics(), [
      member('young', { startedAtMs: 2, topologyFingerprint: 'two' }),
      member('old'),
    ])
    expect(outcome['young']).toEqual({ partitions: [], tasks: [], error: 'MILLRACE_TOPOLOGY_MISMATCH' })
    expect(outcome['old']?.tasks).toEqual(['0_0', '0_1'])
  })

  it('lets the topology of those that own tasks rule, even where others started before', async () => {
    const outcome = await assign(twoTopics(), [
      member('oldest', { topologyFingerprint: 'two' }),
      member('owner', { startedAtMs: 3, tasks: ['0_1'] }),
      member('peer', { startedAtMs: 9 }),
    ])
    expect(outcome['oldest']?.error).toBe('MILLRACE_TOPOLOGY_MISMATCH')
    expect(outcome['owner']?.tasks).toEqual(['0_1'])
    expect(outcome['peer']?.tasks).toEqual(['0_0'])
  })

  it('decides by process id between processes of the same millisecond, in whatever order they come', async () => {
    const members = [member('b', { topologyFingerprint: 'two' }), member('a')]
    for (const order of [members, members.toReversed()]) {
      const outcome = await assign(twoTopics(), order)
      expect(outcome['b']?.error).toBe('MILLRACE_TOPOLOGY_MISMATCH')
    }
  })

  it('gives nothing to a member that it cannot read, and everything to the others', async () => {
    const foreign = { ...member('foreign'), userData: Buffer.from('not json') }
    const bare = { ...member('bare'), userData: undefined }
    const outcome = await assign(twoTopics(), [foreign, member('a'), bare])
    const nothing = { partitions: [], tasks: undefined, error: undefined }
    expect(outcome).toMatchObject({ foreign: nothing, bare: nothing, a: { tasks: ['0_0', '0_1'] } })
  })

  it('tells everybody of an error that concerns everybody', async () => {
    const kafka = new FakeKafka()
    kafka.topics.set('in', 2)
    const outcome = await assign(kafka, [member('a'), member('b', { startedAtMs: 2, topologyFingerprint: 'two' })])
    expect(outcome).toEqual({
      a: { partitions: [], tasks: [], error: 'MILLRACE_SOURCE_TOPIC_MISSING' },
      b: { partitions: [], tasks: [], error: 'MILLRACE_TOPOLOGY_MISMATCH' },
    })
  })

  it('refuses a changelog with another partition count', async () => {
    const kafka = twoTopics()
    kafka.topics.set('app-counts-changelog', 3)
    expect((await assign(kafka, [member('a')]))['a']?.error).toBe('MILLRACE_INTERNAL_TOPIC_MISCONFIGURED')
  })

  it('throws what may pass, so that the group tries again', async () => {
    const kafka = twoTopics()
    kafka.fault = new KafkaError('MILLRACE_KAFKA_RETRIES_EXHAUSTED', 'no controller', { reaction: 'retriable' })
    await expect(assign(kafka, [member('a')])).rejects.toMatchObject({ reaction: 'retriable' })
  })
})
