/**
 * Steps through windows or sessions: the overlay's entries as they were when it was opened, over those of the engine.
 * The object is used again by the next reader of the store, and so are its arrays.
 */
import { bytesToLatin1, latin1ToBytes } from '../common/bytes.ts'
import type { OverlayEntry } from './overlay.ts'
import type { KeyspaceCursor } from './state-engine.ts'
import type { StoreCodec } from './store-codec.ts'
import type { TimedKeyLayout } from './timed-key.ts'
import type { Segment } from './timed-segments.ts'

/** Rows of the engine in the order of the cursor; `text` orders them, and `id` is what they are found by. */
export interface EngineRows {
  next(): boolean
  readonly text: string
  readonly id: string
  readonly value: Uint8Array
  close(): void
}

/** So many rows of the last reader may stay in memory. */
const keptRows = 64

export class TimedCursor<V> {
  readonly #codec: StoreCodec<unknown, V>
  readonly #texts: string[] = []
  readonly #ids: string[] = []
  readonly #held: unknown[] = []
  readonly #timestamps: number[] = []
  /** Whatever adds to it, without an array or a function of its own per read. */
  readonly collect: (entry: OverlayEntry) => void
  #engine: EngineRows | undefined
  #engineText: string | undefined
  #reverse = false
  #at = 0
  #count = 0
  isOpen = false
  /** Of the current row. */
  id = ''
  timestamp = 0
  value: V = undefined as V

  constructor(codec: StoreCodec<unknown, V>) {
    this.#codec = codec
    this.collect = (entry) => this.add(entry.id as string, entry)
  }

  begin(reverse: boolean): void {
    this.#reverse = reverse
    this.#at = 0
    this.isOpen = true
  }

  /** `text`: what orders it. */
  add(text: string, entry: OverlayEntry): void {
    const at = this.#count++
    this.#texts[at] = text
    this.#ids[at] = entry.id as string
    this.#held[at] = entry.value
    this.#timestamps[at] = entry.timestamp
  }

  over(engine: EngineRows): void {
    this.#engine = engine
    this.#advanceEngine()
  }

  next(): boolean {
    for (;;) {
      const at = this.#at
      const order = this.#compare(at < this.#count ? this.#texts[at] : undefined)
      if (order === undefined) {
        this.close()
        return false
      }
      if (order > 0) {
        this.#showEngine()
        return true
      }
      if (order === 0) this.#advanceEngine()
      this.#at++
      const held = this.#held[at]
      // A deleted one hides the engine's.
      if (held === null) continue
      this.id = this.#ids[at] as string
      this.value = this.#codec.valueOf(held)
      this.timestamp = this.#timestamps[at] as number
      return true
    }
  }

  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    // An array that becomes empty gives its memory back, which the next reader would have to get anew.
    if (this.#count > keptRows) this.#forget()
    this.#count = 0
    this.#engine?.close()
    this.#engine = undefined
    this.#engineText = undefined
  }

  #forget(): void {
    this.#texts.length = 0
    this.#ids.length = 0
    this.#held.length = 0
    this.#timestamps.length = 0
  }

  /** Negative: the overlay's row is next; positive: the engine's; 0: both have it; undefined: the end. */
  #compare(text: string | undefined): number | undefined {
    const engineText = this.#engineText
    if (text === undefined) return engineText === undefined ? undefined : 1
    if (engineText === undefined) return -1
    if (text === engineText) return 0
    return text < engineText === this.#reverse ? 1 : -1
  }

  #showEngine(): void {
    const engine = this.#engine as EngineRows
    const local = engine.value
    this.id = engine.id
    this.timestamp = this.#codec.timestampOf(local)
    this.value = this.#codec.decode(local)
    this.#advanceEngine()
  }

  #advanceEngine(): void {
    const engine = this.#engine
    this.#engineText = engine?.next() === true ? engine.text : undefined
  }
}

/** Of one key: a range in each of the segments. */
export class KeyRows implements EngineRows {
  readonly #segments: readonly Segment[]
  readonly #from: Uint8Array
  readonly #to: Uint8Array
  readonly #length: number
  readonly #reverse: boolean
  #next: number
  #cursor: KeyspaceCursor | undefined
  text = ''

  /** `from` inclusive, `to` exclusive; ids of that length only, because those of longer keys lie in between. */
  constructor(segments: readonly Segment[], from: string, to: string, length: number, reverse: boolean) {
    this.#segments = segments
    this.#from = latin1ToBytes(from)
    this.#to = latin1ToBytes(to)
    this.#length = length
    this.#reverse = reverse
    this.#next = reverse ? segments.length - 1 : 0
  }

  get id(): string {
    return this.text
  }

  get value(): Uint8Array {
    return (this.#cursor as KeyspaceCursor).value
  }

  next(): boolean {
    for (;;) {
      const cursor = this.#cursor
      if (cursor === undefined) {
        const segment = this.#segments[this.#next]
        if (segment === undefined) return false
        this.#next += this.#reverse ? -1 : 1
        this.#cursor = segment.keyspace.range(this.#from, this.#to, this.#reverse)
      } else if (!cursor.next()) {
        this.close()
      } else {
        const { key } = cursor
        if (key.byteLength !== this.#length) continue
        this.text = bytesToLatin1(key)
        return true
      }
    }
  }

  close(): void {
    this.#cursor?.close()
    this.#cursor = undefined
  }
}

/** Over all keys by time: what one segment has of it is collected and sorted when the cursor gets there. */
export class AllRows implements EngineRows {
  readonly #segments: readonly Segment[]
  readonly #layout: TimedKeyLayout
  readonly #from: string
  readonly #to: string
  readonly #reverse: boolean
  #next: number
  #segment: Segment | undefined
  #texts: string[] = []
  #at = 0
  text = ''

  /** `from` inclusive, `to` exclusive, in the order of {@link TimedKeyLayout.timeFirst}. */
  constructor(segments: readonly Segment[], layout: TimedKeyLayout, from: string, to: string, reverse: boolean) {
    this.#segments = segments
    this.#layout = layout
    this.#from = from
    this.#to = to
    this.#reverse = reverse
    this.#next = reverse ? segments.length - 1 : 0
  }

  get id(): string {
    return this.#layout.keyFirst(this.text)
  }

  get value(): Uint8Array {
    return this.#segment?.keyspace.get(latin1ToBytes(this.id)) as Uint8Array
  }

  next(): boolean {
    while (this.#at >= this.#texts.length) {
      this.#segment = this.#segments[this.#next]
      if (this.#segment === undefined) return false
      this.#next += this.#reverse ? -1 : 1
      this.#texts = this.#textsOf(this.#segment)
      this.#at = 0
    }
    this.text = this.#texts[this.#at++] as string
    return true
  }

  close(): void {
    this.#texts = []
    this.#at = 0
  }

  #textsOf({ keyspace, times }: Segment): string[] {
    const texts: string[] = []
    if (times !== undefined) {
      const cursor = times.range(latin1ToBytes(this.#from), latin1ToBytes(this.#to), this.#reverse)
      while (cursor.next()) texts.push(bytesToLatin1(cursor.key))
      cursor.close()
      return texts
    }
    const cursor = keyspace.range(undefined, undefined, false)
    while (cursor.next()) {
      const text = this.#layout.timeFirst(bytesToLatin1(cursor.key))
      if (text >= this.#from && text < this.#to) texts.push(text)
    }
    cursor.close()
    texts.sort(compareTexts)
    return this.#reverse ? texts.reverse() : texts
  }
}

export function compareTexts(one: string, two: string): number {
  return one < two ? -1 : one > two ? 1 : 0
}
