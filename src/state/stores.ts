/** The builders of stores that processors use: `stores.keyValue('seen', { key: serdes.string, value: serdes.int64 })`. */
import { nearest } from '../common/nearest.ts'
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
  checkNames(name, options)
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

/** Every option: the compiler finds one that is missing here. */
const optionNames: Readonly<Record<keyof StoreOptions<unknown, unknown>, true>> = {
  key: true,
  value: true,
  persistent: true,
  maxEntries: true,
  caching: true,
  logging: true,
}

/** As they come from JavaScript, where no compiler sees a slip of the pen. */
function checkNames(name: string, options: object): void {
  const unknown = Object.keys(options).find((option) => !Object.hasOwn(optionNames, option))
  if (unknown === undefined) return
  const near = nearest(unknown, Object.keys(optionNames))
  throw new StateError(
    'MILLRACE_STORE_OPTIONS',
    name,
    `store ${name}: it has no option '${unknown}'${near === undefined ? '' : `; did you mean '${near}'?`} (it has: ${Object.keys(optionNames).join(', ')})`,
  )
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
