/** What an instance does about those before it: their transactions are ended, their memberships too. */
import { expect, test } from 'vitest'
import type { GroupHandler, GroupMembership, GroupOptions } from '../../src/kafka/client/kafka-client.ts'
import { reactionOf } from '../../src/errors/streams-error.ts'
import { apis } from '../../src/kafka/protocol/apis.ts'
import { appendText, eventually, producerOf } from '../support/client-bed.ts'
import type { ClientBed } from '../support/client-bed.ts'
import { expectCommitted, failure, lastStableOffset, nobody } from './client-suite-transactions.ts'

const fencing = { transactionTimeoutMs: 60_000 }

/** Of both transaction protocols. */
export function fencingCases(bed: () => ClientBed): void {
  test('fencing ends open transactions, and whoever made them learns it', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const group = bed().name('group')
    const ids = [bed().name('tx'), bed().name('tx'), bed().name('tx')]
    const [one, two, three] = await Promise.all(ids.map((transactionalId) => producerOf(client, { transactionalId })))
    if (one === undefined || two === undefined || three === undefined) throw new Error('no producers')
    appendText(one, topic, ['open'])
    await one.flush()
    await two.sendOffsets(new Map([[`${topic}-0` as const, { offset: 9 }]]), nobody(group))
    appendText(three, topic, ['committed'])
    await three.commit()
    await client.fenceProducers([...ids, ...ids, bed().name('never-used')], fencing)
    await expectCommitted(client, topic, ['committed'])
    expect(await lastStableOffset(client, topic)).toBe(4)
    const committed = await client.committedOffsets(group, [{ topic, partition: 0 }], { requireStable: true })
    expect(committed.size).toBe(0)
    appendText(one, topic, ['late'])
    expect(reactionOf(await failure(one.flush()))).toBe('producer-fenced')
    expect(reactionOf(await failure(two.commit()))).toBe('unknown-outcome')
    appendText(three, topic, ['late'])
    expect(reactionOf(await failure(three.flush()))).toBe('producer-fenced')
  })

  test('fencing may be repeated, and its answers may be lost', async () => {
    const { client, transport } = await bed().faultyClient()
    const topic = await bed().topic(client)
    const transactionalId = bed().name('tx')
    const old = await producerOf(client, { transactionalId })
    appendText(old, topic, ['open'])
    await old.flush()
    transport.lose('answer', apis.InitProducerId)
    transport.lose('request', apis.InitProducerId)
    transport.lose('answer', apis.FindCoordinator)
    await client.fenceProducers([transactionalId], fencing)
    await client.fenceProducers([transactionalId], fencing)
    await client.fenceProducers([], fencing)
    await expectCommitted(client, topic, [])
    const young = await producerOf(client, { transactionalId })
    appendText(young, topic, ['young'])
    await young.commit()
    await expectCommitted(client, topic, ['young'])
  })
}

/** Gives nobody anything; counts what it is told. */
class Bystander implements GroupHandler {
  members: number[] = []
  assignments = 0
  isLost = false

  subscription(): ReturnType<GroupHandler['subscription']> {
    return { topics: ['some-topic'], ownedPartitions: [], userData: undefined }
  }

  async assign(members: Parameters<GroupHandler['assign']>[0]): ReturnType<GroupHandler['assign']> {
    this.members.push(members.length)
    return members.map(({ memberId }) => ({ memberId, partitions: [], userData: undefined }))
  }

  async onPrepareJoin(): Promise<void> {}

  async onAssigned(): Promise<void> {
    this.assignments++
  }

  async onLost(): Promise<void> {
    this.isLost = true
  }

  onFatal(error: Error): void {
    throw error
  }
}

export function removalCases(bed: () => ClientBed): void {
  const options = (): GroupOptions => ({
    groupId: bed().name('group'),
    instanceId: undefined,
    protocolName: 'millrace',
    sessionTimeoutMs: 30_000,
    heartbeatIntervalMs: 50,
    rebalanceTimeoutMs: 30_000,
  })

  test('members of a process that is gone are removed, and the others share at once', async () => {
    const [client, dead] = await Promise.all([bed().client(), bed().client()])
    const group = options()
    const [handler, other] = [new Bystander(), new Bystander()]
    const membership: GroupMembership = client.group(group, handler)
    await membership.start()
    const gone = dead.group(group, other)
    await gone.start()
    await eventually(() => handler.members.at(-1) === 2)
    const { memberId } = gone.identity()
    // As kill -9 does: no LeaveGroup, no heartbeat any more.
    await dead.close()
    await client.removeMembers(group.groupId, [memberId, 'never-a-member', memberId])
    await eventually(() => handler.members.at(-1) === 1)
    expect(handler.isLost).toBe(false)
    await client.removeMembers(group.groupId, [memberId])
    await membership.leave()
  })

  test('nobody is missed: in a group that does not exist, in one that is empty, with answers that are lost', async () => {
    const { client, transport } = await bed().faultyClient()
    const group = options()
    await client.removeMembers(group.groupId, ['nobody'])
    await client.removeMembers(group.groupId, [])
    const membership = client.group(group, new Bystander())
    await membership.start()
    const { memberId } = membership.identity()
    await membership.leave()
    transport.lose('answer', apis.LeaveGroup)
    transport.lose('request', apis.LeaveGroup)
    await client.removeMembers(group.groupId, [memberId])
  })
}
