/**
 * The iterator of a range: a copy of the overlay's rows merged with the engine's cursor, overlay first where both have a
 * key. The engine does not change during a turn, so the iterator shows the store as it was when it was opened.
 */
import { bytesToLatin1, latin1ToBytes } from '../common/bytes.ts'
import { StateError } from '../errors/state-error.ts'
import type { StoreIterator } from '../processor/state-store.ts'
import type { OverlayRow } from './overlay.ts'
import type { KeyspaceCursor } from './state-engine.ts'
import type { StoreStats } from './store-stats.ts'

export interface RangeSource<T> {
  readonly storeName: string
  readonly stats: StoreStats
  /** Ascending. */
  readonly rows: readonly OverlayRow[]
  readonly cursor: KeyspaceCursor
  readonly reverse: boolean
  /** Whether the turn that opened it goes on. */
  isCurrent(): boolean
  fromOverlay(row: OverlayRow): T
  fromEngine(key: Uint8Array, value: Uint8Array): T
}

export class StoreRange<T> implements StoreIterator<T> {
  readonly #source: RangeSource<T>
  #row: number
  #engineKey: string | undefined
  #closed = false

  constructor(source: RangeSource<T>) {
    this.#source = source
    this.#row = source.reverse ? source.rows.length - 1 : 0
    source.stats.openIterators++
    this.#advanceEngine()
  }

  next(): IteratorResult<T, undefined> {
    if (this.#closed) return { done: true, value: undefined }
    if (!this.#source.isCurrent()) refuseExpired(this.#source.storeName)
    for (;;) {
      const row = this.#source.rows[this.#row]
      const order = this.#compare(row)
      if (order === undefined) return this.return()
      if (order > 0) return { done: false, value: this.#takeEngine() }
      if (order === 0) this.#advanceEngine()
      this.#row += this.#source.reverse ? -1 : 1
      // A deleted key hides the engine's.
      if (row !== undefined && row.value !== null) return { done: false, value: this.#source.fromOverlay(row) }
    }
  }

  return(): IteratorReturnResult<undefined> {
    if (!this.#closed) {
      this.#source.cursor.close()
      this.#source.stats.openIterators--
    }
    this.#closed = true
    return { done: true, value: undefined }
  }

  [Symbol.iterator](): this {
    return this
  }

  [Symbol.dispose](): void {
    this.return()
  }

  /** Negative: the overlay's row is next; positive: the engine's; 0: both have the key; undefined: the end. */
  #compare(row: OverlayRow | undefined): number | undefined {
    const engineKey = this.#engineKey
    if (row === undefined) return engineKey === undefined ? undefined : 1
    if (engineKey === undefined) return -1
    if (row.key === engineKey) return 0
    return row.key < engineKey === this.#source.reverse ? 1 : -1
  }

  #takeEngine(): T {
    const value = this.#source.fromEngine(latin1ToBytes(this.#engineKey ?? ''), this.#source.cursor.value)
    this.#advanceEngine()
    return value
  }

  #advanceEngine(): void {
    const { cursor } = this.#source
    this.#engineKey = cursor.next() ? bytesToLatin1(cursor.key) : undefined
  }
}

export function refuseExpired(storeName: string): never {
  throw new StateError(
    'MILLRACE_ITERATOR_EXPIRED',
    storeName,
    `an iterator of store ${storeName} was used after the record that opened it; iterate before the callback returns, or copy what is needed`,
  )
}
