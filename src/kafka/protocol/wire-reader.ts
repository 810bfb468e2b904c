import { WireFault } from './wire-fault.ts'

const uuidDashes: readonly (readonly [from: number, to: number])[] = [
  [0, 8],
  [8, 12],
  [12, 16],
  [16, 20],
  [20, 32],
]

/**
 * Reads Kafka's primitive types from a frame. It never reads past the end and never allocates by an unchecked length:
 * whatever does not fit into what is left is a WireFault. Byte fields are views of the frame, not copies.
 */
export class WireReader {
  /** The field being read, for the message of a fault. */
  field = ''
  #position = 0
  readonly #buffer: Buffer

  constructor(buffer: Buffer, position = 0) {
    this.#buffer = buffer
    this.#position = position
  }

  get position(): number {
    return this.#position
  }

  get remaining(): number {
    return this.#buffer.length - this.#position
  }

  bool(): boolean {
    return this.int8() !== 0
  }

  int8(): number {
    return this.#buffer.readInt8(this.#advance(1))
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#advance(2))
  }

  uint16(): number {
    return this.#buffer.readUInt16BE(this.#advance(2))
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#advance(4))
  }

  /** Offsets, timestamps and ids are below 2^53; Long.MAX_VALUE and MIN_VALUE are used as signs and become +-2^63. */
  int64(): number {
    const at = this.#advance(8)
    const high = this.#buffer.readInt32BE(at)
    const low = this.#buffer.readUInt32BE(at + 4)
    const value = high * 0x1_0000_0000 + low
    if (Number.isSafeInteger(value)) return value
    if ((high === 0x7fffffff && low === 0xffffffff) || (high === -0x80000000 && low === 0)) return value
    throw new WireFault(`the 64-bit number ${this.#buffer.readBigInt64BE(at)} is beyond 2^53`)
  }

  /** Unsigned, up to 32 bits in at most five bytes. */
  uvarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#buffer[this.#advance(1)] ?? 0
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) {
        if (value > 0xffffffff) break
        return value
      }
    }
    throw new WireFault('a variable-length number has more than 32 bits')
  }

  uuid(): string {
    const at = this.#advance(16)
    const hex = this.#buffer.toString('hex', at, at + 16)
    return uuidDashes.map(([from, to]) => hex.slice(from, to)).join('-')
  }

  /** A view. */
  bytes(length: number): Buffer {
    const at = this.#advance(length)
    return this.#buffer.subarray(at, at + length)
  }

  string(length: number): string {
    const at = this.#advance(length)
    return this.#buffer.toString('utf8', at, at + length)
  }

  skip(length: number): void {
    this.#advance(length)
  }

  #advance(length: number): number {
    const at = this.#position
    if (length < 0 || length > this.#buffer.length - at) {
      throw new WireFault(`${length} bytes are announced where ${this.remaining} are left`)
    }
    this.#position = at + length
    return at
  }
}
