import { expect, test } from 'vitest'
import { WireWriter } from '../../../../src/kafka/protocol/wire-writer.ts'

test('large byte fields stand between what was written before and behind them', () => {
  const writer = new WireWriter(8)
  const one = Buffer.alloc(10_000, 1)
  const two = Buffer.alloc(5000, 2)
  const small = Buffer.alloc(100, 3)
  writer.int32(one.length)
  writer.bytes(one)
  writer.bytes(two)
  writer.bytes(small)
  writer.string('end', 3)
  const expected = Buffer.concat([Buffer.from([0, 0, 0x27, 0x10]), one, two, small, Buffer.from('end')])
  expect(writer.length).toBe(expected.length)
  expect(writer.written()).toEqual(expected)
  expect(writer.parts().slice(0, 4)).toEqual([expected.subarray(0, 4), one, Buffer.alloc(0), two])
  expect(Buffer.concat(writer.parts())).toEqual(expected)
  writer.int8(9)
  expect(writer.written()).toEqual(Buffer.concat([expected, Buffer.from([9])]))
})
