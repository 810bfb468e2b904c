import { expect, it } from 'vitest'
import { HashSetOrder } from '../../../src/state/hash-set-order.ts'

// The orders are those that a Java program printed.

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')
const texts = (...keys: string[]): string[] => keys.map(latin1)

it('Keys are in the order of a HashSet in Java, whose table keeps the size that it grew to', () => {
  const order = new HashSetOrder()
  expect(order.sort(texts('a', 'b', 'aa', 'k17', 'q', 'zz', 'é', 'k1', 'k2', 'k3'))).toEqual(
    texts('a', 'q', 'b', 'aa', 'zz', 'k17', 'k1', 'é', 'k2', 'k3'),
  )
  const many = Array.from({ length: 30 }, (_, i) => `key-${i * 7}`)
  const sorted =
    '91 70 77 196 98 189 14 35 56 105 126 203 147 168 7 84 0 21 140 42 161 63 182 112 133 154 175 28 49 119'
  expect(order.sort(many)).toEqual(sorted.split(' ').map((number) => `key-${number}`))
  const few = texts('k3', 'zz', 'é', 'a', 'k1')
  expect(order.sort(few)).toEqual(texts('a', 'zz', 'k1', 'k3', 'é'))
  expect(new HashSetOrder().sort(few)).toEqual(texts('a', 'zz', 'k1', 'é', 'k3'))
})
