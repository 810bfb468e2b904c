/** The builders of stores that processors use: `stores.keyValue('seen', { key: serdes.string, value: serdes.int64 })`. */
import { StateError } from '../errors/state-error.ts'
import type { ValueAndTimestamp } from '../processor/record.ts'
import type { KeyValueStore } from '../processor/state-store.ts'
import { StoreBuilder, type StoreSpec } from '../processor/store-builder.ts'
import type { Serde } from '../serde/serde.ts'

export interface StoreOptions<K, V> {
  /** Required for `addStateStore`; an operator that is given the builder brings its own. */
  readonly key?: Serde<K>
  readonly value?: Serde<V>
  /** Default: as `StreamsConfig.store` says. */
  readonly persistent?: boolean
  /** Least recently used entries go first. */
  readonly maxEntries?: number
  /** One changelog record per changed key and commit. Default false. */
  readonly caching?: boolean
  /** Default true; `config` is added to the changelog topic's configuration. */
  readonly logging?: boolean | { readonly config: Readonly<Record<string, string>> }
}

export const stores: {
  keyValue<K, V>(name: string, options: StoreOptions<K, V>): StoreBuilder<KeyValueStore<K, V>>
  /** Keeps each value's timestamp, as tables do. */
  timestampedKeyValue<K, V>(
    name: string,
    options: StoreOptions<K, V>,
  ): StoreBuilder<KeyValueStore<K, ValueAndTimestamp<V>>>
} = {
  keyValue: (name, options) => new StoreBuilder(specOf('keyValue', name, options)),
  timestampedKeyValue: (name, options) => new StoreBuilder(specOf('timestampedKeyValue', name, options)),
}

function specOf<K, V>(kind: StoreSpec['kind'], name: string, options: StoreOptions<K, V>): StoreSpec {
  const { key, value, persistent, maxEntries, caching = false, logging = true } = options
  checkMaxEntries(name, maxEntries, caching)
  return {
    kind,
    name,
    key,
    value,
    persistent,
    caching,
    cachingChosen: options.caching !== undefined,
    logging: logging !== false,
    changelogConfig: typeof logging === 'object' ? logging.config : {},
    maxEntries,
  }
}

function checkMaxEntries(name: string, maxEntries: number | undefined, caching: boolean): void {
  if (maxEntries === undefined) return
  if (!Number.isInteger(maxEntries) || maxEntries < 1) {
    throw new StateError(
      'MILLRACE_STORE_OPTIONS',
      name,
      `store ${name}: maxEntries is ${maxEntries}; it must be a whole number above 0`,
    )
  }
  if (caching) {
    throw new StateError(
      'MILLRACE_STORE_OPTIONS',
      name,
      `store ${name}: maxEntries and caching do not go together, because an entry that is pushed out must be logged at once; leave out one of them`,
    )
  }
}
