import { describe, expect, it } from 'vitest'
import { WireReader } from '../../../../src/kafka/protocol/wire-reader.ts'

describe('WireReader', () => {
  it('goes neither beyond the end nor back', () => {
    const reader = new WireReader(Buffer.alloc(5), 1)
    expect(() => reader.skip(5)).toThrow(/5 bytes are announced where 4 are left/)
    expect(() => reader.skip(-1)).toThrow(/-1 bytes/)
    reader.skip(4)
    expect([reader.position, reader.remaining]).toEqual([5, 0])
  })
})
