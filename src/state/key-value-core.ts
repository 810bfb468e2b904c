/**
 * A key-value store over overlay and engine: the one place that decides what is read from where, what is logged when, and
 * what a flush forwards. The stores that processors and tables see are thin faces over it.
 *
 * Cached: a write only marks its entry; the flush logs and forwards each changed key once (Java's CachingKeyValueStore).
 * Uncached: every write is logged at once and forwarded by whoever wrote (Java's ChangeLoggingKeyValueBytesStore).
 */
import { bytesToLatin1, latin1ToBytes } from '../common/bytes.ts'
import { noHeaders } from '../common/headers.ts'
import type { Change } from '../processor/record.ts'
import { noTimestamp } from '../processor/record-sink.ts'
import type { FlushListener, StoreIterator } from '../processor/state-store.ts'
import { rememberContext, restoreContext } from './entry-context.ts'
import { Overlay, type OverlayEntry, type OverlayRow } from './overlay.ts'
import { RecentKeys } from './recent-keys.ts'
import type { BatchVisitor, Keyspace } from './state-engine.ts'
import type { StoreCodec } from './store-codec.ts'
import type { StoreHost } from './store-host.ts'
import { noKeyspaces, type ChangelogRecord, type StoreCore } from './store-core.ts'
import { StoreRange } from './store-range.ts'
import { StoreStats } from './store-stats.ts'

export interface CoreOptions<K, V> {
  readonly name: string
  readonly codec: StoreCodec<K, V>
  readonly keyspace: Keyspace
  readonly host: StoreHost
  readonly cached: boolean
  /** Undefined: not logged, or its source topic serves as the changelog. */
  readonly changelogTopic: string | undefined
  /** Least recently used entries go first; only for uncached stores. */
  readonly maxEntries?: number | undefined
  /** False: what a maximum pushes out stays in the changelog. */
  readonly logsSurplus?: boolean
  /** Only where nothing is cached: the record that is processed is the one that caused the write. */
  readonly logsHeaders?: boolean | undefined
  /** Changelog records have no timestamp of their own. */
  readonly untimed?: boolean
}

/** A value with its timestamp, lent: valid until the next read. */
export interface Lent<V> {
  value: V
  timestamp: number
}

export class KeyValueCore<K, V> implements StoreCore {
  readonly name: string
  readonly cached: boolean
  readonly dropped: readonly string[] = noKeyspaces
  readonly counts = false
  readonly stats: StoreStats = new StoreStats()
  readonly #codec: StoreCodec<K, V>
  readonly #keyspace: Keyspace
  readonly #host: StoreHost
  readonly #changelogTopic: string | undefined
  readonly #maxEntries: number | undefined
  readonly #logsSurplus: boolean
  readonly #logsHeaders: boolean
  readonly #untimed: boolean
  readonly #overlay: Overlay
  readonly #lent: Lent<V> = { value: undefined as V, timestamp: 0 }
  #recent: RecentKeys | undefined
  #listener: FlushListener<K, V> | undefined
  #sendOldValues = false

  constructor(options: CoreOptions<K, V>) {
    this.name = options.name
    this.cached = options.cached
    this.#codec = options.codec
    this.#keyspace = options.keyspace
    this.#host = options.host
    this.#changelogTopic = options.changelogTopic
    this.#maxEntries = options.maxEntries
    this.#logsSurplus = options.logsSurplus ?? true
    this.#logsHeaders = options.logsHeaders ?? false
    this.#untimed = options.untimed ?? false
    this.#overlay = new Overlay(options.host.budget, (entry) => options.codec.keyText(entry))
  }

  onFlush(listener: FlushListener<K, V>, sendOldValues: boolean): void {
    this.#listener = listener
    this.#sendOldValues = sendOldValues
  }

  read(key: K): Lent<V> | undefined {
    this.stats.gets++
    const id = this.#codec.id(key)
    const entry = this.#overlay.find(id)
    const found = entry === undefined ? this.#readEngine(id) : this.#lend(entry.value, entry.timestamp)
    if (this.#maxEntries !== undefined && found !== undefined) this.#recentKeys(this.#maxEntries).touch(id)
    return found
  }

  /** What the last flush told of: the value below the cache, where there is a newer one in it. */
  readTold(key: K): Lent<V> | undefined {
    const entry = this.#overlay.find(this.#codec.id(key))
    return entry?.dirty === true ? this.#below(entry) : this.read(key)
  }

  write(key: K, value: V | null, timestamp: number): void {
    const id = this.#codec.id(key)
    // Before the entry is made: a value that does not fit must leave no trace.
    const held = value === null ? null : this.#codec.held(value, timestamp)
    if (held === null) this.stats.deletes++
    else this.stats.puts++
    if (this.#maxEntries === undefined) this.#writeHeld(id, held, timestamp)
    else this.#writeLimited(id, held, timestamp, this.#recentKeys(this.#maxEntries))
  }

  #writeHeld(id: unknown, held: unknown, timestamp: number, logs = true): void {
    const codec = this.#codec
    const entry = this.#overlay.forWriting(id)
    const sizeBefore = entry.value == null ? 0 : codec.heldSize(entry.value)
    entry.value = held
    entry.timestamp = timestamp
    const size = held === null ? 0 : codec.heldSize(held)
    if (size !== sizeBefore) this.#overlay.resize(entry, entry.size + size - sizeBefore)
    const { record } = this.#host
    if (this.cached) {
      rememberContext(this.#overlay, entry, record)
      this.#overlay.markDirty(entry)
    } else {
      entry.recordTimestamp = record.timestamp
      if (logs) this.#log(entry, codec.borrowKeyBytes(id, record))
    }
  }

  /** What must go is deleted, in the changelog too and there before what takes its place, as Java does it. */
  #writeLimited(id: unknown, held: unknown, timestamp: number, recent: RecentKeys): void {
    if (held === null) {
      recent.delete(id)
    } else {
      recent.touch(id)
      const surplus = recent.takeSurplus()
      if (surplus !== undefined) this.#writeHeld(surplus, null, timestamp, this.#logsSurplus)
    }
    this.#writeHeld(id, held, timestamp)
  }

  #recentKeys(maxEntries: number): RecentKeys {
    this.#recent ??= new RecentKeys(maxEntries, this.#allIds())
    return this.#recent
  }

  *#allIds(): Generator {
    for (const key of this.range(undefined, undefined, false, (each) => each)) yield this.#codec.id(key)
  }

  range<T>(
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
    reverse: boolean,
    entryOf: (key: K, lent: Lent<V>) => T,
  ): StoreIterator<T> {
    const codec = this.#codec
    const host = this.#host
    const turn = host.turn
    return new StoreRange({
      storeName: this.name,
      stats: this.stats,
      rows: this.#overlay.rows(textOf(from), textOf(to)),
      cursor: this.#keyspace.range(from, to, reverse),
      reverse,
      isCurrent: () => host.turn === turn,
      fromOverlay: (row: OverlayRow) =>
        entryOf(codec.readKey(latin1ToBytes(row.key)), {
          value: codec.valueOf(row.value),
          timestamp: row.timestamp,
        }),
      fromEngine: (key, local) =>
        entryOf(codec.readKey(key), { value: codec.decode(local), timestamp: codec.timestampOf(local) }),
    })
  }

  /** Range bounds: both are inclusive for the caller; `to` becomes the next byte string. */
  bounds(from: K | undefined, to: K | undefined): [from: Uint8Array | undefined, to: Uint8Array | undefined] {
    const lower = from === undefined ? undefined : this.#codec.boundBytes(from)
    const upper = to === undefined ? undefined : Buffer.concat([this.#codec.boundBytes(to), Buffer.of(0)])
    return [lower, upper]
  }

  count(): number {
    const inEngine = (entry: OverlayEntry): boolean =>
      this.#keyspace.get((entry.key ??= this.#codec.keyBytes(entry.id))) !== undefined
    return this.#keyspace.size + this.#overlay.countDifference(inEngine)
  }

  get isDirty(): boolean {
    return this.#overlay.isDirty
  }

  get isEmpty(): boolean {
    return this.#overlay.isEmpty
  }

  /** The changed key whose last update is the longest ago. */
  flushOne(): boolean {
    const entry = this.#overlay.takeDirty()
    if (entry === undefined) return false
    restoreContext(this.#overlay, entry, this.#host.record)
    this.#flush(entry)
    return true
  }

  freeze(): void {
    this.#overlay.freeze()
  }

  release(): void {
    this.#overlay.release()
  }

  rollback(keepFrozen: boolean): void {
    this.#overlay.rollback(keepFrozen)
    this.#recent = undefined
    this.#listener = undefined
  }

  forEachFrozen(visit: BatchVisitor): void {
    this.#overlay.forEachFrozen((entry) => {
      entry.key ??= this.#codec.keyBytes(entry.id)
      visit(this.name, entry.key, entry.value === null ? null : this.#codec.local(entry.value, entry.timestamp))
    })
  }

  restore({ key, value, timestamp }: ChangelogRecord, visit: BatchVisitor): void {
    visit(this.name, key, value === null ? null : this.#codec.fromChangelog(value, timestamp))
  }

  clear(): void {
    this.rollback(false)
  }

  addCounters(): void {
    // It counts nothing.
  }

  #lend(held: unknown, timestamp: number): Lent<V> | undefined {
    if (held === null) return undefined
    this.#lent.value = this.#codec.valueOf(held)
    this.#lent.timestamp = timestamp
    return this.#lent
  }

  #readEngine(id: unknown): Lent<V> | undefined {
    const local = this.#keyspace.get(this.#codec.borrowKeyBytes(id, this.#host.record))
    if (local === undefined) return undefined
    this.#lent.timestamp = this.#codec.timestampOf(local)
    this.#lent.value = this.#codec.decode(local)
    return this.#lent
  }

  #flush(entry: OverlayEntry): void {
    const listener = this.#listener
    const value = entry.value
    const looksBelow = listener !== undefined && (value === null || this.#sendOldValues)
    const below = looksBelow ? this.#below(entry)?.value : undefined
    // Java: with somebody to tell, the delete of a key that nobody below has heard of is not told to anyone.
    if (listener !== undefined && value === null && below === undefined) return
    const key = (entry.key ??= this.#codec.keyBytes(entry.id))
    const { record } = this.#host
    const typedKey = this.#codec.typedKeys
    record.rawKey = typedKey ? key : undefined
    record.rawKeyValue = entry.id
    record.rawKeySerde = typedKey ? this.#codec.keySerde : undefined
    this.#log(entry, key)
    entry.flushed = true
    entry.flushedValue = value
    entry.flushedTimestamp = entry.timestamp
    if (listener === undefined) return
    const change: Change<V> = {
      newValue: value === null ? null : this.#codec.valueOf(value),
      oldValue: this.#sendOldValues ? (below ?? null) : null,
      isLatest: true,
    }
    listener(this.#codec.keyOf(entry.id), change, value === null ? entry.recordTimestamp : entry.timestamp, record)
  }

  /** The value that the layers below the cache have: logged in this transaction, frozen, or committed. */
  #below(entry: OverlayEntry): Lent<V> | undefined {
    if (entry.flushed) return this.#lend(entry.flushedValue, entry.flushedTimestamp)
    const frozen = this.#overlay.findFrozen(entry.id)
    return frozen === undefined ? this.#readEngine(entry.id) : this.#lend(frozen.value, frozen.timestamp)
  }

  #log(entry: OverlayEntry, key: Uint8Array): void {
    if (this.#changelogTopic === undefined) return
    const { value } = entry
    const plain = value === null ? null : this.#codec.plain(value)
    const headers = this.#logsHeaders ? this.#host.record.headers : noHeaders
    this.#host.log(this.#changelogTopic, key, plain, this.#loggedTime(entry), headers)
  }

  /** A tombstone has no value to take a timestamp from: Java takes the record's. So does a store without timestamps. */
  #loggedTime(entry: OverlayEntry): number {
    if (this.#untimed) return noTimestamp
    return entry.value !== null && this.#codec.timestamped ? entry.timestamp : entry.recordTimestamp
  }
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : bytesToLatin1(bytes)
}
