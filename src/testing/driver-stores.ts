/**
 * What a test sees of a store: all partitions as one. Ranges go through the partitions in order; within each the keys are
 * in order of their bytes.
 */
import { TestingError } from '../errors/testing-error.ts'
import type { ValueAndTimestamp } from '../processor/record.ts'
import type { KeyValueStore, StoreIterator } from '../processor/state-store.ts'

type Rows<K, V> = StoreIterator<readonly [key: K, value: V]>

/** Stored values `S` seen as `V`. */
export interface ValueView<S, V> {
  readonly fromStored: (stored: S) => V
  readonly toStored: (value: V) => S
}

export class DriverKeyValueStore<K, V, S> implements KeyValueStore<K, V> {
  readonly #name: string
  readonly #parts: readonly KeyValueStore<K, S>[]
  readonly #view: ValueView<S, V>

  constructor(name: string, parts: readonly KeyValueStore<K, S>[], view: ValueView<S, V>) {
    this.#name = name
    this.#parts = parts
    this.#view = view
  }

  get(key: K): V | undefined {
    const stored = this.#parts.find((part) => part.get(key) !== undefined)?.get(key)
    return stored === undefined ? undefined : this.#view.fromStored(stored)
  }

  put(key: K, value: V | null): void {
    this.#partOf(key).put(key, value === null ? null : this.#view.toStored(value))
  }

  putIfAbsent(key: K, value: V): V | undefined {
    const before = this.get(key)
    if (before === undefined) this.put(key, value)
    return before
  }

  delete(key: K): V | undefined {
    const before = this.get(key)
    if (before !== undefined) this.put(key, null)
    return before
  }

  range(from?: K, to?: K): Rows<K, V> {
    return this.#rows((part) => part.range(from, to))
  }

  reverseRange(from?: K, to?: K): Rows<K, V> {
    return this.#rows((part) => part.reverseRange(from, to))
  }

  prefixScan(prefix: Uint8Array): Rows<K, V> {
    return this.#rows((part) => part.prefixScan(prefix))
  }

  approximateNumEntries(): number {
    return this.#parts.reduce((sum, part) => sum + part.approximateNumEntries(), 0)
  }

  #partOf(key: K): KeyValueStore<K, S> {
    const part = this.#parts.length === 1 ? this.#parts[0] : this.#parts.find((each) => each.get(key) !== undefined)
    if (part !== undefined) return part
    throw new TestingError(
      'MILLRACE_TEST_STORE_UNKNOWN',
      `store ${this.#name} has ${this.#parts.length} partitions, and which of them a new key belongs to only the topology knows; write through an input topic, or use one partition`,
    )
  }

  #rows(open: (part: KeyValueStore<K, S>) => Rows<K, S>): Rows<K, V> {
    const rows = readRows(this.#parts, open, this.#view.fromStored)
    return Object.assign(rows, { [Symbol.dispose]: () => void rows.return(undefined) })
  }
}

function* readRows<K, S, V>(
  parts: readonly KeyValueStore<K, S>[],
  open: (part: KeyValueStore<K, S>) => Rows<K, S>,
  fromStored: (stored: S) => V,
): Generator<readonly [key: K, value: V], undefined> {
  for (const part of parts) for (const [key, stored] of open(part)) yield [key, fromStored(stored)]
}

export function sameValues<V>(): ValueView<V, V> {
  return { fromStored: (value) => value, toStored: (value) => value }
}

/** A timestamped store without its timestamps; what a test writes has the time of the wall clock. */
export function plainValues<V>(now: () => number): ValueView<ValueAndTimestamp<V>, V> {
  return { fromStored: ({ value }) => value, toStored: (value) => ({ value, timestamp: now() }) }
}
