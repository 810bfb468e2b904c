import { beforeEach, describe, expect, it } from 'vitest'
import { defaultBrokerConfig } from '../../../../src/kafka/broker/broker-config.ts'
import { ClassicGroup } from '../../../../src/kafka/broker/classic-group.ts'
import type { Join, Joined } from '../../../../src/kafka/broker/group-member.ts'
import { countingRandom } from '../../../support/broker-bed.ts'
import { ManualClock, settled } from '../../../support/manual-clock.ts'

/** What conformance cases cannot show: time. The rules themselves are in test/conformance/broker-suite-groups.ts. */
const config = { ...defaultBrokerConfig, clusterId: 'a cluster' }

describe('ClassicGroup', () => {
  let clock: ManualClock
  let group: ClassicGroup

  beforeEach(() => {
    clock = new ManualClock()
    group = new ClassicGroup('g', clock, countingRandom(), config)
  })

  const join = (options: Partial<Join> = {}): Promise<Joined> =>
    group.join({
      memberId: '',
      instanceId: null,
      clientId: 'c',
      clientHost: '/h',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 30_000,
      protocolType: 'consumer',
      protocols: [{ name: 'p', metadata: Buffer.from('m') }],
      requireKnownMemberId: false,
      supportsSkippingAssignment: true,
      ...options,
    })

  const sync = ({ memberId, generationId }: Joined, assignments: Record<string, string> = {}) =>
    group.sync({
      memberId,
      instanceId: null,
      generationId,
      protocolType: null,
      protocolName: null,
      assignments: Object.entries(assignments).map(([id, text]) => ({ memberId: id, assignment: Buffer.from(text) })),
    })

  /** A stable group of that many members. */
  const stable = async (count: number): Promise<Joined[]> => {
    const joins = Array.from({ length: count }, () => join())
    await clock.advance(0)
    const joined = await Promise.all(joins)
    await Promise.all(joined.map((member) => sync(member)))
    expect(group.state).toBe('Stable')
    return joined
  }

  it('ends the session of a member that sends no heartbeats, and calls the others', async () => {
    const [one, two] = (await stable(2)) as [Joined, Joined]
    await clock.advance(6_000)
    group.heartbeat(one.memberId, null, one.generationId)
    await clock.advance(6_000)
    expect(() => group.heartbeat(two.memberId, null, two.generationId)).toThrow('UNKNOWN_MEMBER_ID')
    expect(() => group.heartbeat(one.memberId, null, one.generationId)).toThrow('REBALANCE_IN_PROGRESS')
    const again = join({ memberId: one.memberId })
    await settled()
    expect(await again).toMatchObject({ generationId: 2, leader: one.memberId })
  })

  it('begins the session anew with a plain offset commit, and not with one of a transaction', async () => {
    const [one, two] = (await stable(2)) as [Joined, Joined]
    await clock.advance(6_000)
    group.checkCommit(one.memberId, null, one.generationId, false)
    group.checkCommit(two.memberId, null, two.generationId, true)
    await clock.advance(6_000)
    expect([...group.members].map(({ memberId }) => memberId)).toEqual([one.memberId])
  })

  it('keeps members whose JoinGroup waits longer than their session', async () => {
    const [one, two] = (await stable(2)) as [Joined, Joined]
    const waiting = join({ memberId: one.memberId, protocols: [{ name: 'p', metadata: Buffer.from('new') }] })
    for (let index = 0; index < 5; index++) {
      await clock.advance(5_000)
      expect(() => group.heartbeat(two.memberId, null, two.generationId)).toThrow('REBALANCE_IN_PROGRESS')
    }
    const [first, second] = await Promise.all([waiting, join({ memberId: two.memberId })])
    expect([first.generationId, second.generationId]).toEqual([2, 2])
  })

  it('ends a rebalance without members that do not join again in time', async () => {
    const [one, two] = (await stable(2)) as [Joined, Joined]
    const waiting = join({ memberId: one.memberId, protocols: [{ name: 'p', metadata: Buffer.from('new') }] })
    for (let index = 0; index < 6; index++) {
      await clock.advance(5_000)
      if (index < 5) expect(() => group.heartbeat(two.memberId, null, 1)).toThrow('REBALANCE_IN_PROGRESS')
    }
    expect((await waiting).members).toHaveLength(1)
    expect(() => group.heartbeat(two.memberId, null, 1)).toThrow('UNKNOWN_MEMBER_ID')
  })

  it('is held up by an id that was given out and not used, until its session ends', async () => {
    const [one] = (await stable(1)) as [Joined]
    await expect(join({ requireKnownMemberId: true })).rejects.toThrow('MEMBER_ID_REQUIRED')
    let answered = false
    const waiting = join({ memberId: one.memberId }).then(() => (answered = true))
    await clock.advance(9_999)
    expect(answered).toBe(false)
    await clock.advance(1)
    await waiting
    expect(group.state).toBe('CompletingRebalance')
  })

  it('removes members that do not send SyncGroup within the rebalance time-out', async () => {
    const [one, two] = (await stable(2)) as [Joined, Joined]
    const joins = [join({ memberId: one.memberId }), join({ memberId: two.memberId })]
    const [again] = (await Promise.all(joins)) as [Joined, Joined]
    void sync(again).catch(() => undefined)
    for (let index = 0; index < 6; index++) {
      await clock.advance(5_000)
      for (const { memberId } of index < 5 ? [one, two] : []) group.heartbeat(memberId, null, 2)
    }
    expect(() => group.heartbeat(two.memberId, null, 2)).toThrow('UNKNOWN_MEMBER_ID')
  })

  it('is empty when its last member is gone, and begins the next generation from there', async () => {
    const [one] = (await stable(1)) as [Joined]
    group.leave(one.memberId, null)
    expect([group.state, group.generationId]).toEqual(['Empty', 2])
    expect(clock.pendingTimers).toBe(0)
    const next = join()
    await clock.advance(0)
    expect(await next).toMatchObject({ generationId: 3 })
  })

  it('keeps a static member for its session, not only for the rebalance', async () => {
    const joins = [join({ instanceId: 'i', sessionTimeoutMs: 60_000 }), join()]
    await clock.advance(0)
    const [fixed, other] = (await Promise.all(joins)) as [Joined, Joined]
    const waiting = join({ memberId: other.memberId, protocols: [{ name: 'p', metadata: Buffer.from('new') }] })
    await clock.advance(30_000)
    expect((await waiting).leader).toBe(other.memberId)
    expect((await waiting).members.map(({ memberId }) => memberId)).toContain(fixed.memberId)
  })

  it('refuses members beyond its size', async () => {
    group = new ClassicGroup('g', clock, countingRandom(), { ...config, groupMaxSize: 2 })
    await stable(2)
    await expect(join()).rejects.toThrow('GROUP_MAX_SIZE_REACHED')
  })

  it('lets go everybody who waits when it dies', async () => {
    const [one] = (await stable(1)) as [Joined]
    const waiting = [join(), join({ memberId: one.memberId, protocols: [] })]
    group.die()
    const outcomes = await Promise.allSettled(waiting)
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(clock.pendingTimers).toBe(0)
  })
})
