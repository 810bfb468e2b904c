/**
 * The uncommitted entries of a store of windows or sessions in order: per key by time, and where the store is also read
 * over all keys, by time first. A tombstone is in it only where it hides an entry below: a session that grows leaves one
 * behind with every record, and all of them would be walked over by the next.
 */
import type { OverlayEntry } from './overlay.ts'
import { SortedKeys } from './sorted-keys.ts'
import type { TimedKeyLayout } from './timed-key.ts'

/** Shorter lists of a key keep what has expired. */
const prunedLength = 4

export class TimedIndex {
  readonly #layout: TimedKeyLayout
  readonly #byKey = new Map<string, OverlayEntry[]>()
  /** Undefined where nobody reads over all keys again and again. */
  readonly #byTime: SortedKeys | undefined

  constructor(layout: TimedKeyLayout, timeOrdered: boolean) {
    this.#layout = layout
    this.#byTime = timeOrdered ? new SortedKeys() : undefined
  }

  /** In the place of one with the same id. Nobody asks for what is older than `minLive` any more. */
  add(keyText: string, entry: OverlayEntry, minLive: number): void {
    entry.indexed = true
    const id = entry.id as string
    this.#byTime?.add(this.#layout.timeFirst(id))
    const entries = this.#byKey.get(keyText)
    if (entries === undefined) {
      this.#byKey.set(keyText, [entry])
      return
    }
    if (entries.length >= prunedLength) prune(entries, minLive)
    const last = entries.at(-1)
    // Mostly time goes on.
    if (last === undefined || last.time < entry.time) {
      entries.push(entry)
      return
    }
    const at = placeOf(entries, entry)
    if (entries[at - 1]?.id === id) entries[at - 1] = entry
    else entries.splice(at, 0, entry)
  }

  remove(keyText: string, entry: OverlayEntry): void {
    if (!entry.indexed) return
    entry.indexed = false
    this.#byTime?.delete(this.#layout.timeFirst(entry.id as string))
    const entries = this.#byKey.get(keyText)
    const at = entries === undefined ? 0 : placeOf(entries, entry)
    if (entries?.[at - 1] !== entry) return
    if (entries.length === 1) this.#byKey.delete(keyText)
    else entries.splice(at - 1, 1)
  }

  /** Nobody asks for them any more. */
  dropBefore(time: number): void {
    for (const [keyText, entries] of this.#byKey) {
      prune(entries, time)
      if (entries.length === 0) this.#byKey.delete(keyText)
    }
  }

  /** Hands over the entries of one key from time to time, both inclusive. */
  forEachOf(keyText: string, from: number, to: number, reverse: boolean, visit: (entry: OverlayEntry) => void): void {
    const entries = this.#byKey.get(keyText)
    if (entries === undefined) return
    const first = firstFrom(entries, from)
    let end = first
    if (!reverse) {
      for (let entry = entries[end]; entry !== undefined && entry.time <= to; entry = entries[++end]) visit(entry)
      return
    }
    while (end < entries.length && (entries[end] as OverlayEntry).time <= to) end++
    for (let at = end - 1; at >= first; at--) visit(entries[at] as OverlayEntry)
  }

  /** The ids from time to time as {@link TimedKeyLayout.timeFirst}, in order. Only of a store that is read so. */
  idsByTime(from: string, to: string): string[] {
    const ids: string[] = []
    const cursor = this.#byTime?.cursor(from, to, false)
    while (cursor?.next() === true) ids.push(cursor.key)
    return ids
  }
}

function prune(entries: OverlayEntry[], minLive: number): void {
  const count = firstFrom(entries, minLive)
  for (let at = 0; at < count; at++) (entries[at] as OverlayEntry).indexed = false
  if (count > 0) entries.splice(0, count)
}

/** Behind the last entry whose id is not above. */
function placeOf(entries: readonly OverlayEntry[], { id }: OverlayEntry): number {
  const last = entries.length - 1
  if ((entries[last]?.id as string) <= (id as string)) return entries.length
  let low = 0
  let high = last
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((entries[middle]?.id as string) <= (id as string)) low = middle + 1
    else high = middle
  }
  return low
}

function firstFrom(entries: readonly OverlayEntry[], from: number): number {
  let low = 0
  let high = entries.length
  // Each entry is somewhere else in memory, and what a join looks for is mostly not there.
  if (high > 0 && (entries[high - 1] as OverlayEntry).time < from) return high
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((entries[middle] as OverlayEntry).time < from) low = middle + 1
    else high = middle
  }
  return low
}
