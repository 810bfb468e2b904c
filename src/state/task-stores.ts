/**
 * All stores of one task over its one engine state. It is the source of truth for the task's uncommitted state: what a
 * flush still owes, what a commit freezes, what a rollback forgets. It must never write to the engine but by a batch with
 * a marker.
 */
import { assert } from '../common/assert.ts'
import { noHeaders, type Headers } from '../common/headers.ts'
import { moveTo, type RecordContext } from '../processor/record-context.ts'
import { keyView, valueView, type RecordCursor, type RecordSet } from '../processor/record-set.ts'
import type { RecordSink } from '../processor/record-sink.ts'
import type { StoreKind } from '../processor/store-builder.ts'
import { WaitingChanges } from './change-buffer.ts'
import { openStore, type OpenStore, type TaskStore } from './open-store.ts'
import { maxOverlayEntries, type OverlayBudget } from './overlay.ts'
import { isKeyspaceOf, type Batch, type BatchVisitor, type Marker, type TaskState } from './state-engine.ts'
import type { ChangelogRecord, StoreCore } from './store-core.ts'
import type { StoreHost } from './store-host.ts'
import type { StoreStats } from './store-stats.ts'
import { isTimesKeyspace } from './timed-segments.ts'

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
  /** Answers of stores are Java's, where Java's are poorer. */
  readonly likeJava?: boolean
  /** A record came later than the retention of that store admits. */
  readonly dropExpired?: (store: string) => void
}

/** What is known of one store while it is open, for metrics and status. */
export interface StoreFigures {
  readonly name: string
  readonly kind: StoreKind
  readonly stats: StoreStats
  /** As of the last commit. */
  readonly keys: number
  /** Of what a buffer holds back; undefined for all other kinds. */
  readonly held: { readonly records: number; readonly bytes: number } | undefined
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
  readonly #cores: readonly StoreCore[]
  #commitInFlight = false

  constructor(options: TaskStoresOptions) {
    this.#options = options
    this.record = options.record
    const open = {
      state: options.state,
      host: this,
      cacheMaxBytes: options.cacheMaxBytes,
      likeJava: options.likeJava ?? false,
    }
    for (const store of options.stores) this.#stores.set(store.spec.name, openStore(store, open))
    this.#cores = [...this.#stores.values()].map(({ core }) => core)
  }

  /** The store as operators see it; undefined when the task has none of that name. */
  store(name: string): unknown {
    return this.#stores.get(name)?.face
  }

  /** What changes is looked up when it is read. */
  get figures(): readonly StoreFigures[] {
    const keysOf = (name: string): number => this.#keysOf(name)
    return this.#options.stores.map(({ spec: { name, kind } }) => {
      const { core } = this.#stores.get(name) as OpenStore
      const buffer = core instanceof WaitingChanges ? core : undefined
      return {
        name,
        kind,
        stats: core.stats,
        get keys() {
          return keysOf(name)
        },
        held: buffer && {
          get records() {
            return buffer.size
          },
          get bytes() {
            return buffer.byteLength
          },
        },
      }
    })
  }

  #keysOf(name: string): number {
    const { state } = this.#options
    let keys = 0
    for (const id of state.keyspaceIds()) {
      if (isKeyspaceOf(name, id) && !isTimesKeyspace(id)) keys += state.keyspace(id).size
    }
    return keys
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

  log(topic: string, key: Uint8Array, value: Uint8Array | null, timestamp: number, headers: Headers = noHeaders): void {
    if (this.isClosing) return
    this.#options.sink.append(topic, this.#options.partition, key, value, timestamp, headers)
  }

  dropExpired(store: string): void {
    this.#options.dropExpired?.(store)
  }

  /** Logs and forwards what the caches hold, until nothing is dirty; false when `isLate` said to stop before. */
  flush(isLate: () => boolean): boolean {
    if (!this.#cores.some((core) => core.isDirty)) return true
    const { record } = this
    const { topic, partition, offset, timestamp, headers } = record
    try {
      return this.#flush(isLate)
    } finally {
      moveTo(record, topic, partition, offset, timestamp, headers)
      record.rawKey = undefined
      record.source = undefined
    }
  }

  #flush(isLate: () => boolean): boolean {
    let untilLook = flushSlice
    for (let dirty = true; dirty;) {
      dirty = false
      // From the top each time: a flush may make a later store dirty, or, rarely, an earlier one.
      for (const core of this.#cores) {
        while (core.flushOne()) {
          dirty = true
          if (--untilLook > 0) continue
          if (isLate()) return false
          untilLook = flushSlice
        }
      }
    }
    // Java's caches show what has expired for as long as they have it.
    if (this.#options.likeJava !== true) for (const core of this.#cores) core.endFlush?.()
    return true
  }

  get isEmpty(): boolean {
    return this.#cores.every((core) => core.isEmpty)
  }

  /** Begins a new overlay; what was written before is the returned batch, and stays readable. */
  freeze(): Batch {
    assert(!this.#commitInFlight, 'an overlay is frozen while the engine takes an earlier one')
    const cores = this.#cores
    for (const core of cores) core.freeze()
    return {
      forEach: (visit) => {
        for (const core of cores) core.forEachFrozen(visit)
      },
      get dropped() {
        return cores.flatMap((core) => core.dropped)
      },
    }
  }

  /** What the marker has of the stores beside their entries, as of the last freeze. */
  get counters(): Readonly<Record<string, number>> {
    const counters: Record<string, number> = {}
    for (const core of this.#cores) core.addCounters(counters)
    return counters
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
    for (const core of this.#cores) core.rollback(keepFrozen)
  }

  /** Applies changelog records to the engine, atomically with the marker. Returns how many. */
  async restore(storeName: string, set: RecordSet, marker: Marker): Promise<number> {
    const store = this.#stores.get(storeName)
    assert(store !== undefined, `the task has a store ${storeName}`)
    const { core } = store
    let count = 0
    const replay: Batch = {
      forEach(visit) {
        const record = new CursorRecord(set.cursor())
        while (record.next()) {
          count++
          core.restore(record, visit)
        }
      },
    }
    if (!core.counts) {
      await this.#options.state.commit(replay, marker)
      core.stats.restored += count
      return count
    }
    // An engine may write the marker before it reads the batch, and the marker has what was counted in it.
    const batch = new CollectedBatch()
    replay.forEach(batch.add)
    core.finishRestore?.(batch.add)
    batch.dropped = core.dropped
    const counters = { ...marker.counters }
    core.addCounters(counters)
    await this.#options.state.commit(batch, { ...marker, counters })
    if (core.finishRestore !== undefined) core.release()
    core.stats.restored += count
    return count
  }

  /** Empties a store that is rebuilt or of no use, with what it counted, atomically with the marker. */
  async clear(storeName: string, marker: Marker): Promise<void> {
    const kept = Object.entries(marker.counters).filter(([counter]) => !counter.startsWith(`${storeName}/`))
    await this.#options.state.clear(storeName, { ...marker, counters: Object.fromEntries(kept) })
    this.#stores.get(storeName)?.core.clear()
  }

  #release(): void {
    for (const core of this.#cores) core.release()
  }
}

/** The current record of a changelog. */
class CursorRecord implements ChangelogRecord {
  readonly #cursor: RecordCursor
  key: Uint8Array = Buffer.alloc(0)
  value: Uint8Array | null = null

  constructor(cursor: RecordCursor) {
    this.#cursor = cursor
  }

  get timestamp(): number {
    return this.#cursor.timestamp
  }

  headers(): Headers {
    return this.#cursor.headers()
  }

  /** A record without a key is none of a store's. */
  next(): boolean {
    while (this.#cursor.next()) {
      const key = keyView(this.#cursor)
      if (key === null) continue
      this.key = key
      this.value = valueView(this.#cursor)
      return true
    }
    return false
  }
}

/** Keeps what it is given, which must be memory of its own. */
class CollectedBatch implements Batch {
  dropped: readonly string[] = []
  readonly #ids: string[] = []
  readonly #keys: Uint8Array[] = []
  readonly #values: (Uint8Array | null)[] = []
  readonly add: BatchVisitor = (keyspaceId, key, value) => {
    this.#ids.push(keyspaceId)
    this.#keys.push(key)
    this.#values.push(value)
  }

  forEach(visit: BatchVisitor): void {
    for (let i = 0; i < this.#ids.length; i++) {
      const id = this.#ids[i] as string
      if (!this.dropped.includes(id)) visit(id, this.#keys[i] as Uint8Array, this.#values[i] as Uint8Array | null)
    }
  }
}
