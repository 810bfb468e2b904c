/** Window, session and versioned stores as a test sees them: all partitions as one, which ranges go through in order. */
import { TestingError } from '../errors/testing-error.ts'
import type { SessionStore } from '../processor/session-store.ts'
import type { StoreIterator } from '../processor/state-store.ts'
import type { VersionedRecord, VersionedStore } from '../processor/versioned-store.ts'
import type { KeyRange, WindowStore } from '../processor/window-store.ts'
import type { Windowed } from '../serde/windowed.ts'
import type { ValueView } from './driver-stores.ts'

interface RangeOptions {
  readonly reverse?: boolean
}

type WindowRows<K, V> = StoreIterator<readonly [windowed: Windowed<K>, value: V]>

export class DriverWindowStore<K, V, S> implements WindowStore<K, V> {
  readonly #name: string
  readonly #parts: readonly WindowStore<K, S>[]
  readonly #view: ValueView<S, V>

  constructor(name: string, parts: readonly WindowStore<K, S>[], view: ValueView<S, V>) {
    this.#name = name
    this.#parts = parts
    this.#view = view
  }

  put(key: K, value: V | null, start: number): void {
    const part = onlyPart(this.#name, this.#parts)
    part.put(key, value === null ? null : this.#view.toStored(value), start)
  }

  fetch(key: K, start: number): V | undefined {
    const stored = firstFound(this.#parts, (part) => part.fetch(key, start))
    return stored === undefined ? undefined : this.#view.fromStored(stored)
  }

  range(keys: KeyRange<K>, from?: number, to?: number, options?: RangeOptions): WindowRows<K, V> {
    const rows = (part: WindowStore<K, S>): WindowRows<K, S> => part.range(keys, from, to, options)
    return allRows(this.#parts, rows, this.#view.fromStored)
  }
}

export class DriverSessionStore<K, V> implements SessionStore<K, V> {
  readonly #name: string
  readonly #parts: readonly SessionStore<K, V>[]

  constructor(name: string, parts: readonly SessionStore<K, V>[]) {
    this.#name = name
    this.#parts = parts
  }

  put(windowed: Windowed<K>, aggregate: V | null): void {
    onlyPart(this.#name, this.#parts).put(windowed, aggregate)
  }

  fetchSession(key: K, start: number, end: number): V | undefined {
    return firstFound(this.#parts, (part) => part.fetchSession(key, start, end))
  }

  find(keys: KeyRange<K>, earliestEnd?: number, latestStart?: number, options?: RangeOptions): WindowRows<K, V> {
    const rows = (part: SessionStore<K, V>): WindowRows<K, V> => part.find(keys, earliestEnd, latestStart, options)
    return allRows(this.#parts, rows, (value) => value)
  }
}

export class DriverVersionedStore<K, V> implements VersionedStore<K, V> {
  readonly #name: string
  readonly #parts: readonly VersionedStore<K, V>[]

  constructor(name: string, parts: readonly VersionedStore<K, V>[]) {
    this.#name = name
    this.#parts = parts
  }

  put(key: K, value: V | null, timestamp: number): number | null | undefined {
    return onlyPart(this.#name, this.#parts).put(key, value, timestamp)
  }

  get(key: K, asOf?: number): VersionedRecord<V> | undefined {
    return firstFound(this.#parts, (part) => part.get(key, asOf))
  }

  delete(key: K, timestamp: number): ReturnType<VersionedStore<K, V>['delete']> {
    return onlyPart(this.#name, this.#parts).delete(key, timestamp)
  }
}

function firstFound<P, T>(parts: readonly P[], read: (part: P) => T | undefined): T | undefined {
  for (const part of parts) {
    const found = read(part)
    if (found !== undefined) return found
  }
  return undefined
}

function onlyPart<P>(name: string, parts: readonly P[]): P {
  const [part] = parts
  if (part !== undefined && parts.length === 1) return part
  throw new TestingError(
    'MILLRACE_TEST_STORE_UNKNOWN',
    `store ${name} has ${parts.length} partitions, and which of them a key belongs to only the topology knows; write through an input topic, or use one partition`,
  )
}

function allRows<P, K, S, V>(
  parts: readonly P[],
  open: (part: P) => WindowRows<K, S>,
  fromStored: (stored: S) => V,
): WindowRows<K, V> {
  const rows = readRows(parts, open, fromStored)
  return Object.assign(rows, { [Symbol.dispose]: () => void rows.return(undefined) })
}

function* readRows<P, K, S, V>(
  parts: readonly P[],
  open: (part: P) => WindowRows<K, S>,
  fromStored: (stored: S) => V,
): Generator<readonly [windowed: Windowed<K>, value: V], undefined> {
  for (const part of parts) for (const [windowed, stored] of open(part)) yield [windowed, fromStored(stored)]
}
