import { expect, test } from 'vitest'
import { copiedHashSetOrder, hashSetOrder, JavaTreeSet, javaStringHash } from '../../../src/topology/java-order.ts'

test("strings have Java's hash codes", () => {
  expect(javaStringHash('')).toBe(0)
  expect(javaStringHash('a')).toBe(97)
  expect(javaStringHash('hello')).toBe(99162322)
  expect(javaStringHash('KSTREAM-SOURCE-0000000000')).toBe(1861603632)
  expect(javaStringHash('é€😀')).toBe(16752006)
})

test('a set that grows doubles its table above three quarters', () => {
  // With 16 slots 'P' (80) comes before 'A' (65); with 32 it comes after.
  const few = ['A', 'P']
  const many = [...few, ...'bcdefghijkl'.split('')]
  expect(hashSetOrder(few)).toEqual(['P', 'A'])
  expect(hashSetOrder(many).indexOf('A')).toBeLessThan(hashSetOrder(many).indexOf('P'))
})

test('a copied set has its table sized at once, one entry earlier than a set that grows', () => {
  const twelve = ['A', 'P', ...'bcdefghijk'.split('')]
  expect(twelve).toHaveLength(12)
  expect(hashSetOrder(twelve).indexOf('P')).toBeLessThan(hashSetOrder(twelve).indexOf('A'))
  expect(copiedHashSetOrder(twelve).indexOf('A')).toBeLessThan(copiedHashSetOrder(twelve).indexOf('P'))
})

test('names in one slot keep the order of insertion', () => {
  // 'Aa' and 'BB' have the same hash code.
  expect(hashSetOrder(['BB', 'Aa'])).toEqual(['BB', 'Aa'])
  expect(hashSetOrder(['Aa', 'BB'])).toEqual(['Aa', 'BB'])
})

test('a tree set orders its items and takes each once', () => {
  const tree = new JavaTreeSet<number>((one, two) => one - two)
  for (const item of [5, 1, 9, 3, 7, 3, 2, 8, 4, 6, 5]) tree.add(item)
  expect([...tree]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('a tree set keeps items where the comparison of the time put them', () => {
  const sizes = new Map([
    ['a', 1],
    ['b', 2],
  ])
  const tree = new JavaTreeSet<string>((one, two) => (sizes.get(two) ?? 0) - (sizes.get(one) ?? 0))
  tree.add('a')
  tree.add('b')
  sizes.set('a', 9)
  expect([...tree]).toEqual(['b', 'a'])
})
