/**
 * The buffer of `suppress`: changes that wait, one per key, found by key and in order of time. Values are in overlay and
 * engine like those of other stores; the order of the keys is in memory as a whole, and is made from them when it is
 * asked for.
 *
 * Kafka Streams: InMemoryTimeOrderedKeyValueChangeBuffer.java. A commit logs each key that was put or evicted since the
 * last one, in the order of Java's HashSet.
 */
import { bytesToLatin1, latin1ToBytes } from '../common/bytes.ts'
import { noHeaders } from '../common/headers.ts'
import { StateError } from '../errors/state-error.ts'
import type { Change, RecordMetadata } from '../processor/record.ts'
import type { RecordContext, SourceBytes } from '../processor/record-context.ts'
import { noTimestamp } from '../processor/record-sink.ts'
import type { BufferedChange, ChangeBuffer } from '../processor/time-ordered-buffer.ts'
import { endOfTimeMs } from '../serde/windowed.ts'
import { HashSetOrder } from './hash-set-order.ts'
import { Overlay, type OverlayEntry } from './overlay.ts'
import { SortedKeys } from './sorted-keys.ts'
import type { BatchVisitor, Keyspace } from './state-engine.ts'
import type { StoreCodec } from './store-codec.ts'
import { noKeyspaces, type ChangelogRecord, type StoreCore } from './store-core.ts'
import type { StoreHost } from './store-host.ts'
import { StoreStats } from './store-stats.ts'
import { timeAt, timeText } from './timed-key.ts'
import {
  changeHeaders,
  loggedVersion,
  readLogged,
  readWaiting,
  waitingBytes,
  writeWaiting,
  type WaitingChange,
} from './waiting-change.ts'

export interface ChangeBufferOptions<K, V> {
  readonly name: string
  readonly codec: StoreCodec<K, V>
  readonly keyspace: Keyspace
  readonly host: StoreHost
  /** Undefined: not logged. */
  readonly changelogTopic: string | undefined
}

const timeLength = 8

/** What waits, in order: time, then key bytes, as latin1 text. */
interface Order {
  readonly texts: SortedKeys
  byteLength: number
  minTimeMs: number
}

export class WaitingChanges<K, V> implements StoreCore, ChangeBuffer<K, V> {
  readonly name: string
  readonly dropped: readonly string[] = noKeyspaces
  readonly counts = false
  readonly stats: StoreStats = new StoreStats()
  readonly #codec: StoreCodec<K, V>
  readonly #keyspace: Keyspace
  readonly #host: StoreHost
  readonly #changelogTopic: string | undefined
  readonly #overlay: Overlay
  /** Keys that the next commit logs. */
  readonly #dirty = new Set<string>()
  #dirtyOrder = new HashSetOrder()
  #order: Order | undefined
  /** By key, for dead letters, which Java too has from memory alone; empty where no policy could ask for them. */
  readonly #sources = new Map<string, SourceBytes>()
  /** Prior values by key of what was restored from records of old versions, which do not have them. */
  readonly #restoredPriors = new Map<string, Uint8Array | null | undefined>()

  constructor({ name, codec, keyspace, host, changelogTopic }: ChangeBufferOptions<K, V>) {
    this.name = name
    this.#codec = codec
    this.#keyspace = keyspace
    this.#host = host
    this.#changelogTopic = changelogTopic
    this.#overlay = new Overlay(host.budget, (entry) => entry.id as string)
  }

  get size(): number {
    return this.#ordered().texts.size
  }

  get byteLength(): number {
    return this.#ordered().byteLength
  }

  get minTimeMs(): number {
    return this.#ordered().minTimeMs
  }

  put(timeMs: number, key: K, change: Change<V>): boolean {
    this.stats.puts++
    const order = this.#ordered()
    const keyText = this.#keyText(key)
    const waiting = this.#read(keyText)
    const oldValue = this.#bytesOf(change.oldValue)
    const added: WaitingChange = {
      timeMs: waiting?.timeMs ?? timeMs,
      prior: waiting === undefined ? oldValue : waiting.prior,
      oldValue,
      newValue: this.#bytesOf(change.newValue),
      context: contextOf(this.#host.record),
    }
    if (waiting === undefined) {
      order.texts.add(timeText(timeMs) + keyText)
      if (timeMs < order.minTimeMs) order.minTimeMs = timeMs
    } else {
      order.byteLength -= waitingBytes(keyText.length, waiting)
    }
    order.byteLength += waitingBytes(keyText.length, added)
    this.#write(keyText, added)
    const { keepSource } = this.#host.record
    if (keepSource !== undefined) this.#sources.set(keyText, keepSource())
    return waiting === undefined
  }

  evictFirst(visit: (entry: BufferedChange<K, V>) => void): void {
    const order = this.#ordered()
    const text = firstOf(order.texts)
    if (text === undefined) return
    const keyText = text.slice(timeLength)
    const waiting = this.#read(keyText) as WaitingChange
    visit({
      key: this.#codec.readKey(latin1ToBytes(keyText)),
      change: { newValue: this.#valueOf(waiting.newValue), oldValue: this.#valueOf(waiting.oldValue), isLatest: true },
      context: waiting.context,
      source: this.#sources.get(keyText),
      timeMs: waiting.timeMs,
    })
    // Whoever took it over may have put something; what was first is what goes.
    order.texts.delete(text)
    order.byteLength -= waitingBytes(keyText.length, this.#read(keyText) as WaitingChange)
    const next = firstOf(order.texts)
    order.minTimeMs = next === undefined ? Infinity : dueTime(next)
    this.#write(keyText, null)
    this.#sources.delete(keyText)
  }

  priorValue(key: K): V | null | undefined {
    const waiting = this.#read(this.#keyText(key))
    return waiting === undefined ? undefined : this.#valueOf(waiting.prior)
  }

  get isDirty(): boolean {
    return this.#dirty.size > 0
  }

  get isEmpty(): boolean {
    return this.#overlay.isEmpty
  }

  /** All at once: nobody downstream hears of it. */
  flushOne(): boolean {
    const topic = this.#changelogTopic
    if (this.#dirty.size === 0 || topic === undefined) return false
    for (const keyText of this.#dirtyOrder.sort(this.#dirty)) {
      const waiting = this.#read(keyText)
      const value = waiting === undefined ? null : writeWaiting(waiting)
      this.#host.log(topic, latin1ToBytes(keyText), value, noTimestamp, value === null ? noHeaders : changeHeaders)
    }
    this.#dirty.clear()
    return true
  }

  freeze(): void {
    this.#overlay.freeze()
    this.#restoredPriors.clear()
  }

  forEachFrozen(visit: BatchVisitor): void {
    this.#overlay.forEachFrozen(({ id, value }) =>
      visit(this.name, latin1ToBytes(id as string), value === null ? null : writeWaiting(value as WaitingChange)),
    )
  }

  release(): void {
    this.#overlay.release()
  }

  rollback(keepFrozen: boolean): void {
    this.#overlay.rollback(keepFrozen)
    this.#dirty.clear()
    this.#dirtyOrder = new HashSetOrder()
    this.#order = undefined
    this.#sources.clear()
  }

  restore(record: ChangelogRecord, visit: BatchVisitor): void {
    this.#order = undefined
    const { key, value, timestamp } = record
    const keyText = bytesToLatin1(key)
    if (value === null) {
      this.#restoredPriors.set(keyText, undefined)
      return visit(this.name, key, null)
    }
    const headers = record.headers()
    const waiting = readLogged({ value, headers, timestamp, waitingPrior: this.#priorBefore(keyText) })
    if (waiting === undefined) this.#refuse()
    if (loggedVersion(headers) < 2) this.#restoredPriors.set(keyText, waiting.prior)
    visit(this.name, key, writeWaiting(waiting))
  }

  clear(): void {
    this.#restoredPriors.clear()
    this.rollback(false)
  }

  addCounters(): void {
    // It counts nothing.
  }

  /** Of a record of an old version: what an earlier one of its key had. */
  #priorBefore(keyText: string): Uint8Array | null | undefined {
    if (this.#restoredPriors.has(keyText)) return this.#restoredPriors.get(keyText)
    const local = this.#keyspace.get(latin1ToBytes(keyText))
    return local === undefined ? undefined : readWaiting(local).prior
  }

  #keyText(key: K): string {
    const id = this.#codec.id(key)
    return this.#codec.typedKeys ? bytesToLatin1(this.#codec.borrowKeyBytes(id, this.#host.record)) : (id as string)
  }

  #bytesOf(value: V | null): Uint8Array | null {
    return value === null ? null : this.#codec.encode(value, 0)
  }

  #valueOf(bytes: Uint8Array | null): V | null {
    return bytes === null ? null : this.#codec.decode(bytes)
  }

  #read(keyText: string): WaitingChange | undefined {
    const entry = this.#overlay.find(keyText)
    if (entry !== undefined) return (entry.value as WaitingChange | null) ?? undefined
    const local = this.#keyspace.get(latin1ToBytes(keyText))
    return local === undefined ? undefined : readWaiting(local)
  }

  #write(keyText: string, waiting: WaitingChange | null): void {
    const entry = this.#overlay.forWriting(keyText)
    const before = (entry.value as WaitingChange | null | undefined) ?? null
    entry.value = waiting
    const growth = sizeOf(keyText, waiting) - sizeOf(keyText, before)
    this.#overlay.resize(entry, entry.size + growth)
    if (this.#changelogTopic !== undefined) this.#dirty.add(keyText)
  }

  #ordered(): Order {
    return (this.#order ??= this.#makeOrder())
  }

  #makeOrder(): Order {
    const texts: string[] = []
    let byteLength = 0
    const add = (keyText: string, waiting: WaitingChange): void => {
      texts.push(timeText(waiting.timeMs) + keyText)
      byteLength += waitingBytes(keyText.length, waiting)
    }
    this.#overlay.forEach(({ id, value }: OverlayEntry) => {
      if (value !== null) add(id as string, value as WaitingChange)
    })
    const cursor = this.#keyspace.range(undefined, undefined, false)
    while (cursor.next()) {
      const keyText = bytesToLatin1(cursor.key)
      if (this.#overlay.find(keyText) === undefined) add(keyText, readWaiting(cursor.value))
    }
    cursor.close()
    const sorted = SortedKeys.of(texts)
    const first = firstOf(sorted)
    return { texts: sorted, byteLength, minTimeMs: first === undefined ? Infinity : dueTime(first) }
  }

  #refuse(): never {
    throw new StateError(
      'MILLRACE_STORE_UNREADABLE',
      this.name,
      `the changelog of the buffer ${this.name} has a record that no known version of Kafka Streams writes; begin with an empty store: give it another name, or the application another id`,
    )
  }
}

function contextOf({ topic, partition, offset, timestamp, headers }: RecordContext): RecordMetadata {
  return { topic, partition, offset, timestamp, headers }
}

function sizeOf(keyText: string, waiting: WaitingChange | null): number {
  return waiting === null ? 0 : waitingBytes(keyText.length, waiting)
}

function firstOf(texts: SortedKeys): string | undefined {
  const cursor = texts.cursor(undefined, undefined, false)
  return cursor.next() ? cursor.key : undefined
}

/** The end of time has no int64 of its own: its text reads as the number below 0. */
function dueTime(text: string): number {
  const timeMs = timeAt(text, 0)
  return timeMs === -endOfTimeMs ? endOfTimeMs : timeMs
}
