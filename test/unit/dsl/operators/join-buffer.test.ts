import { describe, expect, test } from 'vitest'
import { JoinBuffer, type WaitingRecord } from '../../../../src/dsl/operators/join-buffer.ts'
import type { KeyValueStore } from '../../../../src/processor/state-store.ts'

/** Rows in the order of their keys, by hexadecimal text. */
class SortedStore {
  readonly rows = new Map<string, Uint8Array>()

  put(key: Uint8Array, value: Uint8Array | null): void {
    if (value !== null) this.rows.set(hex(key), value)
  }

  delete(key: Uint8Array): void {
    this.rows.delete(hex(key))
  }

  *range(from?: Uint8Array, to?: Uint8Array): IterableIterator<readonly [Uint8Array, Uint8Array]> {
    const within = (key: string): boolean =>
      (from === undefined || key >= hex(from)) && (to === undefined || key <= hex(to))
    for (const [key, value] of [...this.rows].toSorted(([one], [two]) => (one < two ? -1 : 1))) {
      if (within(key)) yield [Buffer.from(key, 'hex'), value]
    }
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
const at = (timestamp: number, offset = 0): WaitingRecord['context'] => ({
  topic: 'in',
  partition: 0,
  offset,
  timestamp,
  headers: [],
})

function bed(
  store = new SortedStore(),
  keepsFailed = false,
): {
  readonly store: SortedStore
  readonly restoredTimeMs: number
  add(key: string, value: string, timestamp: number): void
  take(limit: number, fails?: string): string[]
} {
  const buffer = new JoinBuffer(store as unknown as KeyValueStore<Uint8Array, Uint8Array>, keepsFailed)
  return {
    store,
    restoredTimeMs: buffer.restoredTimeMs,
    add: (key, value, timestamp) => buffer.add(Buffer.from(key), Buffer.from(value), at(timestamp)),
    take: (limit, fails) => {
      const taken: string[] = []
      buffer.takeUntil(limit, ({ key, value, context }) => {
        if (text(value) === fails) throw new Error(fails)
        taken.push(`${text(key)}=${text(value)}@${context.timestamp}`)
      })
      return taken
    },
  }
}

describe('The buffer of a join with grace', () => {
  test('forgets what cannot be taken over, so that it fails once, or waits with it as Java does', () => {
    for (const keepsFailed of [false, true]) {
      const buffer = bed(new SortedStore(), keepsFailed)
      buffer.add('a', 'bad', 5)
      buffer.add('b', '1', 6)
      expect(() => buffer.take(9, 'bad')).toThrow('bad')
      if (keepsFailed) expect(() => buffer.take(9, 'bad')).toThrow('bad')
      else expect(buffer.take(9, 'bad')).toEqual(['b=1@6'])
      expect(buffer.store.rows.size).toBe(keepsFailed ? 2 : 0)
    }
  })

  test('gives records back by time, then key, then arrival', () => {
    const buffer = bed()
    buffer.add('b', '1', 7)
    buffer.add('b', '2', 5)
    buffer.add('a', '3', 7)
    buffer.add('b', '4', 7)
    buffer.add('ab', '5', 7)
    expect(buffer.take(7)).toEqual(['b=2@5', 'a=3@7', 'ab=5@7', 'b=1@7', 'b=4@7'])
    expect(buffer.store.rows.size).toBe(0)
  })

  test('gives back what is not later than the limit, and each record once', () => {
    const buffer = bed()
    for (const timestamp of [0, 1, 2, 3]) buffer.add('k', 'v', timestamp)
    expect(buffer.take(-1)).toEqual([])
    expect(buffer.take(1)).toEqual(['k=v@0', 'k=v@1'])
    expect(buffer.take(1)).toEqual([])
    buffer.add('k', 'late', 1)
    expect(buffer.take(2)).toEqual(['k=late@1', 'k=v@2'])
    expect(buffer.take(1000)).toEqual(['k=v@3'])
  })

  test('goes on with what the store has, and overwrites none of it', () => {
    const before = bed()
    before.add('k', 'one', 5)
    before.add('k', 'two', 5)
    const after = bed(before.store)
    after.add('k', 'three', 5)
    expect([before.restoredTimeMs, after.restoredTimeMs]).toEqual([-1, 5])
    expect(after.take(5)).toEqual(['k=one@5', 'k=two@5', 'k=three@5'])
  })

  test('writes the bytes that Java writes', () => {
    const buffer = bed()
    buffer.add('k', 'v', 5)
    const [[key, value] = ['', Buffer.alloc(0)]] = [...buffer.store.rows]
    expect(key).toBe('0000000000000000056b00000001')
    const context = '0000000000000005000000000000000000000002696e0000000000000000'
    expect(hex(value)).toBe(`${context}ffffffffffffffff00000001760000000000000000`)
  })
})
