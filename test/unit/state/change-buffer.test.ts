import { describe, expect, it } from 'vitest'
import type { Header } from '../../../src/common/headers.ts'
import type { Change } from '../../../src/processor/record.ts'
import { noTimestamp } from '../../../src/processor/record-sink.ts'
import type { ChangeBuffer } from '../../../src/processor/time-ordered-buffer.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { MemoryEngine } from '../../../src/state/memory-engine.ts'
import { emptyMarker, type TaskState } from '../../../src/state/state-engine.ts'
import { DriverTopics } from '../../../src/testing/driver-topics.ts'
import { storeFixture, storeSpec, type StoreFixture } from '../../support/store-conformance.ts'

function fixture(state: TaskState = new MemoryEngine().openNow('0_0'), logging: boolean = true): StoreFixture {
  return storeFixture(state, [storeSpec(serdes.string, serdes.string, { kind: 'changeBuffer', logging })])
}

function bufferOf({ stores }: StoreFixture): ChangeBuffer<string, string> {
  return stores.store('s') as ChangeBuffer<string, string>
}

function change(newValue: string | null, oldValue: string | null = null): Change<string> {
  return { newValue, oldValue, isLatest: true }
}

function put(store: StoreFixture, timeMs: number, key: string, value: Change<string>, headers: Header[] = []): boolean {
  store.record.timestamp = timeMs
  store.record.headers = headers
  return bufferOf(store).put(timeMs, key, value)
}

function evict(store: StoreFixture): string | undefined {
  let seen: string | undefined
  bufferOf(store).evictFirst(({ key, change: { newValue, oldValue }, context, timeMs }) => {
    seen = `${key}: ${oldValue} to ${newValue} @${context.timestamp} for ${timeMs}`
  })
  return seen
}

function commit({ stores }: StoreFixture): void {
  stores.flush(() => false)
  void stores.commit(stores.freeze(), emptyMarker)
}

const hex = (text: string): string => Buffer.from(text).toString('hex')
const long = (value: number): string => value.toString(16).padStart(16, '0')
const int = (value: number): string => (value >>> 0).toString(16).padStart(8, '0')
const sized = (text: string): string => int(text.length) + hex(text)

describe('A buffer of changes', () => {
  it('hands out in order of the first time of each key, then of key bytes, with the context of the last update', () => {
    const store = fixture()
    expect(put(store, 5, 'b', change('b1'))).toBe(true)
    expect(put(store, 9, 'a', change('a1'))).toBe(true)
    expect(put(store, 5, 'a\0', change('x'))).toBe(true)
    expect(put(store, 20, 'b', change('b2', 'b1'))).toBe(false)
    const buffer = bufferOf(store)
    expect([buffer.size, buffer.minTimeMs]).toEqual([3, 5])
    for (const after of [() => undefined, () => commit(store)]) {
      after()
      expect(buffer.priorValue('b')).toBeNull()
      expect(buffer.priorValue('c')).toBeUndefined()
    }
    expect(evict(store)).toBe('a\0: null to x @5 for 5')
    expect(evict(store)).toBe('b: b1 to b2 @20 for 5')
    expect(buffer.minTimeMs).toBe(9)
    expect(evict(store)).toBe('a: null to a1 @9 for 9')
    expect(evict(store)).toBeUndefined()
    expect([buffer.size, buffer.byteLength, buffer.minTimeMs]).toEqual([0, 0, Infinity])
  })

  it('logs each key once per commit, as it is then, with the prior value once', () => {
    const store = fixture()
    store.record.offset = 7
    put(store, 3, 'a', change('new', 'old'), [
      ['h', Buffer.from('x')],
      ['n', null],
    ])
    put(store, 4, 'b', change(null, null))
    expect(store.logged).toEqual([])
    commit(store)
    const headers = `${int(2)}${sized('h')}${sized('x')}${sized('n')}${int(-1)}`
    expect(store.logged.splice(0)).toEqual([
      {
        key: hex('a'),
        value: `${long(3)}${long(7)}${sized('in')}${int(0)}${headers}${sized('old')}${int(-2)}${sized('new')}${long(3)}`,
        timestamp: noTimestamp,
      },
      {
        key: hex('b'),
        value: `${long(4)}${long(7)}${sized('in')}${int(0)}${int(0)}${int(-1)}${int(-1)}${int(-1)}${long(4)}`,
        timestamp: noTimestamp,
      },
    ])
    expect(store.loggedHeaders.splice(0)).toEqual(['v=03', 'v=03'])
    put(store, 5, 'a', change('newer', 'new'))
    evict(store)
    put(store, 6, 'c', change('gone'))
    put(store, 7, 'b', change('again', 'b'))
    commit(store)
    expect(store.logged.map(({ key, value }) => `${key}=${value === null ? 'null' : 'value'}`)).toEqual([
      `${hex('a')}=null`,
      `${hex('b')}=value`,
      `${hex('c')}=value`,
    ])
    expect(store.loggedHeaders).toEqual(['', 'v=03', 'v=03'])
    store.logged.length = 0
    commit(store)
    expect(store.logged).toEqual([])
  })

  it('counts the bytes that Java counts', () => {
    const store = fixture()
    const context = 8 + 8 + 'in'.length + 4
    put(store, 3, 'key', change('new', 'old'))
    expect(bufferOf(store).byteLength).toBe(8 + 3 + 3 + 3 + context)
    put(store, 3, 'key', change('newer', 'other'), [['h', Buffer.from('xy')]])
    expect(bufferOf(store).byteLength).toBe(8 + 3 + 3 + 5 + 5 + context + 3)
  })

  it('goes on after a rollback and after a restart with what was committed', () => {
    const state = new MemoryEngine().openNow('0_0')
    const store = fixture(state)
    put(store, 3, 'a', change('a1', 'a0'))
    commit(store)
    put(store, 4, 'b', change('b1'))
    evict(store)
    store.stores.rollback(false)
    for (const each of [store, fixture(state)]) {
      expect([bufferOf(each).size, bufferOf(each).minTimeMs]).toEqual([1, 3])
      expect(bufferOf(each).priorValue('a')).toBe('a0')
      commit(each)
    }
    expect(evict(store)).toBe('a: a0 to a1 @3 for 3')
  })

  it('logs nothing when logging is off, and commits all the same', () => {
    const state = new MemoryEngine().openNow('0_0')
    const store = fixture(state, false)
    put(store, 3, 'a', change('a1'))
    commit(store)
    expect(store.logged).toEqual([])
    expect(bufferOf(fixture(state, false)).size).toBe(1)
  })
})

describe('A buffer of changes that is restored', () => {
  const context = `${long(30)}${long(9)}${sized('in')}${int(0)}${int(0)}`
  const prior = sized('prior')
  const [old, latest] = [sized('old'), sized('new')]
  const pair = old + latest

  async function restore(store: StoreFixture, value: string | null, headers: Header[] = []): Promise<void> {
    const topics = new DriverTopics()
    const bytes = value === null ? null : Buffer.from(value, 'hex')
    const set = topics.make(topics.topic('s-changelog'), 0, Buffer.from('k'), bytes, 77, headers)
    await store.stores.restore('s', set, emptyMarker)
  }

  const versions: Record<string, { readonly value: string; readonly version?: number; readonly seen: string }> = {
    'without a version': { value: long(5) + pair, seen: 'k: old to new @77 for 5, before old' },
    '1': {
      value: long(5) + context + int(pair.length / 2) + pair,
      version: 1,
      seen: 'k: old to new @30 for 5, before old',
    },
    '2': {
      value: context + int(pair.length / 2) + pair + prior + long(5),
      version: 2,
      seen: 'k: old to new @30 for 5, before prior',
    },
    '3 that says it is 2': {
      value: context + prior + pair + long(5),
      version: 2,
      seen: 'k: old to new @30 for 5, before prior',
    },
    '3': { value: context + prior + pair + long(5), version: 3, seen: 'k: old to new @30 for 5, before prior' },
    '3 whose old value is the prior one': {
      value: context + old + int(-2) + latest + long(5),
      version: 3,
      seen: 'k: old to new @30 for 5, before old',
    },
  }
  for (const [name, { value, version, seen }] of Object.entries(versions)) {
    it(`reads records of version ${name}`, async () => {
      const store = fixture()
      await restore(store, value, version === undefined ? [] : [['v', Buffer.of(version)]])
      const before = bufferOf(store).priorValue('k')
      expect(`${evict(store)}, before ${before}`).toBe(seen)
    })
  }

  it('forgets what a tombstone says was evicted, and keeps the first prior value of an old version', async () => {
    const store = fixture()
    await restore(store, long(5) + sized('first') + latest)
    await restore(store, long(5) + pair)
    expect(bufferOf(store).priorValue('k')).toBe('first')
    await restore(store, null)
    expect(bufferOf(store).size).toBe(0)
    await restore(store, long(5) + pair)
    expect(bufferOf(store).priorValue('k')).toBe('old')
  })

  it('refuses a version that it does not know', async () => {
    await expect(restore(fixture(), long(5) + pair, [['v', Buffer.of(9)]])).rejects.toMatchObject({
      code: 'MILLRACE_STORE_UNREADABLE',
    })
  })
})
