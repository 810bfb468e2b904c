/** The builders of stores that processors use: `stores.keyValue('seen', { key: serdes.string, value: serdes.int64 })`. */
import { parseDuration, type Duration } from '../common/duration.ts'
import { nearest } from '../common/nearest.ts'
import { StateError } from '../errors/state-error.ts'
import type { ValueAndTimestamp } from '../processor/record.ts'
import type { SessionStore } from '../processor/session-store.ts'
import type { KeyValueStore } from '../processor/state-store.ts'
import { StoreBuilder, type StoreSpec } from '../processor/store-builder.ts'
import type { VersionedStore } from '../processor/versioned-store.ts'
import type { WindowStore } from '../processor/window-store.ts'
import type { Serde } from '../serde/serde.ts'

/** Of every store. */
export interface StoreOptions<K, V> {
  /** Required for `addStateStore`; an operator that is given the builder brings its own. */
  readonly key?: Serde<K>
  /** Required as `key` is. */
  readonly value?: Serde<V>
  /** Default: as `StreamsConfig.store` says. */
  readonly persistent?: boolean
  /** Key-value only: least recently used entries go first. */
  readonly maxEntries?: number
  /** One changelog record per changed key and commit. Default false. */
  readonly caching?: boolean
  /** Default true; `config` is added to the changelog topic's configuration. */
  readonly logging?: boolean | { readonly config: Readonly<Record<string, string>> }
}

/** Of `stores.versioned`. */
export interface VersionedStoreOptions<K, V> extends StoreOptions<K, V> {
  /** How far back versions are found; one that is older is not stored. */
  readonly historyRetention: Duration
}

/** Of `stores.window`. */
export interface WindowStoreOptions<K, V> extends StoreOptions<K, V> {
  /** Windows are kept until this long after their start, by the highest start that was put. */
  readonly retention: Duration
  /** What the windows that are read have as their length; `retention` is at least as long. */
  readonly windowSize: Duration
  /** Every put is an entry of its own, found by ranges only. Default false. */
  readonly retainDuplicates?: boolean
}

/** Of `stores.session`. */
export interface SessionStoreOptions<K, V> extends StoreOptions<K, V> {
  /** Sessions are kept until this long after their end, by the highest end that was put. */
  readonly retention: Duration
}

/**
 * Stores for processors. Kafka Streams: Stores.java.
 *
 * @example
 * const seen = stores.keyValue('seen', { key: serdes.string, value: serdes.int64 })
 * topology.addProcessor('once', () => new Once(), 'orders').addStateStore(seen, 'once')
 */
export const stores: {
  /** One value per key. A changelog record has the time of the record that caused it. */
  keyValue<K, V>(name: string, options: StoreOptions<K, V>): StoreBuilder<KeyValueStore<K, V>>
  /** Keeps each value's timestamp, as tables do. */
  timestampedKeyValue<K, V>(
    name: string,
    options: StoreOptions<K, V>,
  ): StoreBuilder<KeyValueStore<K, ValueAndTimestamp<V>>>
  /**
   * Keeps the versions that a key has had (KIP-889), so that it can be asked what was valid at a time. It is not cached.
   *
   * @example
   * stores.versioned('prices', { key: serdes.string, value: serdes.float64, historyRetention: '1d' })
   */
  versioned<K, V>(name: string, options: VersionedStoreOptions<K, V>): StoreBuilder<VersionedStore<K, V>>
  /**
   * Values by key and start of a window.
   *
   * @example
   * stores.window('clicks', { key: serdes.string, value: serdes.int64, windowSize: '1m', retention: '1h' })
   */
  window<K, V>(name: string, options: WindowStoreOptions<K, V>): StoreBuilder<WindowStore<K, V>>
  /**
   * Values by key, start and end of a session.
   *
   * @example
   * stores.session('visits', { key: serdes.string, value: serdes.int64, retention: '1h' })
   */
  session<K, V>(name: string, options: SessionStoreOptions<K, V>): StoreBuilder<SessionStore<K, V>>
} = {
  keyValue: (name, options) => new StoreBuilder(keyValueSpec('keyValue', name, options)),
  timestampedKeyValue: (name, options) => new StoreBuilder(keyValueSpec('timestampedKeyValue', name, options)),
  versioned: (name, options) => new StoreBuilder(versionedSpec(name, options)),
  window: (name, options) => new StoreBuilder(windowSpec(name, options)),
  session: (name, options) => new StoreBuilder(sessionSpec(name, options)),
}

function keyValueSpec<K, V>(kind: StoreSpec['kind'], name: string, options: StoreOptions<K, V>): StoreSpec {
  const { maxEntries, caching = false } = options
  checkNames(name, options, optionNames)
  checkMaxEntries(name, maxEntries, caching)
  return { ...specOf(kind, name, options), maxEntries }
}

function versionedSpec<K, V>(name: string, options: VersionedStoreOptions<K, V>): StoreSpec {
  checkNames(name, options, versionedOptionNames)
  const historyRetentionMs = durationOf(name, 'historyRetention', options.historyRetention)
  if (options.caching === true) {
    refuse(name, 'a versioned store is not cached, because each of its versions counts; leave out caching')
  }
  return { ...specOf('versioned', name, options), historyRetentionMs }
}

function windowSpec<K, V>(name: string, options: WindowStoreOptions<K, V>): StoreSpec {
  checkNames(name, options, windowOptionNames)
  const retentionMs = durationOf(name, 'retention', options.retention)
  const windowSizeMs = durationOf(name, 'windowSize', options.windowSize)
  if (windowSizeMs > retentionMs) {
    refuse(
      name,
      `its retention of ${retentionMs} ms is less than its window size of ${windowSizeMs} ms; raise the retention`,
    )
  }
  const { retainDuplicates = false } = options
  return { ...specOf('window', name, options), retentionMs, windowSizeMs, retainDuplicates }
}

function sessionSpec<K, V>(name: string, options: SessionStoreOptions<K, V>): StoreSpec {
  checkNames(name, options, sessionOptionNames)
  return { ...specOf('session', name, options), retentionMs: durationOf(name, 'retention', options.retention) }
}

function specOf<K, V>(kind: StoreSpec['kind'], name: string, options: StoreOptions<K, V>): StoreSpec {
  const { key, value, persistent, caching = false, logging = true } = options
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
  }
}

function durationOf(name: string, option: string, given: Duration): number {
  const ms = parseDuration(given)
  if (ms !== undefined && ms >= 0) return ms
  return refuse(name, `${option} is ${String(given)}; it takes milliseconds of at least 0, or '10s'`)
}

type Names<T> = Readonly<Record<keyof T, true>>

/** Every option: the compiler finds one that is missing here. */
const optionNames: Names<StoreOptions<unknown, unknown>> = {
  key: true,
  value: true,
  persistent: true,
  maxEntries: true,
  caching: true,
  logging: true,
}

const { maxEntries: _, ...commonOptionNames } = optionNames

const versionedOptionNames: Names<Omit<VersionedStoreOptions<unknown, unknown>, 'maxEntries'>> = {
  ...commonOptionNames,
  historyRetention: true,
}

const windowOptionNames: Names<Omit<WindowStoreOptions<unknown, unknown>, 'maxEntries'>> = {
  ...commonOptionNames,
  retention: true,
  windowSize: true,
  retainDuplicates: true,
}

const sessionOptionNames: Names<Omit<SessionStoreOptions<unknown, unknown>, 'maxEntries'>> = {
  ...commonOptionNames,
  retention: true,
}

/** As they come from JavaScript, where no compiler sees a slip of the pen. */
function checkNames(name: string, options: object, names: Readonly<Record<string, true>>): void {
  const unknown = Object.keys(options).find((option) => !Object.hasOwn(names, option))
  if (unknown === undefined) return
  const near = nearest(unknown, Object.keys(names))
  const known = Object.keys(names).join(', ')
  refuse(
    name,
    `it has no option '${unknown}'${near === undefined ? '' : `; did you mean '${near}'?`} (it has: ${known})`,
  )
}

function checkMaxEntries(name: string, maxEntries: number | undefined, caching: boolean): void {
  if (maxEntries === undefined) return
  if (!Number.isInteger(maxEntries) || maxEntries < 1) {
    refuse(name, `maxEntries is ${maxEntries}; it must be a whole number above 0`)
  }
  if (caching) {
    refuse(
      name,
      'maxEntries and caching do not go together, because an entry that is pushed out must be logged at once; leave out one of them',
    )
  }
}

function refuse(name: string, reason: string): never {
  throw new StateError('MILLRACE_STORE_OPTIONS', name, `store ${name}: ${reason}`)
}
