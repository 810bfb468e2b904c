import { snappyCompress } from '@platformatic/wasm-utils'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../../../src/errors/protocol-error.ts'
import type { Compression } from '../../../../src/kafka/records/compression.ts'
import { compress, compressionId, compressionOf, decompress } from '../../../../src/kafka/records/compression.ts'

const codecs = ['gzip', 'snappy', 'lz4', 'zstd'] as const
const bound = 1_000_000

/** The length of the result; -1 where it ends in the error it should. */
function attempt(codec: Compression, data: Buffer): number {
  try {
    return decompress(codec, data, bound).length
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError)
    return -1
  }
}

describe.each(codecs)('%s', (codec) => {
  it('gives back what went in', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.integer({ min: 1, max: 60 }), (part, times) => {
        const data = Buffer.concat(Array.from({ length: times }, () => part))
        expect(decompress(codec, compress(codec, data), bound).equals(data)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it('does not give out more than the bound', () => {
    const bomb = compress(codec, Buffer.alloc(20_000_000))
    expect(() => decompress(codec, bomb, bound)).toThrow(expect.objectContaining({ code: 'MILLRACE_BATCH_TOO_LARGE' }))
    expect(decompress(codec, bomb, 25_000_000).length).toBe(20_000_000)
  })

  it('cut off or damaged ends in a named error or in other bytes, and works again afterwards', () => {
    const data = Buffer.from('some text, some text, and more of the text '.repeat(20))
    const whole = compress(codec, data)
    for (let at = 0; at < whole.length; at++) {
      expect(attempt(codec, whole.subarray(0, at)), `cut at ${at}`).toBeLessThan(data.length)
      const damaged = Buffer.from(whole)
      damaged[at] = (damaged[at] ?? 0) ^ 0xff
      attempt(codec, damaged)
    }
    expect(decompress(codec, whole, bound).equals(data)).toBe(true)
  })
})

describe('compression', () => {
  it('of snappy is read raw as well as framed', () => {
    const data = Buffer.from('raw, as some clients write it'.repeat(10))
    expect(decompress('snappy', snappyCompress(data), bound).equals(data)).toBe(true)
  })

  it('has the numbers of the batch attributes', () => {
    expect([0, 1, 2, 3, 4].map(compressionOf)).toEqual(['none', ...codecs])
    expect(compressionId('zstd')).toBe(4)
  })
})
