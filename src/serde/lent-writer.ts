/**
 * Serialises where the bytes are copied at once: what a writer returns is lent until its next call. A buffer per value
 * costs more than writing a number into one that is there. The bytes are those of the serde's `serialize`.
 */
import type { Headers } from '../common/headers.ts'
import { int64Serde, writeInt64 } from './number-serdes.ts'
import type { AnySerde } from './serde.ts'

export type LentWriter = (value: unknown, topic: string, headers: Headers) => Uint8Array

export function lentWriter(serde: AnySerde): LentWriter {
  if (serde.serialize !== int64Serde.serialize) {
    return (value, topic, headers) => serde.serialize(value as never, topic, headers)
  }
  const lent = Buffer.allocUnsafeSlow(8)
  return (value, topic, headers) => {
    // What does not fit is the serde's to refuse.
    if (!Number.isSafeInteger(value)) return int64Serde.serialize(value as number, topic, headers)
    writeInt64(lent, 0, value as number)
    return lent
  }
}
