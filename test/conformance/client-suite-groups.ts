import { expect, test } from 'vitest'
import type {
  GroupHandler,
  GroupMembership,
  GroupOptions,
  KafkaClient,
  MemberAssignment,
  MemberSubscription,
} from '../../src/kafka/client/kafka-client.ts'
import { silentLogger } from '../../src/common/logger.ts'
import { reactionOf } from '../../src/errors/streams-error.ts'
import { apis } from '../../src/kafka/protocol/apis.ts'
import { eventually, producerOf } from '../support/client-bed.ts'
import type { ClientBed } from '../support/client-bed.ts'

/** A handler that gives every member one partition and its place in the list, and notes what it is told. */
class Member implements GroupHandler {
  readonly log: string[] = []
  readonly assignments: Omit<MemberAssignment, 'memberId'>[] = []
  seen: readonly MemberSubscription[] = []
  beforeJoin: () => Promise<void> = async () => undefined
  readonly #topic: string
  readonly #name: string

  constructor(topic: string, name: string) {
    this.#topic = topic
    this.#name = name
  }

  subscription(): ReturnType<GroupHandler['subscription']> {
    const ownedPartitions = this.assignments.at(-1)?.partitions ?? []
    return { topics: [this.#topic], ownedPartitions, userData: Buffer.from(this.#name) }
  }

  async assign(members: readonly MemberSubscription[]): Promise<readonly MemberAssignment[]> {
    this.seen = members
    return members.map(({ memberId }, index) => ({
      memberId,
      partitions: [{ topic: this.#topic, partition: index }],
      userData: Buffer.from(`place ${index}`),
    }))
  }

  async onPrepareJoin(): Promise<void> {
    this.log.push('prepare')
    await this.beforeJoin()
    this.log.push('prepared')
  }

  async onAssigned(assignment: Omit<MemberAssignment, 'memberId'>): Promise<void> {
    this.assignments.push(assignment)
    this.log.push(`assigned ${assignment.userData?.toString()}`)
  }

  async onLost(): Promise<void> {
    this.log.push('lost')
  }

  onFatal(error: Error): void {
    this.log.push(`fatal ${error.message}`)
  }
}

export function groupCases(bed: () => ClientBed): void {
  const options = (more: Partial<GroupOptions> = {}): GroupOptions => ({
    groupId: bed().name('group'),
    instanceId: undefined,
    protocolName: 'millrace',
    sessionTimeoutMs: 6000,
    heartbeatIntervalMs: 50,
    rebalanceTimeoutMs: 10_000,
    ...more,
  })

  const join = async (
    client: KafkaClient,
    group: GroupOptions,
    topic: string,
    name: string,
  ): Promise<{ readonly handler: Member; readonly membership: GroupMembership }> => {
    const handler = new Member(topic, name)
    const membership = client.group(group, handler)
    await membership.start()
    return { handler, membership }
  }

  test('a member alone leads, sees its own user data and gets what it assigned', async () => {
    const client = await bed().client()
    const { handler, membership } = await join(client, options(), 'some-topic', 'one')
    expect(handler.seen.map(({ topics, userData }) => [topics, userData?.toString()])).toEqual([
      [['some-topic'], 'one'],
    ])
    expect(handler.log).toEqual(['assigned place 0'])
    expect(membership.identity()).toMatchObject({ generationId: 1, memberId: expect.stringMatching(/./) })
    await membership.leave()
    expect(() => membership.identity()).toThrowError(expect.objectContaining({ reaction: 'member-fenced' }))
  })

  test('a second member triggers a rebalance that waits for the first one’s preparation', async () => {
    const [client, other] = await Promise.all([bed().client(), bed().client()])
    const group = options()
    const one = await join(client, group, 'some-topic', 'one')
    let letGo = (): void => undefined
    const held = new Promise<void>((resolve) => {
      letGo = resolve
    })
    one.handler.beforeJoin = () => held
    const joining = join(other, group, 'some-topic', 'two')
    await eventually(() => one.handler.log.includes('prepare'))
    const before = one.membership.identity().generationId
    letGo()
    const two = await joining
    await eventually(() => one.handler.assignments.length === 2)
    expect(one.handler.log.slice(0, 3)).toEqual(['assigned place 0', 'prepare', 'prepared'])
    const userData = new Set(one.handler.seen.map((member) => member.userData?.toString()))
    expect(userData).toEqual(new Set(['one', 'two']))
    expect(new Set(one.handler.seen.map(({ ownedPartitions }) => ownedPartitions.length))).toEqual(new Set([0, 1]))
    const places = new Set([one, two].map(({ handler }) => handler.assignments.at(-1)?.partitions[0]?.partition))
    expect(places).toEqual(new Set([0, 1]))
    expect(one.membership.identity().generationId).toBeGreaterThan(before)
    expect(one.membership.identity().generationId).toBe(two.membership.identity().generationId)
    await two.membership.leave()
    await eventually(() => one.handler.assignments.length === 3)
    await one.membership.leave()
  })

  test('a member that asks to rejoin gets a new assignment', async () => {
    const client = await bed().client()
    const { handler, membership } = await join(client, options(), 'some-topic', 'one')
    membership.requestRejoin('the test wants it')
    await eventually(() => handler.assignments.length === 2)
    expect(handler.log).toEqual(['assigned place 0', 'prepare', 'prepared', 'assigned place 0'])
    await membership.leave()
  })

  test('a generation that is over cannot commit offsets, with or without a transaction', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const { handler, membership } = await join(client, options(), topic, 'one')
    const old = membership.identity()
    const offsets = new Map([[`${topic}-0` as const, { offset: 1 }]])
    await client.commitOffsets(old, offsets)
    membership.requestRejoin('a new generation')
    await eventually(() => handler.assignments.length === 2)
    await expect(client.commitOffsets(old, offsets)).rejects.toMatchObject({ reaction: 'member-fenced' })
    const producer = await producerOf(client, { transactionalId: bed().name('tx') })
    await expect(producer.sendOffsets(offsets, old)).rejects.toMatchObject({ reaction: 'member-fenced' })
    await producer.abort()
    await producer.sendOffsets(new Map([[`${topic}-0` as const, { offset: 2 }]]), membership.identity())
    await producer.commit()
    const committed = await client.committedOffsets(old.groupId, [{ topic, partition: 0 }], { requireStable: true })
    expect(committed.get(`${topic}-0`)?.offset).toBe(2)
    await membership.leave()
  })

  test('a member that was removed learns it is lost before it joins again', async () => {
    const client = await bed().client()
    const group = options()
    const { handler, membership } = await join(client, group, 'some-topic', 'one')
    const { memberId } = membership.identity()
    await bed().removeMember(group, memberId)
    await eventually(() => handler.log.includes('lost') && handler.assignments.length === 2)
    expect(handler.log).toEqual(['assigned place 0', 'lost', 'assigned place 0'])
    expect(membership.identity().memberId).not.toBe(memberId)
    await membership.leave()
  })

  test('a member that cannot reach the coordinator for a session’s time is lost by its own clock', async () => {
    const { client, transport } = await bed().faultyClient()
    const { handler, membership } = await join(client, options({ sessionTimeoutMs: 600 }), 'some-topic', 'one')
    transport.lose('request', apis.Heartbeat, Infinity)
    await eventually(() => handler.log.includes('lost') && handler.assignments.length >= 2)
    await membership.leave()
  })

  test('answers to joins, syncs and heartbeats may be lost', async () => {
    const { client, transport } = await bed().faultyClient()
    transport.lose('answer', apis.JoinGroup)
    transport.lose('request', apis.SyncGroup)
    const { handler, membership } = await join(client, options({ rebalanceTimeoutMs: 2000 }), 'some-topic', 'one')
    transport.lose('answer', apis.Heartbeat, 2)
    transport.lose('request', apis.Heartbeat, 2)
    const beats = (): number => transport.sent.filter((key) => key === apis.Heartbeat.key).length
    const before = beats()
    await eventually(() => beats() >= before + 6)
    expect(handler.log.filter((line) => line === 'lost')).toEqual([])
    await membership.leave()
  })

  test('a static member that comes back keeps its assignment without a rebalance', async () => {
    const [client, restarted] = await Promise.all([bed().client(), bed().client()])
    const group = options({ instanceId: 'instance-1' })
    const one = await join(client, group, 'some-topic', 'one')
    const before = one.membership.identity()
    await one.membership.leave({ keepMembership: true })
    const again = await join(restarted, group, 'some-topic', 'one')
    expect(again.membership.identity().memberId).not.toBe(before.memberId)
    expect(again.handler.assignments).toHaveLength(1)
    await again.membership.leave()
  })

  test('of two members with one instance id the older is thrown out for good', async () => {
    const [client, other] = await Promise.all([bed().client(), bed().client()])
    const group = options({ instanceId: 'instance-1' })
    const one = await join(client, group, 'some-topic', 'one')
    const two = await join(other, group, 'some-topic', 'two')
    await eventually(() => one.handler.log.some((line) => line.startsWith('fatal')))
    expect(one.handler.log.slice(0, 2)).toEqual(['assigned place 0', 'lost'])
    await two.membership.leave()
  })

  test('members of another protocol are waited for, with a line that says so', async () => {
    const waits: unknown[] = []
    const logger = { ...silentLogger, warn: (facts: object) => waits.push(facts) }
    const [client, other] = await Promise.all([bed().client(), bed().client({ logger })])
    const group = options()
    const one = await join(client, group, 'some-topic', 'one')
    const stranger = new Member('some-topic', 'two')
    const membership = other.group({ ...group, protocolName: 'something-else' }, stranger)
    const joined = membership.start()
    await eventually(() => waits.length > 0)
    expect(waits).toEqual([expect.objectContaining({ group: group.groupId, members: [expect.stringMatching(/ at /)] })])
    await one.membership.leave()
    await joined
    expect(stranger.log).toEqual(['assigned place 0'])
    await membership.leave()
  })

  test('members of another protocol that do not go are fatal', async () => {
    const [client, other] = await Promise.all([bed().client(), bed().client()])
    const group = options()
    const one = await join(client, group, 'some-topic', 'one')
    const stranger = new Member('some-topic', 'two')
    const error = await other
      .group({ ...group, protocolName: 'something-else', foreignMembersWaitMs: 0 }, stranger)
      .start()
      .then(
        () => undefined,
        (cause: unknown) => cause,
      )
    expect(reactionOf(error)).toBe('fatal')
    expect(stranger.log).toEqual([expect.stringContaining('INCONSISTENT_GROUP_PROTOCOL')])
    await one.membership.leave()
  })
}
