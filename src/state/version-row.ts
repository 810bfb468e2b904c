/**
 * The versions of one key that ended within one segment of time, oldest first; and their bytes in the engine: when the
 * last one ended (8 bytes), then each version: when it began (8 bytes), the length of its value (4 bytes, -1: the key was
 * deleted), the value. A row without versions says that the key was deleted at that time, and no more. Kafka Streams:
 * RocksDBVersionedStoreSegmentValueFormatter.java.
 */
import { writeInt64 } from '../serde/number-serdes.ts'

export interface Version {
  readonly from: number
  /** As an overlay entry holds it; null: deleted. */
  readonly held: unknown
}

/** Never changed: each change is a new row. */
export interface VersionRow {
  readonly versions: readonly Version[]
  /** When the last version ended. */
  readonly end: number
}

const deleted = -1
const two32 = 2 ** 32

export function startOf({ versions, end }: VersionRow): number {
  return versions[0]?.from ?? end
}

/** The place of the version that was valid at that time, which the row must have. */
export function placeAt({ versions }: VersionRow, time: number): number {
  let low = 0
  let high = versions.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if ((versions[middle] as Version).from <= time) low = middle
    else high = middle - 1
  }
  return low
}

export function endAt({ versions, end }: VersionRow, place: number): number {
  return versions[place + 1]?.from ?? end
}

/** What lies between the end of the row and the new version is the time in which the key was deleted. */
export function withLast(row: VersionRow | undefined, version: Version, end: number): VersionRow {
  if (row === undefined) return { versions: [version], end }
  const gap = row.end < version.from ? [{ from: row.end, held: null }] : []
  return { versions: [...row.versions, ...gap, version], end }
}

export function withFirst({ versions, end }: VersionRow, version: Version): VersionRow {
  return { versions: [version, ...versions], end }
}

/** `version` in the place of `removed` ones. */
export function withVersion(
  { versions, end }: VersionRow,
  place: number,
  removed: number,
  version: Version,
): VersionRow {
  return { versions: versions.toSpliced(place, removed, version), end }
}

/** `bytesOf`: of a value that is held. */
export function writeRow({ versions, end }: VersionRow, bytesOf: (held: unknown) => Uint8Array): Buffer {
  const values = versions.map(({ held }) => (held === null ? null : bytesOf(held)))
  const bytes = Buffer.allocUnsafe(values.reduce((size, value) => size + 12 + (value?.byteLength ?? 0), 8))
  writeInt64(bytes, 0, end)
  let at = 8
  for (const [i, value] of values.entries()) {
    writeInt64(bytes, at, (versions[i] as Version).from)
    at = bytes.writeInt32BE(value?.byteLength ?? deleted, at + 8)
    if (value === null) continue
    bytes.set(value, at)
    at += value.byteLength
  }
  return bytes
}

/** `heldOf` is given memory of its own. */
export function readRow(borrowed: Uint8Array, heldOf: (bytes: Uint8Array) => unknown): VersionRow {
  const bytes = Buffer.from(borrowed)
  const versions: Version[] = []
  for (let at = 8; at < bytes.byteLength;) {
    const from = int64At(bytes, at)
    const length = bytes.readInt32BE(at + 8)
    at += 12
    versions.push({ from, held: length === deleted ? null : heldOf(bytes.subarray(at, at + Math.max(0, length))) })
    at += Math.max(0, length)
  }
  return { versions, end: int64At(bytes, 0) }
}

function int64At(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * two32 + bytes.readUInt32BE(at + 4)
}
