import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameAssembler } from '../../../../src/kafka/transport/frame-assembler.ts'

function frame(length: number, fill = 7): Buffer {
  const bytes = Buffer.alloc(4 + length, fill)
  bytes.writeInt32BE(length)
  return bytes
}

function assemble(chunks: readonly Buffer[], refused: number[] = []): Buffer[] {
  const emitted: Buffer[] = []
  const frames = new FrameAssembler(
    (bytes) => emitted.push(bytes),
    (length) => refused.push(length),
  )
  // As from a socket: always the same memory.
  const memory = Buffer.alloc(Math.max(1, ...chunks.map(({ length }) => length)))
  for (const chunk of chunks) {
    chunk.copy(memory)
    frames.push(memory.subarray(0, chunk.length))
    memory.fill(0xff)
  }
  return emitted
}

/** Every piece ends with a frame. */
function isWhole(piece: Buffer): boolean {
  let at = 0
  while (at < piece.length) at += 4 + piece.readInt32BE(at)
  return at === piece.length
}

describe('the frame assembler', () => {
  test('gives on all bytes in pieces that end with a frame, however they were cut', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 8 })
    const cuts = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(lengths, cuts, (sizes, steps) => {
        const all = Buffer.concat(sizes.map((size, index) => frame(size, index)))
        const chunks: Buffer[] = []
        for (let at = 0, i = 0; at < all.length; i++) {
          const step = steps[i % steps.length] ?? 1
          chunks.push(all.subarray(at, at + step))
          at += step
        }
        const emitted = assemble(chunks)
        expect(Buffer.concat(emitted)).toEqual(all)
        expect(emitted.every(isWhole)).toBe(true)
      }),
    )
  })

  test('gives on a large frame in one piece', () => {
    const large = frame(500_000)
    const chunks = [frame(10), large.subarray(0, 3), large.subarray(3, 70_000), large.subarray(70_000)]
    expect(assemble(chunks).map(({ length }) => length)).toEqual([14, 500_004])
  })

  test('passes on at once what cannot be a first frame', () => {
    const http = Buffer.from('HTTP/1.1 400 Bad Request')
    expect(assemble([http, http])).toEqual([http, http])
  })

  test.each([
    ['of more than 128 MiB', 2 ** 27 + 1],
    ['of a negative length', -1],
  ])('refuses a later frame %s once, after those before it', (_, length) => {
    const bytes = Buffer.alloc(10)
    bytes.writeInt32BE(length)
    const refused: number[] = []
    expect(assemble([Buffer.concat([frame(3), frame(4), bytes]), frame(5)], refused)).toEqual([
      Buffer.concat([frame(3), frame(4)]),
    ])
    expect(refused).toEqual([length])
  })

  test('does not believe a first frame of more than a megabyte', () => {
    const chunk = Buffer.from([0, 0x20, 0, 0, 1])
    expect(assemble([chunk])).toEqual([chunk])
    expect(assemble([frame(1), chunk])).toEqual([frame(1)])
  })
})
