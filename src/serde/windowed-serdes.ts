/**
 * Windowed keys as Java writes them to users' topics: the key's bytes, then for a time window its start, for a session
 * its end and its start (8 bytes each). A time window's end is not written: the reader must know the size.
 */
import { asBuffer } from '../common/bytes.ts'
import { parseDuration, type Duration } from '../common/duration.ts'
import type { Headers } from '../common/headers.ts'
import { SerdeError } from '../errors/serde-error.ts'
import { int64Serde, writeInt64 } from './number-serdes.ts'
import { oncePer } from './once-per.ts'
import { refuseBytes, refuseValue } from './serde-checks.ts'
import type { AnySerde, Serde } from './serde.ts'
import { windowEnd, type Window, type Windowed } from './windowed.ts'

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
  const bySize = oncePer(timeWindowed, inner, () => new Map<number, WindowedSerde<K>>())
  const known = bySize.get(sizeMs)
  if (known !== undefined) return known
  const made = newTimeWindowed(inner, sizeMs)
  bySize.set(sizeMs, made)
  return made
}

const timeWindowed = new WeakMap<object, unknown>()

function newTimeWindowed<K>(inner: Serde<K>, sizeMs: number): WindowedSerde<K> {
  const name = `timeWindowed(${inner.name})`
  const serde: WindowedSerde<K> = {
    name,
    inner,
    suffixLength: 8,
    serialize: (windowed, topic, headers) => serializeWindowed(serde, windowed, topic, headers),
    deserialize(bytes, topic, headers) {
      const { key, times } = split(name, bytes, 8, topic)
      const start = int64Serde.deserialize(times, topic, headers)
      const end = windowEnd(start, sizeMs)
      return { key: inner.deserialize(key, topic, headers), window: { start, end } }
    },
  }
  return register(serde)
}

export function sessionWindowedSerde<K>(inner: Serde<K>): WindowedSerde<K> {
  return oncePer(sessionWindowed, inner, () => newSessionWindowed(inner))
}

const sessionWindowed = new WeakMap<object, unknown>()

function newSessionWindowed<K>(inner: Serde<K>): WindowedSerde<K> {
  const name = `sessionWindowed(${inner.name})`
  const serde: WindowedSerde<K> = {
    name,
    inner,
    suffixLength: 16,
    serialize: (windowed, topic, headers) => serializeWindowed(serde, windowed, topic, headers),
    deserialize(bytes, topic, headers) {
      const { key, times } = split(name, bytes, 16, topic)
      const end = int64Serde.deserialize(times.subarray(0, 8), topic, headers)
      const start = int64Serde.deserialize(times.subarray(8), topic, headers)
      return { key: inner.deserialize(key, topic, headers), window: { start, end } }
    },
  }
  return register(serde)
}

function checkWindowed<K>(name: string, value: Windowed<K>, topic: string, isSession: boolean): Windowed<K> {
  if (!isWindowed(value, isSession)) {
    refuseValue(name, topic, 'a windowed key: { key, window: { start, end } }', value)
  }
  return value
}

/** Whether the times that are written can be. */
export function isWindowed(value: unknown, isSession: boolean): value is Windowed<unknown> {
  const window = (value as Partial<Windowed<unknown>> | null | undefined)?.window
  return Number.isSafeInteger(window?.start) && (!isSession || Number.isSafeInteger(window?.end))
}

/** Writes the times of a window behind its key. */
export function writeWindow(bytes: Buffer, at: number, { start, end }: Window, isSession: boolean): void {
  if (isSession) writeInt64(bytes, at, end)
  writeInt64(bytes, isSession ? at + 8 : at, start)
}

/** What a serde of windowed keys is made of; undefined for any other serde. */
export function windowedParts(
  serde: AnySerde,
): { readonly inner: AnySerde; readonly suffixLength: 8 | 16 } | undefined {
  return parts.get(serde.serialize)
}

const parts = new WeakMap<AnySerde['serialize'], { readonly inner: AnySerde; readonly suffixLength: 8 | 16 }>()

function register<K>(serde: WindowedSerde<K>): WindowedSerde<K> {
  parts.set(serde.serialize, serde)
  return serde
}

function serializeWindowed<K>(
  { name, inner, suffixLength }: WindowedSerde<K>,
  windowed: Windowed<K>,
  topic: string,
  headers: Headers,
): Uint8Array {
  const isSession = suffixLength === 16
  const { key, window } = checkWindowed(name, windowed, topic, isSession)
  const keyBytes = inner.serialize(key, topic, headers)
  const bytes = Buffer.allocUnsafe(keyBytes.byteLength + suffixLength)
  bytes.set(keyBytes)
  writeWindow(bytes, keyBytes.byteLength, window, isSession)
  return bytes
}
function split(name: string, bytes: Uint8Array, suffix: number, topic: string): { key: Buffer; times: Buffer } {
  const buffer = asBuffer(bytes)
  const length = buffer.byteLength - suffix
  if (length < 0) refuseBytes(name, topic, `${buffer.byteLength} are fewer than the ${suffix} of the window`)
  return { key: buffer.subarray(0, length), times: buffer.subarray(length) }
}
