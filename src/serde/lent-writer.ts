/**
 * Serialises where the bytes are copied at once: what a writer returns is lent until its next call. A buffer per value
 * costs more than writing a number into one that is there. The bytes are those of the serde's `serialize`.
 */
import type { Headers } from '../common/headers.ts'
import { int64Serde, writeInt64 } from './number-serdes.ts'
import type { AnySerde } from './serde.ts'
import { stringSerde } from './string-serde.ts'
import { isWindowed, windowedParts, writeWindow } from './windowed-serdes.ts'

export type LentWriter = (value: unknown, topic: string, headers: Headers) => Uint8Array

/** Longer texts get memory of their own; at most three bytes a character. */
const maxTextLength = 1024
const shortText = 16

export function lentWriter(serde: AnySerde): LentWriter {
  if (serde.serialize === int64Serde.serialize) return int64Writer()
  if (serde.serialize === stringSerde.serialize) return textWriter()
  const windowed = windowedParts(serde)
  if (windowed !== undefined) return windowedWriter(serde, windowed)
  return (value, topic, headers) => serde.serialize(value as never, topic, headers)
}

/** Into the same bytes each time, of which there is a view per length: making one costs as much as writing the text. */
function textWriter(): LentWriter {
  const lent = Buffer.allocUnsafeSlow(3 * maxTextLength)
  const views: (Buffer | undefined)[] = []
  return (value, topic, headers) => {
    // What does not fit is the serde's to refuse, or to replace.
    if (typeof value !== 'string' || value.length > maxTextLength) {
      return stringSerde.serialize(value as string, topic, headers)
    }
    const length = writeShortAscii(lent, value) ? value.length : lent.write(value)
    // One byte per character is ASCII, where no surrogate can be alone.
    if (length !== value.length && !value.isWellFormed()) return stringSerde.serialize(value, topic, headers)
    return (views[length] ??= lent.subarray(0, length))
  }
}

/** For a few characters a loop beats the call into native code. */
function writeShortAscii(buffer: Buffer, text: string): boolean {
  if (text.length > shortText) return false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return false
    buffer[i] = code
  }
  return true
}

function int64Writer(): LentWriter {
  const lent = Buffer.allocUnsafeSlow(8)
  return (value, topic, headers) => {
    // What does not fit is the serde's to refuse.
    if (!Number.isSafeInteger(value)) return int64Serde.serialize(value as number, topic, headers)
    writeInt64(lent, 0, value as number)
    return lent
  }
}

/** The key and the times of its window behind each other. */
function windowedWriter(
  serde: AnySerde,
  { inner, suffixLength }: NonNullable<ReturnType<typeof windowedParts>>,
): LentWriter {
  const isSession = suffixLength === 16
  const writeKey = lentWriter(inner)
  const lent = Buffer.allocUnsafeSlow(3 * maxTextLength)
  const views: (Buffer | undefined)[] = []
  return (value, topic, headers) => {
    // What does not fit is the serde's to refuse.
    if (!isWindowed(value, isSession)) return serde.serialize(value as never, topic, headers)
    const key = writeKey(value.key, topic, headers)
    const length = key.byteLength + suffixLength
    if (length > lent.byteLength) return serde.serialize(value as never, topic, headers)
    lent.set(key)
    writeWindow(lent, key.byteLength, value.window, isSession)
    return (views[length] ??= lent.subarray(0, length))
  }
}
