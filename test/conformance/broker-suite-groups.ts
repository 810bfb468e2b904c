import { describe, expect, it } from 'vitest'
import { apis } from '../../src/kafka/protocol/apis.ts'
import { errorCodes } from '../../src/kafka/protocol/error-codes.ts'
import { consumerProtocolSubscription } from '../../src/kafka/protocol/messages/consumer-protocol.ts'
import type { JoinGroupResponse } from '../../src/kafka/protocol/messages/join-group.ts'
import { encodeVersioned } from '../../src/kafka/protocol/versioned.ts'
import type { RawKafka } from '../support/raw-kafka.ts'
import { eventually, type Suite } from './broker-suite-context.ts'
import { committedOffset, Owner } from './broker-suite-transactions.ts'

export function groupCases(suite: Suite): void {
  describe('joining a group', () => {
    it('takes two requests, and makes the first member the leader of generation 1', async () => {
      const member = await Member.open(suite, suite.name('group'))
      const told = await member.join({ memberId: '' })
      expect(told.errorCode).toBe(errorCodes.MEMBER_ID_REQUIRED)
      expect(told.memberId).toMatch(/^raw-/)
      const joined = await member.join({ memberId: told.memberId })
      expect(joined).toMatchObject({
        errorCode: 0,
        generationId: 1,
        protocolType: 'consumer',
        protocolName: 'one',
        leader: told.memberId,
        memberId: told.memberId,
      })
      expect(joined.members).toMatchObject([{ memberId: told.memberId, metadata: subscription('one of raw') }])
      expect(await member.sync({ [told.memberId]: 'everything' })).toEqual([0, 'everything'])
      expect(await member.heartbeat()).toBe(0)
      await member.leave()
    })

    it('before version 4 takes one request', async () => {
      const member = await Member.open(suite, suite.name('group'))
      expect(await member.join({ version: 3 })).toMatchObject({ errorCode: 0, generationId: 1 })
      await member.leave()
    })

    it('refuses wrong session time-outs, unknown members and other protocols', async () => {
      const group = suite.name('group')
      const member = await Member.open(suite, group)
      expect((await member.join({ sessionTimeoutMs: 1 })).errorCode).toBe(errorCodes.INVALID_SESSION_TIMEOUT)
      expect((await member.join({ memberId: 'unknown' })).errorCode).toBe(errorCodes.UNKNOWN_MEMBER_ID)
      expect((await member.join({ protocols: [] })).errorCode).toBe(errorCodes.INCONSISTENT_GROUP_PROTOCOL)
      await member.enter()
      const other = await Member.open(suite, group)
      expect((await other.join({ protocolType: 'connect' })).errorCode).toBe(errorCodes.INCONSISTENT_GROUP_PROTOCOL)
      expect((await other.join({ protocols: ['three'] })).errorCode).toBe(errorCodes.INCONSISTENT_GROUP_PROTOCOL)
      await member.leave()
    })

    it('calls the others to join again, selects what all support, and gives the leader all members', async () => {
      const group = suite.name('group')
      const [first, second] = [await Member.open(suite, group), await Member.open(suite, group)]
      await first.enter({ protocols: ['one', 'two'] })
      const joining = second.join({ ...(await second.newId()), protocols: ['two', 'three'] })
      await eventually(async () => (await first.heartbeat()) === errorCodes.REBALANCE_IN_PROGRESS)
      const [one, two] = await Promise.all([first.join({ protocols: ['one', 'two'] }), joining])
      expect([one, two]).toMatchObject([
        { generationId: 2, protocolName: 'two', leader: first.memberId },
        { generationId: 2, protocolName: 'two', leader: first.memberId, members: [] },
      ])
      expect(one.members.map(({ memberId }) => memberId).toSorted()).toEqual(
        [first.memberId, second.memberId].toSorted(),
      )
      const waiting = second.sync({})
      expect(await first.sync({ [first.memberId]: 'a', [second.memberId]: 'b' })).toEqual([0, 'a'])
      expect(await waiting).toEqual([0, 'b'])
      expect(await first.heartbeat(1)).toBe(errorCodes.ILLEGAL_GENERATION)
      await second.leave()
      await first.leave()
    })

    it('goes on without a member that does not come in time', async () => {
      const group = suite.name('group')
      const [first, second] = [await Member.open(suite, group), await Member.open(suite, group)]
      await first.enter({ rebalanceTimeoutMs: 300 })
      const joined = await second.join({ ...(await second.newId()), rebalanceTimeoutMs: 300 })
      expect(joined).toMatchObject({ errorCode: 0, generationId: 2, leader: second.memberId })
      expect(await first.heartbeat()).toBe(errorCodes.UNKNOWN_MEMBER_ID)
      await second.leave()
    })

    it('answers a repeated JoinGroup of a follower without a rebalance', async () => {
      const group = suite.name('group')
      const [first, second] = [await Member.open(suite, group), await Member.open(suite, group)]
      await enterBoth(first, second)
      expect(await second.join({})).toMatchObject({ errorCode: 0, generationId: second.generationId })
      expect(await first.heartbeat()).toBe(0)
      const again = first.join({})
      await eventually(async () => (await second.heartbeat()) === errorCodes.REBALANCE_IN_PROGRESS)
      const [one] = await Promise.all([again, second.join({})])
      expect(one.generationId).toBe(3)
      await second.leave()
      await first.leave()
    })
  })

  describe('SyncGroup, Heartbeat and LeaveGroup', () => {
    it('know members, generations and states', async () => {
      const group = suite.name('group')
      const member = await Member.open(suite, group)
      const stranger = await Member.open(suite, group)
      stranger.memberId = 'stranger'
      expect(await stranger.heartbeat(1)).toBe(errorCodes.UNKNOWN_MEMBER_ID)
      await member.enter()
      expect(await stranger.heartbeat(1)).toBe(errorCodes.UNKNOWN_MEMBER_ID)
      expect((await stranger.sync({}, { protocolName: 'one' }))[0]).toBe(errorCodes.UNKNOWN_MEMBER_ID)
      expect(await member.heartbeat(7)).toBe(errorCodes.ILLEGAL_GENERATION)
      expect((await member.sync({}, { generationId: 7 }))[0]).toBe(errorCodes.ILLEGAL_GENERATION)
      for (const protocolName of ['two', null]) {
        expect((await member.sync({}, { protocolName }))[0]).toBe(errorCodes.INCONSISTENT_GROUP_PROTOCOL)
      }
      expect(await member.sync({})).toEqual([0, 'mine'])
      expect(await stranger.leave()).toBe(errorCodes.UNKNOWN_MEMBER_ID)
      expect(await member.leave()).toBe(0)
      expect(await member.heartbeat()).toBe(errorCodes.UNKNOWN_MEMBER_ID)
    })

    it('of version 3 on LeaveGroup takes several members, each with its error', async () => {
      const group = suite.name('group')
      const [first, second] = [await Member.open(suite, group), await Member.open(suite, group)]
      await enterBoth(first, second)
      const kafka = await suite.connect()
      const members = [first.memberId, 'nobody', second.memberId].map((memberId) => ({ memberId }))
      const answer = await kafka.send(apis.LeaveGroup, 4, { groupId: group, members })
      expect(answer.errorCode).toBe(0)
      expect(answer.members.map(({ errorCode }) => errorCode)).toEqual([0, errorCodes.UNKNOWN_MEMBER_ID, 0])
    })

    it('answer waiting SyncGroups with a rebalance when a member joins meanwhile', async () => {
      const group = suite.name('group')
      const [first, second] = [await Member.open(suite, group), await Member.open(suite, group)]
      await first.enter()
      const joining = second.join(await second.newId())
      await eventually(async () => (await first.heartbeat()) === errorCodes.REBALANCE_IN_PROGRESS)
      await Promise.all([first.join({}), joining])
      const waiting = second.sync({})
      const again = first.join({ metadata: 'changed' })
      expect((await waiting)[0]).toBe(errorCodes.REBALANCE_IN_PROGRESS)
      await Promise.all([again, second.join({})])
      expect(first.generationId).toBe(3)
      await second.leave()
      await first.leave()
    })
  })

  describe('static members', () => {
    it('come back under a new member id with their assignment, without a rebalance', async () => {
      const group = suite.name('group')
      const first = await Member.open(suite, group, 'instance-1')
      await first.enter()
      const old = first.memberId
      const again = await Member.open(suite, group, 'instance-1')
      const joined = await again.join({ memberId: '' })
      expect(joined).toMatchObject({ errorCode: 0, generationId: 1, skipAssignment: true })
      expect(joined.leader).toBe(again.memberId)
      expect(again.memberId).not.toBe(old)
      expect(await again.sync({})).toEqual([0, 'mine'])
      expect(await first.heartbeat()).toBe(errorCodes.FENCED_INSTANCE_ID)
      expect((await first.sync({}))[0]).toBe(errorCodes.FENCED_INSTANCE_ID)
      expect((await first.join({})).errorCode).toBe(errorCodes.FENCED_INSTANCE_ID)
      expect(await first.commit(suite, 1)).toBe(errorCodes.FENCED_INSTANCE_ID)
      await again.leave()
    })

    it('of an older version are told that their former self leads', async () => {
      const group = suite.name('group')
      const first = await Member.open(suite, group, 'instance-1')
      await first.enter()
      const old = first.memberId
      const again = await Member.open(suite, group, 'instance-1')
      expect(await again.join({ memberId: '', version: 5 })).toMatchObject({
        errorCode: 0,
        generationId: 1,
        leader: old,
      })
      await again.leave()
    })

    it('can be removed by their instance id alone', async () => {
      const group = suite.name('group')
      const first = await Member.open(suite, group, 'instance-1')
      await first.enter()
      const kafka = await suite.connect()
      const remove = async (groupInstanceId: string) => {
        const answer = await kafka.send(apis.LeaveGroup, 4, {
          groupId: group,
          members: [{ memberId: '', groupInstanceId }],
        })
        return answer.members[0]?.errorCode
      }
      expect(await remove('instance-2')).toBe(errorCodes.UNKNOWN_MEMBER_ID)
      expect(await remove('instance-1')).toBe(0)
      expect(await first.heartbeat()).toBe(errorCodes.UNKNOWN_MEMBER_ID)
    })
  })

  describe('committing offsets', () => {
    it('is for members of the present generation', async () => {
      const topic = await suite.createTopic()
      const member = await Member.open(suite, suite.name('group'))
      await member.enter()
      expect(await member.commit(suite, 5, {}, topic)).toBe(0)
      expect(await committedOffset(member.kafka, member.groupId, topic, true)).toEqual([0, 5])
      expect(await member.commit(suite, 6, { generationId: 7 }, topic)).toBe(errorCodes.ILLEGAL_GENERATION)
      expect(await member.commit(suite, 6, { memberId: 'nobody' }, topic)).toBe(errorCodes.UNKNOWN_MEMBER_ID)
      expect(await member.commit(suite, 6, { memberId: '', generationId: -1 }, topic)).toBe(
        errorCodes.UNKNOWN_MEMBER_ID,
      )
      expect(await committedOffset(member.kafka, member.groupId, topic, true)).toEqual([0, 5])
      await member.leave()
    })

    it('within a transaction is fenced by the generation from version 3 on', async () => {
      const topic = await suite.createTopic()
      const member = await Member.open(suite, suite.name('group'))
      await member.enter()
      const { groupId, memberId, generationId, kafka } = member
      const owner = await Owner.init(kafka, suite.name('tid'))
      await owner.addOffsets(groupId, 3)
      const commit = (version: number, identity: object) => owner.commitOffset(groupId, topic, 5, version, identity)
      expect(await commit(3, { memberId, generationId: 7 })).toBe(errorCodes.ILLEGAL_GENERATION)
      expect(await commit(3, { memberId: 'nobody', generationId })).toBe(errorCodes.UNKNOWN_MEMBER_ID)
      expect(await commit(3, { memberId, generationId })).toBe(0)
      expect(await commit(3, { memberId: '', generationId: -1 })).toBe(0)
      expect(await commit(1, {})).toBe(0)
      await owner.end(false)
      await member.leave()
    })

    it('without members is free, and bound by topic and metadata', async () => {
      const topic = await suite.createTopic()
      const simple = await Member.open(suite, suite.name('group'))
      const nobody = { memberId: '', generationId: -1 }
      expect(await simple.commit(suite, 5, nobody, topic)).toBe(0)
      expect(await simple.commit(suite, 5, { ...nobody, generationId: 3 }, suite.name('absent'))).not.toBe(0)
      expect(await simple.commit(suite, 5, nobody, suite.name('absent'))).toBe(errorCodes.UNKNOWN_TOPIC_OR_PARTITION)
      const partition = await simple.commit(suite, 5, { ...nobody, partitionIndex: 7 }, topic)
      expect(partition).toBe(errorCodes.UNKNOWN_TOPIC_OR_PARTITION)
      const long = { ...nobody, committedMetadata: 'x'.repeat(4097) }
      expect(await simple.commit(suite, 6, long, topic)).toBe(errorCodes.OFFSET_METADATA_TOO_LARGE)
      expect(await committedOffset(simple.kafka, simple.groupId, topic, true)).toEqual([0, 5])
    })

    it('is refused while the group waits for its assignment', async () => {
      const topic = await suite.createTopic()
      const member = await Member.open(suite, suite.name('group'))
      await member.join(await member.newId())
      expect(await member.commit(suite, 5, {}, topic)).toBe(errorCodes.REBALANCE_IN_PROGRESS)
      await member.leave()
    })
  })

  describe('fetching offsets', () => {
    it('answers every version, one group or several, some topics or all', async () => {
      const topic = await suite.createTopic({ partitions: 2 })
      const simple = await Member.open(suite, suite.name('group'))
      const { kafka, groupId } = simple
      await simple.commit(suite, 5, { memberId: '', generationId: -1, committedMetadata: 'note' }, topic)
      for (let version = 1; version <= 7; version++) {
        const topics = [{ name: topic, partitionIndexes: [0, 1] }]
        const answer = await kafka.send(apis.OffsetFetch, version, { groupId, topics })
        expect(answer.topics[0]?.partitions).toMatchObject([
          { partitionIndex: 0, committedOffset: 5, metadata: 'note', errorCode: 0 },
          { partitionIndex: 1, committedOffset: -1, metadata: '', errorCode: 0 },
        ])
        if (version < 2) continue
        const all = await kafka.send(apis.OffsetFetch, version, { groupId, topics: null })
        expect(all.topics).toMatchObject([{ name: topic, partitions: [{ partitionIndex: 0, committedOffset: 5 }] }])
      }
      const { groups } = await kafka.send(apis.OffsetFetch, 9, { groups: [{ groupId, topics: null }] })
      expect(groups).toMatchObject([{ groupId, errorCode: 0, topics: [{ name: topic }] }])
    })
  })

  describe('group administration', () => {
    it('describes, lists and deletes groups, and their offsets', async () => {
      const topic = await suite.createTopic()
      const member = await Member.open(suite, suite.name('group'))
      const { kafka, groupId } = member
      await member.enter()
      await member.commit(suite, 5, {}, topic)
      const described = async (version: number) =>
        (await kafka.send(apis.DescribeGroups, version, { groups: [groupId] })).groups[0]
      expect(await described(5)).toMatchObject({
        errorCode: 0,
        groupState: 'Stable',
        protocolType: 'consumer',
        protocolData: 'one',
        members: [{ memberId: member.memberId, clientId: 'raw', memberAssignment: Buffer.from('mine') }],
      })
      const list = async (statesFilter: string[]) => {
        const { groups } = await kafka.send(apis.ListGroups, 4, { statesFilter })
        return groups.find((group) => group.groupId === groupId)
      }
      expect(await list(['Stable'])).toMatchObject({ protocolType: 'consumer', groupState: 'Stable' })
      expect(await list(['Empty'])).toBeUndefined()
      const remove = async () =>
        (await kafka.send(apis.DeleteGroups, 2, { groupsNames: [groupId] })).results[0]?.errorCode
      expect(await remove()).toBe(errorCodes.NON_EMPTY_GROUP)
      await member.leave()
      expect(await described(5)).toMatchObject({ groupState: 'Empty', members: [] })
      expect(await committedOffset(kafka, groupId, topic, true)).toEqual([0, 5])
      expect(await remove()).toBe(0)
      expect(await remove()).toBe(errorCodes.GROUP_ID_NOT_FOUND)
      expect(await described(5)).toMatchObject({ errorCode: 0, groupState: 'Dead' })
      expect(await described(6)).toMatchObject({ errorCode: errorCodes.GROUP_ID_NOT_FOUND, groupState: 'Dead' })
      expect(await committedOffset(kafka, groupId, topic, true)).toEqual([0, -1])
    })

    it('does not delete offsets of topics that a member reads', async () => {
      const member = await Member.open(suite, suite.name('group'))
      await member.enter()
      const { kafka, groupId } = member
      const remove = async (name: string): Promise<number | undefined> => {
        const topics = [{ name, partitions: [{ partitionIndex: 0 }] }]
        return (await kafka.send(apis.OffsetDelete, 0, { groupId, topics })).topics[0]?.partitions[0]?.errorCode
      }
      const [read, other] = [await suite.createTopic(), await suite.createTopic()]
      await member.join({ reads: read })
      await member.sync({ [member.memberId]: 'mine' })
      expect(await remove(read)).toBe(errorCodes.GROUP_SUBSCRIBED_TO_TOPIC)
      expect(await remove(other)).toBe(0)
      await member.leave()
    })

    it('lists a group that has offsets only without a protocol type', async () => {
      const topic = await suite.createTopic()
      const simple = await Member.open(suite, suite.name('group'))
      await simple.commit(suite, 5, { memberId: '', generationId: -1 }, topic)
      const { groups } = await simple.kafka.send(apis.ListGroups, 5, {})
      const { groupId } = simple
      const listed = { groupId, protocolType: '', groupState: 'Empty', groupType: 'classic' }
      expect(groups.find((group) => group.groupId === groupId)).toEqual(listed)
    })

    it('deletes offsets of topics that nobody of the group reads', async () => {
      const topic = await suite.createTopic()
      const simple = await Member.open(suite, suite.name('group'))
      await simple.commit(suite, 5, { memberId: '', generationId: -1 }, topic)
      const topics = [{ name: topic, partitions: [{ partitionIndex: 0 }] }]
      const answer = await simple.kafka.send(apis.OffsetDelete, 0, { groupId: simple.groupId, topics })
      expect(answer.topics[0]?.partitions[0]?.errorCode).toBe(0)
      expect(await committedOffset(simple.kafka, simple.groupId, topic, true)).toEqual([0, -1])
      const absent = await simple.kafka.send(apis.OffsetDelete, 0, { groupId: suite.name('absent'), topics })
      expect(absent.errorCode).toBe(errorCodes.GROUP_ID_NOT_FOUND)
    })
  })
}

async function enterBoth(first: Member, second: Member): Promise<void> {
  await first.enter()
  const joining = second.join(await second.newId())
  await eventually(async () => (await first.heartbeat()) === errorCodes.REBALANCE_IN_PROGRESS)
  await Promise.all([first.join({}), joining])
  await Promise.all([first.sync({ [first.memberId]: 'mine', [second.memberId]: 'yours' }), second.sync({})])
}

/** Kafka looks into the subscriptions of groups of type `consumer`: others than real ones leave JoinGroup unanswered. */
function subscription(userData: string, topic = 'a topic'): Buffer {
  return encodeVersioned(consumerProtocolSubscription, 0, { topics: [topic], userData: Buffer.from(userData) })
}

interface JoinOptions {
  readonly memberId?: string
  readonly version?: number
  readonly protocolType?: string
  readonly protocols?: readonly string[]
  readonly metadata?: string
  readonly reads?: string
  readonly sessionTimeoutMs?: number
  readonly rebalanceTimeoutMs?: number
}

/** A member on a connection of its own, as JoinGroup may wait. */
class Member {
  readonly kafka: RawKafka
  readonly groupId: string
  readonly #instanceId: string | null
  memberId = ''
  generationId = -1
  #protocolName: string | null = null

  private constructor(kafka: RawKafka, groupId: string, instanceId: string | null) {
    this.kafka = kafka
    this.groupId = groupId
    this.#instanceId = instanceId
  }

  static async open(suite: Suite, groupId: string, instanceId: string | null = null): Promise<Member> {
    const kafka = await suite.connect()
    await eventually(async () => (await kafka.send(apis.FindCoordinator, 2, { key: groupId })).errorCode === 0)
    const member = new Member(kafka, groupId, instanceId)
    // Of a real cluster also the coordinator must have loaded.
    const stranger = { groupId, memberId: 'stranger', generationId: 1 }
    await eventually(async () => {
      const { errorCode } = await kafka.send(apis.Heartbeat, 4, stranger)
      return errorCode === errorCodes.UNKNOWN_MEMBER_ID
    })
    return member
  }

  async newId(): Promise<{ memberId: string }> {
    return { memberId: (await this.join({ memberId: '' })).memberId }
  }

  async join(options: JoinOptions): Promise<JoinGroupResponse> {
    const { version = 9, protocols = ['one'], metadata = 'of raw' } = options
    const answer = await this.kafka.send(apis.JoinGroup, version, {
      groupId: this.groupId,
      memberId: options.memberId ?? this.memberId,
      ...(version >= 5 ? { groupInstanceId: this.#instanceId } : {}),
      sessionTimeoutMs: options.sessionTimeoutMs ?? 30_000,
      rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? 30_000,
      protocolType: options.protocolType ?? 'consumer',
      protocols: protocols.map((name) => ({ name, metadata: subscription(`${name} ${metadata}`, options.reads) })),
    })
    if (answer.errorCode === 0) {
      this.memberId = answer.memberId
      this.generationId = answer.generationId
      this.#protocolName = answer.protocolName
    }
    return answer
  }

  /** Alone: joins and assigns itself 'mine'. */
  async enter(options: JoinOptions = {}): Promise<void> {
    const id = this.#instanceId === null ? await this.newId() : { memberId: '' }
    const joined = await this.join({ ...options, ...id })
    expect(joined.errorCode).toBe(0)
    await this.sync({ [this.memberId]: 'mine' })
  }

  async sync(
    assignments: Readonly<Record<string, string>>,
    options: { readonly generationId?: number; readonly protocolName?: string | null } = {},
  ): Promise<readonly [number, string]> {
    const answer = await this.kafka.send(apis.SyncGroup, 5, {
      protocolType: 'consumer',
      protocolName: this.#protocolName,
      groupId: this.groupId,
      memberId: this.memberId,
      groupInstanceId: this.#instanceId,
      generationId: this.generationId,
      assignments: Object.entries(assignments).map(([memberId, text]) => ({ memberId, assignment: Buffer.from(text) })),
      ...options,
    })
    return [answer.errorCode, String(Buffer.from(answer.assignment))]
  }

  async heartbeat(generationId = this.generationId): Promise<number> {
    const { groupId, memberId } = this
    const answer = await this.kafka.send(apis.Heartbeat, 4, {
      groupId,
      memberId,
      groupInstanceId: this.#instanceId,
      generationId,
    })
    return answer.errorCode
  }

  async leave(): Promise<number | undefined> {
    const { groupId, memberId } = this
    const members = [{ memberId, groupInstanceId: this.#instanceId }]
    return (await this.kafka.send(apis.LeaveGroup, 5, { groupId, members })).members[0]?.errorCode
  }

  async commit(
    suite: Suite,
    offset: number,
    options: {
      readonly memberId?: string
      readonly generationId?: number
      readonly committedMetadata?: string
      readonly partitionIndex?: number
    } = {},
    topic = '',
  ): Promise<number | undefined> {
    const { groupId, memberId, generationId } = this
    const name = topic === '' ? await suite.createTopic() : topic
    const { partitionIndex = 0, committedMetadata = '' } = options
    const partitions = [{ partitionIndex, committedOffset: offset, committedMetadata }]
    const { topics } = await this.kafka.send(apis.OffsetCommit, 8, {
      groupId,
      memberId: options.memberId ?? memberId,
      groupInstanceId: this.#instanceId,
      generationIdOrMemberEpoch: options.generationId ?? generationId,
      topics: [{ name, partitions }],
    })
    return topics[0]?.partitions[0]?.errorCode
  }
}
