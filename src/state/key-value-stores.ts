/** The key-value stores as processors, tables and queries see them: faces over {@link KeyValueCore}. */
import { StateError } from '../errors/state-error.ts'
import type { ValueAndTimestamp } from '../processor/record.ts'
import type { FlushListener, KeyValueStore, StoreIterator, TableStore, Written } from '../processor/state-store.ts'
import type { KeyValueCore, Lent } from './key-value-core.ts'
import type { StoreHost } from './store-host.ts'
import type { StoreStats } from './store-stats.ts'

/** `stores.keyValue`: plain values. A changelog record has the timestamp of the record that caused it. */
export class PlainKeyValueStore<K, V> implements KeyValueStore<K, V> {
  readonly name: string
  readonly #core: KeyValueCore<K, V>
  readonly #host: StoreHost

  constructor(core: KeyValueCore<K, V>, host: StoreHost) {
    this.name = core.name
    this.#core = core
    this.#host = host
  }

  get(key: K): V | undefined {
    return this.#core.read(key)?.value
  }

  put(key: K, value: V | null): void {
    this.#core.write(key, value, this.#host.record.timestamp)
  }

  putIfAbsent(key: K, value: V): V | undefined {
    const before = this.get(key)
    if (before === undefined) this.put(key, value)
    return before
  }

  delete(key: K): V | undefined {
    const before = this.get(key)
    this.put(key, null)
    return before
  }

  range(from?: K, to?: K): StoreIterator<readonly [key: K, value: V]> {
    countRange(this.#core.stats, from, to)
    return this.#range(...this.#core.bounds(from, to), false)
  }

  reverseRange(from?: K, to?: K): StoreIterator<readonly [key: K, value: V]> {
    countRange(this.#core.stats, from, to)
    return this.#range(...this.#core.bounds(from, to), true)
  }

  prefixScan(prefix: Uint8Array): StoreIterator<readonly [key: K, value: V]> {
    this.#core.stats.prefixScans++
    return this.#range(prefix, afterPrefix(prefix), false)
  }

  approximateNumEntries(): number {
    return this.#core.count()
  }

  #range(from: Uint8Array | undefined, to: Uint8Array | undefined, reverse: boolean): StoreIterator<readonly [K, V]> {
    return this.#core.range(from, to, reverse, (key, lent) => [key, lent.value] as const)
  }
}

/** `stores.timestampedKeyValue` to processors and queries; to tables and aggregations {@link TableStore}. */
export class TimestampedKeyValueStore<K, V> implements KeyValueStore<K, ValueAndTimestamp<V>>, TableStore<K, V> {
  readonly name: string
  readonly cached: boolean
  readonly #core: KeyValueCore<K, V>

  constructor(core: KeyValueCore<K, V>) {
    this.name = core.name
    this.cached = core.cached
    this.#core = core
  }

  read(key: K): ValueAndTimestamp<V> | undefined {
    return this.#core.read(key)
  }

  readTold(key: K): ValueAndTimestamp<V> | undefined {
    return this.#core.readTold(key)
  }

  write(key: K, value: V | null, timestamp: number): Written {
    this.#core.write(key, value, timestamp)
    return 'latest'
  }

  onFlush(listener: FlushListener<K, V>, sendOldValues: boolean): void {
    this.#core.onFlush(listener, sendOldValues)
  }

  get(key: K): ValueAndTimestamp<V> | undefined {
    const lent = this.#core.read(key)
    return lent === undefined ? undefined : { value: lent.value, timestamp: lent.timestamp }
  }

  put(key: K, value: ValueAndTimestamp<V> | null): void {
    if (value === null) return this.#core.write(key, null, 0)
    if (!Number.isSafeInteger(value.timestamp)) this.#refuse(value)
    this.#core.write(key, value.value, value.timestamp)
  }

  putIfAbsent(key: K, value: ValueAndTimestamp<V>): ValueAndTimestamp<V> | undefined {
    const before = this.get(key)
    if (before === undefined) this.put(key, value)
    return before
  }

  delete(key: K): ValueAndTimestamp<V> | undefined {
    const before = this.get(key)
    this.put(key, null)
    return before
  }

  range(from?: K, to?: K): StoreIterator<readonly [key: K, value: ValueAndTimestamp<V>]> {
    countRange(this.#core.stats, from, to)
    return this.#range(...this.#core.bounds(from, to), false)
  }

  reverseRange(from?: K, to?: K): StoreIterator<readonly [key: K, value: ValueAndTimestamp<V>]> {
    countRange(this.#core.stats, from, to)
    return this.#range(...this.#core.bounds(from, to), true)
  }

  prefixScan(prefix: Uint8Array): StoreIterator<readonly [key: K, value: ValueAndTimestamp<V>]> {
    this.#core.stats.prefixScans++
    return this.#range(prefix, afterPrefix(prefix), false)
  }

  approximateNumEntries(): number {
    return this.#core.count()
  }

  #range(
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
    reverse: boolean,
  ): StoreIterator<readonly [K, ValueAndTimestamp<V>]> {
    return this.#core.range(from, to, reverse, (key, lent: Lent<V>) => [key, lent] as const)
  }

  #refuse(value: unknown): never {
    throw new StateError(
      'MILLRACE_STORE_SERDE',
      this.name,
      `value of store ${this.name}: put takes { value, timestamp } with an integer timestamp in milliseconds, found a ${typeof value} without one`,
    )
  }
}

function countRange(stats: StoreStats, from: unknown, to: unknown): void {
  if (from === undefined && to === undefined) stats.alls++
  else stats.ranges++
}

/** The first byte string that is above all that begin with `prefix`; undefined when there is none. */
function afterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  const last = prefix.findLastIndex((byte) => byte !== 0xff)
  if (last < 0) return undefined
  // A copy: slice() of a Buffer is a view.
  const bound = Uint8Array.from(prefix.subarray(0, last + 1))
  bound[last] = (bound[last] ?? 0) + 1
  return bound
}
