/** The window stores as operators, processors and queries see them: faces over {@link TimedCore}. */
import { StateError } from '../errors/state-error.ts'
import type { ValueAndTimestamp } from '../processor/record.ts'
import type { FlushListener, StoreIterator } from '../processor/state-store.ts'
import type {
  JoinWindowStore,
  KeyRange,
  WindowCursor,
  WindowStore,
  WindowTableStore,
} from '../processor/window-store.ts'
import { windowEnd, type Windowed } from '../serde/windowed.ts'
import type { StoreHost } from './store-host.ts'
import type { TimedCore } from './timed-core.ts'
import type { TimedCursor } from './timed-cursor.ts'
import { TimedIterator } from './timed-iterator.ts'
import { numberedTimeText, type KeyTexts, type TimedKeyLayout } from './timed-key.ts'
import { keyBounds } from './key-bounds.ts'

export interface WindowParts<K, V> {
  readonly core: TimedCore<V>
  readonly keys: KeyTexts<K>
  readonly layout: TimedKeyLayout
  readonly host: StoreHost
  readonly windowSizeMs: number
}

/** What the faces of window stores share. */
class Windows<K, V> {
  readonly core: TimedCore<V>
  readonly host: StoreHost
  readonly #keys: KeyTexts<K>
  readonly #layout: TimedKeyLayout
  readonly #windowSizeMs: number
  /** Of the time that was asked for last: a window is mostly read and written by many records in turn. */
  #lastStart = Number.NaN
  #lastSuffix = ''
  #lastKeyText = ''
  #lastId = ''

  constructor({ core, keys, layout, host, windowSizeMs }: WindowParts<K, V>) {
    this.core = core
    this.host = host
    this.#keys = keys
    this.#layout = layout
    this.#windowSizeMs = windowSizeMs
  }

  keyText(key: K): string {
    return this.#keys.text(key, this.host.record)
  }

  /** The same text for who reads and then writes: one that is put together anew is compared character by character. */
  id(keyText: string, start: number): string {
    if (start !== this.#lastStart) {
      this.#lastSuffix = numberedTimeText(start, 0)
      this.#lastStart = start
    } else if (keyText === this.#lastKeyText) {
      return this.#lastId
    }
    this.#lastKeyText = keyText
    this.#lastId = keyText + this.#lastSuffix
    return this.#lastId
  }

  keyOf(id: string): K {
    return this.#keys.key(this.#layout.keyText(id))
  }

  startOf(id: string): number {
    return this.#layout.time(id)
  }

  windowed(id: string): Windowed<K> {
    const start = this.startOf(id)
    // Java: a window that would end after the end of time ends there.
    return { key: this.keyOf(id), window: { start, end: windowEnd(start, this.#windowSizeMs) } }
  }

  range<T>(
    keys: KeyRange<K>,
    from: number,
    to: number,
    reverse: boolean,
    valueOf: (cursor: TimedCursor<V>) => T,
  ): StoreIterator<readonly [windowed: Windowed<K>, value: T]> {
    const { lower, upper } = keyBounds(keys, (key) => this.keyText(key))
    const isOne = lower !== undefined && lower === upper
    const cursor = isOne ? this.core.scan(lower, from, to, reverse) : this.core.scanAll(from, to, reverse)
    return new TimedIterator(this.core, this.host, cursor, (at) => {
      const text = this.#layout.keyText(at.id)
      if ((lower !== undefined && text < lower) || (upper !== undefined && text > upper)) return undefined
      return [this.windowed(at.id), valueOf(at)] as const
    })
  }
}

class WindowRows<K, V> implements WindowCursor<K, V> {
  readonly #windows: Windows<K, V>
  readonly #cursor: TimedCursor<V>

  constructor(windows: Windows<K, V>, cursor: TimedCursor<V>) {
    this.#windows = windows
    this.#cursor = cursor
  }

  next(): boolean {
    return this.#cursor.next()
  }

  get key(): K {
    return this.#windows.keyOf(this.#cursor.id)
  }

  get start(): number {
    return this.#windows.startOf(this.#cursor.id)
  }

  get value(): V {
    return this.#cursor.value
  }

  get timestamp(): number {
    return this.#cursor.timestamp
  }

  close(): void {
    this.#cursor.close()
  }
}

/** Kind `timestampedWindow`: what windowed aggregations keep. */
export class TimestampedWindowStore<K, V> implements WindowTableStore<K, V> {
  readonly name: string
  readonly cached: boolean
  readonly publicView: WindowStore<K, ValueAndTimestamp<V>>
  readonly #windows: Windows<K, V>

  constructor(parts: WindowParts<K, V>) {
    this.name = parts.core.name
    this.cached = parts.core.cached
    this.#windows = new Windows(parts)
    this.publicView = new TimestampedWindowView(this, this.#windows)
  }

  get observedStreamTime(): number {
    return this.#windows.core.observedStreamTime
  }

  get restoredTimeMs(): number {
    return this.#windows.core.restoredTimeMs
  }

  read(key: K, start: number): ValueAndTimestamp<V> | undefined {
    const windows = this.#windows
    return windows.core.read(windows.id(windows.keyText(key), start), start)
  }

  readTold(key: K, start: number): ValueAndTimestamp<V> | undefined {
    const windows = this.#windows
    return windows.core.readTold(windows.id(windows.keyText(key), start), start)
  }

  write(key: K, value: V | null, timestamp: number, start: number): void {
    const windows = this.#windows
    const keyText = windows.keyText(key)
    windows.core.write(windows.id(keyText, start), keyText, start, value, timestamp)
  }

  fetch(key: K, from: number, to: number, reverse: boolean = false): WindowCursor<K, V> {
    const windows = this.#windows
    return new WindowRows(windows, windows.core.scan(windows.keyText(key), from, to, reverse))
  }

  fetchAll(from: number, to: number, reverse: boolean = false): WindowCursor<K, V> {
    return new WindowRows(this.#windows, this.#windows.core.scanAll(from, to, reverse))
  }

  onFlush(listener: FlushListener<Windowed<K>, V>, sendOldValues: boolean): void {
    const windows = this.#windows
    windows.core.onFlush(
      (id, change, timestamp, context) => listener(windows.windowed(id), change, timestamp, context),
      sendOldValues,
    )
  }
}

class TimestampedWindowView<K, V> implements WindowStore<K, ValueAndTimestamp<V>> {
  readonly #store: TimestampedWindowStore<K, V>
  readonly #windows: Windows<K, V>

  constructor(store: TimestampedWindowStore<K, V>, windows: Windows<K, V>) {
    this.#store = store
    this.#windows = windows
  }

  put(key: K, value: ValueAndTimestamp<V> | null, start: number): void {
    checkStart(this.#store.name, start)
    if (value === null) return this.#store.write(key, null, 0, start)
    if (!Number.isSafeInteger(value.timestamp)) refuseUntimed(this.#store.name, value)
    this.#store.write(key, value.value, value.timestamp, start)
  }

  fetch(key: K, start: number): ValueAndTimestamp<V> | undefined {
    const lent = this.#store.read(key, start)
    return lent === undefined ? undefined : { value: lent.value, timestamp: lent.timestamp }
  }

  range(
    keys: KeyRange<K>,
    from: number = 0,
    to: number = Infinity,
    options: { readonly reverse?: boolean } = {},
  ): StoreIterator<readonly [windowed: Windowed<K>, value: ValueAndTimestamp<V>]> {
    return this.#windows.range(keys, from, to, options.reverse ?? false, ({ value, timestamp }) => ({
      value,
      timestamp,
    }))
  }
}

/** `stores.window`: plain values. A changelog record has the timestamp of the record that caused it. */
export class PlainWindowStore<K, V> implements WindowStore<K, V> {
  readonly name: string
  readonly #windows: Windows<K, V>

  constructor(parts: WindowParts<K, V>) {
    this.name = parts.core.name
    this.#windows = new Windows(parts)
  }

  put(key: K, value: V | null, start: number): void {
    checkStart(this.name, start)
    const windows = this.#windows
    const keyText = windows.keyText(key)
    windows.core.write(windows.id(keyText, start), keyText, start, value, windows.host.record.timestamp)
  }

  fetch(key: K, start: number): V | undefined {
    const windows = this.#windows
    return windows.core.read(windows.id(windows.keyText(key), start), start)?.value
  }

  range(
    keys: KeyRange<K>,
    from: number = 0,
    to: number = Infinity,
    options: { readonly reverse?: boolean } = {},
  ): StoreIterator<readonly [windowed: Windowed<K>, value: V]> {
    return this.#windows.range(keys, from, to, options.reverse ?? false, ({ value }) => value)
  }
}

/** `stores.window` with `retainDuplicates`, and the sides of a stream-stream join: every put is an entry of its own. */
export class DuplicateWindowStore<K, V> implements JoinWindowStore<K, V> {
  readonly name: string
  readonly publicView: WindowStore<K, V>
  readonly #windows: Windows<K, V>

  constructor(parts: WindowParts<K, V>) {
    this.name = parts.core.name
    this.#windows = new Windows(parts)
    this.publicView = new DuplicateWindowView(this, this.#windows)
  }

  get observedStreamTime(): number {
    return this.#windows.core.observedStreamTime
  }

  put(key: K, value: V | null, timestamp: number): void {
    const windows = this.#windows
    const keyText = windows.keyText(key)
    const id = keyText + numberedTimeText(timestamp, windows.core.nextSequence())
    windows.core.write(id, keyText, timestamp, value, windows.host.record.timestamp)
  }

  fetch(key: K, from: number, to: number): WindowCursor<K, V> {
    const windows = this.#windows
    return new WindowRows(windows, windows.core.scan(windows.keyText(key), from, to, false))
  }
}

class DuplicateWindowView<K, V> implements WindowStore<K, V> {
  readonly #store: DuplicateWindowStore<K, V>
  readonly #windows: Windows<K, V>

  constructor(store: DuplicateWindowStore<K, V>, windows: Windows<K, V>) {
    this.#store = store
    this.#windows = windows
  }

  put(key: K, value: V | null, start: number): void {
    checkStart(this.#store.name, start)
    this.#store.put(key, value, start)
  }

  /** As in Java: an entry is one of several, so there is none to be found by key and start. */
  fetch(): undefined {
    return undefined
  }

  range(
    keys: KeyRange<K>,
    from: number = 0,
    to: number = Infinity,
    options: { readonly reverse?: boolean } = {},
  ): StoreIterator<readonly [windowed: Windowed<K>, value: V]> {
    return this.#windows.range(keys, from, to, options.reverse ?? false, ({ value }) => value)
  }
}

export function checkStart(storeName: string, start: unknown): void {
  if (Number.isSafeInteger(start)) return
  throw new StateError(
    'MILLRACE_STORE_SERDE',
    storeName,
    `store ${storeName}: the time of a window is a whole number of milliseconds, found ${String(start)}`,
  )
}

function refuseUntimed(storeName: string, value: unknown): never {
  throw new StateError(
    'MILLRACE_STORE_SERDE',
    storeName,
    `value of store ${storeName}: put takes { value, timestamp } with an integer timestamp in milliseconds, found a ${typeof value} without one`,
  )
}
