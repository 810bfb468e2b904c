/**
 * A versioned key-value store: the latest version of each key in one key space, older ones in segments by the time at
 * which they ended, so that history goes as a whole when it is older than the retention.
 *
 * Kafka Streams: RocksDBVersionedStore.java, whose answers depend on how it keeps the versions: a key that is deleted at
 * the very time of its latest version has no trace of that, unless an older version ended then. What is older than the
 * retention is not put, but logged all the same, as the layer that logs is above (ChangeLoggingVersionedKeyValueBytesStore).
 */
import { bytesToLatin1, latin1ToBytes } from '../common/bytes.ts'
import type { ValueAndTimestamp } from '../processor/record.ts'
import type { Written } from '../processor/state-store.ts'
import type { VersionedRecord, VersionedTableStore } from '../processor/versioned-store.ts'
import type { Lent } from './key-value-core.ts'
import { ObservedTime } from './observed-time.ts'
import { Overlay, type OverlayEntry } from './overlay.ts'
import type { BatchVisitor, Keyspace, TaskState } from './state-engine.ts'
import type { StoreCodec } from './store-codec.ts'
import { noKeyspaces, type ChangelogRecord, type StoreCore } from './store-core.ts'
import type { StoreHost } from './store-host.ts'
import { StoreStats } from './store-stats.ts'
import { timeText, type KeyTexts } from './timed-key.ts'
import { TimedSegments, type Segment } from './timed-segments.ts'
import {
  endAt,
  placeAt,
  readRow,
  startOf,
  withFirst,
  withLast,
  withVersion,
  writeRow,
  type Version,
  type VersionRow,
} from './version-row.ts'

export interface VersionedCoreOptions<K, V> {
  readonly name: string
  /** Of plain values. */
  readonly codec: StoreCodec<K, V>
  readonly keys: KeyTexts<K>
  readonly state: TaskState
  readonly host: StoreHost
  /** Undefined: not logged. */
  readonly changelogTopic: string | undefined
  readonly historyRetentionMs: number
  /** differs from Java (#valid-to): its store does not tell until when a version was valid. */
  readonly withoutValidTo: boolean
}

/** In place of the number of a segment: latest versions. */
const latestNumber = -1
const numberLength = 8
const latestPrefix = timeText(latestNumber)

/** Java's default: RocksDbVersionedKeyValueBytesStoreSupplier. */
export function historyIntervalMs(retentionMs: number): number {
  if (retentionMs <= 60_000) return Math.max(Math.floor(retentionMs / 3), 2_000)
  if (retentionMs <= 300_000) return Math.max(Math.floor(retentionMs / 5), 20_000)
  if (retentionMs <= 3_600_000) return Math.max(Math.floor(retentionMs / 12), 60_000)
  return Math.max(Math.floor(retentionMs / 24), 300_000)
}

export class VersionedCore<K, V> implements StoreCore, VersionedTableStore<K, V> {
  readonly name: string
  readonly cached = false
  readonly historyRetentionMs: number
  readonly isDirty = false
  readonly counts = true
  readonly stats: StoreStats = new StoreStats()
  readonly #options: VersionedCoreOptions<K, V>
  readonly #codec: StoreCodec<K, V>
  readonly #latest: Keyspace
  readonly #overlay: Overlay
  readonly #segments: TimedSegments
  /** Of all segments that may have a row, the engine's and the overlay's, ascending. */
  #numbers: number[]
  readonly #written = new Set<number>()
  readonly #lent: Lent<V> = { value: undefined as V, timestamp: 0 }
  /** What is latest at the moment, as an entry holds it. */
  readonly #found: { held: unknown; timestamp: number } = { held: null, timestamp: 0 }
  readonly #observed: ObservedTime
  #expired: readonly Segment[] = []
  dropped: readonly string[] = noKeyspaces

  constructor(options: VersionedCoreOptions<K, V>) {
    const { name, codec, state, host, historyRetentionMs } = options
    this.name = name
    this.historyRetentionMs = historyRetentionMs
    this.#options = options
    this.#codec = codec
    this.#latest = state.keyspace(name)
    this.#overlay = new Overlay(host.budget, (entry) => entry.id as string)
    this.#segments = new TimedSegments(name, state, historyIntervalMs(historyRetentionMs), false)
    this.#numbers = this.#segments.numbers
    this.#observed = new ObservedTime(name, state.marker)
  }

  put(key: K, value: V | null, timestamp: number): number | null | undefined {
    const keyText = this.#keyText(key)
    // Before anything else: a value that does not fit must leave no trace.
    const held = value === null ? null : this.#codec.held(value, 0)
    if (held === null) this.stats.deletes++
    else this.stats.puts++
    let validTo: number | null | undefined
    if (this.#isTooOld(timestamp)) this.#options.host.dropExpired(this.name)
    else validTo = this.#put(keyText, held, timestamp)
    this.#log(keyText, held, timestamp)
    return validTo
  }

  get(key: K, asOf: number = Infinity): VersionedRecord<V> | undefined {
    this.stats.gets++
    return this.#versionAt(this.#keyText(key), asOf)
  }

  delete(key: K, timestamp: number): { readonly value: V; readonly timestamp: number } | undefined {
    const before = this.#isTooOld(timestamp) ? undefined : this.#versionAt(this.#keyText(key), timestamp)
    this.put(key, null, timestamp)
    return before === undefined ? undefined : { value: before.value, timestamp: before.timestamp }
  }

  read(key: K): ValueAndTimestamp<V> | undefined {
    this.stats.gets++
    return this.#findLatest(this.#keyText(key)) ? this.#lend() : undefined
  }

  readAsOf(key: K, asOf: number): ValueAndTimestamp<V> | undefined {
    this.stats.gets++
    return this.#versionAt(this.#keyText(key), asOf)
  }

  write(key: K, value: V | null, timestamp: number): Written {
    const validTo = this.put(key, value, timestamp)
    return validTo === undefined ? 'refused' : validTo === null ? 'latest' : 'older'
  }

  onFlush(): void {
    // It has no cache.
  }

  get isEmpty(): boolean {
    return this.#overlay.isEmpty && !this.#observed.hasMoved
  }

  flushOne(): boolean {
    return false
  }

  freeze(): void {
    this.#overlay.freeze()
    this.#observed.freeze()
    this.#expired = this.#segments.before(this.#observed.ms - this.historyRetentionMs)
    this.dropped = this.#expired.length === 0 ? noKeyspaces : this.#segments.keyspacesOf(this.#expired)
  }

  forEachFrozen(visit: BatchVisitor): void {
    const firstLive = this.#segments.numberOf(this.#observed.frozenMs - this.historyRetentionMs)
    this.#overlay.forEachFrozen(({ id, time: number, value, timestamp }) => {
      const key = latin1ToBytes((id as string).slice(numberLength))
      if (number === latestNumber) {
        visit(this.name, key, value === null ? null : this.#localLatest(value, timestamp))
      } else if (number >= firstLive) {
        this.#written.add(number)
        visit(
          this.#segments.idOf(number),
          key,
          writeRow(value as VersionRow, (held) => this.#codec.local(held, 0)),
        )
      }
    })
  }

  release(): void {
    this.#overlay.release()
    this.#segments.forget(this.#expired)
    this.#numbers = this.#numbers.filter((number) => !this.#expired.some((segment) => segment.number === number))
    this.#expired = []
    this.dropped = noKeyspaces
    for (const number of this.#written) this.#segments.add(number)
    this.#written.clear()
    this.#observed.release()
  }

  rollback(keepFrozen: boolean): void {
    this.#overlay.rollback(keepFrozen)
    this.#observed.rollback(keepFrozen)
    if (keepFrozen) return
    this.#written.clear()
    this.#expired = []
    this.dropped = noKeyspaces
  }

  /** Versions are found by what was restored before them, so they go by way of the overlay. */
  restore({ key, value, timestamp }: ChangelogRecord): void {
    if (this.#isTooOld(timestamp)) return
    this.#put(bytesToLatin1(key), value === null ? null : this.#heldOf(Buffer.from(value)), timestamp)
  }

  finishRestore(visit: BatchVisitor): void {
    this.freeze()
    this.forEachFrozen(visit)
  }

  clear(): void {
    this.#observed.clear()
    this.#segments.clear()
    this.#numbers = []
    this.rollback(false)
  }

  addCounters(counters: Record<string, number>): void {
    this.#observed.addTo(counters)
  }

  #isTooOld(timestamp: number): boolean {
    return timestamp < this.#observed.ms - this.historyRetentionMs
  }

  /** When the version that follows begins; null: it is the latest. */
  #put(keyText: string, held: unknown, timestamp: number): number | null {
    if (timestamp > this.#observed.ms) this.#observed.ms = timestamp
    const latest = this.#findLatest(keyText) ? this.#found : undefined
    if (latest !== undefined && timestamp >= latest.timestamp) {
      if (timestamp > latest.timestamp) {
        this.#endAt(keyText, { from: latest.timestamp, held: latest.held }, timestamp)
      }
      this.#writeLatest(keyText, held, timestamp)
      return null
    }
    return this.#putBelow(keyText, { from: timestamp, held }, latest?.timestamp)
  }

  /** Of a version that is older than the latest, which begins at `next`, or of a key that has none. */
  #putBelow(keyText: string, version: Version, next: number | undefined): number | null {
    let following = next
    const first = this.#segments.numberOf(version.from)
    for (let i = this.#numbers.length - 1; i >= 0; i--) {
      const number = this.#numbers[i] as number
      if (number < first) break
      const row = this.#row(number, keyText)
      if (row === undefined) continue
      if (row.end <= version.from) break
      if (startOf(row) <= version.from) return this.#putInto(number, row, keyText, version)
      following = startOf(row)
    }
    if (following === undefined) return this.#putLast(keyText, version)
    const number = this.#segments.numberOf(following)
    const row = this.#row(number, keyText)
    const isLast = row === undefined || row.end <= version.from
    this.#writeRow(number, keyText, isLast ? withLast(row, version, following) : withFirst(row, version))
    return following
  }

  /** Of a key that has no version at that time or later. */
  #putLast(keyText: string, { from, held }: Version): null {
    if (held !== null) {
      this.#writeLatest(keyText, held, from)
      return null
    }
    const number = this.#segments.numberOf(from)
    const row = this.#row(number, keyText)
    if (row === undefined) this.#writeRow(number, keyText, { versions: [], end: from })
    else if (row.end !== from) this.#writeRow(number, keyText, withLast(row, { from: row.end, held: null }, from))
    return null
  }

  /** Between the versions of a row. One that ends in an earlier segment now goes there. */
  #putInto(number: number, row: VersionRow, keyText: string, version: Version): number {
    const place = placeAt(row, version.from)
    const found = row.versions[place] as Version
    const validTo = endAt(row, place)
    if (found.from === version.from) {
      this.#writeRow(number, keyText, withVersion(row, place, 1, version))
    } else if (this.#segments.numberOf(version.from) === number) {
      this.#writeRow(number, keyText, withVersion(row, place + 1, 0, version))
    } else {
      this.#endAt(keyText, found, version.from)
      this.#writeRow(number, keyText, withVersion(row, place, 1, version))
    }
    return validTo
  }

  /** Puts a version where those are that end at that time. */
  #endAt(keyText: string, version: Version, end: number): void {
    const number = this.#segments.numberOf(end)
    this.#writeRow(number, keyText, withLast(this.#row(number, keyText), version, end))
  }

  #versionAt(keyText: string, asOf: number): VersionedRecord<V> | undefined {
    const found = this.#found
    if (this.#findLatest(keyText) && found.timestamp <= asOf) {
      return { value: this.#codec.valueOf(found.held), timestamp: found.timestamp, validTo: null }
    }
    if (this.#isTooOld(asOf)) return undefined
    const first = this.#segments.numberOf(asOf)
    for (let i = this.#numbers.length - 1; i >= 0 && (this.#numbers[i] as number) >= first; i--) {
      const row = this.#row(this.#numbers[i] as number, keyText)
      if (row === undefined) continue
      if (row.end <= asOf) return undefined
      if (startOf(row) <= asOf) return this.#recordAt(row, asOf)
    }
    return undefined
  }

  #recordAt(row: VersionRow, asOf: number): VersionedRecord<V> | undefined {
    const place = placeAt(row, asOf)
    const { from, held } = row.versions[place] as Version
    if (held === null) return undefined
    const validTo = this.#options.withoutValidTo ? null : endAt(row, place)
    return { value: this.#codec.valueOf(held), timestamp: from, validTo }
  }

  /** Whether the key has a latest version; it is in `#found`. */
  #findLatest(keyText: string): boolean {
    const found = this.#found
    const entry = this.#overlay.find(latestPrefix + keyText)
    if (entry !== undefined) {
      found.held = entry.value
      found.timestamp = entry.timestamp
      return entry.value !== null
    }
    const local = this.#latest.get(latin1ToBytes(keyText))
    if (local === undefined) return false
    const bytes = Buffer.from(local)
    found.timestamp = bytes.readInt32BE(0) * 2 ** 32 + bytes.readUInt32BE(4)
    found.held = this.#heldOf(bytes.subarray(8))
    return true
  }

  #lend(): Lent<V> {
    this.#lent.value = this.#codec.valueOf(this.#found.held)
    this.#lent.timestamp = this.#found.timestamp
    return this.#lent
  }

  #row(number: number, keyText: string): VersionRow | undefined {
    const entry = this.#overlay.find(timeText(number) + keyText)
    if (entry !== undefined) return entry.value as VersionRow
    const local = this.#segments.get(number)?.keyspace.get(latin1ToBytes(keyText))
    return local === undefined ? undefined : readRow(local, (bytes) => this.#heldOf(bytes))
  }

  #writeLatest(keyText: string, held: unknown, timestamp: number): void {
    this.#set(latestPrefix + keyText, latestNumber, held, timestamp, held === null ? 0 : this.#codec.heldSize(held))
  }

  #writeRow(number: number, keyText: string, row: VersionRow): void {
    let size = 8
    for (const { held } of row.versions) size += 12 + (held === null ? 0 : this.#codec.heldSize(held))
    this.#set(timeText(number) + keyText, number, row, 0, size)
    if (this.#numbers.includes(number)) return
    this.#numbers.push(number)
    this.#numbers.sort((one, two) => one - two)
  }

  #set(id: string, number: number, value: unknown, timestamp: number, valueSize: number): void {
    const entry: OverlayEntry = this.#overlay.forWriting(id)
    const sizeBefore = entry.valueSize
    entry.time = number
    entry.value = value
    entry.timestamp = timestamp
    entry.valueSize = valueSize
    if (valueSize !== sizeBefore) this.#overlay.resize(entry, entry.size + valueSize - sizeBefore)
  }

  #localLatest(held: unknown, timestamp: number): Uint8Array {
    const value = this.#codec.local(held, 0)
    const local = Buffer.allocUnsafe(8 + value.byteLength)
    local.write(timeText(timestamp), 'latin1')
    local.set(value, 8)
    return local
  }

  /** From memory that is kept. */
  #heldOf(bytes: Uint8Array): unknown {
    return this.#codec.typedValues ? this.#codec.decode(bytes) : bytes
  }

  #keyText(key: K): string {
    return this.#options.keys.text(key, this.#options.host.record)
  }

  #log(keyText: string, held: unknown, timestamp: number): void {
    const { changelogTopic, host } = this.#options
    if (changelogTopic === undefined) return
    host.log(changelogTopic, latin1ToBytes(keyText), held === null ? null : this.#codec.plain(held), timestamp)
  }
}
