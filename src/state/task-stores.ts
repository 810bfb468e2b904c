/**
 * All stores of one task over its one engine state. It is the source of truth for the task's uncommitted state: what a
 * flush still owes, what a commit freezes, what a rollback forgets. It must never write to the engine but by a batch with
 * a marker.
 */
import { assert } from '../common/assert.ts'
import { noHeaders } from '../common/headers.ts'
import { StateError } from '../errors/state-error.ts'
import type { RecordContext } from '../processor/record-context.ts'
import { keyView, valueView, type RecordSet } from '../processor/record-set.ts'
import type { RecordSink } from '../processor/record-sink.ts'
import type { StoreSpec } from '../processor/store-builder.ts'
import { KeyValueCore } from './key-value-core.ts'
import { PlainKeyValueStore, TimestampedKeyValueStore } from './key-value-stores.ts'
import { maxOverlayEntries, type OverlayBudget } from './overlay.ts'
import type { Batch, Marker, TaskState } from './state-engine.ts'
import { StoreCodec } from './store-codec.ts'
import type { StoreHost } from './store-host.ts'

export interface TaskStore {
  readonly spec: StoreSpec
  /** The broker's name of its changelog, which serdes are told in any case. */
  readonly serdeTopic: string
  /** Undefined: writes are not logged. */
  readonly changelogTopic: string | undefined
}

export interface TaskStoresOptions {
  /** In the order in which they are flushed. */
  readonly stores: readonly TaskStore[]
  readonly state: TaskState
  readonly record: RecordContext
  readonly sink: RecordSink
  readonly partition: number
  /** 0 turns caching off. */
  readonly cacheMaxBytes: number
  readonly uncommittedMaxBytes: number
}

interface OpenStore {
  readonly core: KeyValueCore<unknown, unknown>
  readonly codec: StoreCodec<unknown, unknown>
  readonly face: unknown
}

/** How many entries are flushed between two looks at the clock. */
const flushSlice = 64

export class TaskStores implements StoreHost {
  readonly record: RecordContext
  readonly budget: OverlayBudget = { uncommittedBytes: 0, frozenBytes: 0, cacheBytes: 0, entries: 0 }
  turn = 0
  /** What is written while processors end is forgotten with the overlay, so the changelog must not hear of it. */
  isClosing = false
  readonly #options: TaskStoresOptions
  readonly #stores = new Map<string, OpenStore>()
  #commitInFlight = false

  constructor(options: TaskStoresOptions) {
    this.#options = options
    this.record = options.record
    for (const store of options.stores) this.#stores.set(store.spec.name, this.#open(store))
  }

  /** The store as processors see it; undefined when the task has none of that name. */
  store(name: string): unknown {
    return this.#stores.get(name)?.face
  }

  /** A budget is spent: commit early. */
  get commitDue(): boolean {
    const { budget } = this
    return (
      budget.uncommittedBytes > this.#options.uncommittedMaxBytes ||
      budget.entries > maxOverlayEntries ||
      (budget.cacheBytes > this.#options.cacheMaxBytes && budget.cacheBytes > 0)
    )
  }

  log(topic: string, key: Uint8Array, value: Uint8Array | null, timestamp: number): void {
    if (this.isClosing) return
    this.#options.sink.append(topic, this.#options.partition, key, value, timestamp, noHeaders)
  }

  /** Logs and forwards what the caches hold, until nothing is dirty; false when `isLate` said to stop before. */
  flush(isLate: () => boolean): boolean {
    if (this.budget.cacheBytes === 0) return true
    const { record } = this
    const { topic, partition, offset, timestamp, headers } = record
    try {
      return this.#flush(isLate)
    } finally {
      record.topic = topic
      record.partition = partition
      record.offset = offset
      record.timestamp = timestamp
      record.headers = headers
      record.rawKey = undefined
    }
  }

  #flush(isLate: () => boolean): boolean {
    let untilLook = flushSlice
    for (let dirty = true; dirty;) {
      dirty = false
      // From the top each time: a flush may make a later store dirty, or, rarely, an earlier one.
      for (const { core } of this.#stores.values()) {
        while (core.flushOne()) {
          dirty = true
          if (--untilLook > 0) continue
          if (isLate()) return false
          untilLook = flushSlice
        }
      }
    }
    return true
  }

  get isEmpty(): boolean {
    return this.#stores.values().every(({ core }) => core.isEmpty)
  }

  /** Begins a new overlay; what was written before is the returned batch, and stays readable. */
  freeze(): Batch {
    assert(!this.#commitInFlight, 'an overlay is frozen while the engine takes an earlier one')
    for (const { core } of this.#stores.values()) core.freeze()
    return {
      forEach: (visit) => {
        for (const { core } of this.#stores.values()) core.forEachFrozen(visit)
      },
    }
  }

  /** Done at once with an engine in memory. If it fails, the frozen entries stay, and a later commit takes them along. */
  commit(batch: Batch, marker: Marker): Promise<void> | undefined {
    const pending = this.#options.state.commit(batch, marker)
    if (pending === undefined) {
      this.#release()
      return undefined
    }
    this.#commitInFlight = true
    return pending.then(() => this.#release()).finally(() => (this.#commitInFlight = false))
  }

  rollback(keepFrozen: boolean): void {
    this.turn++
    for (const { core } of this.#stores.values()) core.rollback(keepFrozen)
  }

  /** Applies changelog records to the engine, atomically with the marker. Returns how many. */
  async restore(storeName: string, set: RecordSet, marker: Marker): Promise<number> {
    const store = this.#stores.get(storeName)
    assert(store !== undefined, `the task has a store ${storeName}`)
    let count = 0
    const batch: Batch = {
      forEach(visit) {
        const cursor = set.cursor()
        while (cursor.next()) {
          const key = keyView(cursor)
          if (key === null) continue
          count++
          const value = valueView(cursor)
          visit(storeName, key, value === null ? null : store.codec.fromChangelog(value, cursor.timestamp))
        }
      },
    }
    await this.#options.state.commit(batch, marker)
    return count
  }

  #release(): void {
    for (const { core } of this.#stores.values()) core.release()
  }

  #open({ spec, serdeTopic, changelogTopic }: TaskStore): OpenStore {
    const timestamped = isTimestamped(spec)
    const { key, value } = spec
    if (key === undefined || value === undefined) refuse(spec, 'it has no key or value serde; name both')
    const codec = new StoreCodec<unknown, unknown>(spec.name, serdeTopic, key, value, timestamped)
    const core = new KeyValueCore<unknown, unknown>({
      name: spec.name,
      codec,
      keyspace: this.#options.state.keyspace(spec.name),
      host: this,
      // What a maximum pushes out must be logged at once.
      cached: spec.caching && spec.maxEntries === undefined && this.#options.cacheMaxBytes > 0,
      changelogTopic,
      maxEntries: spec.maxEntries,
    })
    return { core, codec, face: timestamped ? new TimestampedKeyValueStore(core) : new PlainKeyValueStore(core, this) }
  }
}

function isTimestamped(spec: StoreSpec): boolean {
  if (spec.kind === 'timestampedKeyValue') return true
  if (spec.kind === 'keyValue') return false
  return refuse(spec, `stores of the kind ${spec.kind} are not supported yet`)
}

function refuse(spec: StoreSpec, reason: string): never {
  throw new StateError('MILLRACE_STORE_OPTIONS', spec.name, `store ${spec.name}: ${reason}`)
}
