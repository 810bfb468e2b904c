/** A 64-bit number in two signed halves: BigInt would cost an object per step. */
class Word {
  high = 0
  low = 0

  set(high: number, low: number): this {
    this.high = high
    this.low = low
    return this
  }

  xor(other: Word): this {
    this.high ^= other.high
    this.low ^= other.low
    return this
  }

  add(high: number, low: number): this {
    const sum = (this.low >>> 0) + (low >>> 0)
    this.high = (this.high + high + (sum > 0xffffffff ? 1 : 0)) | 0
    this.low = sum | 0
    return this
  }

  multiply(high: number, low: number): this {
    const upper = upperProduct(this.low, low) + Math.imul(this.high, low) + Math.imul(this.low, high)
    this.low = Math.imul(this.low, low)
    this.high = upper | 0
    return this
  }

  rotateLeft(bits: number): this {
    // JavaScript's shifts count modulo 32, which is what the exchange of the halves needs.
    const [high, low] = bits < 32 ? [this.high, this.low] : [this.low, this.high]
    if ((bits & 31) === 0) return this.set(high, low)
    return this.set((high << bits) | (low >>> -bits), (low << bits) | (high >>> -bits))
  }

  /** `this ^= this >>> bits`, for `bits` from 32. */
  xorUpper(bits: number): this {
    this.low ^= this.high >>> (bits - 32)
    return this
  }

  mix(): this {
    return this.xorUpper(33).multiply(0xff51afd7, 0xed558ccd).xorUpper(33).multiply(0xc4ceb9fe, 0x1a85ec53).xorUpper(33)
  }
}

const seed = 104729
const one = new Word()
const two = new Word()
const word = new Word()

/**
 * The 128-bit hash of Kafka Streams' own Murmur3 (`Murmur3.hash128`, seed 104729), big-endian, into `out`: what a
 * foreign-key join compares values by. It is on topics, so it must never differ from Java's by a bit.
 */
export function murmur3(data: Uint8Array, out: Buffer): Buffer {
  const { length } = data
  const tail = length & ~15
  one.set(0, seed)
  two.set(0, seed)
  for (let at = 0; at < tail; at += 16) {
    mixOne(data, at, 8)
    one.rotateLeft(27).add(two.high, two.low).multiply(0, 5).add(0, 0x52dce729)
    mixTwo(data, at + 8, 8)
    two.rotateLeft(31).add(one.high, one.low).multiply(0, 5).add(0, 0x38495ab5)
  }
  if (length - tail > 8) mixTwo(data, tail + 8, length - tail - 8)
  if (length > tail) mixOne(data, tail, Math.min(8, length - tail))
  return finish(length, out)
}

function finish(length: number, out: Buffer): Buffer {
  one.low ^= length
  two.low ^= length
  addEachOther()
  one.mix()
  two.mix()
  addEachOther()
  out.writeInt32BE(one.high, 0)
  out.writeInt32BE(one.low, 4)
  out.writeInt32BE(two.high, 8)
  out.writeInt32BE(two.low, 12)
  return out
}

function addEachOther(): void {
  one.add(two.high, two.low)
  two.add(one.high, one.low)
}

function mixOne(data: Uint8Array, at: number, length: number): void {
  read(data, at, length)
  one.xor(word.multiply(0x87c37b91, 0x114253d5).rotateLeft(31).multiply(0x4cf5ad43, 0x2745937f))
}

function mixTwo(data: Uint8Array, at: number, length: number): void {
  read(data, at, length)
  two.xor(word.multiply(0x4cf5ad43, 0x2745937f).rotateLeft(33).multiply(0x87c37b91, 0x114253d5))
}

/** Up to eight bytes, little-endian. */
function read(data: Uint8Array, at: number, length: number): void {
  let low = 0
  let high = 0
  for (let i = 0; i < length; i++) {
    const byte = data[at + i] ?? 0
    if (i < 4) low |= byte << (i * 8)
    else high |= byte << ((i - 4) * 8)
  }
  word.set(high, low)
}

/** The upper 32 bits of the product of two unsigned 32-bit numbers. */
function upperProduct(first: number, second: number): number {
  const [a, b, c, d] = [first >>> 16, first & 0xffff, second >>> 16, second & 0xffff]
  const middle = a * d + ((b * d) >>> 16)
  const other = b * c + (middle & 0xffff)
  return a * c + (middle >>> 16) + (other >>> 16)
}
