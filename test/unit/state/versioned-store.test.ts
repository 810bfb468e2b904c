import { describe, expect, it } from 'vitest'
import type { StoreSpec } from '../../../src/processor/store-builder.ts'
import type { VersionedTableStore } from '../../../src/processor/versioned-store.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { MemoryEngine } from '../../../src/state/memory-engine.ts'
import { emptyMarker, type Marker, type TaskState } from '../../../src/state/state-engine.ts'
import { stores as builders } from '../../../src/state/stores.ts'
import { DriverTopics } from '../../../src/testing/driver-topics.ts'
import { storeFixture, storeSpec, type StoreFixture } from '../../support/store-conformance.ts'

// What Java answers to long programs is in test/testdata/vectors/stores.json.

function versions(more: Partial<StoreSpec> = {}, state: TaskState = new MemoryEngine().openNow('0_0')): StoreFixture {
  return storeFixture(state, [
    storeSpec(serdes.string, serdes.string, { kind: 'versioned', historyRetentionMs: 9000, ...more }),
  ])
}

function table({ stores }: StoreFixture): VersionedTableStore<string, string> {
  return stores.store('s') as VersionedTableStore<string, string>
}

function commit({ stores }: StoreFixture): void {
  stores.flush(() => false)
  const batch = stores.freeze()
  void stores.commit(batch, { ...emptyMarker, counters: stores.counters })
}

const hex = (text: string): string => Buffer.from(text).toString('hex')

describe('A versioned store', () => {
  it('says until when a version is valid, and finds each by its time', () => {
    const store = versions()
    expect(table(store).put('k', 'a', 10)).toBeNull()
    expect(table(store).put('k', 'c', 30)).toBeNull()
    expect(table(store).put('k', 'b', 20)).toBe(30)
    expect(table(store).put('k', null, 5000)).toBeNull()
    for (const after of [() => undefined, () => commit(store)]) {
      after()
      expect(table(store).get('k')).toBeUndefined()
      expect(table(store).get('k', 4999)).toEqual({ value: 'c', timestamp: 30, validTo: 5000 })
      expect(table(store).get('k', 29)).toEqual({ value: 'b', timestamp: 20, validTo: 30 })
      expect(table(store).get('k', 9)).toBeUndefined()
      expect(table(store).readAsOf('k', 10)).toMatchObject({ value: 'a', timestamp: 10 })
    }
  })

  it('does not put what is older than the history, but counts and logs it', () => {
    const store = versions()
    table(store).write('k', 'new', 10_000)
    expect(table(store).write('k', 'old', 999)).toBe('refused')
    expect(table(store).write('k', 'old', 1000)).toBe('older')
    expect(table(store).write('k', 'newer', 10_000)).toBe('latest')
    expect(store.expired).toEqual(['s'])
    expect(store.logged.map(({ value, timestamp }) => [value, timestamp])).toEqual([
      [hex('new'), 10_000],
      [hex('old'), 999],
      [hex('old'), 1000],
      [hex('newer'), 10_000],
    ])
  })

  it('forgets a delete at the very time of its only version, as Java does', () => {
    const store = versions()
    table(store).put('k', 'a', 10)
    table(store).put('k', null, 10)
    expect(table(store).put('k', 'b', 5)).toBeNull()
    expect(table(store).read('k')).toEqual({ value: 'b', timestamp: 5 })
  })

  it('gives the memory of history back, and keeps the latest version however old it is', () => {
    const state = new MemoryEngine().openNow('0_0')
    const store = versions({}, state)
    table(store).put('k', 'a', 0)
    table(store).put('k', 'b', 100)
    table(store).put('old', 'c', 0)
    commit(store)
    expect([...state.keyspaceIds()]).toEqual(['s', 's/0'])
    table(store).put('k', 'd', 12_100)
    commit(store)
    expect([...state.keyspaceIds()]).toEqual(['s', 's/4'])
    expect(table(store).get('old')).toEqual({ value: 'c', timestamp: 0, validTo: null })
    expect(table(store).get('k', 3100)).toEqual({ value: 'b', timestamp: 100, validTo: 12_100 })
  })

  it('restores its versions, without history that has expired meanwhile', async () => {
    const state = new MemoryEngine().openNow('0_0')
    const store = versions({}, state)
    const topics = new DriverTopics()
    const topic = topics.topic('s-changelog')
    for (const [value, timestamp] of [
      ['a', 0],
      ['b', 100],
      ['c', 12_100],
      ['too old', 50],
      [null, 12_200],
      ['d', 12_150],
    ] as const) {
      const bytes = value === null ? null : Buffer.from(value)
      await store.stores.restore('s', topics.make(topic, 0, Buffer.from('k'), bytes, timestamp, []), emptyMarker)
    }
    expect([...state.keyspaceIds()]).toEqual(['s', 's/4'])
    expect(table(store).get('k')).toBeUndefined()
    expect(table(store).get('k', 12_199)).toEqual({ value: 'd', timestamp: 12_150, validTo: 12_200 })
    expect(table(store).get('k', 12_149)).toEqual({ value: 'c', timestamp: 12_100, validTo: 12_150 })
    expect(state.marker?.counters).toEqual({ 's/time': 12_200 })
    expect(store.stores.isEmpty).toBe(true)
  })

  it('is rebuilt with the latest versions that are older than the history', async () => {
    const state = new MemoryEngine().openNow('0_0')
    const store = versions({}, state)
    table(store).put('old', 'c', 0)
    table(store).put('k', 'a', 20_000)
    commit(store)
    await store.stores.clear('s', state.marker as Marker)
    expect(table(store).get('old')).toBeUndefined()
    expect(state.marker?.counters).toEqual({})
    const topics = new DriverTopics()
    const topic = topics.topic('s-changelog')
    for (const [key, value, timestamp] of [
      ['old', 'c', 0],
      ['k', 'a', 20_000],
      ['old', 'too late', 10_999],
    ] as const) {
      const record = topics.make(topic, 0, Buffer.from(key), Buffer.from(value), timestamp, [])
      await store.stores.restore('s', record, state.marker as Marker)
    }
    expect(table(store).get('old')).toEqual({ value: 'c', timestamp: 0, validTo: null })
    expect(table(store).get('k')).toMatchObject({ value: 'a', timestamp: 20_000 })
    expect(state.marker?.counters).toMatchObject({ 's/time': 20_000 })
  })
})

describe('Builders of stores that forget', () => {
  it('take durations, and refuse what cannot be', () => {
    expect(builders.versioned('s', { historyRetention: '1m' }).spec).toMatchObject({
      kind: 'versioned',
      historyRetentionMs: 60_000,
      caching: false,
    })
    expect(builders.window('s', { retention: '1h', windowSize: '5m', retainDuplicates: true }).spec).toMatchObject({
      kind: 'window',
      retentionMs: 3_600_000,
      windowSizeMs: 300_000,
      retainDuplicates: true,
    })
    expect(builders.session('s', { retention: 5 }).spec).toMatchObject({ kind: 'session', retentionMs: 5 })
    expect(() => builders.versioned('s', { historyRetention: 1, caching: true })).toThrow(/not cached/)
    expect(() => builders.window('s', { retention: 1, windowSize: 2 })).toThrow(/raise the retention/)
    expect(() => builders.session('s', { retention: -1 })).toThrow(/retention is -1/)
    expect(() => builders.session('s', { retention: 1, maxEntries: 5 })).toThrow(/no option 'maxEntries'/)
    expect(() => builders.window('s', { retension: 1 } as never)).toThrow(/did you mean 'retention'/)
  })
})
