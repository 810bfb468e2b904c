/** Reads a store as a recorded query does, and gives what was found in the form of the recording. */
import type { KeyValueStore } from '../../../src/processor/state-store.ts'
import type { SessionStore } from '../../../src/processor/session-store.ts'
import type { StoreSpec } from '../../../src/processor/store-builder.ts'
import type { VersionedStore } from '../../../src/processor/versioned-store.ts'
import type { WindowStore } from '../../../src/processor/window-store.ts'
import type { AnySerde, Serde } from '../../../src/serde/serde.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import type { Windowed } from '../../../src/serde/windowed.ts'
import type { TopologyTestDriver } from '../../../src/testing/topology-test-driver.ts'
import type { Topology } from '../../../src/topology/topology.ts'
import type { QueryArgument, RecordedQuery } from './scenario.ts'
import type { VectorTopology } from './vector-topology.ts'

type Found = Readonly<Record<string, unknown>>
/** Of a timestamped store `{ value, timestamp }`, else the value. */
type Stored = unknown

/** The end of an unlimited window, as far as JSON's numbers go. */

export function runQuery(
  driver: TopologyTestDriver,
  topology: Topology,
  { stores = {} }: VectorTopology,
  { query: name, op, args }: RecordedQuery,
): unknown {
  const spec = specOf(topology, name)
  if (spec === undefined) return null
  const [key, value] = stores[name] ?? [spec.key ?? serdes.string, spec.value ?? serdes.string]
  const query = new StoreQuery(key as Serde<unknown>, value as Serde<unknown>, spec.kind.startsWith('timestamped'))
  return query.run(driver, spec, op, args)
}

function specOf(topology: Topology, name: string): StoreSpec | undefined {
  const compiled = topology.compile({})
  const stores = [...compiled.subTopologies.flatMap((subTopology) => subTopology.stores), ...compiled.globalStores]
  return stores.find(({ spec }) => spec.name === name)?.spec
}

class StoreQuery {
  readonly #key: Serde<unknown>
  readonly #value: Serde<unknown>
  readonly #timestamped: boolean

  constructor(key: Serde<unknown>, value: Serde<unknown>, timestamped: boolean) {
    this.#key = key
    this.#value = value
    this.#timestamped = timestamped
  }

  run(driver: TopologyTestDriver, { kind, name }: StoreSpec, op: string, args: readonly QueryArgument[]): unknown {
    switch (kind) {
      case 'keyValue':
        return this.#keyValue(driver.keyValueStore(name), op, args)
      case 'timestampedKeyValue':
        return this.#keyValue(driver.timestampedKeyValueStore(name), op, args)
      case 'window':
        return this.#window(driver.windowStore(name), op, args)
      case 'timestampedWindow':
        return this.#window(driver.timestampedWindowStore(name), op, args)
      case 'session':
        return this.#session(driver.sessionStore(name), op, args)
      case 'versioned':
        return this.#versioned(driver.versionedStore(name), op, args)
      default:
        throw new Error(`a recorded query reads store ${name}, which is a ${kind}`)
    }
  }

  #keyValue(store: KeyValueStore<unknown, Stored>, op: string, [one, two]: readonly QueryArgument[]): unknown {
    const [from, to] = [this.#toKey(one), this.#toKey(two)]
    switch (op) {
      case 'get':
        return this.#oneOf(store.get(from))
      case 'count':
        return store.approximateNumEntries()
      case 'all':
        return this.#rows(store.range())
      case 'reverseAll':
        return this.#rows(store.reverseRange())
      case 'range':
        return this.#rows(store.range(from, to))
      case 'reverseRange':
        return this.#rows(store.reverseRange(from, to))
      case 'prefixScan':
        return this.#rows(store.prefixScan(toBytes(one)))
      default:
        return unknownQuery(op)
    }
  }

  #window(store: WindowStore<unknown, Stored>, op: string, args: readonly QueryArgument[]): unknown {
    const key = this.#toKey(args[0])
    const [one, two, three] = args as readonly number[]
    switch (op) {
      case 'at':
        return this.#oneOf(store.fetch(key, two ?? 0))
      case 'all':
        return this.#windows(store.range(undefined))
      case 'backwardAll':
        return this.#windows(store.range(undefined, undefined, undefined, { reverse: true }))
      case 'fetchAll':
        return this.#windows(store.range(undefined, one, two))
      case 'fetch':
      case 'backwardFetch': {
        const found = store.range(key, two, three, { reverse: op === 'backwardFetch' })
        return [...found].map(([{ window }, stored]) => ({ start: window.start, ...this.#plain(stored) }))
      }
      default:
        return unknownQuery(op)
    }
  }

  #session(store: SessionStore<unknown, Stored>, op: string, args: readonly QueryArgument[]): unknown {
    const key = this.#toKey(args[0])
    const [, one, two] = args as readonly number[]
    switch (op) {
      case 'fetch':
        return this.#windows(store.find(key))
      case 'backwardFetch':
        return this.#windows(store.find(key, undefined, undefined, { reverse: true }))
      case 'findSessions':
        return this.#windows(store.find(key, one, two))
      case 'fetchSession':
        return this.#oneOf(store.fetchSession(key, one ?? 0, two ?? 0))
      default:
        return unknownQuery(op)
    }
  }

  #versioned(store: VersionedStore<unknown, unknown>, op: string, args: readonly QueryArgument[]): unknown {
    const found = store.get(this.#toKey(args[0]), op === 'asOf' ? (args[1] as number) : undefined)
    if (found === undefined) return []
    return [{ v: this.#hex(found.value), ts: found.timestamp, validTo: found.validTo }]
  }

  #rows(found: Iterable<readonly [key: unknown, stored: Stored]>): Found[] {
    return [...found].map(([key, stored]) => ({ k: hexOf(this.#key, key), ...this.#plain(stored) }))
  }

  #windows(found: Iterable<readonly [windowed: Windowed<unknown>, stored: Stored]>): Found[] {
    return [...found].map(([{ key, window }, stored]) => ({
      k: hexOf(this.#key, key),
      start: window.start,
      end: window.end,
      ...this.#plain(stored),
    }))
  }

  #oneOf(stored: Stored): Found[] {
    return stored === undefined ? [] : [this.#plain(stored)]
  }

  #plain(stored: Stored): Found {
    if (!this.#timestamped) return { v: this.#hex(stored) }
    const { value, timestamp } = stored as { readonly value: unknown; readonly timestamp: number }
    return { v: this.#hex(value), ts: timestamp }
  }

  #hex(value: unknown): string {
    return hexOf(this.#value, value)
  }

  #toKey(argument: QueryArgument | undefined): unknown {
    if (argument === undefined || argument === null || typeof argument === 'number') return undefined
    return this.#key.deserialize(toBytes(argument), '', [])
  }
}

function unknownQuery(op: string): never {
  throw new Error(`unknown query ${op}`)
}

function toBytes(argument: QueryArgument | undefined): Buffer {
  if (typeof argument === 'string') return Buffer.from(argument)
  return Buffer.from((argument as { readonly x: string }).x, 'hex')
}

function hexOf(serde: AnySerde, value: unknown): string {
  return Buffer.from((serde as Serde<unknown>).serialize(value, '', [])).toString('hex')
}
