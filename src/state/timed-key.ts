/**
 * How entries of windows and sessions are found: the bytes of the key, the time (8 bytes, big-endian), and a tail that
 * tells entries of one key and time apart. As latin1 text, whose order is that of the bytes. Of a window the tail is its
 * number (4 bytes; 0 where there is one entry only), which makes it the key of Java's changelog (WindowKeySchema.java). Of
 * a session, found by its end, the tail is the complement of its start, so that later starts come first (as in Java's
 * InMemorySessionStore); the changelog has the start itself (SessionKeySchema.java).
 */
import { bytesToLatin1, latin1ToBytes } from '../common/bytes.ts'
import type { RecordContext } from '../processor/record-context.ts'
import type { StoreCodec } from './store-codec.ts'

const two32 = 2 ** 32
const timeLength = 8

/** Big-endian; two's complement where it is negative. */
export function timeText(time: number): string {
  const high = Math.floor(time / two32)
  return int32Text(high) + int32Text(time - high * two32)
}

/** A time, and behind it a number. */
export function numberedTimeText(time: number, number: number): string {
  const high = Math.floor(time / two32)
  const low = time - high * two32
  // One call makes one flat text.
  return String.fromCharCode(
    (high >>> 24) & 0xff,
    (high >>> 16) & 0xff,
    (high >>> 8) & 0xff,
    high & 0xff,
    (low >>> 24) & 0xff,
    (low >>> 16) & 0xff,
    (low >>> 8) & 0xff,
    low & 0xff,
    (number >>> 24) & 0xff,
    (number >>> 16) & 0xff,
    (number >>> 8) & 0xff,
    number & 0xff,
  )
}

export function int32Text(value: number): string {
  return String.fromCharCode((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)
}

const lent = Buffer.allocUnsafeSlow(256)
const views: (Buffer | undefined)[] = []

/** The bytes of a latin1 text, lent until the next call: a view per length is cheaper than new memory each time. */
export function lentBytes(text: string): Buffer {
  if (text.length > lent.byteLength) return latin1ToBytes(text)
  lent.write(text, 'latin1')
  return (views[text.length] ??= lent.subarray(0, text.length))
}

export function int32At(text: string, at: number): number {
  return (
    (text.charCodeAt(at) << 24) |
    (text.charCodeAt(at + 1) << 16) |
    (text.charCodeAt(at + 2) << 8) |
    text.charCodeAt(at + 3)
  )
}

export function timeAt(text: string, at: number): number {
  return int32At(text, at) * two32 + (int32At(text, at + 4) >>> 0)
}

/** The tail of a session's id: of two that end together the one that starts later comes first. */
export function startTail(start: number): string {
  const high = Math.floor(start / two32)
  return int32Text(~high) + int32Text(~(start - high * two32))
}

export function startOfTail(id: string): number {
  const at = id.length - timeLength
  return ~int32At(id, at) * two32 + (~int32At(id, at + 4) >>> 0)
}

/** The id of a session with its start as it is in the changelog, and back. */
export function complementTail(id: string): string {
  const at = id.length - timeLength
  return id.slice(0, at) + int32Text(~int32At(id, at)) + int32Text(~int32At(id, at + 4))
}

/** The parts of an id whose tail has `tailLength` characters. */
export class TimedKeyLayout {
  readonly tailLength: number
  /** Of time and tail. */
  readonly suffixLength: number

  constructor(tailLength: 4 | 8) {
    this.tailLength = tailLength
    this.suffixLength = timeLength + tailLength
  }

  keyText(id: string): string {
    return id.slice(0, id.length - this.suffixLength)
  }

  time(id: string): number {
    return timeAt(id, id.length - this.suffixLength)
  }

  tail(id: string): string {
    return id.slice(id.length - this.tailLength)
  }

  /** The same with the time in front: the order of entries over all keys, which is by time, key, tail. */
  timeFirst(id: string): string {
    const keyLength = id.length - this.suffixLength
    const tailAt = keyLength + timeLength
    return id.slice(keyLength, tailAt) + terminated(id.slice(0, keyLength)) + id.slice(tailAt)
  }

  /** The id that this is the {@link timeFirst} of. */
  keyFirst(text: string): string {
    const keyEnd = text.length - this.tailLength
    return unterminated(text.slice(timeLength, keyEnd)) + text.slice(0, timeLength) + text.slice(keyEnd)
  }
}

const terminator = '\0\0'

/** Ends a key such that one that others begin with comes before them, whatever follows it. */
function terminated(key: string): string {
  return (key.includes('\0') ? key.replaceAll('\0', '\0\xff') : key) + terminator
}

function unterminated(text: string): string {
  const key = text.slice(0, -terminator.length)
  return key.includes('\0') ? key.replaceAll('\0\xff', '\0') : key
}

/** The keys of a store as text, and back. */
export class KeyTexts<K> {
  readonly #codec: StoreCodec<K, unknown>
  readonly #typed: boolean
  #lastId: unknown
  #lastText = ''

  constructor(codec: StoreCodec<K, unknown>) {
    this.#codec = codec
    this.#typed = codec.typedKeys
  }

  /** `record`, if its key is this one, lends its bytes. */
  text(key: K, record: RecordContext): string {
    const id = this.#codec.id(key)
    if (!this.#typed) return id as string
    // Most often the key that was just read is written.
    if (id === this.#lastId) return this.#lastText
    const bytes = this.#codec.borrowKeyBytes(id, record)
    // One byte per character is ASCII, which is its own latin1.
    const isAscii = typeof id === 'string' && id.length === bytes.byteLength
    const text = isAscii ? id : bytesToLatin1(bytes)
    this.#lastId = id
    this.#lastText = text
    return text
  }

  key(text: string): K {
    return this.#typed && text === this.#lastText && this.#lastId !== undefined
      ? (this.#lastId as K)
      : this.#codec.readKey(latin1ToBytes(text))
  }
}
