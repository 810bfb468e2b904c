import { describe, expect, it } from 'vitest'
import type { KeyValueStore, TableStore } from '../../../src/processor/state-store.ts'
import type { Change, ValueAndTimestamp } from '../../../src/processor/record.ts'
import type { StoreSpec } from '../../../src/processor/store-builder.ts'
import type { AnySerde } from '../../../src/serde/serde.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { MemoryEngine } from '../../../src/state/memory-engine.ts'
import { maxOverlayEntries } from '../../../src/state/overlay.ts'
import { emptyMarker, type TaskState } from '../../../src/state/state-engine.ts'
import { stores as builders } from '../../../src/state/stores.ts'
import { DriverTopics, type DriverRecord } from '../../../src/testing/driver-topics.ts'
import { storeFixture, storeSpec, type StoreFixture } from '../../support/store-conformance.ts'

type Table = TableStore<string, number> & KeyValueStore<string, ValueAndTimestamp<number>>

function fixture(more: Partial<StoreSpec> = {}, state: TaskState = new MemoryEngine().openNow('0_0')): StoreFixture {
  return storeFixture(state, [storeSpec(serdes.string, serdes.int64, more)])
}

function table({ stores }: StoreFixture): Table {
  return stores.store('s') as Table
}

const hexOf = (text: string): string => Buffer.from(text).toString('hex')
const int64 = (value: number): string => value.toString(16).padStart(16, '0')

function commit({ stores }: StoreFixture): void {
  stores.flush(() => false)
  void stores.commit(stores.freeze(), emptyMarker)
}

describe('A cached store', () => {
  it('logs each changed key once at the flush, in order of its last update, with the time of its value', () => {
    const store = fixture({ caching: true })
    table(store).write('a', 1, 10)
    table(store).write('b', 2, 20)
    table(store).write('a', 3, 30)
    expect(store.logged).toEqual([])
    store.stores.flush(() => false)
    expect(store.logged).toEqual([
      { key: hexOf('b'), value: int64(2), timestamp: 20 },
      { key: hexOf('a'), value: int64(3), timestamp: 30 },
    ])
  })

  it('forwards each change once with the old value below the cache and the context of the last update', () => {
    const store = fixture({ caching: true })
    table(store).write('a', 1, 1)
    commit(store)
    const seen: unknown[] = []
    table(store).onFlush((key, change, timestamp, context) => {
      seen.push({ key, change, timestamp, offset: context.offset, topic: context.topic, recordTime: context.timestamp })
    }, true)
    store.record.offset = 5
    store.record.timestamp = 50
    table(store).write('a', 2, 60)
    store.record.offset = 6
    store.record.timestamp = 51
    table(store).write('a', 3, 61)
    store.record.offset = 99
    store.stores.flush(() => false)
    expect(seen).toEqual([
      {
        key: 'a',
        change: { newValue: 3, oldValue: 1, isLatest: true },
        timestamp: 61,
        offset: 6,
        topic: 'in',
        recordTime: 51,
      },
    ])
    expect(store.record.offset).toBe(99)
  })

  it('takes what an earlier flush of the transaction logged for the old value', () => {
    const store = fixture({ caching: true })
    const changes: Change<number>[] = []
    table(store).onFlush((_key, change) => changes.push(change), true)
    table(store).write('a', 1, 1)
    store.stores.flush(() => false)
    table(store).write('a', 2, 2)
    store.stores.flush(() => false)
    table(store).write('a', null, 0)
    store.stores.flush(() => false)
    expect(changes).toEqual([
      { newValue: 1, oldValue: null, isLatest: true },
      { newValue: 2, oldValue: 1, isLatest: true },
      { newValue: null, oldValue: 2, isLatest: true },
    ])
  })

  it('knows what it has told of while a newer value waits, wherever that is', () => {
    const store = fixture({ caching: true })
    const told = (): unknown => {
      const found = table(store).readTold?.('a')
      return found && { ...found }
    }
    table(store).onFlush(() => undefined, false)
    table(store).write('a', 1, 10)
    expect(told()).toBeUndefined()
    store.stores.flush(() => false)
    expect(told()).toEqual({ value: 1, timestamp: 10 })
    table(store).write('a', 2, 5)
    expect(told()).toEqual({ value: 1, timestamp: 10 })
    expect(table(store).read('a')).toEqual({ value: 2, timestamp: 5 })
    store.stores.flush(() => false)
    store.stores.freeze()
    table(store).write('a', 3, 20)
    expect(told()).toEqual({ value: 2, timestamp: 5 })
    store.stores.flush(() => false)
    void store.stores.commit(store.stores.freeze(), emptyMarker)
    table(store).write('a', null, 30)
    expect(table(store).read('a')).toBeUndefined()
    expect(told()).toEqual({ value: 3, timestamp: 20 })
  })

  it('neither logs nor forwards the delete of a key that is absent below it', () => {
    const store = fixture({ caching: true })
    const changes: Change<number>[] = []
    table(store).onFlush((_key, change) => changes.push(change), false)
    table(store).write('a', 1, 1)
    table(store).write('a', null, 0)
    store.stores.flush(() => false)
    expect(changes).toEqual([])
    expect(store.logged).toEqual([])
  })

  it('forwards a delete with the time of the record, whatever was written with it', () => {
    const store = fixture({ caching: true })
    table(store).write('a', 1, 10)
    commit(store)
    const times: number[] = []
    table(store).onFlush((_key, _change, timestamp) => times.push(timestamp), false)
    store.record.timestamp = 77
    table(store).write('a', null, 5)
    store.stores.flush(() => false)
    expect(times).toEqual([77])
  })

  it('reads below itself by the key, not by what was lent for a record that is over', () => {
    const store = fixture({ caching: true })
    table(store).write('a', 1, 10)
    commit(store)
    const changes: Change<number>[] = []
    table(store).onFlush((_key, change) => changes.push(change), true)
    table(store).write('a', 2, 11)
    Object.assign(store.record, { rawKey: Buffer.from('gone'), rawKeyValue: 'a', rawKeySerde: serdes.string })
    store.stores.flush(() => false)
    expect(changes).toEqual([{ newValue: 2, oldValue: 1, isLatest: true }])
  })

  it('logs every delete when nobody listens, with the time of the record', () => {
    const store = fixture({ caching: true })
    store.record.timestamp = 77
    table(store).write('a', null, 5)
    store.stores.flush(() => false)
    expect(store.logged).toEqual([{ key: hexOf('a'), value: null, timestamp: 77 }])
  })

  it('stops a flush when it is late and goes on where it stopped', () => {
    const store = fixture({ caching: true })
    for (let i = 0; i < 200; i++) table(store).write(`k${i}`, i, i)
    expect(store.stores.flush(() => true)).toBe(false)
    const first = store.logged.length
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThan(200)
    while (!store.stores.flush(() => true));
    expect(new Set(store.logged.map(({ key }) => key)).size).toBe(200)
    expect(store.logged).toHaveLength(200)
  })

  it('flushes what a flush of another store has written to it', () => {
    const spec = { caching: true }
    const state = new MemoryEngine().openNow('0_0')
    const { stores, logged } = storeFixture(state, [
      storeSpec(serdes.string, serdes.int64, { ...spec, name: 'down' }),
      storeSpec(serdes.string, serdes.int64, { ...spec, name: 'up' }),
    ])
    const up = stores.store('up') as Table
    const down = stores.store('down') as Table
    up.onFlush((key, { newValue }, timestamp) => down.write(key, newValue, timestamp), false)
    up.write('a', 1, 1)
    expect(stores.flush(() => false)).toBe(true)
    expect(logged).toHaveLength(2)
    expect(stores.budget.cacheBytes).toBe(0)
  })
})

describe('An uncached store', () => {
  it('logs every write at once, deletes with the time of the record', () => {
    const store = fixture()
    store.record.timestamp = 9
    table(store).write('a', 1, 10)
    table(store).write('a', 2, 11)
    table(store).write('a', null, 12)
    expect(store.logged).toEqual([
      { key: hexOf('a'), value: int64(1), timestamp: 10 },
      { key: hexOf('a'), value: int64(2), timestamp: 11 },
      { key: hexOf('a'), value: null, timestamp: 9 },
    ])
  })

  it('logs with the time of the record when it keeps no timestamps', () => {
    const store = fixture({ kind: 'keyValue' })
    store.record.timestamp = 9
    ;(store.stores.store('s') as KeyValueStore<string, number>).put('a', 1)
    expect(store.logged).toEqual([{ key: hexOf('a'), value: int64(1), timestamp: 9 }])
  })

  it('logs nothing when logging is off, and commits all the same', () => {
    const store = fixture({ logging: false })
    table(store).write('a', 1, 1)
    commit(store)
    expect(store.logged).toEqual([])
    expect(table(store).get('a')).toEqual({ value: 1, timestamp: 1 })
  })

  it('uses the bytes of the record for an unchanged key', () => {
    const store = fixture()
    const bytes = Buffer.from('raw bytes that the key was read from')
    Object.assign(store.record, { rawKey: bytes, rawKeyValue: 'a', rawKeySerde: serdes.string })
    table(store).write('a', 1, 1)
    table(store).write('b', 1, 1)
    expect(store.logged.map(({ key }) => key)).toEqual([bytes.toString('hex'), hexOf('b')])
  })
})

describe('A store', () => {
  const valuesOf = (value: AnySerde, more: Partial<StoreSpec> = {}): KeyValueStore<string, never> =>
    storeFixture(new MemoryEngine().openNow('0_0'), [
      storeSpec(serdes.string, value, { kind: 'keyValue', ...more }),
    ]).stores.store('s') as KeyValueStore<string, never>

  it('is not changed by a caller that changes what it wrote or read', () => {
    const store = valuesOf(serdes.json(), { caching: true }) as KeyValueStore<string, { n: number }>
    const written = { n: 1 }
    store.put('a', written)
    written.n = 2
    const read = store.get('a')
    expect(read).toEqual({ n: 1 })
    if (read !== undefined) read.n = 3
    expect(store.get('a')).toEqual({ n: 1 })
  })

  it('is not changed by a serde that writes into one buffer again and again', () => {
    const buffer = Buffer.alloc(1)
    const reusing: AnySerde = {
      name: 'reusing',
      serialize: (value: number) => {
        buffer[0] = value
        return buffer
      },
      deserialize: (bytes) => bytes[0],
    }
    const store = valuesOf(reusing) as KeyValueStore<string, number>
    store.put('a', 1)
    store.put('b', 2)
    expect([...store.range()]).toEqual([
      ['a', 1],
      ['b', 2],
    ])
  })

  it('finds a key with a lone surrogate by the bytes that Java writes for it', () => {
    const store = fixture()
    table(store).write('\uD800', 1, 1)
    expect(table(store).get('?')?.value).toBe(1)
    expect([...table(store).range()].map(([key]) => key)).toEqual(['?'])
  })

  it('rounds a float as a restored store would', () => {
    const store = valuesOf(serdes.float32, { caching: true }) as KeyValueStore<string, number>
    store.put('a', 0.1)
    expect(store.get('a')).toBe(Math.fround(0.1))
  })

  it('refuses at the write a value that does not fit its serde, and keeps the old one', () => {
    for (const caching of [false, true]) {
      const store = valuesOf(serdes.int64, { caching }) as KeyValueStore<string, number>
      store.put('a', 1)
      expect(() => store.put('a', 1.5)).toThrow(/store s.*int64/)
      expect(() => store.put('b', 'one' as unknown as number)).toThrow(/store s.*int64.*string/)
      expect([...store.range()]).toEqual([['a', 1]])
    }
  })

  it('refuses a null key', () => {
    expect(() => table(fixture()).get(null as unknown as string)).toThrow(
      expect.objectContaining({ code: 'MILLRACE_STORE_NULL_KEY', storeName: 's' }) as Error,
    )
  })

  it('shows an iterator the store as it was when it was opened', () => {
    const store = fixture()
    const s = table(store)
    s.write('a', 1, 1)
    s.write('c', 3, 3)
    commit(store)
    s.write('b', 2, 2)
    const seen: string[] = []
    for (const [key, { value }] of s.range()) {
      seen.push(`${key}${value}`)
      s.write('b', 9, 9)
      s.write('bb', 9, 9)
      s.write('c', null, 0)
    }
    expect(seen).toEqual(['a1', 'b2', 'c3'])
    expect([...s.range()].map(([key]) => key)).toEqual(['a', 'b', 'bb'])
  })

  it('refuses an iterator after a rollback', () => {
    const store = fixture()
    table(store).write('a', 1, 1)
    const rows = table(store).range()
    store.stores.rollback(false)
    expect(() => rows.next()).toThrow(expect.objectContaining({ code: 'MILLRACE_ITERATOR_EXPIRED' }) as Error)
  })

  it('keeps what a commit froze readable until the engine has it, and drops it with a rollback unless it is told to keep it', () => {
    const store = fixture()
    table(store).write('a', 1, 1)
    table(store).write('b', 1, 1)
    store.stores.freeze()
    table(store).write('b', 2, 2)
    table(store).write('c', 2, 2)
    expect([...table(store).range()].map(([key, { value }]) => `${key}${value}`)).toEqual(['a1', 'b2', 'c2'])
    store.stores.rollback(true)
    expect([...table(store).range()].map(([key, { value }]) => `${key}${value}`)).toEqual(['a1', 'b1'])
    store.stores.rollback(false)
    expect([...table(store).range()]).toEqual([])
  })

  it('takes along with the next commit what the engine could not take', async () => {
    const state = new MemoryEngine().openNow('0_0')
    let fails = true
    const failing: TaskState = {
      marker: undefined,
      damage: undefined,
      keyspace: (id) => state.keyspace(id),
      keyspaceIds: () => state.keyspaceIds(),
      commit: (batch, marker) => (fails ? Promise.reject(new Error('disk full')) : state.commit(batch, marker)),
      clear: (id, marker) => state.clear(id, marker),
      close: () => state.close(),
    }
    const store = fixture({}, failing)
    table(store).write('a', 1, 1)
    table(store).write('b', 1, 1)
    await expect(store.stores.commit(store.stores.freeze(), emptyMarker)).rejects.toThrow('disk full')
    table(store).write('b', 2, 2)
    expect(table(store).get('a')?.value).toBe(1)
    fails = false
    await store.stores.commit(store.stores.freeze(), emptyMarker)
    const other = fixture({}, state)
    expect([...table(other).range()].map(([key, { value }]) => `${key}${value}`)).toEqual(['a1', 'b2'])
  })

  it('pushes out what was not used for longest when it is over its maximum, and logs that', async () => {
    const store = fixture({ maxEntries: 2 })
    const s = table(store)
    s.write('a', 1, 1)
    s.write('b', 2, 2)
    s.read('a')
    store.record.timestamp = 30
    s.write('c', 3, 3)
    expect([...s.range()].map(([key]) => key)).toEqual(['a', 'c'])
    // Java's order: first what goes, then what takes its place.
    expect(store.logged.at(-2)).toEqual({ key: hexOf('b'), value: null, timestamp: 30 })
    expect(store.logged.at(-1)).toMatchObject({ key: hexOf('c'), timestamp: 3 })
    commit(store)
    s.write('a', null, 0)
    s.write('d', 4, 4)
    store.stores.rollback(false)
    s.write('e', 5, 5)
    expect([...s.range()].map(([key]) => key)).toEqual(['c', 'e'])
  })

  it('asks for an early commit when it holds too many entries', () => {
    const store = fixture({ caching: true })
    for (let i = 0; i <= maxOverlayEntries; i++) {
      if (i === maxOverlayEntries) expect(store.stores.commitDue).toBe(false)
      table(store).write(`${i}`, i, i)
    }
    expect(store.stores.commitDue).toBe(true)
    commit(store)
    expect(store.stores.commitDue).toBe(false)
  })

  it('asks for an early commit when its cache is over its budget, which a flush brings to nothing', () => {
    const { stores } = storeFixture(
      new MemoryEngine().openNow('0_0'),
      [storeSpec(serdes.string, serdes.string, { caching: true })],
      1000,
    )
    const store = stores.store('s') as TableStore<string, string>
    store.write('a', 'x'.repeat(500), 1)
    expect(stores.commitDue).toBe(false)
    store.write('b', 'x'.repeat(500), 1)
    expect(stores.commitDue).toBe(true)
    store.write('b', 'x', 1)
    expect(stores.commitDue).toBe(false)
    stores.flush(() => false)
    expect(stores.budget.cacheBytes).toBe(0)
  })

  it('restores the records of its changelog, atomically with the marker', async () => {
    const state = new MemoryEngine().openNow('0_0')
    const store = fixture({}, state)
    const changelog = new DriverTopics()
    const record = (key: string, value: string | null, timestamp: number): DriverRecord =>
      changelog.make(
        changelog.topic('c'),
        0,
        Buffer.from(key),
        value === null ? null : Buffer.from(value, 'hex'),
        timestamp,
        [],
      )
    expect(await store.stores.restore('s', record('a', int64(5), 50), { ...emptyMarker, committedAtMs: 1 })).toBe(1)
    await store.stores.restore('s', record('b', int64(6), 60), { ...emptyMarker, committedAtMs: 2 })
    expect([...table(store).range()]).toEqual([
      ['a', { value: 5, timestamp: 50 }],
      ['b', { value: 6, timestamp: 60 }],
    ])
    await store.stores.restore('s', record('a', null, 70), { ...emptyMarker, committedAtMs: 3 })
    expect(table(store).get('a')).toBeUndefined()
    expect(state.marker?.committedAtMs).toBe(3)
    expect(store.stores.isEmpty).toBe(true)
  })
})

describe('Store builders', () => {
  it('refuse an option that they do not have, naming the nearest', () => {
    const options = { key: serdes.string, value: serdes.string, loging: false }
    expect(() => builders.keyValue('s', options)).toThrow("store s: it has no option 'loging'; did you mean 'logging'?")
  })

  it('give a store its defaults: logged, not cached', () => {
    const { name, spec } = builders.keyValue('seen', { key: serdes.string, value: serdes.int64 })
    expect(name).toBe('seen')
    expect(spec).toMatchObject({ kind: 'keyValue', caching: false, logging: true, changelogConfig: {} })
    const config = { 'retention.ms': '1' }
    expect(builders.timestampedKeyValue('t', { caching: true, logging: { config } }).spec).toMatchObject({
      kind: 'timestampedKeyValue',
      caching: true,
      logging: true,
      changelogConfig: config,
    })
    expect(builders.keyValue('t', { logging: false }).spec.logging).toBe(false)
  })

  it('refuse a maximum of entries that is none', () => {
    for (const maxEntries of [0, -1, 1.5]) {
      expect(() => builders.keyValue('s', { maxEntries })).toThrow(/maxEntries/)
    }
  })
})
