/**
 * The uncommitted entries of one store: the active ones, and those frozen by a commit that is under way. It is the source
 * of truth for what a task wrote since the engine's last commit; it must never be written to by anything but the store
 * over it, and it knows no serdes.
 *
 * `id` is what an entry is found by: the key itself where keys may stand for their bytes, else the bytes as latin1 text.
 */
import { assert } from '../common/assert.ts'
import { noHeaders, type Headers } from '../common/headers.ts'
import type { SourceBytes } from '../processor/record-context.ts'
import { SortedKeys } from './sorted-keys.ts'

/** Of a task, all stores together; the task commits early when one is over its limit. */
export interface OverlayBudget {
  /** Of all active entries, roughly. */
  uncommittedBytes: number
  /** Of the entries that a flush has yet to log and forward. */
  cacheBytes: number
  /** Of what is frozen: committed, or being committed, and not in the engine yet. */
  frozenBytes: number
  /** Entries are JavaScript objects: too many of them burden the garbage collector. */
  entries: number
}

export const maxOverlayEntries = 100_000
const entryOverheadBytes = 96

export class OverlayEntry {
  readonly id: unknown
  /** Serialised, once that was necessary; memory of its own. */
  key: Uint8Array | undefined
  /** The value, or its bytes in the engine's layout where values may not stand for them; null: deleted. */
  value: unknown
  timestamp = 0
  size: number
  /** Of a window its start, of a session its end; of old versions the number of their segment. */
  time = 0
  /** What of the size is the value's, where the value does not tell. */
  valueSize = 0
  /** Whether a {@link TimedIndex} has it. */
  indexed = false

  /** To be logged and forwarded at the next flush; such entries form a list in order of last update. */
  dirty = false
  previous: OverlayEntry | undefined
  next: OverlayEntry | undefined
  /** Whether a flush has already logged it in this transaction, and which value then (null: deleted). */
  flushed = false
  flushedValue: unknown
  flushedTimestamp = 0

  // The context of the last update.
  topic: string | null = null
  partition = -1
  offset = -1
  recordTimestamp = 0
  headers: Headers = noHeaders
  /** While it is dirty, and an error policy may ask for it. */
  source: SourceBytes | undefined = undefined

  constructor(id: unknown, keySize: number) {
    this.id = id
    this.size = entryOverheadBytes + keySize
  }
}

/** An entry as it was when a range was opened. */
export interface OverlayRow {
  readonly key: string
  readonly value: unknown
  readonly timestamp: number
}

/** Entries in the order of their keys, for ranges; made at the first one. */
interface Order {
  readonly keys: SortedKeys
  readonly entries: Map<string, OverlayEntry>
}

export class Overlay {
  readonly #budget: OverlayBudget
  readonly #keyText: (entry: OverlayEntry) => string
  #active = new Map<unknown, OverlayEntry>()
  #activeOrder: Order | undefined
  #frozen: Map<unknown, OverlayEntry> | undefined
  #frozenOrder: Order | undefined
  #bytes = 0
  #frozenBytes = 0
  #cacheBytes = 0
  #last: OverlayEntry | undefined
  #dirtyHead: OverlayEntry | undefined
  #dirtyTail: OverlayEntry | undefined

  /** `keyText`: the bytes of an entry's key as latin1 text. */
  constructor(budget: OverlayBudget, keyText: (entry: OverlayEntry) => string) {
    this.#budget = budget
    this.#keyText = keyText
  }

  get isDirty(): boolean {
    return this.#dirtyHead !== undefined
  }

  get isEmpty(): boolean {
    return this.#active.size === 0
  }

  find(id: unknown): OverlayEntry | undefined {
    const last = this.#last
    if (last !== undefined && last.id === id) return last
    const entry = this.#active.get(id)
    if (entry !== undefined) {
      this.#last = entry
      return entry
    }
    return this.#frozen?.get(id)
  }

  findFrozen(id: unknown): OverlayEntry | undefined {
    return this.#frozen?.get(id)
  }

  /** The active entry of that id, made when there is none; its value must be set at once. */
  forWriting(id: unknown): OverlayEntry {
    const last = this.#last
    if (last !== undefined && last.id === id) return last
    const entry = this.#active.get(id) ?? this.add(id)
    this.#last = entry
    return entry
  }

  /** An active entry of an id that no other one has; it is found by `foundBy`. */
  add(id: unknown, foundBy: unknown = id): OverlayEntry {
    const entry = new OverlayEntry(id, typeof id === 'string' ? id.length : 8)
    this.#active.set(foundBy, entry)
    this.#budget.entries++
    this.#grow(entry.size)
    if (this.#activeOrder !== undefined) addToOrder(this.#activeOrder, this.#keyText(entry), entry)
    return entry
  }

  /** Of active entries. */
  get size(): number {
    return this.#active.size
  }

  /** Forgets the active entries that are older: nobody reads them, and the engine is not to have them. None is dirty. */
  dropBefore(time: number): void {
    const kept = new Map<unknown, OverlayEntry>()
    let bytes = 0
    for (const [id, entry] of this.#active) {
      if (entry.time < time) continue
      kept.set(id, entry)
      bytes += entry.size
    }
    this.#budget.entries += kept.size - this.#active.size
    this.#grow(bytes - this.#bytes)
    this.#active = kept
    this.#activeOrder = undefined
    this.#last = undefined
  }

  resize(entry: OverlayEntry, size: number): void {
    const growth = size - entry.size
    if (growth === 0) return
    entry.size = size
    this.#grow(growth)
    if (entry.dirty) this.#growCache(growth)
  }

  /** For as long as it is dirty. */
  keepSource(entry: OverlayEntry, source: SourceBytes | undefined): void {
    this.resize(entry, entry.size + lengthOf(source) - lengthOf(entry.source))
    entry.source = source
  }

  /** Makes it the last one of those that the next flush takes. */
  markDirty(entry: OverlayEntry): void {
    if (entry === this.#dirtyTail) return
    if (entry.dirty) {
      this.#unlink(entry)
    } else {
      entry.dirty = true
      this.#growCache(entry.size)
    }
    entry.previous = this.#dirtyTail
    if (this.#dirtyTail === undefined) this.#dirtyHead = entry
    else this.#dirtyTail.next = entry
    this.#dirtyTail = entry
  }

  /** The one whose last update is the longest ago; it is clean from now on. */
  takeDirty(): OverlayEntry | undefined {
    const entry = this.#dirtyHead
    if (entry === undefined) return undefined
    this.#unlink(entry)
    entry.dirty = false
    this.#growCache(-entry.size)
    return entry
  }

  /**
   * The active entries become the frozen ones. Frozen ones that the engine did not take yet stay, below them. Nothing may
   * be dirty.
   */
  freeze(): void {
    assert(!this.isDirty, 'an overlay is frozen while entries await a flush')
    this.#growFrozen(this.#bytes)
    if (this.#frozen === undefined || this.#frozen.size === 0) {
      this.#frozen = this.#active
      this.#frozenOrder = this.#activeOrder
    } else {
      for (const [id, entry] of this.#active) this.#frozen.set(id, entry)
      this.#frozenOrder = undefined
    }
    this.#clearActive()
  }

  /** Active over frozen, in no order. */
  forEach(visit: (entry: OverlayEntry) => void): void {
    for (const [id, entry] of this.#frozen ?? []) if (!this.#active.has(id)) visit(entry)
    this.#active.forEach(visit)
  }

  forEachFrozen(visit: (entry: OverlayEntry) => void): void {
    this.#frozen?.forEach(visit)
  }

  /** The engine has what was frozen. */
  release(): void {
    this.#frozen = undefined
    this.#frozenOrder = undefined
    this.#growFrozen(-this.#frozenBytes)
  }

  /** Forgets what is not committed; what is frozen too, unless its transaction has succeeded. */
  rollback(keepFrozen: boolean): void {
    this.#clearActive()
    if (!keepFrozen) this.release()
  }

  /** A copy of the entries whose key is from `from` (inclusive) up to `to` (exclusive), active over frozen, ascending. */
  rows(from: string | undefined, to: string | undefined): OverlayRow[] {
    if (this.#active.size > 0) this.#activeOrder ??= this.#order(this.#active)
    if (this.#frozen !== undefined && this.#frozen.size > 0) this.#frozenOrder ??= this.#order(this.#frozen)
    const active = rowsOf(this.#activeOrder, from, to)
    const frozen = rowsOf(this.#frozenOrder, from, to)
    return frozen.length === 0 ? active : active.length === 0 ? frozen : mergeRows(active, frozen)
  }

  /** How many keys there are more than in an engine of which `has` tells what it has. */
  countDifference(has: (entry: OverlayEntry) => boolean): number {
    let difference = 0
    const visit = (entry: OverlayEntry): void => {
      const before = has(entry)
      if (entry.value === null && before) difference--
      else if (entry.value !== null && !before) difference++
    }
    for (const entry of this.#active.values()) visit(entry)
    for (const entry of this.#frozen?.values() ?? []) if (!this.#active.has(entry.id)) visit(entry)
    return difference
  }

  #order(entries: Map<unknown, OverlayEntry>): Order {
    const byKey = new Map<string, OverlayEntry>()
    for (const entry of entries.values()) byKey.set(this.#keyText(entry), entry)
    return { keys: SortedKeys.of(byKey.keys()), entries: byKey }
  }

  #clearActive(): void {
    this.#budget.entries -= this.#active.size
    this.#grow(-this.#bytes)
    this.#growCache(-this.#cacheBytes)
    this.#active = new Map()
    this.#activeOrder = undefined
    this.#last = undefined
    this.#dirtyHead = undefined
    this.#dirtyTail = undefined
  }

  #unlink(entry: OverlayEntry): void {
    const { previous, next } = entry
    if (previous === undefined) this.#dirtyHead = next
    else previous.next = next
    if (next === undefined) this.#dirtyTail = previous
    else next.previous = previous
    entry.previous = undefined
    entry.next = undefined
  }

  #grow(bytes: number): void {
    this.#bytes += bytes
    this.#budget.uncommittedBytes += bytes
  }

  #growFrozen(bytes: number): void {
    this.#frozenBytes += bytes
    this.#budget.frozenBytes += bytes
  }

  #growCache(bytes: number): void {
    this.#cacheBytes += bytes
    this.#budget.cacheBytes += bytes
  }
}

function addToOrder(order: Order, key: string, entry: OverlayEntry): void {
  order.keys.add(key)
  order.entries.set(key, entry)
}

function rowsOf(order: Order | undefined, from: string | undefined, to: string | undefined): OverlayRow[] {
  const rows: OverlayRow[] = []
  if (order === undefined) return rows
  const cursor = order.keys.cursor(from, to, false)
  while (cursor.next()) {
    const entry = order.entries.get(cursor.key)
    if (entry !== undefined) rows.push({ key: cursor.key, value: entry.value, timestamp: entry.timestamp })
  }
  return rows
}

function mergeRows(over: readonly OverlayRow[], under: readonly OverlayRow[]): OverlayRow[] {
  const merged: OverlayRow[] = []
  let next = 0
  for (const row of over) {
    let below = under[next]
    while (below !== undefined && below.key < row.key) {
      merged.push(below)
      below = under[++next]
    }
    if (below?.key === row.key) next++
    merged.push(row)
  }
  for (; next < under.length; next++) merged.push(under[next] as OverlayRow)
  return merged
}

function lengthOf(source: SourceBytes | undefined): number {
  return (source?.key?.byteLength ?? 0) + (source?.value?.byteLength ?? 0)
}
