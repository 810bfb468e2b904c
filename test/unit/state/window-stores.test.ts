import { describe, expect, it } from 'vitest'
import type { Change, ValueAndTimestamp } from '../../../src/processor/record.ts'
import { publicView } from '../../../src/processor/state-store.ts'
import type { StoreSpec } from '../../../src/processor/store-builder.ts'
import type {
  JoinWindowStore,
  WindowCursor,
  WindowStore,
  WindowTableStore,
} from '../../../src/processor/window-store.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { MemoryEngine } from '../../../src/state/memory-engine.ts'
import { emptyMarker, type TaskState } from '../../../src/state/state-engine.ts'
import { DriverTopics } from '../../../src/testing/driver-topics.ts'
import { storeFixture, storeSpec, type StoreFixture } from '../../support/store-conformance.ts'

function windows(more: Partial<StoreSpec> = {}, state: TaskState = new MemoryEngine().openNow('0_0')): StoreFixture {
  const spec = { kind: 'timestampedWindow', retentionMs: 100, windowSizeMs: 10, ...more } as const
  return storeFixture(state, [storeSpec(serdes.string, serdes.int64, spec)])
}

function table({ stores }: StoreFixture): WindowTableStore<string, number> {
  return stores.store('s') as WindowTableStore<string, number>
}

function view({ stores }: StoreFixture): WindowStore<string, ValueAndTimestamp<number>> {
  return publicView(stores.store('s')) as WindowStore<string, ValueAndTimestamp<number>>
}

function rows(cursor: WindowCursor<string, number>): string[] {
  const found: string[] = []
  while (cursor.next()) found.push(`${cursor.key}@${cursor.start}=${cursor.value}`)
  return found
}

function commit({ stores }: StoreFixture): void {
  stores.flush(() => false)
  const batch = stores.freeze()
  void stores.commit(batch, { ...emptyMarker, counters: stores.counters })
}

const keyHex = (key: string, time: number, number: number = 0): string =>
  Buffer.from(key).toString('hex') + time.toString(16).padStart(16, '0') + number.toString(16).padStart(8, '0')
const int64 = (value: number): string => value.toString(16).padStart(16, '0')

describe('A window store of a table', () => {
  it('finds a window by its key and start, before and after a commit', () => {
    const store = windows()
    table(store).write('a', 1, 7, 0)
    table(store).write('a', 2, 17, 10)
    for (const after of [() => undefined, () => commit(store)]) {
      after()
      expect(table(store).read('a', 10)).toEqual({ value: 2, timestamp: 17 })
      expect(table(store).read('a', 0)).toEqual({ value: 1, timestamp: 7 })
      expect(table(store).read('a', 5)).toBeUndefined()
      expect(table(store).read('b', 0)).toBeUndefined()
    }
  })

  it('logs key, start and number with the plain value at the time of the value, and deletes at that of the record', () => {
    const store = windows()
    store.record.timestamp = 99
    table(store).write('a', 1, 7, 10)
    table(store).write('a', null, 0, 10)
    expect(store.logged).toEqual([
      { key: keyHex('a', 10), value: int64(1), timestamp: 7 },
      { key: keyHex('a', 10), value: null, timestamp: 99 },
    ])
  })

  it('drops, counts and logs what is as old as the retention, and no longer reads it', () => {
    const store = windows()
    table(store).write('a', 1, 0, 0)
    table(store).write('a', 2, 99, 99)
    expect(table(store).read('a', 0)).toEqual({ value: 1, timestamp: 0 })
    table(store).write('b', 3, 100, 100)
    expect(table(store).read('a', 0)).toBeUndefined()
    expect(rows(table(store).fetch('a', 0, 1000))).toEqual(['a@99=2'])
    expect(store.expired).toEqual([])
    table(store).write('a', 4, 5, 0)
    expect(store.expired).toEqual(['s'])
    expect(store.logged.at(-1)).toEqual({ key: keyHex('a', 0), value: int64(4), timestamp: 5 })
    expect(table(store).read('a', 0)).toBeUndefined()
  })

  it('reads one key by start, in both directions, with what a commit moved below what was written after', () => {
    const store = windows({ retentionMs: 500_000 })
    const starts = [0, 10, 70_000, 130_000]
    for (const start of starts) table(store).write('a', start, 0, start)
    // A longer key whose bytes lie between those of the shorter one.
    table(store).write('a\0', 7, 0, 10)
    commit(store)
    table(store).write('a', 5, 0, 5)
    table(store).write('a', 11, 0, 10)
    table(store).write('a', null, 0, 70_000)
    expect(rows(table(store).fetch('a', 0, 1e9))).toEqual(['a@0=0', 'a@5=5', 'a@10=11', 'a@130000=130000'])
    expect(rows(table(store).fetch('a', 0, 1e9, true))).toEqual(['a@130000=130000', 'a@10=11', 'a@5=5', 'a@0=0'])
    expect(rows(table(store).fetch('a', 5, 10))).toEqual(['a@5=5', 'a@10=11'])
    expect(rows(table(store).fetch('a', 6, 9))).toEqual([])
    expect(rows(table(store).fetch('a', -5, 0))).toEqual(['a@0=0'])
    expect(rows(table(store).fetch('a\0', 0, Infinity))).toEqual(['a\0@10=7'])
  })

  for (const timeOrdered of [false, true]) {
    it(`reads all keys by start, then key bytes${timeOrdered ? ', with an index by time' : ''}`, () => {
      const store = windows({ retentionMs: 500_000, timeOrdered })
      table(store).write('b', 1, 0, 10)
      table(store).write('é', 2, 0, 10)
      table(store).write('a', 3, 0, 130_000)
      commit(store)
      table(store).write('a', 4, 0, 20)
      table(store).write('a', 5, 0, 10)
      table(store).write('b', null, 0, 10)
      expect(rows(table(store).fetchAll(0, 1e9))).toEqual(['a@10=5', 'é@10=2', 'a@20=4', 'a@130000=3'])
      expect(rows(table(store).fetchAll(0, 1e9, true))).toEqual(['a@130000=3', 'a@20=4', 'é@10=2', 'a@10=5'])
      expect(rows(table(store).fetchAll(11, 20))).toEqual(['a@20=4'])
      commit(store)
      expect(rows(table(store).fetchAll(0, 1e9))).toEqual(['a@10=5', 'é@10=2', 'a@20=4', 'a@130000=3'])
    })
  }

  it('lets a reader write, who does not see it, and open another one', () => {
    const store = windows()
    table(store).write('a', 1, 0, 0)
    table(store).write('a', 2, 0, 10)
    const seen: string[] = []
    const cursor = table(store).fetch('a', 0, 100)
    while (cursor.next()) {
      seen.push(`${cursor.start}=${cursor.value}`)
      table(store).write('a', 9, 0, cursor.start + 5)
      table(store).write('a', 8, 0, 10)
      expect(rows(table(store).fetch('a', 10, 10))).toEqual(['a@10=8'])
    }
    expect(seen).toEqual(['0=1', '10=2'])
  })

  it('forgets with a rollback what was not committed, its time too', () => {
    const store = windows()
    table(store).write('a', 1, 0, 0)
    commit(store)
    table(store).write('a', 2, 0, 1000)
    expect(table(store).observedStreamTime).toBe(1000)
    store.stores.rollback(false)
    expect(table(store).observedStreamTime).toBe(0)
    expect(rows(table(store).fetchAll(0, 1e9))).toEqual(['a@0=1'])
  })

  it('keeps with a rollback what was frozen, when its transaction has succeeded', () => {
    const store = windows()
    table(store).write('a', 2, 0, 1000)
    const batch = store.stores.freeze()
    table(store).write('a', 3, 0, 2000)
    store.stores.rollback(true)
    expect(table(store).observedStreamTime).toBe(1000)
    expect(rows(table(store).fetchAll(0, 1e9))).toEqual(['a@1000=2'])
    void store.stores.commit(batch, emptyMarker)
    expect(rows(table(store).fetchAll(0, 1e9))).toEqual(['a@1000=2'])
  })

  it('goes on after a restart with the time that it had seen', () => {
    const state = new MemoryEngine().openNow('0_0')
    const before = windows({}, state)
    table(before).write('a', 1, 0, 0)
    table(before).write('a', 2, 0, 1000)
    commit(before)
    const after = windows({}, state)
    expect(table(after).observedStreamTime).toBe(1000)
    table(after).write('a', 1, 0, 900)
    expect(after.expired).toEqual(['s'])
  })

  it('gives the memory of segments back that have expired', () => {
    const state = new MemoryEngine().openNow('0_0')
    const store = windows({ timeOrdered: true }, state)
    table(store).write('a', 1, 0, 0)
    commit(store)
    expect([...state.keyspaceIds()]).toEqual(['s/0', 's/0/times'])
    table(store).write('a', 1, 0, 60_050)
    commit(store)
    // What is 10 ms younger than the end of the segment lives.
    expect([...state.keyspaceIds()]).toEqual(['s/0', 's/0/times', 's/1', 's/1/times'])
    table(store).write('a', 1, 0, 60_100)
    commit(store)
    expect([...state.keyspaceIds()]).toEqual(['s/1', 's/1/times'])
    expect(rows(table(store).fetchAll(0, 1e9))).toEqual(['a@60050=1', 'a@60100=1'])
  })

  it('gives processors objects of their own', () => {
    const store = windows()
    view(store).put('a', { value: 1, timestamp: 5 }, 0)
    view(store).put('b', { value: 2, timestamp: 6 }, 0)
    view(store).put('b', { value: 3, timestamp: 7 }, 20)
    expect(view(store).fetch('a', 0)).toEqual({ value: 1, timestamp: 5 })
    const all = [
      [
        { key: 'a', window: { start: 0, end: 10 } },
        { value: 1, timestamp: 5 },
      ],
      [
        { key: 'b', window: { start: 0, end: 10 } },
        { value: 2, timestamp: 6 },
      ],
      [
        { key: 'b', window: { start: 20, end: 30 } },
        { value: 3, timestamp: 7 },
      ],
    ]
    expect([...view(store).range(undefined)]).toEqual(all)
    expect([...view(store).range('b')]).toEqual(all.slice(1))
    expect([...view(store).range(['a', 'az'])]).toEqual(all.slice(0, 1))
    expect([...view(store).range(undefined, 20, 20)]).toEqual(all.slice(2))
    expect([...view(store).range(undefined, 0, 100, { reverse: true })]).toEqual(all.toReversed())
  })

  it('refuses an iterator after the record that opened it', () => {
    const store = windows()
    view(store).put('a', { value: 1, timestamp: 5 }, 0)
    const iterator = view(store).range('a')
    store.stores.turn++
    expect(() => iterator.next()).toThrow(expect.objectContaining({ code: 'MILLRACE_ITERATOR_EXPIRED' }))
  })

  it('restores what its changelog has, but for what has expired', async () => {
    const store = windows()
    const key = (text: string, start: number): Buffer => Buffer.from(keyHex(text, start), 'hex')
    const value = (number: number): Buffer => Buffer.from(int64(number), 'hex')
    const topics = new DriverTopics()
    const topic = topics.topic('s-changelog')
    const records: [Buffer, Buffer | null, number][] = [
      [key('a', 0), value(1), 3],
      [key('a', 500), value(2), 507],
      [key('b', 450), value(3), 451],
      [key('b', 450), null, 460],
      [key('c', 400), value(4), 460],
    ]
    for (const [k, v, timestamp] of records) {
      await store.stores.restore('s', topics.make(topic, 0, k, v, timestamp, []), emptyMarker)
    }
    expect(rows(table(store).fetchAll(0, 1e9))).toEqual(['a@500=2'])
    expect(table(store).read('a', 500)).toEqual({ value: 2, timestamp: 507 })
    expect(table(store).observedStreamTime).toBe(500)
    expect(store.expired).toEqual([])
  })

  it('gives the memory of segments back that expire while it is restored', async () => {
    const state = new MemoryEngine().openNow('0_0')
    const store = windows({ timeOrdered: true }, state)
    const topics = new DriverTopics()
    const topic = topics.topic('s-changelog')
    const hours = [0, 1, 2, 3].map((hour) => hour * 3_600_000)
    for (const start of hours) {
      const key = Buffer.from(keyHex('a', start), 'hex')
      const record = topics.make(topic, 0, key, Buffer.from(int64(1), 'hex'), start + 7, [])
      await store.stores.restore('s', record, state.marker ?? emptyMarker)
    }
    expect([...state.keyspaceIds()].toSorted()).toEqual(['s/180', 's/180/times'])
    expect(rows(table(store).fetchAll(0, 1e9))).toEqual(['a@10800000=1'])
  })

  it('says after a restore how far the records had come, also after the next start', async () => {
    const state = new MemoryEngine().openNow('0_0')
    const store = windows({}, state)
    const topics = new DriverTopics()
    const topic = topics.topic('s-changelog')
    expect(table(store).restoredTimeMs).toBe(-1)
    for (const timestamp of [507, 503]) {
      const key = Buffer.from(keyHex('a', 500), 'hex')
      const record = topics.make(topic, 0, key, Buffer.from(int64(1), 'hex'), timestamp, [])
      await store.stores.restore('s', record, state.marker ?? emptyMarker)
    }
    expect(table(store).restoredTimeMs).toBe(507)
    table(store).write('a', 1, 600, 600)
    commit(store)
    expect(table(windows({}, state)).restoredTimeMs).toBe(507)
  })

  it('refuses a changelog that another kind of store has written', async () => {
    const topics = new DriverTopics()
    const record = topics.make(topics.topic('s-changelog'), 0, Buffer.from('k'), Buffer.from('v'), 0, [])
    await expect(windows().stores.restore('s', record, emptyMarker)).rejects.toMatchObject({
      code: 'MILLRACE_STORE_UNREADABLE',
    })
  })
})

describe('A cached window store', () => {
  it('logs and forwards each window once, with the old value below the cache', () => {
    const store = windows({ caching: true })
    const changes: [unknown, Change<number>, number, number][] = []
    table(store).onFlush(
      (key, change, timestamp, { offset }) => void changes.push([key, change, timestamp, offset]),
      true,
    )
    store.record.offset = 1
    table(store).write('a', 1, 5, 0)
    table(store).write('b', 1, 5, 0)
    store.record.offset = 2
    table(store).write('a', 2, 6, 0)
    expect(store.logged).toEqual([])
    commit(store)
    expect(store.logged).toEqual([
      { key: keyHex('b', 0), value: int64(1), timestamp: 5 },
      { key: keyHex('a', 0), value: int64(2), timestamp: 6 },
    ])
    const window = { start: 0, end: 10 }
    expect(changes.splice(0)).toEqual([
      [{ key: 'b', window }, { newValue: 1, oldValue: null, isLatest: true }, 5, 1],
      [{ key: 'a', window }, { newValue: 2, oldValue: null, isLatest: true }, 6, 2],
    ])
    store.record.timestamp = 77
    table(store).write('a', null, 0, 0)
    table(store).write('c', null, 0, 0)
    commit(store)
    expect(changes).toEqual([[{ key: 'a', window }, { newValue: null, oldValue: 2, isLatest: true }, 77, 2]])
    expect(store.logged.length).toBe(3)
  })

  for (const timeOrdered of [false, true]) {
    it(`lets time go on at the flush, and shows what awaits it however old it is${timeOrdered ? ', by time' : ''}`, () => {
      const store = windows({ caching: true, timeOrdered })
      const found = (): unknown => [
        table(store).read('a', 0)?.value,
        rows(table(store).fetch('a', 0, 2000)),
        rows(table(store).fetchAll(0, 2000)),
      ]
      const both = [1, ['a@0=1', 'a@1000=2'], ['a@0=1', 'a@1000=2']]
      const seenInFlush: unknown[] = []
      table(store).onFlush(() => void seenInFlush.push(found()), false)
      table(store).write('a', 1, 0, 0)
      table(store).write('a', 2, 0, 1000)
      expect(table(store).observedStreamTime).toBe(-1)
      expect(found()).toEqual(both)
      store.stores.flush(() => false)
      expect(table(store).observedStreamTime).toBe(1000)
      expect(seenInFlush).toEqual([both, both])
      const newest = [undefined, ['a@1000=2'], ['a@1000=2']]
      expect(found()).toEqual(newest)
      commit(store)
      expect(found()).toEqual(newest)
      table(store).write('a', 3, 0, 0)
      expect(found()).toEqual([3, ['a@0=3', 'a@1000=2'], ['a@0=3', 'a@1000=2']])
      store.stores.rollback(true)
      expect(found()).toEqual(newest)
    })
  }
})

describe('A window store that keeps duplicates', () => {
  const joinStore = (more: Partial<StoreSpec> = {}, state?: TaskState): StoreFixture =>
    windows({ kind: 'window', retainDuplicates: true, ...more }, state)
  const join = ({ stores }: StoreFixture): JoinWindowStore<string, number> =>
    stores.store('s') as JoinWindowStore<string, number>

  it('numbers its entries in the changelog and reads them by time, then in order of arrival', () => {
    const store = joinStore()
    store.record.timestamp = 42
    join(store).put('a', 1, 10)
    join(store).put('a', 2, 5)
    join(store).put('b', 3, 10)
    join(store).put('a', 4, 10)
    join(store).put('a', null, 10)
    join(store).put('a', 5, 10)
    expect(store.logged.map(({ key }) => key)).toEqual([
      keyHex('a', 10, 1),
      keyHex('a', 5, 2),
      keyHex('b', 10, 3),
      keyHex('a', 10, 4),
      keyHex('a', 10, 5),
      keyHex('a', 10, 6),
    ])
    expect(store.logged[4]).toEqual({ key: keyHex('a', 10, 5), value: null, timestamp: 42 })
    const expected = ['a@5=2', 'a@10=1', 'a@10=4', 'a@10=5']
    expect(rows(join(store).fetch('a', 0, 10))).toEqual(expected)
    commit(store)
    expect(rows(join(store).fetch('a', 0, 10))).toEqual(expected)
    expect(rows(join(store).fetch('a', 6, 9))).toEqual([])
  })

  it('keeps no more of what has expired before a commit than of what has not', () => {
    const store = joinStore()
    const { budget } = store.stores
    for (let time = 0; time < 5000; time++) {
      join(store).put(`k${time % 3}`, time, time)
      join(store).put('old', time, Math.max(0, time - 50))
      expect(budget.entries).toBeLessThan(2000)
    }
    expect(budget.uncommittedBytes).toBeLessThan(2000 * 150)
    expect(rows(join(store).fetch('k0', 0, 5000))[0]).toBe('k0@4902=4902')
    expect(rows(join(store).fetch('old', 0, 5000))).toHaveLength(50)
    commit(store)
    expect(budget.entries).toBe(0)
    expect(rows(join(store).fetch('k0', 0, 5000))).toHaveLength(33)
    expect(rows(join(store).fetch('old', 0, 4901)).at(-1)).toBe('old@4901=4951')
  })

  it('finds what is committed beside what came after it', () => {
    const store = joinStore()
    join(store).put('a', 1, 50)
    commit(store)
    join(store).put('a', 2, 60)
    join(store).put('a', 3, 40)
    expect(rows(join(store).fetch('a', 0, 100))).toEqual(['a@40=3', 'a@50=1', 'a@60=2'])
    expect(rows(join(store).fetch('a', 50, 100))).toEqual(['a@50=1', 'a@60=2'])
    expect(rows(join(store).fetch('a', 51, 100))).toEqual(['a@60=2'])
  })

  it('goes on counting after a restart, and begins again after a rollback', () => {
    const state = new MemoryEngine().openNow('0_0')
    const before = joinStore({}, state)
    join(before).put('a', 1, 10)
    commit(before)
    join(before).put('a', 2, 10)
    before.stores.rollback(false)
    const after = joinStore({}, state)
    for (const store of [before, after]) {
      store.logged.length = 0
      join(store).put('a', 2, 10)
      expect(store.logged.map(({ key }) => key)).toEqual([keyHex('a', 10, 2)])
    }
  })

  it('goes on behind the highest number that its changelog has', async () => {
    const store = joinStore()
    const topics = new DriverTopics()
    const topic = topics.topic('s-changelog')
    const value = Buffer.from(int64(1), 'hex')
    for (const number of [7, 3]) {
      const key = Buffer.from(keyHex('a', 10, number), 'hex')
      await store.stores.restore('s', topics.make(topic, 0, key, value, 0, []), emptyMarker)
    }
    join(store).put('a', 2, 10)
    expect(store.logged.map(({ key }) => key)).toEqual([keyHex('a', 10, 8)])
    expect(rows(join(store).fetch('a', 0, 10))).toEqual(['a@10=1', 'a@10=1', 'a@10=2'])
  })
})
