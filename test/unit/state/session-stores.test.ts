import { describe, expect, it } from 'vitest'
import type { Change } from '../../../src/processor/record.ts'
import type { SessionCursor, SessionStore, SessionTableStore } from '../../../src/processor/session-store.ts'
import { publicView } from '../../../src/processor/state-store.ts'
import type { StoreSpec } from '../../../src/processor/store-builder.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { MemoryEngine } from '../../../src/state/memory-engine.ts'
import { emptyMarker, type TaskState } from '../../../src/state/state-engine.ts'
import { DriverTopics } from '../../../src/testing/driver-topics.ts'
import { storeFixture, storeSpec, type StoreFixture } from '../../support/store-conformance.ts'

function sessions(more: Partial<StoreSpec> = {}, state: TaskState = new MemoryEngine().openNow('0_0')): StoreFixture {
  return storeFixture(state, [
    storeSpec(serdes.string, serdes.int64, { kind: 'session', retentionMs: 500_000, ...more }),
  ])
}

function table({ stores }: StoreFixture): SessionTableStore<string, number> {
  return stores.store('s') as SessionTableStore<string, number>
}

function view({ stores }: StoreFixture): SessionStore<string, number> {
  return publicView(stores.store('s')) as SessionStore<string, number>
}

function rows(cursor: SessionCursor<string, number>): string[] {
  const found: string[] = []
  while (cursor.next()) found.push(`${cursor.key}[${cursor.start},${cursor.end}]=${cursor.value}`)
  return found
}

function commit({ stores }: StoreFixture): void {
  stores.flush(() => false)
  const batch = stores.freeze()
  void stores.commit(batch, { ...emptyMarker, counters: stores.counters })
}

const long = (value: number): string => value.toString(16).padStart(16, '0')
const keyHex = (key: string, start: number, end: number): string =>
  Buffer.from(key).toString('hex') + long(end) + long(start)

describe('A session store', () => {
  it('logs key, end and start at the time of the record', () => {
    const store = sessions()
    store.record.timestamp = 42
    table(store).write('a', 3, 70_000, 1)
    table(store).write('a', 3, 70_000, null)
    expect(store.logged).toEqual([
      { key: keyHex('a', 3, 70_000), value: long(1), timestamp: 42 },
      { key: keyHex('a', 3, 70_000), value: null, timestamp: 42 },
    ])
  })

  it('finds the sessions of a key by their ends, of those with the same end the latest start first', () => {
    const store = sessions()
    const written = [
      [0, 10],
      [5, 10],
      [20, 30],
      [25, 70_000],
      [130_000, 130_001],
    ] as const
    for (const [start, end] of written) table(store).write('a', start, end, end)
    table(store).write('a\0', 0, 10, 9)
    const all = ['a[5,10]=10', 'a[0,10]=10', 'a[20,30]=30', 'a[25,70000]=70000', 'a[130000,130001]=130001']
    for (const after of [() => undefined, () => commit(store)]) {
      after()
      expect(rows(table(store).find('a', 0, Infinity))).toEqual(all)
      expect(rows(table(store).find('a', 30, 25))).toEqual(['a[20,30]=30', 'a[25,70000]=70000'])
      expect(rows(table(store).find('a', 11, 19))).toEqual([])
      expect(table(store).read('a', 25, 70_000)).toBe(70_000)
      expect(table(store).read('a', 24, 70_000)).toBeUndefined()
    }
    table(store).write('a', 20, 30, null)
    expect(rows(table(store).find('a', 30, 25))).toEqual(['a[25,70000]=70000'])
  })

  for (const timeOrdered of [false, true]) {
    it(`finds the sessions of all keys by their ends${timeOrdered ? ', with an index by time' : ''}`, () => {
      const store = sessions({ timeOrdered })
      table(store).write('b', 0, 10, 1)
      table(store).write('a', 4, 30, 2)
      table(store).write('a', 6, 10, 3)
      commit(store)
      table(store).write('a', 2, 10, 4)
      const expected = ['a[6,10]=3', 'a[2,10]=4', 'b[0,10]=1', 'a[4,30]=2']
      expect(rows(table(store).findEnded(0, 1000))).toEqual(expected)
      commit(store)
      expect(rows(table(store).findEnded(0, 1000))).toEqual(expected)
      expect(rows(table(store).findEnded(11, 30))).toEqual(['a[4,30]=2'])
    })
  }

  it('drops, counts and logs what ended as long ago as the retention', () => {
    const store = sessions({ retentionMs: 100 })
    table(store).write('a', 0, 0, 1)
    table(store).write('b', 0, 100, 1)
    expect(rows(table(store).find('a', 0, Infinity))).toEqual([])
    expect(table(store).read('a', 0, 0)).toBeUndefined()
    table(store).write('a', 0, 0, 2)
    expect(store.expired).toEqual(['s'])
    expect(store.logged.length).toBe(3)
  })

  it('forwards from its cache at the time of the end, and not at all what came and went', () => {
    const store = sessions({ caching: true })
    const changes: [unknown, Change<number>, number][] = []
    table(store).onFlush((key, change, timestamp) => void changes.push([key, change, timestamp]), true)
    table(store).write('a', 0, 0, 1)
    table(store).write('a', 0, 0, null)
    table(store).write('a', 0, 5, 2)
    commit(store)
    expect(changes).toEqual([
      [{ key: 'a', window: { start: 0, end: 5 } }, { newValue: 2, oldValue: null, isLatest: true }, 5],
    ])
    expect(store.logged.map(({ key }) => key)).toEqual([keyHex('a', 0, 5)])
  })

  it('gives processors windowed keys, in both directions and of ranges of keys', () => {
    const store = sessions()
    const windowed = (key: string, start: number, end: number): { key: string; window: object } => ({
      key,
      window: { start, end },
    })
    view(store).put({ key: 'a', window: { start: 1, end: 2 } }, 1)
    view(store).put({ key: 'b', window: { start: 1, end: 2 } }, 2)
    view(store).put({ key: 'a', window: { start: 5, end: 9 } }, 3)
    const all = [
      [windowed('a', 1, 2), 1],
      [windowed('b', 1, 2), 2],
      [windowed('a', 5, 9), 3],
    ]
    expect([...view(store).find(undefined)]).toEqual(all)
    expect([...view(store).find(undefined, 0, Infinity, { reverse: true })]).toEqual(all.toReversed())
    expect([...view(store).find('a')]).toEqual([all[0], all[2]])
    expect([...view(store).find('a', undefined, undefined, { reverse: true })]).toEqual([all[2], all[0]])
    expect([...view(store).find(['a', 'b'], 0, 4)]).toEqual(all.slice(0, 2))
    expect(view(store).fetchSession('a', 5, 9)).toBe(3)
    view(store).put({ key: 'a', window: { start: 5, end: 9 } }, null)
    expect(view(store).fetchSession('a', 5, 9)).toBeUndefined()
    expect(() => view(store).put({ key: 'a', window: { start: 5, end: 1 } }, 1)).toThrow(/begins and ends/)
  })

  it('restores what its changelog has', async () => {
    const store = sessions()
    const topics = new DriverTopics()
    const topic = topics.topic('s-changelog')
    const restore = (start: number, end: number, value: number | null): Promise<number> => {
      const key = Buffer.from(keyHex('a', start, end), 'hex')
      const bytes = value === null ? null : Buffer.from(long(value), 'hex')
      return store.stores.restore('s', topics.make(topic, 0, key, bytes, 0, []), emptyMarker)
    }
    await restore(0, 10, 1)
    await restore(3, 10, 2)
    await restore(0, 10, null)
    await restore(4, 70_000, 3)
    expect(rows(table(store).find('a', 0, Infinity))).toEqual(['a[3,10]=2', 'a[4,70000]=3'])
  })
})
