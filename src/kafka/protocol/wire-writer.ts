import { WireFault } from './wire-fault.ts'

const uuidPattern = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/** From here on bytes are not copied into the buffer. */
const largeBytes = 4096

/** Writes Kafka's primitive types into a buffer that grows. A value outside its type's range is a WireFault. */
export class WireWriter {
  /** The field being written, for the message of a fault. */
  field = ''
  #position = 0
  /** What comes before `#partStart` of the buffer: its ranges and large byte fields, in turn. */
  readonly #parts: Uint8Array[] = []
  #partStart = 0
  #largeLength = 0
  #buffer: Buffer

  constructor(capacity = 256) {
    this.#buffer = Buffer.allocUnsafe(capacity)
  }

  get length(): number {
    return this.#position + this.#largeLength
  }

  /** What was written; valid until the next write. */
  written(): Buffer {
    const [first] = this.#parts
    return first === undefined ? this.#lastPart() : Buffer.concat(this.parts(), this.length)
  }

  /** The same in parts, of which the large byte fields are those that were given. */
  parts(): Uint8Array[] {
    return [...this.#parts, this.#lastPart()]
  }

  bool(value: unknown): void {
    if (typeof value !== 'boolean') throw new WireFault(`expected a boolean, found ${describe(value)}`)
    this.int8(value ? 1 : 0)
  }

  int8(value: unknown): void {
    const number = integer(value, -0x80, 0x7f)
    const at = this.#advance(1)
    this.#buffer.writeInt8(number, at)
  }

  int16(value: unknown): void {
    const number = integer(value, -0x8000, 0x7fff)
    const at = this.#advance(2)
    this.#buffer.writeInt16BE(number, at)
  }

  uint16(value: unknown): void {
    const number = integer(value, 0, 0xffff)
    const at = this.#advance(2)
    this.#buffer.writeUInt16BE(number, at)
  }

  int32(value: unknown): void {
    const number = integer(value, -0x8000_0000, 0x7fff_ffff)
    const at = this.#advance(4)
    this.#buffer.writeInt32BE(number, at)
  }

  int64(value: unknown): void {
    const at = this.#advance(8)
    if (value === 2 ** 63) {
      // Long.MAX_VALUE, which no Number can hold; see WireReader.int64.
      this.#buffer.writeInt32BE(0x7fff_ffff, at)
      this.#buffer.writeInt32BE(-1, at + 4)
      return
    }
    const number = value === -(2 ** 63) ? value : integer(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    const high = Math.floor(number / 0x1_0000_0000)
    this.#buffer.writeInt32BE(high, at)
    this.#buffer.writeUInt32BE(number - high * 0x1_0000_0000, at + 4)
  }

  uvarint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.#byte((rest & 0x7f) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.#byte(rest)
  }

  uuid(value: unknown): void {
    if (typeof value !== 'string' || !uuidPattern.test(value)) {
      throw new WireFault(`expected a UUID of 36 characters, found ${describe(value)}`)
    }
    const at = this.#advance(16)
    this.#buffer.write(value.replaceAll('-', ''), at, 'hex')
  }

  /** The bytes alone; the length in front of them is the caller's. They must stay as they are until `written`. */
  bytes(value: Uint8Array): void {
    if (value.byteLength >= largeBytes) {
      this.#parts.push(this.#buffer.subarray(this.#partStart, this.#position), value)
      this.#partStart = this.#position
      this.#largeLength += value.byteLength
      return
    }
    const at = this.#advance(value.byteLength)
    this.#buffer.set(value, at)
  }

  string(value: string, byteLength: number): void {
    const at = this.#advance(byteLength)
    this.#buffer.write(value, at, byteLength, 'utf8')
  }

  #lastPart(): Buffer {
    return this.#buffer.subarray(this.#partStart, this.#position)
  }

  #byte(value: number): void {
    const at = this.#advance(1)
    this.#buffer[at] = value
  }

  /** Makes room first: `#buffer` may be another one afterwards. */
  #advance(length: number): number {
    const at = this.#position
    if (at + length > this.#buffer.length) this.#grow(at + length)
    this.#position = at + length
    return at
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, needed))
    this.#buffer.copy(grown, 0, 0, this.#position)
    this.#buffer = grown
  }
}

function integer(value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  throw new WireFault(`expected an integer from ${min} to ${max}, found ${describe(value)}`)
}

export function describe(value: unknown): string {
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, 50))}`
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
}
