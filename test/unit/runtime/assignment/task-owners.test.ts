import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { handedOver, knownOwners, vanishedOwners } from '../../../../src/runtime/assignment/task-owners.ts'
import type { OwnersMap } from '../../../../src/runtime/assignment/task-owners.ts'
import type { TaskOwners } from '../../../../src/runtime/assignment/user-data.ts'

interface Report {
  readonly transactionalId: string | undefined
  readonly tasks: readonly string[]
  readonly owners: TaskOwners
  readonly ownersVersion: number
}

function report(
  transactionalId: string | undefined,
  tasks: readonly string[],
  owners: TaskOwners = {},
  ownersVersion = 0,
): Report {
  return { transactionalId, tasks, owners, ownersVersion }
}

describe('knownOwners', () => {
  it('takes the newest map, and who owns a task now in its place', () => {
    const old = report('a', [], { '0_0': ['x'], '0_9': ['x'] }, 3)
    const newest = report('b', ['0_1'], { '0_0': ['y', 'z'], '0_1': ['z', 'b'] }, 4)
    expect(knownOwners([old, newest])).toEqual({ owners: { '0_0': ['y', 'z'], '0_1': ['b'] }, version: 4 })
  })

  it('takes both of two maps with one version, and both of two members that own one task', () => {
    const one = report('a', ['0_1'], { '0_0': ['x'] }, 4)
    const two = report('b', ['0_1'], { '0_0': ['y'] }, 4)
    expect(knownOwners([one, two])).toEqual({ owners: { '0_0': ['x', 'y'], '0_1': ['a', 'b'] }, version: 4 })
  })

  it('learns nothing from what members without a transactional id own', () => {
    expect(knownOwners([report(undefined, ['0_0'], { '0_0': ['x'] }, 1)])).toEqual({
      owners: { '0_0': ['x'] },
      version: 1,
    })
  })

  it('knows nothing in a group that begins', () => {
    expect(knownOwners([])).toEqual({ owners: {}, version: 0 })
  })
})

describe('handedOver', () => {
  const known: OwnersMap = { owners: { '0_0': ['x', 'a', 'y'], '0_1': ['x'], '7_7': ['x'] }, version: 6 }

  it('puts the new owner last, once, and forgets tasks that are no more', () => {
    const next = handedOver(known, ['0_0', '0_1', '0_2'], [{ transactionalId: 'a', tasks: ['0_0', '0_2'] }])
    expect(next).toEqual({ owners: { '0_0': ['x', 'y', 'a'], '0_1': ['x'], '0_2': ['a'] }, version: 7 })
  })

  it('keeps an entry as it is where the new owner is not transactional', () => {
    const next = handedOver(known, ['0_1', '0_2'], [{ transactionalId: undefined, tasks: ['0_1', '0_2'] }])
    expect(next).toEqual({ owners: { '0_1': ['x'] }, version: 7 })
  })

  it('keeps the last eight of a task that is handed on again and again', () => {
    let map: OwnersMap = { owners: {}, version: 0 }
    for (let n = 1; n <= 20; n++) map = handedOver(map, ['0_0'], [{ transactionalId: `t${n}`, tasks: ['0_0'] }])
    expect(map.owners['0_0']).toEqual(['t13', 't14', 't15', 't16', 't17', 't18', 't19', 't20'])
  })
})

describe('vanishedOwners', () => {
  it('names each owner once that is not present', () => {
    const known = { owners: { '0_0': ['x', 'a'], '0_1': ['x', 'y'] }, version: 1 }
    expect(vanishedOwners(known, ['0_0', '0_1', '0_2'], new Set(['a']))).toEqual(['x', 'y'])
  })

  it('is not led astray by names that every object has', () => {
    expect(vanishedOwners({ owners: {}, version: 0 }, ['constructor', '__proto__'], new Set())).toEqual([])
  })
})

describe('the map over many rebalances', () => {
  const rounds = fc.array(
    fc.record({
      present: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
      taker: fc.nat({ max: 2 }),
      isInterrupted: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  )

  it('has every vanished member fenced that left a transaction open, as long as somebody carries the map on', () => {
    fc.assert(
      fc.property(rounds, (steps) => {
        let told: OwnersMap = { owners: {}, version: 0 }
        let owner: string | undefined
        const open = new Set<string>()
        for (const { present, taker, isInterrupted } of steps) {
          // Who is present has ended its transaction: at its start, or before it joined.
          for (const id of present) open.delete(id)
          const witness = report(undefined, [], told.owners, told.version)
          const known = knownOwners([witness, ...present.map((id) => report(id, id === owner ? ['0_0'] : []))])
          const chosen = present[taker % present.length] ?? ''
          const fence = vanishedOwners(known, ['0_0'], new Set(present))
          expect(fence).toEqual(expect.arrayContaining([...open]))
          told = handedOver(known, ['0_0'], [{ transactionalId: chosen, tasks: ['0_0'] }])
          // Who is interrupted before it has fenced opens nothing, and does not report the task as its own.
          owner = isInterrupted ? undefined : chosen
          if (owner === undefined) continue
          for (const id of fence) open.delete(id)
          open.add(owner)
        }
      }),
    )
  })
})
