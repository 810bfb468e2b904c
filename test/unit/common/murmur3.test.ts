import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { murmur3 } from '../../../src/common/murmur3.ts'

// Bytes of each length and Java's Murmur3.hash128 of them, both in hex.
const file = new URL('../../testdata/java-murmur3.json', import.meta.url)
const recorded = JSON.parse(readFileSync(file, 'utf8')) as readonly (readonly [bytes: string, hash: string])[]

function hash(bytes: Uint8Array): string {
  return murmur3(bytes, Buffer.alloc(16)).toString('hex')
}

test('The hash of a value is that of Kafka Streams', () => {
  expect(recorded.map(([bytes]) => hash(Buffer.from(bytes, 'hex')))).toEqual(recorded.map(([, java]) => java))
})

test.each([
  ['', '9d2764a018e329428c3cf3b035938518'],
  ['a', '3361634e7e0f5188e9c7dda24eae326b'],
  ['foo', '157f2b097c1b5413f7c8f0aafc0d26c2'],
])('The hash of %j is Java’s', (text, java) => {
  expect(hash(Buffer.from(text))).toBe(java)
})

test('A hash does not depend on the one before, nor on where in memory the bytes are', () => {
  const bytes = Buffer.from('a value of more than sixteen bytes')
  const first = hash(bytes)
  hash(Buffer.alloc(100, 0xff))
  expect(hash(bytes)).toBe(first)
  expect(hash(new Uint8Array([0, ...bytes, 0]).subarray(1, bytes.length + 1))).toBe(first)
})
