import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPredecessor, settleDuplicates } from '../../../../src/runtime/assignment/duplicates.ts'
import type { KnownMember } from '../../../../src/runtime/assignment/duplicates.ts'
import type { SubscriptionInfo } from '../../../../src/runtime/assignment/user-data.ts'

/** A member of thread 1 of slot 0, unless told otherwise. */
function member(memberId: string, startedAtMs: number, info: Partial<SubscriptionInfo> = {}): KnownMember {
  return {
    memberId,
    info: {
      version: 1,
      processId: 'p',
      startId: `start-${memberId}`,
      startedAtMs,
      transactionalId: 'app-p-1',
      host: 'host',
      directory: '/state/0',
      replaces: [],
      topologyFingerprint: 'one',
      tasks: [],
      localTasks: [],
      owners: {},
      ownersVersion: 0,
      ...info,
    },
  }
}

/** `running` with tasks, `idle`, and who is told of whom. */
function settle(...members: readonly KnownMember[]): object {
  const { running, idle, conflicts } = settleDuplicates(members)
  return {
    running: Object.fromEntries(running.map(({ memberId, info }) => [memberId, info.tasks])),
    idle: idle.map(({ memberId }) => memberId).toSorted(),
    conflicts: Object.fromEntries([...conflicts].map(([id, { memberId }]) => [id, memberId])),
  }
}

const ids = (members: readonly KnownMember[]): string[] => members.map(({ memberId }) => memberId).toSorted()

describe('settleDuplicates', () => {
  it('changes nothing where everybody is somebody', () => {
    const a = member('a', 1, { tasks: ['0_0'] })
    const b = member('b', 2, { transactionalId: 'app-q-1', directory: '/state/1' })
    expect(settle(a, b)).toEqual({ running: { a: ['0_0'], b: [] }, idle: [], conflicts: {} })
  })

  it('runs the first of those that share a transactional id, and tells the others of it', () => {
    const copies = [member('c', 3, { host: 'third' }), member('a', 1), member('b', 2, { host: 'second' })]
    const outcome = { running: { a: [] }, idle: ['b', 'c'], conflicts: { b: 'a', c: 'a' } }
    expect(settle(...copies)).toEqual(outcome)
    expect(settle(...copies.toReversed())).toEqual(outcome)
  })

  it('decides by the lesser start id between copies of one millisecond', () => {
    const copies = [member('x', 1, { startId: 'two' }), member('y', 1, { startId: 'one', host: 'other' })]
    expect(settle(...copies)).toMatchObject({ running: { y: [] }, idle: ['x'] })
  })

  it('lets a restarted process inherit from every start before it, and tells it of the last', () => {
    const first = member('first', 1, { tasks: ['0_0'] })
    const second = member('second', 2, { tasks: ['0_1'], replaces: ['start-first'] })
    const third = member('third', 3, { tasks: ['0_2'], replaces: ['start-second'] })
    expect(settle(third, first, second)).toEqual({
      running: { third: ['0_2', '0_0', '0_1'] },
      idle: ['first', 'second'],
      conflicts: { first: 'third', second: 'third', third: 'second' },
    })
  })

  it('believes the slot and not the clock', () => {
    const late = member('late', 1, { replaces: ['start-early'] })
    expect(settle(member('early', 9), late)).toMatchObject({ running: { late: [] }, idle: ['early'] })
  })

  it('lets each thread inherit from the thread of its number, and the last start from a thread that is no more', () => {
    const dead = [1, 2, 3].map((n) => member(`dead-${n}`, 1, dead1(n)))
    const next = [1, 2].map((n) => member(`next-${n}`, 2, next1(n)))
    expect(settle(...dead, ...next)).toEqual({
      running: { 'next-1': ['0_1'], 'next-2': ['0_2', '0_3'] },
      idle: ['dead-1', 'dead-2', 'dead-3'],
      conflicts: {
        'dead-1': 'next-1',
        'dead-2': 'next-2',
        'dead-3': 'next-2',
        'next-1': 'dead-1',
        'next-2': 'dead-3',
      },
    })
  })

  it('does not take a member for its own predecessor, even if its slot names it', () => {
    const next = member('next', 2, { replaces: ['start-dead', 'start-next'] })
    expect(settle(member('dead', 1), next)).toMatchObject({ running: { next: [] }, idle: ['dead'] })
  })

  it('does not take for dead who shares less than host, directory and start with what was replaced', () => {
    const original = member('a', 1)
    const replaces = ['start-a']
    for (const other of [
      member('b', 2, { replaces, host: 'elsewhere' }),
      member('b', 2, { replaces, directory: '/copy' }),
      member('b', 2, { replaces: ['start-of-another'] }),
    ]) {
      expect(settle(original, other)).toEqual({ running: { a: [] }, idle: ['b'], conflicts: { b: 'a' } })
    }
    const unplaced = [member('a', 1, { directory: undefined }), member('b', 2, { directory: undefined, replaces })]
    expect(settle(...unplaced)).toMatchObject({ idle: ['b'] })
  })

  it('tells both memberships of one start of each other, since either may be the former one', () => {
    const former = member('former', 1, { startId: 'same' })
    const present = member('present', 1, { startId: 'same' })
    expect(settle(former, present)).toMatchObject({ conflicts: { former: 'present', present: 'former' } })
  })

  it('says nothing of members that are not transactional, but that they are dead', () => {
    const plain = { transactionalId: undefined }
    const dead = member('dead', 1, { ...plain, tasks: ['0_0'] })
    const next = member('next', 2, { ...plain, replaces: ['start-dead'] })
    const copy = member('copy', 3, { ...plain, host: 'elsewhere' })
    expect(settle(dead, next, copy)).toMatchObject({ running: { next: ['0_0'], copy: [] }, idle: ['dead'] })
  })

  it('does not let tasks of another topology be inherited', () => {
    const dead = member('dead', 1, { tasks: ['0_0'], topologyFingerprint: 'two' })
    expect(settle(dead, member('next', 2, { replaces: ['start-dead'] }))).toMatchObject({ running: { next: [] } })
  })

  it('leaves one running per transactional id, and everybody else with a conflict, whatever members claim', () => {
    const starts = fc.array(
      fc.record({
        startedAtMs: fc.nat({ max: 2 }),
        startId: fc.constantFrom('', 's1', 's2', 's3'),
        transactionalId: fc.constantFrom(undefined, 't1', 't2'),
        host: fc.constantFrom('h1', 'h2'),
        replaces: fc.subarray(['', 's1', 's2', 's3']),
      }),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(starts, (infos) => {
        const members = infos.map(({ startedAtMs, ...info }, i) => member(`m${i}`, startedAtMs, info))
        const { running, idle, gone, conflicts } = settleDuplicates(members)
        expect(ids([...running, ...idle])).toEqual(ids(members))
        expect(members.length === 0 || running.length > 0).toBe(true)
        const named = running.flatMap(({ info }) => info.transactionalId ?? [])
        expect(new Set(named).size).toBe(named.length)
        for (const { memberId } of idle) expect(conflicts.get(memberId)?.memberId).not.toBe(memberId)
        for (const { memberId } of idle) expect(conflicts.has(memberId)).toBe(true)
        expect(ids(gone).every((id) => ids(idle).includes(id))).toBe(true)
      }),
    )
  })
})

function dead1(thread: number): Partial<SubscriptionInfo> {
  return { startId: 'dead', transactionalId: `app-p-${thread}`, tasks: [`0_${thread}`] }
}

function next1(thread: number): Partial<SubscriptionInfo> {
  return { startId: 'next', transactionalId: `app-p-${thread}`, replaces: ['dead'] }
}

describe('isPredecessor', () => {
  it('knows former holders of the slot and former memberships of the same start', () => {
    const self = member('self', 2, { replaces: ['start-a'] }).info
    expect(isPredecessor(member('a', 1).info, self)).toBe(true)
    expect(isPredecessor(self, self)).toBe(true)
    expect(isPredecessor(member('b', 1).info, self)).toBe(false)
    expect(isPredecessor(member('a', 1, { host: 'elsewhere' }).info, self)).toBe(false)
    const untold = member('a', 1, { startId: '', host: 'elsewhere' }).info
    expect(isPredecessor(untold, untold)).toBe(false)
  })
})
