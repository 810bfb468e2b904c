/** What a processor or a query gets of windows or sessions: each row as an object of its own. */
import type { StoreIterator } from '../processor/state-store.ts'
import type { StoreCore } from './store-core.ts'
import type { StoreHost } from './store-host.ts'
import { refuseExpired } from './store-range.ts'
import type { TimedCursor } from './timed-cursor.ts'

/** Rows that `rowOf` has no answer for are left out. */
export class TimedIterator<V, T> implements StoreIterator<T> {
  readonly #store: Pick<StoreCore, 'name' | 'stats'>
  readonly #cursor: TimedCursor<V>
  readonly #rowOf: (cursor: TimedCursor<V>) => T | undefined
  readonly #host: StoreHost
  readonly #turn: number
  #done = false

  constructor(
    store: Pick<StoreCore, 'name' | 'stats'>,
    host: StoreHost,
    cursor: TimedCursor<V>,
    rowOf: (cursor: TimedCursor<V>) => T | undefined,
  ) {
    this.#store = store
    store.stats.openIterators++
    this.#host = host
    this.#cursor = cursor
    this.#rowOf = rowOf
    this.#turn = host.turn
  }

  next(): IteratorResult<T, undefined> {
    if (this.#done) return { done: true, value: undefined }
    if (this.#host.turn !== this.#turn) refuseExpired(this.#store.name)
    while (this.#cursor.next()) {
      const row = this.#rowOf(this.#cursor)
      if (row !== undefined) return { done: false, value: row }
    }
    // The cursor is another reader's from now on.
    this.#finish()
    return { done: true, value: undefined }
  }

  return(): IteratorReturnResult<undefined> {
    if (!this.#done) {
      this.#cursor.close()
      this.#finish()
    }
    return { done: true, value: undefined }
  }

  [Symbol.iterator](): this {
    return this
  }

  [Symbol.dispose](): void {
    this.return()
  }

  #finish(): void {
    this.#done = true
    this.#store.stats.openIterators--
  }
}
