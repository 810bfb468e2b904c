/**
 * Reads values where they lie, for the serdes that nearly every topic has: a view per key and value costs as much as
 * reading them. The results are those of the serde's `deserialize`.
 */
import { asBuffer } from '../common/bytes.ts'
import type { Headers } from '../common/headers.ts'
import { bytesSerde } from './basic-serdes.ts'
import { int64Serde } from './number-serdes.ts'
import type { AnySerde } from './serde.ts'
import { stringSerde } from './string-serde.ts'
import { readText } from './text-reader.ts'

export type RangeReader = (buffer: Buffer, start: number, end: number, topic: string, headers: Headers) => unknown

export function rangeReader(serde: AnySerde): RangeReader {
  if (serde.deserialize === stringSerde.deserialize) return readText
  if (serde.deserialize === int64Serde.deserialize) return readInt64
  return (buffer, start, end, topic, headers) => serde.deserialize(buffer.subarray(start, end), topic, headers)
}

/** Whether values of this serde are their bytes, so that whoever keeps none of them can be given a view. */
export function readsBytes(serde: AnySerde): boolean {
  return serde.deserialize === bytesSerde.deserialize
}

/** All bytes of `bytes` from `start` on. */
export function readFrom(
  reader: RangeReader,
  bytes: Uint8Array,
  start: number,
  topic: string,
  headers: Headers,
): unknown {
  return reader(asBuffer(bytes), start, bytes.byteLength, topic, headers)
}

function readInt64(buffer: Buffer, start: number, end: number, topic: string, headers: Headers): number {
  const high = end - start === 8 ? buffer.readInt32BE(start) : Number.NaN
  // Anything but a safe integer is the serde's to refuse.
  if (!(high >= -0x20_0000 && high < 0x20_0000))
    return int64Serde.deserialize(buffer.subarray(start, end), topic, headers)
  const value = high * 0x1_0000_0000 + buffer.readUInt32BE(start + 4)
  return Number.isSafeInteger(value) ? value : int64Serde.deserialize(buffer.subarray(start, end), topic, headers)
}
