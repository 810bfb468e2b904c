/** The session stores as operators, processors and queries see them: faces over {@link TimedCore}, whose time is the end. */
import { StateError } from '../errors/state-error.ts'
import type { SessionCursor, SessionStore, SessionTableStore } from '../processor/session-store.ts'
import type { FlushListener, StoreIterator } from '../processor/state-store.ts'
import type { KeyRange } from '../processor/window-store.ts'
import type { Windowed } from '../serde/windowed.ts'
import { keyBounds } from './key-bounds.ts'
import type { StoreHost } from './store-host.ts'
import type { TimedCore } from './timed-core.ts'
import type { TimedCursor } from './timed-cursor.ts'
import { TimedIterator } from './timed-iterator.ts'
import { startOfTail, startTail, timeText, type KeyTexts, type TimedKeyLayout } from './timed-key.ts'

export interface SessionParts<K, V> {
  readonly core: TimedCore<V>
  readonly keys: KeyTexts<K>
  readonly layout: TimedKeyLayout
  readonly host: StoreHost
}

/** What session aggregations keep. The values have no timestamps: a session's time is its end. */
export class SessionTable<K, V> implements SessionTableStore<K, V> {
  readonly name: string
  readonly cached: boolean
  readonly publicView: SessionStore<K, V>
  readonly #parts: SessionParts<K, V>

  constructor(parts: SessionParts<K, V>) {
    this.name = parts.core.name
    this.cached = parts.core.cached
    this.#parts = parts
    this.publicView = new SessionView(this, parts)
  }

  get observedStreamTime(): number {
    return this.#parts.core.observedStreamTime
  }

  get restoredTimeMs(): number {
    return this.#parts.core.restoredTimeMs
  }

  read(key: K, start: number, end: number): V | undefined {
    return this.#parts.core.read(this.#keyText(key) + timeText(end) + startTail(start), end)?.value
  }

  readTold(key: K, start: number, end: number): V | undefined {
    return this.#parts.core.readTold(this.#keyText(key) + timeText(end) + startTail(start), end)?.value
  }

  write(key: K, start: number, end: number, aggregate: V | null): void {
    const keyText = this.#keyText(key)
    const id = keyText + timeText(end) + startTail(start)
    this.#parts.core.write(id, keyText, end, aggregate, this.#parts.host.record.timestamp)
  }

  find(key: K, earliestEnd: number, latestStart: number): SessionCursor<K, V> {
    const cursor = this.#parts.core.scan(this.#keyText(key), earliestEnd, Infinity, false)
    return new SessionRows(this.#parts, cursor, latestStart)
  }

  findEnded(earliestEnd: number, latestEnd: number): SessionCursor<K, V> {
    return new SessionRows(this.#parts, this.#parts.core.scanAll(earliestEnd, latestEnd, false), Infinity)
  }

  onFlush(listener: FlushListener<Windowed<K>, V>, sendOldValues: boolean): void {
    const parts = this.#parts
    parts.core.onFlush((id, change, _timestamp, context) => {
      const windowed = windowedOf(parts, id)
      listener(windowed, change, windowed.window.end, context)
    }, sendOldValues)
  }

  #keyText(key: K): string {
    return this.#parts.keys.text(key, this.#parts.host.record)
  }
}

class SessionRows<K, V> implements SessionCursor<K, V> {
  readonly #parts: SessionParts<K, V>
  readonly #cursor: TimedCursor<V>
  readonly #latestStart: number

  constructor(parts: SessionParts<K, V>, cursor: TimedCursor<V>, latestStart: number) {
    this.#parts = parts
    this.#cursor = cursor
    this.#latestStart = latestStart
  }

  next(): boolean {
    while (this.#cursor.next()) if (this.start <= this.#latestStart) return true
    return false
  }

  get key(): K {
    return this.#parts.keys.key(this.#parts.layout.keyText(this.#cursor.id))
  }

  get start(): number {
    return startOfTail(this.#cursor.id)
  }

  get end(): number {
    return this.#parts.layout.time(this.#cursor.id)
  }

  get value(): V {
    return this.#cursor.value
  }

  close(): void {
    this.#cursor.close()
  }
}

/** `stores.session` to processors and queries. */
class SessionView<K, V> implements SessionStore<K, V> {
  readonly #table: SessionTable<K, V>
  readonly #parts: SessionParts<K, V>

  constructor(table: SessionTable<K, V>, parts: SessionParts<K, V>) {
    this.#table = table
    this.#parts = parts
  }

  put({ key, window: { start, end } }: Windowed<K>, aggregate: V | null): void {
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start > end) this.#refuse(start, end)
    this.#table.write(key, start, end, aggregate)
  }

  fetchSession(key: K, start: number, end: number): V | undefined {
    return this.#table.read(key, start, end)
  }

  find(
    keys: KeyRange<K>,
    earliestEnd: number = 0,
    latestStart: number = Infinity,
    options: { readonly reverse?: boolean } = {},
  ): StoreIterator<readonly [windowed: Windowed<K>, aggregate: V]> {
    const { core, keys: texts, layout, host } = this.#parts
    const { lower, upper } = keyBounds(keys, (key) => texts.text(key, host.record))
    const reverse = options.reverse ?? false
    const isOne = lower !== undefined && lower === upper
    const cursor = isOne
      ? core.scan(lower, earliestEnd, Infinity, reverse)
      : core.scanAll(earliestEnd, Infinity, reverse)
    return new TimedIterator(core, host, cursor, ({ id, value }) => {
      const text = layout.keyText(id)
      if (startOfTail(id) > latestStart) return undefined
      if ((lower !== undefined && text < lower) || (upper !== undefined && text > upper)) return undefined
      return [windowedOf(this.#parts, id), value] as const
    })
  }

  #refuse(start: unknown, end: unknown): never {
    const { name } = this.#table
    throw new StateError(
      'MILLRACE_STORE_SERDE',
      name,
      `store ${name}: a session begins and ends at a whole number of milliseconds, found ${String(start)} to ${String(end)}`,
    )
  }
}

function windowedOf<K, V>({ keys, layout }: SessionParts<K, V>, id: string): Windowed<K> {
  return { key: keys.key(layout.keyText(id)), window: { start: startOfTail(id), end: layout.time(id) } }
}
