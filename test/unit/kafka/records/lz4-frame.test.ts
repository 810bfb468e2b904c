import { describe, expect, it } from 'vitest'
import { lz4MaxBytes } from '../../../../src/kafka/records/lz4-frame.ts'

interface FrameParts {
  readonly flags?: number
  readonly blockSizeCode?: number
  /** Between the two descriptor bytes and the header's checksum. */
  readonly extra?: number
  /** The length words of the blocks; the highest bit: stored as it is. */
  readonly blocks?: readonly number[]
  readonly blockChecksumBytes?: number
  readonly trailer?: number
}

function frame(parts: FrameParts): Buffer {
  const { flags = 0x60, blockSizeCode = 4, extra = 0, blocks = [], blockChecksumBytes = 0, trailer = 0 } = parts
  const words = blocks.map((word) => {
    const block = Buffer.alloc(4 + (word & 0x7fffffff) + blockChecksumBytes)
    block.writeUInt32LE(word)
    return block
  })
  const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, flags, blockSizeCode << 4])
  return Buffer.concat([head, Buffer.alloc(extra + 1), ...words, Buffer.alloc(4 + trailer)])
}

describe('lz4MaxBytes', () => {
  it('counts a compressed block as full, or as what its bytes can become at most', () => {
    expect(lz4MaxBytes(frame({ blocks: [1000] }))).toBe(64 * 1024)
    expect(lz4MaxBytes(frame({ blocks: [1000, 1000], blockSizeCode: 5 }))).toBe(2 * 255_000)
    expect(lz4MaxBytes(frame({ blocks: [10] }))).toBe(2550)
    expect(lz4MaxBytes(frame({ blocks: [30_000], blockSizeCode: 7 }))).toBe(4 * 1024 * 1024)
    expect(lz4MaxBytes(frame({}))).toBe(0)
  })

  it('counts a stored block as it is', () => {
    expect(lz4MaxBytes(frame({ blocks: [0x80000000 + 777] }))).toBe(777)
  })

  it('finds the blocks behind every kind of header', () => {
    expect(lz4MaxBytes(frame({ flags: 0x68, extra: 8, blocks: [10] }))).toBe(2550)
    expect(lz4MaxBytes(frame({ flags: 0x61, extra: 4, blocks: [10] }))).toBe(2550)
    expect(lz4MaxBytes(frame({ flags: 0x70, blockChecksumBytes: 4, blocks: [10, 10] }))).toBe(5100)
    expect(lz4MaxBytes(frame({ flags: 0x64, trailer: 4, blocks: [10] }))).toBe(2550)
  })

  it('refuses what is no frame, is cut off, or goes on behind its end', () => {
    const whole = frame({ blocks: [10, 20] })
    for (let length = 0; length < whole.length; length++) {
      expect(() => lz4MaxBytes(whole.subarray(0, length)), `${length} bytes`).toThrow(/not valid/)
    }
    expect(() => lz4MaxBytes(frame({ blocks: [10], trailer: 4 }))).toThrow(/bytes follow its end/)
    expect(() => lz4MaxBytes(Buffer.alloc(50))).toThrow(/no frame begins here/)
  })
})
