/** Finds the stores of a topology by name for a test, and says which method reads one that is of another kind. */
import { TestingError } from '../errors/testing-error.ts'
import type { ValueAndTimestamp } from '../processor/record.ts'
import type { SessionStore } from '../processor/session-store.ts'
import type { KeyValueStore } from '../processor/state-store.ts'
import type { StoreKind } from '../processor/store-builder.ts'
import type { VersionedStore } from '../processor/versioned-store.ts'
import type { WindowStore } from '../processor/window-store.ts'
import { DriverKeyValueStore, plainValues, sameValues } from './driver-stores.ts'
import type { DriverSetting, DriverTasks } from './driver-tasks.ts'
import { DriverSessionStore, DriverVersionedStore, DriverWindowStore } from './driver-timed-stores.ts'

/** What reads a store of each kind; nothing reads a buffer. */
const accessors: Readonly<Partial<Record<StoreKind, string>>> = {
  keyValue: 'keyValueStore, which has no timestamps',
  timestampedKeyValue: 'keyValueStore or timestampedKeyValueStore',
  window: 'windowStore, which has no timestamps',
  timestampedWindow: 'windowStore or timestampedWindowStore',
  session: 'sessionStore',
  versioned: 'versionedStore',
}

export class DriverStoreAccess {
  readonly #setting: DriverSetting
  readonly #tasks: DriverTasks
  readonly #now = (): number => this.#setting.clock.now()

  constructor(setting: DriverSetting, tasks: DriverTasks) {
    this.#setting = setting
    this.#tasks = tasks
  }

  keyValue<K, V>(name: string): KeyValueStore<K, V> {
    if (this.#kindOf(name) === 'keyValue') {
      return new DriverKeyValueStore(name, this.#parts<KeyValueStore<K, V>>(name, 'keyValue'), sameValues<V>())
    }
    const parts = this.#parts<KeyValueStore<K, ValueAndTimestamp<V>>>(name, 'timestampedKeyValue')
    return new DriverKeyValueStore(name, parts, plainValues<V>(this.#now))
  }

  timestampedKeyValue<K, V>(name: string): KeyValueStore<K, ValueAndTimestamp<V>> {
    const parts = this.#parts<KeyValueStore<K, ValueAndTimestamp<V>>>(name, 'timestampedKeyValue')
    return new DriverKeyValueStore(name, parts, sameValues<ValueAndTimestamp<V>>())
  }

  window<K, V>(name: string): WindowStore<K, V> {
    if (this.#kindOf(name) === 'window') {
      return new DriverWindowStore(name, this.#parts<WindowStore<K, V>>(name, 'window'), sameValues<V>())
    }
    const parts = this.#parts<WindowStore<K, ValueAndTimestamp<V>>>(name, 'timestampedWindow')
    return new DriverWindowStore(name, parts, plainValues<V>(this.#now))
  }

  timestampedWindow<K, V>(name: string): WindowStore<K, ValueAndTimestamp<V>> {
    const parts = this.#parts<WindowStore<K, ValueAndTimestamp<V>>>(name, 'timestampedWindow')
    return new DriverWindowStore(name, parts, sameValues<ValueAndTimestamp<V>>())
  }

  session<K, V>(name: string): SessionStore<K, V> {
    return new DriverSessionStore(name, this.#parts<SessionStore<K, V>>(name, 'session'))
  }

  versioned<K, V>(name: string): VersionedStore<K, V> {
    return new DriverVersionedStore(name, this.#parts<VersionedStore<K, V>>(name, 'versioned'))
  }

  #kindOf(name: string): StoreKind {
    const { subTopologies, globalStores } = this.#setting.compiled
    const stores = [...subTopologies.flatMap((subTopology) => subTopology.stores), ...globalStores]
    const store = stores.find(({ spec }) => spec.name === name)
    if (store !== undefined) return store.spec.kind
    const names = stores.map(({ spec }) => spec.name).join(', ')
    throw new TestingError(
      'MILLRACE_TEST_STORE_UNKNOWN',
      `the topology has no store '${name}'; it has: ${names === '' ? 'none' : names}`,
    )
  }

  /** The store in each of the tasks that have it, which is of that kind. */
  #parts<S>(name: string, expected: StoreKind): S[] {
    const kind = this.#kindOf(name)
    if (kind !== expected) {
      throw new TestingError(
        'MILLRACE_TEST_STORE_UNKNOWN',
        `store ${name} is of the kind ${kind}; read it with ${accessors[kind] ?? 'what its operator emits'}`,
      )
    }
    return this.#tasks.stores(name) as S[]
  }
}
