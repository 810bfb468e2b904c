import { describe, expect, it } from 'vitest'
import { crc32c } from '../../../src/common/crc32c.ts'

/** The definition, bit by bit (RFC 3720, B.4; reflected polynomial 0x82f63b78). */
function byDefinition(data: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

describe('crc32c', () => {
  it('is what the definition says, for every length around the change from WebAssembly to native code', () => {
    const data = Buffer.from(Array.from({ length: 1100 }, (_, i) => (i * 167 + 13) & 0xff))
    for (const length of [0, 1, 2, 7, 8, 9, 100, 510, 511, 512, 513, 514, 1023, 1024, 1100]) {
      expect([length, crc32c(data.subarray(0, length))]).toEqual([length, byDefinition(data.subarray(0, length))])
    }
  })

  it('starts anywhere in a larger buffer', () => {
    const data = Buffer.alloc(3000, 'crc of a part ')
    for (const start of [1, 3, 1000]) {
      expect(crc32c(data.subarray(start, start + 900))).toBe(byDefinition(data.subarray(start, start + 900)))
    }
  })
})
