/**
 * A store of windows or sessions over overlay and engine: what is read from where, what is logged when, what a flush
 * forwards, and what has expired. It knows keys as text only (`timed-key.ts`); the stores that operators, processors and
 * queries see are thin faces over it.
 *
 * Retention is that of Java's stores in memory (InMemoryWindowStore, InMemorySessionStore), to the millisecond. What
 * comes too late is dropped and counted, but logged all the same, because the layer that logs is above (Java's
 * ChangeLoggingWindowBytesStore). A cache (CachingWindowStore) takes everything; time goes on below it at the flush, and
 * what has expired then is gone when all is flushed, so that what is read does not depend on when the engine commits.
 */
import { bytesToLatin1, latin1ToBytes } from '../common/bytes.ts'
import { StateError } from '../errors/state-error.ts'
import { noHeaders } from '../common/headers.ts'
import type { Change } from '../processor/record.ts'
import type { RecordContext } from '../processor/record-context.ts'
import { rememberContext, restoreContext } from './entry-context.ts'
import type { Lent } from './key-value-core.ts'
import { ObservedTime } from './observed-time.ts'
import { Overlay, type OverlayEntry } from './overlay.ts'
import type { BatchVisitor, TaskState } from './state-engine.ts'
import type { StoreCodec } from './store-codec.ts'
import { noKeyspaces, type ChangelogRecord, type StoreCore } from './store-core.ts'
import type { StoreHost } from './store-host.ts'
import { StoreStats } from './store-stats.ts'
import { AllRows, compareTexts, KeyRows, TimedCursor } from './timed-cursor.ts'
import { TimedIndex } from './timed-index.ts'
import { int32At, lentBytes, timeText, type TimedKeyLayout } from './timed-key.ts'
import { segmentIntervalMs, TimedSegments, type Segment } from './timed-segments.ts'

export interface TimedCoreOptions<V> {
  readonly name: string
  readonly codec: StoreCodec<unknown, V>
  readonly layout: TimedKeyLayout
  readonly state: TaskState
  readonly host: StoreHost
  readonly cached: boolean
  /** Undefined: not logged. */
  readonly changelogTopic: string | undefined
  readonly retentionMs: number
  /** Whether it is read over all keys again and again. */
  readonly timeOrdered: boolean
  /** Each null is logged with a number of its own, and changes nothing. */
  readonly retainDuplicates: boolean
  /** Between an id and the key of the changelog, both ways. */
  readonly logged: (id: string) => string
  /** Changelog records have the headers of the record that caused them; only without a cache. */
  readonly logsHeaders: boolean
}

export type TimedFlushListener<V> = (id: string, change: Change<V>, timestamp: number, context: RecordContext) => void

const emptyBytes = Buffer.alloc(0)
const minSweepSize = 1024
const noSegments: readonly Segment[] = []

export class TimedCore<V> implements StoreCore {
  readonly name: string
  readonly cached: boolean
  readonly stats: StoreStats = new StoreStats()
  readonly #options: TimedCoreOptions<V>
  readonly #codec: StoreCodec<unknown, V>
  readonly #layout: TimedKeyLayout
  readonly #host: StoreHost
  readonly #overlay: Overlay
  readonly #segments: TimedSegments
  readonly #written = new Set<number>()
  readonly #lent: Lent<V> = { value: undefined as V, timestamp: 0 }
  #spare: TimedCursor<V>
  #index: TimedIndex | undefined
  #listener: TimedFlushListener<V> | undefined
  #sendOldValues = false
  readonly #observed: ObservedTime
  /** What is older has expired. */
  #minLive = 0
  /** Below that, entries of a cache are shown only while they await a flush. */
  #minShown = 0
  #expired: readonly Segment[] = []
  /** With so many uncommitted entries those that have expired are looked for. */
  #sweepSize = minSweepSize
  dropped: readonly string[] = noKeyspaces
  readonly counts = true

  constructor(options: TimedCoreOptions<V>) {
    this.#options = options
    this.name = options.name
    this.cached = options.cached
    this.#codec = options.codec
    this.#layout = options.layout
    this.#host = options.host
    this.#overlay = new Overlay(options.host.budget, (entry) => entry.id as string)
    this.#segments = new TimedSegments(
      options.name,
      options.state,
      segmentIntervalMs(options.retentionMs),
      options.timeOrdered,
    )
    this.#spare = new TimedCursor(options.codec)
    this.#observed = new ObservedTime(this.name, options.state.marker)
    this.#minLive = this.#minLiveAt(this.#observed.ms)
  }

  get observedStreamTime(): number {
    return this.#observed.ms
  }

  get restoredTimeMs(): number {
    return this.#observed.restoredMs
  }

  /** The number of the next entry. */
  nextSequence(): number {
    return this.#observed.nextSequence()
  }

  onFlush(listener: TimedFlushListener<V>, sendOldValues: boolean): void {
    this.#listener = listener
    this.#sendOldValues = sendOldValues
  }

  /** Lent: valid until the next read. */
  read(id: string, time: number): Lent<V> | undefined {
    this.stats.fetches++
    if (time < this.#minLive && !this.cached) return undefined
    const entry = this.#overlay.find(id)
    if (entry === undefined) return this.#readEngine(id, time)
    return this.#isShown(entry) ? this.#lend(entry.value, entry.timestamp) : undefined
  }

  /** What the last flush told of: the value below the cache, where there is a newer one in it. */
  readTold(id: string, time: number): Lent<V> | undefined {
    const entry = this.#overlay.find(id)
    return entry?.dirty === true ? this.#below(entry) : this.read(id, time)
  }

  write(id: string, keyText: string, time: number, value: V | null, timestamp: number): void {
    // Before anything else: a value that does not fit must leave no trace.
    const held = value === null ? null : this.#codec.held(value, timestamp)
    if (held === null) this.stats.deletes++
    else this.stats.puts++
    const { record } = this.#host
    if (this.cached) {
      const entry = this.#set(id, keyText, time, held, timestamp)
      rememberContext(this.#overlay, entry, record)
      this.#overlay.markDirty(entry)
      return
    }
    if (this.#observe(time) && (held !== null || !this.#options.retainDuplicates)) {
      this.#set(id, keyText, time, held, timestamp)
    }
    this.#log(id, held, held !== null && this.#codec.timestamped ? timestamp : record.timestamp)
  }

  /** Of one key, from time to time (inclusive), by time and tail. */
  scan(keyText: string, from: number, to: number, reverse: boolean): TimedCursor<V> {
    this.stats.fetches++
    const cursor = this.#cursor(reverse)
    const first = this.cached ? Math.max(from, 0) : Math.max(from, this.#minLive)
    if (to < first) return cursor
    const collect =
      first >= this.#minShown
        ? cursor.collect
        : (entry: OverlayEntry): void => void (this.#isShown(entry) && cursor.collect(entry))
    this.#indexed().forEachOf(keyText, first, to, reverse, collect)
    const firstCommitted = Math.max(first, this.#minLive)
    const segments = this.#committedSegments(firstCommitted, to)
    if (segments.length === 0) return cursor
    const lower = keyText + timeText(firstCommitted)
    const upper = keyText + afterTime(to)
    cursor.over(new KeyRows(segments, lower, upper, keyText.length + this.#layout.suffixLength, reverse))
    return cursor
  }

  /** Over all keys, from time to time (inclusive), by time, key bytes and tail. */
  scanAll(from: number, to: number, reverse: boolean): TimedCursor<V> {
    this.stats.fetches++
    const cursor = this.#cursor(reverse)
    const first = this.cached ? Math.max(from, 0) : Math.max(from, this.#minLive)
    if (to < first) return cursor
    const upper = afterTime(to)
    for (const text of this.#overlayTexts(timeText(first), upper, reverse)) {
      const id = this.#layout.keyFirst(text)
      const entry = this.#overlay.find(this.#options.retainDuplicates ? sequenceOf(this.#layout, id) : id)
      if (entry !== undefined && this.#isShown(entry)) cursor.add(text, entry)
    }
    const firstCommitted = Math.max(first, this.#minLive)
    const segments = this.#committedSegments(firstCommitted, to)
    if (segments.length > 0) {
      cursor.over(new AllRows(segments, this.#layout, timeText(firstCommitted), upper, reverse))
    }
    return cursor
  }

  /** Those where the engine may have something of these times: mostly time has gone on since the last commit. */
  #committedSegments(from: number, to: number): readonly Segment[] {
    return from > to || from > this.#observed.committedMs ? noSegments : this.#segments.between(from, to)
  }

  #overlayTexts(from: string, to: string, reverse: boolean): string[] {
    let texts: string[] = []
    if (this.#options.timeOrdered) {
      texts = this.#indexed().idsByTime(from, to)
    } else {
      this.#overlay.forEach(({ id }) => {
        const text = this.#layout.timeFirst(id as string)
        if (text >= from && text < to) texts.push(text)
      })
      texts.sort(compareTexts)
    }
    return reverse ? texts.reverse() : texts
  }

  get isDirty(): boolean {
    return this.#overlay.isDirty
  }

  get isEmpty(): boolean {
    return this.#overlay.isEmpty && !this.#observed.hasMoved
  }

  flushOne(): boolean {
    const entry = this.#overlay.takeDirty()
    if (entry === undefined) return false
    restoreContext(this.#overlay, entry, this.#host.record)
    this.#flush(entry)
    return true
  }

  /** Not before: what was flushed first is still read by who joins with what is flushed last. */
  endFlush(): void {
    this.#minShown = this.#minLive
  }

  freeze(): void {
    this.#overlay.freeze()
    this.#observed.freeze()
    this.#expired = this.#segments.before(this.#minLive)
    this.dropped = this.#expired.length === 0 ? noKeyspaces : this.#segments.keyspacesOf(this.#expired)
  }

  forEachFrozen(visit: BatchVisitor): void {
    const minLive = this.#minLiveAt(this.#observed.frozenMs)
    this.#overlay.forEachFrozen((entry) => {
      if (entry.time < minLive) return
      const number = this.#segments.numberOf(entry.time)
      const value = entry.value === null ? null : this.#codec.local(entry.value, entry.timestamp)
      // There is nothing to delete in a segment that is not there.
      if (value === null && this.#segments.find(entry.time) === undefined) return
      this.#written.add(number)
      this.#visit(visit, entry.id as string, number, value)
    })
  }

  release(): void {
    this.#overlay.release()
    this.#segments.forget(this.#expired)
    this.#expired = []
    this.dropped = noKeyspaces
    for (const number of this.#written) this.#segments.add(number)
    this.#written.clear()
    this.#observed.release()
    this.#index = undefined
  }

  rollback(keepFrozen: boolean): void {
    this.#overlay.rollback(keepFrozen)
    this.#index = undefined
    this.#listener = undefined
    this.#spare = new TimedCursor(this.#codec)
    this.#observed.rollback(keepFrozen)
    this.#minLive = this.#minLiveAt(this.#observed.ms)
    this.#minShown = this.#minLive
    if (keepFrozen) return
    this.#written.clear()
    this.#expired = []
    this.dropped = noKeyspaces
  }

  /** What the changelog has of times that have expired is not brought back. */
  restore({ key, value, timestamp }: ChangelogRecord, visit: BatchVisitor): void {
    // What is too short is none of this store's keys: another application's, or another kind of store's.
    if (key.byteLength < this.#layout.suffixLength) refuseKey(this.name, key.byteLength)
    const id = this.#options.logged(bytesToLatin1(key))
    const time = this.#layout.time(id)
    this.#observed.restored(time, this.#options.retainDuplicates ? sequenceOf(this.#layout, id) : 0, timestamp)
    this.#minLive = this.#minLiveAt(this.#observed.ms)
    if (time < this.#minLive || (value === null && this.#options.retainDuplicates)) return
    const number = this.#segments.numberOf(time)
    if (value !== null) this.#segments.add(number)
    else if (this.#segments.find(time) === undefined) return
    this.#visit(visit, id, number, value === null ? null : this.#codec.fromChangelog(value, timestamp))
  }

  /** What has expired within a long replay must not wait for a commit, which may have nothing else to do. */
  finishRestore(): void {
    this.freeze()
  }

  clear(): void {
    this.#observed.clear()
    this.#segments.clear()
    this.rollback(false)
  }

  addCounters(counters: Record<string, number>): void {
    this.#observed.addTo(counters)
  }

  #visit(visit: BatchVisitor, id: string, number: number, value: Uint8Array | null): void {
    visit(this.#segments.idOf(number), latin1ToBytes(id), value)
    if (this.#options.timeOrdered) {
      const timesId = this.#segments.timesIdOf(number)
      visit(timesId, latin1ToBytes(this.#layout.timeFirst(id)), value === null ? null : emptyBytes)
    }
  }

  #cursor(reverse: boolean): TimedCursor<V> {
    // A reader that writes, or forwards to one that reads, still has the other one open.
    if (this.#spare.isOpen) this.#spare = new TimedCursor(this.#codec)
    this.#spare.begin(reverse)
    return this.#spare
  }

  #set(id: string, keyText: string, time: number, held: unknown, timestamp: number): OverlayEntry {
    const overlay = this.#overlay
    if (overlay.size >= this.#sweepSize) this.#sweep()
    // Of duplicates each has a number of its own, the last one; it is cheaper to find than text.
    const entry = this.#options.retainDuplicates ? overlay.add(id, this.#observed.sequence) : overlay.forWriting(id)
    const sizeBefore = entry.value == null ? 0 : this.#codec.heldSize(entry.value)
    entry.value = held
    entry.timestamp = timestamp
    entry.time = time
    const size = held === null ? 0 : this.#codec.heldSize(held)
    if (size !== sizeBefore) overlay.resize(entry, entry.size + size - sizeBefore)
    if (this.#index !== undefined) this.#reindex(this.#index, keyText, entry)
    return entry
  }

  /** What has expired before it was committed. */
  #sweep(): void {
    if (!this.cached) {
      this.#overlay.dropBefore(this.#minLive)
      this.#index?.dropBefore(this.#minLive)
    }
    this.#sweepSize = Math.max(minSweepSize, 2 * this.#overlay.size)
  }

  #reindex(index: TimedIndex, keyText: string, entry: OverlayEntry): void {
    if (entry.value !== null || this.#hides(entry)) {
      if (!entry.indexed) index.add(keyText, entry, this.cached ? 0 : this.#minLive)
    } else {
      index.remove(keyText, entry)
    }
  }

  /** Whether there is one of that id below the active entries. */
  #hides(entry: OverlayEntry): boolean {
    if (this.#overlay.findFrozen(entry.id) !== undefined) return true
    return this.#segments.find(entry.time)?.keyspace.get(latin1ToBytes(entry.id as string)) !== undefined
  }

  #indexed(): TimedIndex {
    if (this.#index !== undefined) return this.#index
    const index = new TimedIndex(this.#layout, this.#options.timeOrdered)
    this.#overlay.forEach((entry) => {
      entry.indexed = false
      this.#reindex(index, this.#layout.keyText(entry.id as string), entry)
    })
    this.#index = index
    return index
  }

  /** Moves the time on; false when `time` has expired. */
  #observe(time: number): boolean {
    const observed = this.#observed
    if (time > observed.ms) {
      observed.ms = time
      this.#minLive = this.#minLiveAt(time)
    }
    if (time <= observed.ms - this.#options.retentionMs) {
      this.#host.dropExpired(this.name)
      return false
    }
    // Java's store takes it, and forgets it at the next call.
    return time >= 0
  }

  #minLiveAt(observed: number): number {
    return Math.max(0, observed - this.#options.retentionMs + 1)
  }

  #isShown({ time, dirty }: OverlayEntry): boolean {
    return time >= this.#minShown || dirty
  }

  #lend(held: unknown, timestamp: number): Lent<V> | undefined {
    if (held === null) return undefined
    this.#lent.value = this.#codec.valueOf(held)
    this.#lent.timestamp = timestamp
    return this.#lent
  }

  #readEngine(id: string, time: number): Lent<V> | undefined {
    if (time < this.#minLive) return undefined
    const local = this.#segments.find(time)?.keyspace.get(lentBytes(id))
    if (local === undefined) return undefined
    this.#lent.timestamp = this.#codec.timestampOf(local)
    this.#lent.value = this.#codec.decode(local)
    return this.#lent
  }

  #flush(entry: OverlayEntry): void {
    const listener = this.#listener
    const { value } = entry
    const id = entry.id as string
    const looksBelow = listener !== undefined && (value === null || this.#sendOldValues)
    const below = looksBelow ? this.#below(entry)?.value : undefined
    // Java: with somebody to tell, the delete of what nobody below has heard of is not told to anyone.
    if (listener !== undefined && value === null && below === undefined) return
    const { record } = this.#host
    this.#observe(entry.time)
    this.#log(id, value, value !== null && this.#codec.timestamped ? entry.timestamp : entry.recordTimestamp)
    entry.flushed = true
    entry.flushedValue = value
    entry.flushedTimestamp = entry.timestamp
    if (listener === undefined) return
    const change: Change<V> = {
      newValue: value === null ? null : this.#codec.valueOf(value),
      oldValue: this.#sendOldValues ? (below ?? null) : null,
      isLatest: true,
    }
    const timestamp = value !== null && this.#codec.timestamped ? entry.timestamp : entry.recordTimestamp
    listener(id, change, timestamp, record)
  }

  /** The value that the layers below the cache have: logged in this transaction, frozen, or committed. */
  #below(entry: OverlayEntry): Lent<V> | undefined {
    if (entry.time < this.#minLive) return undefined
    if (entry.flushed) return this.#lend(entry.flushedValue, entry.flushedTimestamp)
    const frozen = this.#overlay.findFrozen(entry.id)
    if (frozen !== undefined) return this.#lend(frozen.value, frozen.timestamp)
    return this.#readEngine(entry.id as string, entry.time)
  }

  #log(id: string, held: unknown, timestamp: number): void {
    const topic = this.#options.changelogTopic
    if (topic === undefined) return
    const key = lentBytes(this.#options.logged(id))
    const headers = this.#options.logsHeaders ? this.#host.record.headers : noHeaders
    this.#host.log(topic, key, held === null ? null : this.#codec.plain(held), timestamp, headers)
  }
}

function refuseKey(storeName: string, byteLength: number): never {
  throw new StateError(
    'MILLRACE_STORE_UNREADABLE',
    storeName,
    `the changelog of store ${storeName} has a key of ${byteLength} bytes, which has no room for a time: another kind of store has written it; give this one another name, or the application another id`,
  )
}

/** Above all texts of that time, and not above those of the next. */
function afterTime(time: number): string {
  // A time beyond what a number holds exactly is the end of all times.
  return timeText(Math.min(time, Number.MAX_SAFE_INTEGER - 1) + 1)
}

function sequenceOf(layout: TimedKeyLayout, id: string): number {
  return int32At(id, id.length - layout.tailLength)
}
