import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32c } from '../../../src/common/crc32c.ts'
import { murmur2, murmur2Partition, toPositive } from '../../../src/common/murmur2.ts'
import {
  readVarint,
  readVarlong,
  sizeOfVarint,
  sizeOfVarlong,
  writeVarint,
  writeVarlong,
} from '../../../src/common/varint.ts'

interface Recorded {
  readonly data?: string
  readonly murmur2?: number
  readonly crc32c?: number
  readonly varint?: number
  readonly varlong?: number
  readonly bytes?: string
}

const path = new URL('../../testdata/java-numbers.json', import.meta.url)
const recorded = JSON.parse(readFileSync(path, 'utf8')) as readonly Recorded[]

describe('hashes as recorded from Java', () => {
  const hashed = recorded.filter((one) => one.data !== undefined)

  it('murmur2 is the same for every length', () => {
    expect(hashed.length).toBeGreaterThan(40)
    for (const one of hashed) expect(murmur2(Buffer.from(one.data ?? '', 'hex')), one.data).toBe(one.murmur2)
  })

  it('crc32c is the same for every length', () => {
    for (const one of hashed) expect(crc32c(Buffer.from(one.data ?? '', 'hex')), one.data).toBe(one.crc32c)
  })

  it('crc32c of nothing is 0, also after large inputs', () => {
    crc32c(Buffer.alloc(20_000_000))
    expect(crc32c(Buffer.alloc(0))).toBe(0)
  })

  it('a partition is the hash without its sign, modulo the count', () => {
    expect(toPositive(-1)).toBe(0x7fffffff)
    const negative = hashed.find((one) => (one.murmur2 ?? 0) < 0)
    const key = Buffer.from(negative?.data ?? '', 'hex')
    expect(murmur2Partition(key, 7)).toBe(((negative?.murmur2 ?? 0) & 0x7fffffff) % 7)
  })
})

describe('variable-length numbers', () => {
  it('of 32 bits have the bytes recorded from Java', () => {
    const cases = recorded.filter((one) => one.varint !== undefined)
    expect(cases.length).toBe(128)
    for (const { varint = 0, bytes = '' } of cases) {
      const buffer = Buffer.alloc(10)
      expect(buffer.subarray(0, writeVarint(buffer, 0, varint)).toString('hex'), `${varint}`).toBe(bytes)
      expect(sizeOfVarint(varint)).toBe(bytes.length / 2)
      expect(readVarint({ buffer, position: 0 })).toBe(varint)
    }
  })

  it('of 64 bits have the bytes recorded from Java', () => {
    const cases = recorded.filter((one) => one.varlong !== undefined)
    expect(cases.length).toBe(108)
    for (const { varlong = 0, bytes = '' } of cases) {
      const buffer = Buffer.alloc(10)
      expect(buffer.subarray(0, writeVarlong(buffer, 0, varlong)).toString('hex'), `${varlong}`).toBe(bytes)
      expect(sizeOfVarlong(varlong)).toBe(bytes.length / 2)
      expect(readVarlong({ buffer, position: 0 })).toBe(varlong)
    }
  })

  it('are read back whatever they are, from the middle of a buffer', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer(), (long, int) => {
        const buffer = Buffer.alloc(20)
        const end = writeVarint(buffer, writeVarlong(buffer, 1, long), int)
        const cursor = { buffer, position: 1 }
        expect([readVarlong(cursor), readVarint(cursor), cursor.position]).toEqual([long, int, end])
        expect(end - 1).toBe(sizeOfVarlong(long) + sizeOfVarint(int))
      }),
    )
  })

  it('that end too early or never are undefined', () => {
    expect(readVarint({ buffer: Buffer.from([0x80, 0x80]), position: 0 })).toBeUndefined()
    expect(readVarlong({ buffer: Buffer.from([0x80]), position: 0 })).toBeUndefined()
    expect(readVarlong({ buffer: Buffer.alloc(0), position: 0 })).toBeUndefined()
    const endless = Buffer.alloc(20, 0x80)
    endless[12] = 1
    expect(readVarint({ buffer: endless, position: 0 })).toBeUndefined()
    expect(readVarlong({ buffer: endless, position: 0 })).toBeUndefined()
  })
})
