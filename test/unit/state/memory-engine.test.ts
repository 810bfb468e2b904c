import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryEngine } from '../../../src/state/memory-engine.ts'
import { SortedKeys } from '../../../src/state/sorted-keys.ts'
import { emptyBatch, emptyMarker, type Batch } from '../../../src/state/state-engine.ts'
import { storeConformance } from '../../support/store-conformance.ts'
import { batchOf } from '../../support/task-state.ts'

storeConformance(() => new MemoryEngine().openNow('0_0'))

describe('The engine in memory', () => {
  it('keeps a state while it is open, whoever opens it again, and forgets it when it is closed', async () => {
    const engine = new MemoryEngine()
    const state = await engine.open('0_0')
    state.commit(batchOf(['s', 'k', 'v']), { ...emptyMarker, committedAtMs: 1 })
    const again = await engine.open('0_0')
    expect(again.keyspace('s').get(Buffer.from('k'))?.toString()).toBe('v')
    await again.close()
    const fresh = await engine.open('0_0')
    expect(fresh.marker).toBeUndefined()
    expect(fresh.keyspace('s').get(Buffer.from('k'))).toBeUndefined()
  })

  it('takes nothing of a batch that throws', async () => {
    const state = await new MemoryEngine().open('0_0')
    const broken: Batch = {
      forEach(visit) {
        visit('s', Buffer.from('k'), Buffer.from('v'))
        throw new Error('broken record')
      },
    }
    expect(() => state.commit(broken, emptyMarker)).toThrow('broken record')
    expect(state.marker).toBeUndefined()
    expect(state.keyspace('s').get(Buffer.from('k'))).toBeUndefined()
  })

  it('keeps copies of what it is given', async () => {
    const state = await new MemoryEngine().open('0_0')
    const key = Buffer.from('k')
    const value = Buffer.from('v')
    state.commit({ forEach: (visit) => visit('s', key, value) }, emptyMarker)
    key.fill(0)
    value.fill(0)
    expect(state.keyspace('s').get(Buffer.from('k'))?.toString()).toBe('v')
  })

  it('clears one key space and leaves the others', async () => {
    const state = await new MemoryEngine().open('0_0')
    state.commit(batchOf(['s', 'k', 'v'], ['t', 'k', 'w']), emptyMarker)
    await state.clear('s', { ...emptyMarker, committedAtMs: 7 })
    expect(state.keyspace('s').size).toBe(0)
    expect(state.marker?.committedAtMs).toBe(7)
    expect(state.keyspace('t').get(Buffer.from('k'))?.toString()).toBe('w')
  })

  it('moves the marker with an empty batch', async () => {
    const state = await new MemoryEngine().open('0_0')
    state.commit(emptyBatch, { ...emptyMarker, committedAtMs: 7 })
    expect(state.marker?.committedAtMs).toBe(7)
  })
})

describe('Sorted keys', () => {
  it('are those of a sorted array, in both directions, between any bounds', () => {
    const key = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 2 })
      .map((text) => Buffer.from(text).toString('latin1'))
    const change = fc.record({ key, add: fc.boolean() })
    fc.assert(
      fc.property(
        fc.array(key, { minLength: 1200, maxLength: 2000 }),
        fc.array(change, { minLength: 1500, maxLength: 3000 }),
        fc.option(key, { nil: undefined }),
        fc.option(key, { nil: undefined }),
        (initial, changes, from, to) => {
          const model = new Set(initial)
          const keys = SortedKeys.of(model)
          for (const { key: changed, add } of changes) {
            expect(add ? keys.add(changed) : keys.delete(changed)).toBe(add ? !model.has(changed) : model.has(changed))
            if (add) model.add(changed)
            else model.delete(changed)
          }
          const expected = [...model]
            .toSorted((one, two) => (one < two ? -1 : 1))
            .filter((each) => (from === undefined || each >= from) && (to === undefined || each < to))
          expect(keys.size).toBe(model.size)
          expect(walk(keys, from, to, false)).toEqual(expected)
          expect(walk(keys, from, to, true)).toEqual(expected.toReversed())
        },
      ),
      { numRuns: 25 },
    )
  })
})

describe('A long run of sorted keys', () => {
  it('is walked past where whole blocks were deleted', () => {
    const all = Array.from({ length: 3000 }, (_, i) => String(i).padStart(5, '0'))
    const keys = SortedKeys.of(all)
    for (const key of all.slice(700, 2100)) keys.delete(key)
    const left = [...all.slice(0, 700), ...all.slice(2100)]
    expect(walk(keys, undefined, undefined, false)).toEqual(left)
    expect(walk(keys, undefined, undefined, true)).toEqual(left.toReversed())
    expect(walk(keys, '01000', undefined, false)).toEqual(left.slice(700))
    expect(walk(keys, undefined, '01000', true)).toEqual(left.slice(0, 700).toReversed())
  })
})

function walk(keys: SortedKeys, from: string | undefined, to: string | undefined, reverse: boolean): string[] {
  const cursor = keys.cursor(from, to, reverse)
  const found: string[] = []
  while (cursor.next()) found.push(cursor.key)
  return found
}
