/**
 * What every state engine must do under the stores: random programs of writes, reads, ranges, flushes, commits and
 * rollbacks, compared with a naive model. An engine's test calls `storeConformance` with a function that opens it.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noHeaders } from '../../src/common/headers.ts'
import type { RecordContext } from '../../src/processor/record-context.ts'
import type { KeyValueStore, TableStore } from '../../src/processor/state-store.ts'
import type { ValueAndTimestamp } from '../../src/processor/record.ts'
import type { StoreSpec } from '../../src/processor/store-builder.ts'
import type { AnySerde, Serde } from '../../src/serde/serde.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { emptyMarker, type TaskState } from '../../src/state/state-engine.ts'
import { TaskStores } from '../../src/state/task-stores.ts'

export interface Logged {
  readonly key: string
  readonly value: string | null
  readonly timestamp: number
}

/** A task's stores over an engine, with what was logged, as hex. */
export interface StoreFixture {
  readonly stores: TaskStores
  readonly record: RecordContext
  readonly logged: Logged[]
  /** As `name=hex`, of each record that was logged. */
  readonly loggedHeaders: string[]
  /** The stores that dropped a record because it came too late. */
  readonly expired: string[]
}

export function storeFixture(state: TaskState, specs: readonly StoreSpec[], cacheMaxBytes: number = 1e9): StoreFixture {
  const logged: Logged[] = []
  const loggedHeaders: string[] = []
  const expired: string[] = []
  const record: RecordContext = {
    topic: 'in',
    partition: 0,
    offset: 0,
    timestamp: 0,
    headers: noHeaders,
    rawKey: undefined,
    rawKeyValue: undefined,
    rawKeySerde: undefined,
  }
  const stores = new TaskStores({
    stores: specs.map((spec) => ({
      spec,
      serdeTopic: `${spec.name}-changelog`,
      changelogTopic: spec.logging ? `${spec.name}-changelog` : undefined,
    })),
    state,
    record,
    sink: {
      partitionCount: () => 1,
      whenKnown: (_topic, _bytes, write) => write(undefined),
      append: (_topic, _partition, key, value, timestamp, headers) => {
        logged.push({ key: hex(key as Uint8Array), value: value === null ? null : hex(value), timestamp })
        loggedHeaders.push(headers.map(([name, bytes]) => `${name}=${bytes === null ? 'null' : hex(bytes)}`).join())
      },
    },
    partition: 0,
    cacheMaxBytes,
    uncommittedMaxBytes: 1e9,
    dropExpired: (store) => void expired.push(store),
  })
  return { stores, record, logged, loggedHeaders, expired }
}

export function storeSpec(key: AnySerde, value: AnySerde, more: Partial<StoreSpec> = {}): StoreSpec {
  return {
    kind: 'timestampedKeyValue',
    name: 's',
    key,
    value,
    caching: false,
    logging: true,
    changelogConfig: {},
    ...more,
  }
}

/** A kind of key: how a test makes one, and the order that its bytes have. */
interface KeyKind<K> {
  readonly name: string
  readonly serde: Serde<K>
  readonly arbitrary: fc.Arbitrary<K>
}

const keyKinds: readonly KeyKind<unknown>[] = [
  // Few distinct ones, so that they meet; beyond ASCII, where the order of UTF-16 is not that of UTF-8; malformed ones.
  {
    name: 'strings',
    serde: serdes.string as Serde<unknown>,
    arbitrary: fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom('', 'a', 'b', 'ab', 'é', '?', '\uD800', '\u{1F600}', '\uFFFF', 'a\u0000'),
      },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 3 }) },
    ),
  },
  { name: 'int64', serde: serdes.int64 as Serde<unknown>, arbitrary: fc.integer({ min: -4, max: 4 }) },
  {
    name: 'bytes',
    serde: serdes.bytes as Serde<unknown>,
    arbitrary: fc.uint8Array({ maxLength: 2, max: 3 }).map((bytes) => new Uint8Array(bytes)),
  },
  {
    name: 'json',
    serde: serdes.json(),
    arbitrary: fc.record({ id: fc.integer({ min: 0, max: 5 }) }),
  },
]

type Operation<K> =
  | { readonly do: 'put'; readonly key: K; readonly value: number; readonly timestamp: number }
  | { readonly do: 'delete' | 'get' | 'putIfAbsent'; readonly key: K }
  | { readonly do: 'range' | 'reverseRange'; readonly from: K | undefined; readonly to: K | undefined }
  | { readonly do: 'prefixScan' | 'count' | 'flush' | 'commit' | 'rollback' }

function operations<K>(key: fc.Arbitrary<K>): fc.Arbitrary<Operation<K>[]> {
  const bound = fc.option(key, { nil: undefined })
  const one: fc.Arbitrary<Operation<K>> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ do: fc.constant('put' as const), key, value: fc.nat(9), timestamp: fc.nat(50) }),
    },
    { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('delete' as const, 'get', 'putIfAbsent'), key }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constantFrom('range' as const, 'reverseRange'), from: bound, to: bound }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constantFrom('prefixScan' as const, 'count', 'flush', 'flush', 'commit', 'commit', 'rollback'),
      }),
    },
  )
  return fc.array(one, { maxLength: 40 })
}

/** Key bytes as hex, whose order is that of the bytes, to the value. */
type Model = Map<string, { readonly value: number; readonly timestamp: number }>

export function storeConformance(open: () => TaskState | Promise<TaskState>): void {
  for (const kind of keyKinds) {
    for (const caching of [false, true]) {
      describe(`A ${caching ? 'cached' : 'uncached'} store with keys of ${kind.name}`, () => {
        it('does what a sorted map does, through flushes, commits and rollbacks', async () => {
          await fc.assert(
            fc.asyncProperty(operations(kind.arbitrary), async (program) => {
              await runProgram(await open(), kind, caching, program)
            }),
            { numRuns: 150 },
          )
        })
      })
    }
  }
}

async function runProgram<K>(
  state: TaskState,
  kind: KeyKind<K>,
  caching: boolean,
  program: readonly Operation<K>[],
): Promise<void> {
  const { stores, record, logged } = storeFixture(state, [storeSpec(kind.serde, serdes.int64, { caching })])
  const store = stores.store('s') as KeyValueStore<K, ValueAndTimestamp<number>> & TableStore<K, number>
  const bytesOf = (key: K): string => hex(kind.serde.serialize(key, '', []))
  let committed: Model = new Map()
  let model: Model = new Map()
  /** What a replay of the changelog gives, beginning with what was committed. */
  let replayed: Model = new Map()

  const rows = (from: K | undefined, to: K | undefined): [string, ValueAndTimestamp<number>][] =>
    [...model]
      .filter(([key]) => (from === undefined || key >= bytesOf(from)) && (to === undefined || key <= bytesOf(to)))
      .toSorted(([one], [two]) => (one < two ? -1 : 1))
  const read = (found: Iterable<readonly [K, ValueAndTimestamp<number>]>): [string, ValueAndTimestamp<number>][] =>
    [...found].map(([key, value]) => [bytesOf(key), value])
  const flush = (): void => {
    expect(stores.flush(() => false)).toBe(true)
    for (const { key, value, timestamp } of logged.splice(0)) {
      if (value === null) replayed.delete(key)
      else replayed.set(key, { value: Number.parseInt(value, 16), timestamp })
    }
    expect(sorted(replayed)).toEqual(sorted(model))
  }

  for (const step of program) {
    record.offset++
    stores.turn++
    switch (step.do) {
      case 'put':
        store.put(step.key, { value: step.value, timestamp: step.timestamp })
        model.set(bytesOf(step.key), { value: step.value, timestamp: step.timestamp })
        break
      case 'delete':
        expect(store.delete(step.key)).toEqual(model.get(bytesOf(step.key)))
        model.delete(bytesOf(step.key))
        break
      case 'putIfAbsent': {
        const before = model.get(bytesOf(step.key))
        expect(store.putIfAbsent(step.key, { value: 7, timestamp: 7 })).toEqual(before)
        model.set(bytesOf(step.key), before ?? { value: 7, timestamp: 7 })
        break
      }
      case 'get':
        expect(store.get(step.key)).toEqual(model.get(bytesOf(step.key)))
        expect(store.read(step.key)).toEqual(model.get(bytesOf(step.key)))
        break
      case 'range':
        expect(read(store.range(step.from, step.to))).toEqual(rows(step.from, step.to))
        break
      case 'reverseRange':
        expect(read(store.reverseRange(step.from, step.to))).toEqual(rows(step.from, step.to).toReversed())
        break
      case 'prefixScan':
        expect(read(store.prefixScan(new Uint8Array([0x61])))).toEqual(
          rows(undefined, undefined).filter(([key]) => key.startsWith('61')),
        )
        break
      case 'count':
        expect(store.approximateNumEntries()).toBe(model.size)
        break
      case 'flush':
        flush()
        break
      case 'commit':
        flush()
        await stores.commit(stores.freeze(), { ...emptyMarker, committedAtMs: record.offset })
        expect(state.marker?.committedAtMs).toBe(record.offset)
        expect(stores.isEmpty).toBe(true)
        expect(stores.budget).toMatchObject({ uncommittedBytes: 0, cacheBytes: 0, entries: 0 })
        committed = new Map(model)
        break
      case 'rollback':
        stores.rollback(false)
        logged.length = 0
        model = new Map(committed)
        replayed = new Map(committed)
        expect(stores.budget).toMatchObject({ uncommittedBytes: 0, cacheBytes: 0, entries: 0 })
        break
    }
  }
}

function sorted(model: Model): unknown[] {
  return [...model].toSorted(([one], [two]) => (one < two ? -1 : 1))
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
