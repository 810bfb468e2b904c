import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../../../src/common/logger.ts'
import type { Logger } from '../../../../src/common/logger.ts'
import { StreamsBuilder } from '../../../../src/dsl/streams-builder.ts'
import { KafkaError } from '../../../../src/errors/kafka-error.ts'
import type { MemberSubscription } from '../../../../src/kafka/client/kafka-client.ts'
import { GroupLeader } from '../../../../src/runtime/assignment/group-leader.ts'
import { decodeAssignment, encodeSubscription } from '../../../../src/runtime/assignment/user-data.ts'
import type { AssignmentInfo, SubscriptionInfo } from '../../../../src/runtime/assignment/user-data.ts'
import { TopicNames } from '../../../../src/runtime/topology-plan.ts'
import { serdes } from '../../../../src/serde/serdes.ts'
import { FakeKafka } from '../../../support/fake-kafka.ts'

function member(memberId: string, info: Partial<SubscriptionInfo> = {}): MemberSubscription {
  const userData = encodeSubscription({
    processId: memberId,
    startId: `start of ${memberId}`,
    host: 'host',
    directory: `/state/${memberId}`,
    replaces: [],
    localTasks: [],
    owners: {},
    ownersVersion: 0,
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

function leaderOf(kafka: FakeKafka, logger: Logger = silentLogger): GroupLeader {
  const builder = new StreamsBuilder()
  const options = { key: serdes.string, value: serdes.string }
  const counts = builder
    .stream('in', options)
    .merge(builder.stream('more', options))
    .groupByKey()
    .count({ store: 'counts' })
  counts.toStream().to('out', { key: serdes.string, value: serdes.int64 })
  const topology = builder.build().compile()
  return new GroupLeader({
    client: kafka.client,
    topology,
    names: new TopicNames(topology, 'app'),
    applicationId: 'app',
    replicationFactor: -1,
    logger,
  })
}

async function assign(kafka: FakeKafka, members: readonly MemberSubscription[]): Promise<Outcome> {
  const assignments = await leaderOf(kafka).assign(members)
  return Object.fromEntries(
    assignments.map(({ memberId, partitions, userData }) => {
      const info: AssignmentInfo | undefined = decodeAssignment(userData)
      const names = partitions.map(({ topic, partition }) => `${topic}-${partition}`)
      return [memberId, { partitions: names, tasks: info?.activeTasks, error: info?.error?.code }]
    }),
  )
}

async function told(...members: readonly MemberSubscription[]): Promise<Record<string, AssignmentInfo | undefined>> {
  const assignments = await leaderOf(twoTopics()).assign(members)
  return Object.fromEntries(assignments.map(({ memberId, userData }) => [memberId, decodeAssignment(userData)]))
}

function twoTopics(): FakeKafka {
  const kafka = new FakeKafka()
  kafka.topics.set('in', 2).set('more', 1)
  return kafka
}

describe('GroupLeader', () => {
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

  it('names an unreadable member once for as long as it is there, with what to do', async () => {
    const lines: { readonly facts: object; readonly message: string }[] = []
    const logger = { ...silentLogger, warn: (facts: object, message: string) => lines.push({ facts, message }) }
    const leader = leaderOf(twoTopics(), logger)
    const foreign = { ...member('foreign'), userData: undefined }
    const newer = { ...member('newer'), userData: Buffer.from('{"version":2,"tasks":"other"}') }
    await leader.assign([foreign, newer, member('a')])
    await leader.assign([foreign, newer, member('a')])
    expect(lines).toEqual([
      {
        facts: { memberId: 'foreign', instanceId: undefined, version: undefined },
        message: expect.stringContaining('give it a group id of its own'),
      },
      {
        facts: { memberId: 'newer', instanceId: undefined, version: 2 },
        message: expect.stringContaining('end the rolling upgrade'),
      },
    ])
    await leader.assign([newer, member('a')])
    await leader.assign([foreign, newer, member('a')])
    expect(lines.map(({ message }) => message)).toHaveLength(3)
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

describe('GroupLeader, where members vanish', () => {
  const owners = { '0_0': ['app-a'], '0_1': ['app-b'], '7_7': ['app-z'] }

  it('tells who takes over to fence the last owner, and everybody who may own what', async () => {
    const b = member('b', { transactionalId: 'app-b', tasks: ['0_1'], owners, ownersVersion: 4 })
    const c = member('c', { transactionalId: 'app-c' })
    const { b: toB, c: toC } = await told(b, c)
    expect(toB).toMatchObject({ activeTasks: ['0_1'], fence: [] })
    expect(toC).toMatchObject({ activeTasks: ['0_0'], fence: ['app-a'] })
    for (const info of [toB, toC]) {
      expect(info).toMatchObject({ owners: { '0_0': ['app-a', 'app-c'], '0_1': ['app-b'] }, ownersVersion: 5 })
    }
  })

  it('asks nobody to fence a member that is present', async () => {
    const b = member('b', { transactionalId: 'app-b', tasks: ['0_0', '0_1'], owners, ownersVersion: 4 })
    const a = member('a', { transactionalId: 'app-a' })
    const { a: toA, b: toB } = await told(b, a)
    expect([toA?.fence, toB?.fence]).toEqual([[], []])
  })

  it('leaves a present member alone that is told to stop', async () => {
    const a = member('a', { transactionalId: 'app-a', topologyFingerprint: 'two', startedAtMs: 9 })
    const c = member('c', { transactionalId: 'app-c', owners, ownersVersion: 4 })
    const { a: toA, c: toC } = await told(a, c)
    expect(toA?.error?.code).toBe('MILLRACE_TOPOLOGY_MISMATCH')
    expect(toC).toMatchObject({ activeTasks: ['0_0', '0_1'], fence: ['app-b'] })
  })

  it('asks nothing of members without transactional ids and keeps what it knows', async () => {
    const { d } = await told(member('d', { tasks: ['0_0'], owners, ownersVersion: 4 }))
    expect(d).toMatchObject({ activeTasks: ['0_0', '0_1'], fence: [], ownersVersion: 5 })
    expect(d?.owners).toEqual({ '0_0': ['app-a'], '0_1': ['app-b'] })
  })

  it('gives a member that starts again the tasks whose state it has', async () => {
    const members = [member('a'), member('b', { localTasks: ['0_0'] })]
    expect(await told(...members)).toMatchObject({ a: { activeTasks: ['0_1'] }, b: { activeTasks: ['0_0'] } })
  })
})

describe('GroupLeader, where members are not who they seem', () => {
  const slot = { transactionalId: 'app-a', directory: '/state/0' }

  it('gives the tasks of a dead member to the one that was started in its place, and tells it to remove the dead', async () => {
    const dead = member('dead', { ...slot, tasks: ['0_1'] })
    const next = member('next', { ...slot, startedAtMs: 2, replaces: ['start of dead'] })
    const other = member('other', { transactionalId: 'app-o', tasks: ['0_0'] })
    const { dead: toDead, next: toNext } = await told(dead, next, other)
    expect(toDead).toMatchObject({ activeTasks: [], conflict: { memberId: 'next' } })
    expect(toNext).toMatchObject({
      activeTasks: ['0_1'],
      fence: [],
      conflict: { memberId: 'dead', directory: '/state/0' },
    })
  })

  it('has a dead member fenced whose transactional id nobody alive carries', async () => {
    const dead = member('dead', { ...slot, transactionalId: 'app-a-2', tasks: ['0_1'] })
    const next = member('next', { ...slot, startedAtMs: 2, replaces: ['start of dead'] })
    expect((await told(dead, next))['next']).toMatchObject({ activeTasks: ['0_0', '0_1'], fence: ['app-a-2'] })
  })

  it('lets the first of two copies run, and names it to the other', async () => {
    const copy = member('copy', { ...slot, startedAtMs: 2, host: 'elsewhere', replaces: ['start of first'] })
    const { first, copy: toCopy } = await told(copy, member('first', slot))
    expect(first).toMatchObject({ activeTasks: ['0_0', '0_1'], conflict: undefined })
    expect(toCopy).toMatchObject({ activeTasks: [], fence: [], error: undefined })
    expect(toCopy?.conflict).toEqual({ memberId: 'first', startId: 'start of first', host: 'host', ...slot })
  })

  it('does not let the topology of the dead rule', async () => {
    const dead = member('dead', { ...slot, tasks: ['0_1'], topologyFingerprint: 'old' })
    const next = member('next', { ...slot, startedAtMs: 2, replaces: ['start of dead'] })
    expect((await told(dead, next))['next']).toMatchObject({ activeTasks: ['0_0', '0_1'], error: undefined })
  })
})
