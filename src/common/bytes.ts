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
