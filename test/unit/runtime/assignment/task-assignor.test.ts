/**
 * The assignor against its promises, for random groups: complete, balanced within one, sticky (a second round moves
 * nothing, who owns no more than its share keeps all of it), and no more moves than the imbalance forces. Who starts
 * again finds its tasks where its disk is.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assignTasks } from '../../../../src/runtime/assignment/task-assignor.ts'
import type { AssignorMember } from '../../../../src/runtime/assignment/task-assignor.ts'

function member(
  memberId: string,
  ownedTasks: readonly string[] = [],
  localTasks: readonly string[] = [],
): AssignorMember {
  return { memberId, processId: memberId, ownedTasks, localTasks }
}

type Assignment = ReadonlyMap<string, readonly string[]>

const fresh = (count: number): AssignorMember[] => Array.from({ length: count }, (_, i) => member(`m${i}`))

/** Those that somebody else has now. */
function movedBetween(before: Assignment, after: Assignment): string[] {
  return [...after].flatMap(([id, list]) => list.filter((task) => !(before.get(id) ?? []).includes(task)))
}

/** Anything at all: claims and disks that overlap, repeat, and name tasks that are no more. */
const anyGroup = fc
  .record({ subTopologies: fc.integer({ min: 1, max: 3 }), partitions: fc.integer({ min: 1, max: 9 }) })
  .chain(({ subTopologies, partitions }) => {
    const all = tasks(subTopologies, partitions)
    const some = fc.array(fc.constantFrom(...all, '9_9'), { maxLength: 12 })
    return fc.record({ all: fc.constant(all), members: fc.array(fc.tuple(some, some), { minLength: 1, maxLength: 7 }) })
  })
  .map(({ all, members }) => ({ all, members: members.map(([owned, local], i) => member(`m${i}`, owned, local)) }))

const tasks = (subTopologies: number, partitions: number): string[] =>
  Array.from({ length: subTopologies * partitions }, (_, i) => `${Math.floor(i / partitions)}_${i % partitions}`)

/** No task has two owners; what is on disks is anything. */
const ownedGroup = anyGroup.map(({ all, members }) => {
  const free = new Set(all)
  const claim = (owned: readonly string[]): string[] => owned.filter((task) => free.delete(task))
  return {
    all,
    members: members.map(({ memberId, ownedTasks, localTasks }) => member(memberId, claim(ownedTasks), localTasks)),
  }
})

describe('assignTasks', () => {
  it('gives every task to exactly one member, balanced within one, whatever members claim', () => {
    fc.assert(
      fc.property(anyGroup, ({ all, members }) => {
        const result = assignTasks(all, members)
        expect([...result.values()].flat().toSorted()).toEqual(all.toSorted())
        const counts = [...result.values()].map((list) => list.length)
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
        expect([...result.keys()].toSorted()).toEqual(members.map(({ memberId }) => memberId).toSorted())
      }),
    )
  })

  it('decides the same in whatever order tasks and members come', () => {
    fc.assert(
      fc.property(anyGroup, ({ all, members }) => {
        const reversed = assignTasks(all.toReversed(), members.toReversed())
        expect(reversed).toEqual(assignTasks(all, members))
      }),
    )
  })

  it('takes from its owner no task more than balance asks for, whatever others have on disk', () => {
    fc.assert(
      fc.property(ownedGroup, ({ all, members }) => {
        const result = assignTasks(all, members)
        const share = Math.floor(all.length / members.length)
        const extra = all.length % members.length
        const owning = members.map(({ ownedTasks }) => ownedTasks.length)
        const above = owning.filter((count) => count > share)
        const surplus = above.reduce((sum, count) => sum + count - share, 0) - Math.min(extra, above.length)
        const lost = members.flatMap(({ memberId, ownedTasks }) =>
          ownedTasks.filter((task) => !result.get(memberId)?.includes(task)),
        )
        expect(lost.length).toBe(surplus)
        for (const { memberId, ownedTasks } of members) {
          const kept = ownedTasks.filter((task) => result.get(memberId)?.includes(task))
          expect(kept.length).toBeGreaterThanOrEqual(Math.min(ownedTasks.length, share))
        }
      }),
    )
  })

  it('moves nothing when the group stays as it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 5 }), (p, m) => {
        const first = assignTasks(tasks(2, p), fresh(m))
        const again = assignTasks(
          tasks(2, p),
          [...first].map(([id, owned]) => member(id, owned)),
        )
        expect(again).toEqual(first)
      }),
    )
  })

  it('moves only what a new member must get', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 5 }), (p, m) => {
        const all = tasks(2, p)
        const before = assignTasks(all, fresh(m))
        const after = assignTasks(all, [...[...before].map(([id, owned]) => member(id, owned)), member('new')])
        expect(movedBetween(before, after).length).toBe(after.get('new')?.length)
      }),
    )
  })

  it('gives members that start again their tasks back, as long as nobody else owns them', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
        (p, restarts) => {
          const all = tasks(2, p)
          const before = assignTasks(all, fresh(restarts.length))
          const members = [...before].map(([id, list], i) => (restarts[i] ? member(id, [], list) : member(id, list)))
          expect(assignTasks(all, members)).toEqual(before)
        },
      ),
    )
  })

  it('gives a member that starts again as many of its tasks as balance asks for, when others have taken them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 2, max: 5 }), fc.nat(), (p, m, which) => {
        const all = tasks(2, p)
        const before = assignTasks(all, fresh(m))
        const [killed = '', disk = []] = [...before][which % m] ?? []
        const survivors = [...before].filter(([id]) => id !== killed).map(([id, list]) => member(id, list))
        const taken = assignTasks(all, survivors)
        const after = assignTasks(all, [...[...taken].map(([id, list]) => member(id, list)), member(killed, [], disk)])
        const moved = movedBetween(taken, after)
        expect(moved.toSorted()).toEqual(after.get(killed)?.toSorted())
        // The others gave up what it has on its disk, as far as each of them had such tasks to give.
        for (const [id, list] of taken) {
          const given = list.filter((task) => !after.get(id)?.includes(task))
          const back = given.filter((task) => disk.includes(task))
          expect(back.length).toBe(Math.min(given.length, list.filter((task) => disk.includes(task)).length))
        }
      }),
    )
  })

  it('prefers the disk with less choice where two members have state of one task', () => {
    const result = assignTasks(['0_0', '0_1'], [member('a', [], ['0_0', '0_1']), member('b', [], ['0_0'])])
    expect(Object.fromEntries(result)).toEqual({ a: ['0_1'], b: ['0_0'] })
  })

  it('gives no heed to the disk of a member that has its share', () => {
    const result = assignTasks(
      ['0_0', '0_1', '0_2', '0_3', '1_0', '1_1'],
      [member('a', ['0_0', '0_1', '1_0', '1_1']), member('b', ['0_2', '0_3'], ['0_0', '0_1']), member('c')],
    )
    expect(Object.fromEntries(result)).toEqual({ a: ['0_0', '1_0'], b: ['0_2', '0_3'], c: ['0_1', '1_1'] })
  })

  it('moves no task to a disk from an owner that is within its share', () => {
    const result = assignTasks(['0_0', '0_1'], [member('a', ['0_0']), member('b', ['0_1'], ['0_0'])])
    expect(Object.fromEntries(result)).toEqual({ a: ['0_0'], b: ['0_1'] })
  })

  it('spreads each sub-topology over the members', () => {
    const result = assignTasks(tasks(2, 4), [member('a'), member('b')])
    expect(result.get('a')).toEqual(['0_0', '0_2', '1_0', '1_2'])
    expect(result.get('b')).toEqual(['0_1', '0_3', '1_1', '1_3'])
  })

  it('lets one of two members that claim a task keep it', () => {
    const result = assignTasks(['0_0', '0_1'], [member('a', ['0_0', '0_1']), member('b', ['0_0', '0_1'])])
    expect([...result.values()].flat().toSorted()).toEqual(['0_0', '0_1'])
    expect([...result.values()].map((list) => list.length)).toEqual([1, 1])
  })

  it('ignores tasks that no longer exist', () => {
    expect(assignTasks(['0_0'], [member('a', ['7_7'])]).get('a')).toEqual(['0_0'])
  })
})
