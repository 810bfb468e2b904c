/**
 * The assignor against its promises, for random groups: complete, balanced within one, sticky (a second round moves
 * nothing), and no more moves than the imbalance forces.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assignTasks } from '../../../../src/runtime/assignment/task-assignor.ts'
import type { AssignorMember } from '../../../../src/runtime/assignment/task-assignor.ts'

function member(memberId: string, ownedTasks: readonly string[] = []): AssignorMember {
  return { memberId, processId: memberId, ownedTasks }
}

const tasks = (subTopologies: number, partitions: number): string[] =>
  Array.from({ length: subTopologies * partitions }, (_, i) => `${Math.floor(i / partitions)}_${i % partitions}`)

describe('assignTasks', () => {
  it('gives every task to exactly one member, balanced within one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 7 }),
        (s, p, m) => {
          const result = assignTasks(
            tasks(s, p),
            Array.from({ length: m }, (_, i) => member(`m${i}`)),
          )
          const assigned = [...result.values()].flat().toSorted()
          expect(assigned).toEqual(tasks(s, p).toSorted())
          const counts = [...result.values()].map((list) => list.length)
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
        },
      ),
    )
  })

  it('moves nothing when the group stays as it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 5 }), (p, m) => {
        const first = assignTasks(
          tasks(2, p),
          Array.from({ length: m }, (_, i) => member(`m${i}`)),
        )
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
        const before = assignTasks(
          all,
          Array.from({ length: m }, (_, i) => member(`m${i}`)),
        )
        const after = assignTasks(all, [...[...before].map(([id, owned]) => member(id, owned)), member('new')])
        const moved = [...after].flatMap(([id, list]) => list.filter((task) => !(before.get(id) ?? []).includes(task)))
        expect(moved.length).toBe(after.get('new')?.length)
      }),
    )
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
