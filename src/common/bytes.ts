/** Order of two byte strings as unsigned numbers: negative, 0 or positive. It is the order of every range in a store. */
export function compareBytes(one: Uint8Array, two: Uint8Array): number {
  return Buffer.compare(one, two)
}

export function equalBytes(one: Uint8Array, two: Uint8Array): boolean {
  return one.byteLength === two.byteLength && Buffer.compare(one, two) === 0
}

/** A Buffer over the same memory, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * One character per byte, usable as a Map key; JavaScript's order of such strings is the unsigned order of the bytes.
 */
export function bytesToLatin1(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('latin1')
}

export function latin1ToBytes(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
