/**
 * Windowed keys as Java writes them to users' topics: the key's bytes, then for a time window its start, for a session
 * its end and its start (8 bytes each). A time window's end is not written: the reader must know the size.
 */
import { asBuffer } from '../common/bytes.ts'
import { parseDuration, type Duration } from '../common/duration.ts'
import { SerdeError } from '../errors/serde-error.ts'
import { int64Serde } from './number-serdes.ts'
import { refuseBytes, refuseValue } from './serde-checks.ts'
import type { Serde } from './serde.ts'
import type { Windowed } from './windowed.ts'

/** A sink partitions by the inner key: by the bytes without the last `suffixLength`. */
export interface WindowedSerde<K> extends Serde<Windowed<K>> {
  readonly inner: Serde<K>
  readonly suffixLength: 8 | 16
}

export function timeWindowedSerde<K>(inner: Serde<K>, size: Duration): WindowedSerde<K> {
  const sizeMs = parseDuration(size)
  if (sizeMs === undefined || sizeMs <= 0) {
    throw new SerdeError(
      'MILLRACE_SERDE_INVALID_VALUE',
      'timeWindowed',
      undefined,
      `serdes.timeWindowed needs the size of its windows as a positive duration (milliseconds or '10s'), found ${String(size)}`,
    )
  }
  const name = `timeWindowed(${inner.name})`
  return {
    name,
    inner,
    suffixLength: 8,
    serialize(windowed, topic, headers) {
      const key = inner.serialize(checkWindowed(name, windowed, topic).key, topic, headers)
      return Buffer.concat([key, int64Serde.serialize(windowed.window.start, topic, headers)])
    },
    deserialize(bytes, topic, headers) {
      const { key, times } = split(name, bytes, 8, topic)
      const start = int64Serde.deserialize(times, topic, headers)
      const end = Math.min(start + sizeMs, Number.MAX_SAFE_INTEGER)
      return { key: inner.deserialize(key, topic, headers), window: { start, end } }
    },
  }
}

export function sessionWindowedSerde<K>(inner: Serde<K>): WindowedSerde<K> {
  const name = `sessionWindowed(${inner.name})`
  return {
    name,
    inner,
    suffixLength: 16,
    serialize(windowed, topic, headers) {
      const key = inner.serialize(checkWindowed(name, windowed, topic).key, topic, headers)
      const { start, end } = windowed.window
      return Buffer.concat([
        key,
        int64Serde.serialize(end, topic, headers),
        int64Serde.serialize(start, topic, headers),
      ])
    },
    deserialize(bytes, topic, headers) {
      const { key, times } = split(name, bytes, 16, topic)
      const end = int64Serde.deserialize(times.subarray(0, 8), topic, headers)
      const start = int64Serde.deserialize(times.subarray(8), topic, headers)
      return { key: inner.deserialize(key, topic, headers), window: { start, end } }
    },
  }
}

function checkWindowed<K>(name: string, value: Windowed<K>, topic: string): Windowed<K> {
  if (typeof value !== 'object' || value === null || typeof value.window !== 'object' || value.window === null) {
    refuseValue(name, topic, 'a windowed key: { key, window: { start, end } }', value)
  }
  return value
}

function split(name: string, bytes: Uint8Array, suffix: number, topic: string): { key: Buffer; times: Buffer } {
  const buffer = asBuffer(bytes)
  const length = buffer.byteLength - suffix
  if (length < 0) refuseBytes(name, topic, `${buffer.byteLength} are fewer than the ${suffix} of the window`)
  return { key: buffer.subarray(0, length), times: buffer.subarray(length) }
}
