/**
 * Zigzag variable-length integers as in Kafka's records (Java's `ByteUtils`). Numbers only: a 64-bit one is taken apart
 * by division, so that values below 2^53 are exact and nothing allocates a BigInt.
 */

/** Where a reader stands; reading moves `position`, since a value and a length cannot both be returned for free. */
export interface ByteCursor {
  readonly buffer: Uint8Array
  position: number
}

/** Bytes of a 32-bit integer. */
export function sizeOfVarint(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  if (zigzag < 0x80) return 1
  if (zigzag < 0x4000) return 2
  if (zigzag < 0x20_0000) return 3
  return zigzag < 0x1000_0000 ? 4 : 5
}

/** Writes a 32-bit integer and returns the position behind it; the caller has checked that there is room. */
export function writeVarint(buffer: Uint8Array, position: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  let at = position
  while (zigzag >= 0x80) {
    buffer[at++] = (zigzag & 0x7f) | 0x80
    zigzag >>>= 7
  }
  buffer[at++] = zigzag
  return at
}

/** Bytes of an integer below 2^53. */
export function sizeOfVarlong(value: number): number {
  if (value === (value | 0)) return sizeOfVarint(value)
  let rest = Math.floor(magnitude(value) / 0x40)
  let size = 1
  while (rest > 0) {
    rest = Math.floor(rest / 0x80)
    size++
  }
  return size
}

export function writeVarlong(buffer: Uint8Array, position: number, value: number): number {
  if (value === (value | 0)) return writeVarint(buffer, position, value)
  const bits = magnitude(value)
  let rest = Math.floor(bits / 0x40)
  let at = position
  buffer[at++] = ((bits % 0x40) << 1) | (value < 0 ? 1 : 0) | (rest > 0 ? 0x80 : 0)
  while (rest > 0) {
    const septet = rest % 0x80
    rest = Math.floor(rest / 0x80)
    buffer[at++] = septet | (rest > 0 ? 0x80 : 0)
  }
  return at
}

/** Undefined when the bytes end within it or it has more than five. */
export function readVarint(cursor: ByteCursor): number | undefined {
  const { buffer } = cursor
  let zigzag = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = buffer[cursor.position++]
    if (byte === undefined) return undefined
    zigzag |= (byte & 0x7f) << shift
    if (byte < 0x80) return (zigzag >>> 1) ^ -(zigzag & 1)
  }
  return undefined
}

/** As `readVarint`, up to ten bytes; beyond 2^53 the value is rounded. */
export function readVarlong(cursor: ByteCursor): number | undefined {
  const { buffer } = cursor
  const first = buffer[cursor.position++]
  if (first === undefined) return undefined
  let bits = (first & 0x7f) >>> 1
  let byte = first
  for (let factor = 0x40, count = 1; byte >= 0x80; factor *= 0x80, count++) {
    const next = buffer[cursor.position++]
    if (next === undefined || count === 10) return undefined
    bits += (next & 0x7f) * factor
    byte = next
  }
  return (first & 1) === 0 ? bits : -bits - 1
}

/** The zigzag number without its lowest bit, which is the sign. */
function magnitude(value: number): number {
  return value < 0 ? -value - 1 : value
}
