import { expect, test } from 'vitest'
import { streamGlobalJoinOperator } from '../../../../src/dsl/operators/stream-global-join.ts'
import { OperatorHarness } from '../../../support/operator-harness.ts'

type Join = Partial<Parameters<typeof streamGlobalJoinOperator>[0]>

/** By value, with `a: Anna` in the table. */
function harness(join: Join = {}): OperatorHarness {
  const joiner = (...parts: readonly unknown[]): string => parts.map(String).join('/')
  const supplier = streamGlobalJoinOperator({ storeName: 's', isLeft: false, mappedKey: same, joiner, ...join })
  const made = new OperatorHarness(supplier, { s: { cached: false } })
  made.store('s').write('a', 'Anna', 100)
  return made
}

function same(value: unknown): unknown {
  return value
}

test('the joiner gets both values, the key of the stream and that of the table', () => {
  expect(harness().process('k', 'a', 7)).toEqual([{ key: 'k', value: 'a/Anna/k/a', timestamp: 7 }])
})

test('an inner join drops without a word what has no partner, and counts what names none', () => {
  const inner = harness()
  expect(inner.process('k', 'b')).toEqual([])
  expect(inner.dropped).toEqual([])
  expect(inner.process('k', null)).toEqual([])
  expect(inner.dropped).toEqual(['null value'])
  const withoutKeys = harness({ mappedKey: () => null })
  expect(withoutKeys.process('k', 'a')).toEqual([])
  expect(withoutKeys.dropped).toEqual(['null key'])
})

test('a left join gives null for a partner, also where no key was named, but not for a null value', () => {
  const left = harness({ isLeft: true, mappedKey: (value) => (value === 'none' ? null : value) })
  expect(left.process('k', 'b')).toMatchObject([{ value: 'b/null/k/b' }])
  expect(left.process(null, 'none')).toMatchObject([{ key: null, value: 'none/null/null/null' }])
  expect(left.process('k', null)).toEqual([])
  expect(left.dropped).toEqual(['null value'])
})

test('a null result of the joiner is forwarded', () => {
  expect(harness({ joiner: () => null }).process('k', 'a')).toMatchObject([{ value: null }])
})

test('promises are refused, and a key that is undefined', () => {
  expect(() => harness({ mappedKey: () => Promise.resolve('a') }).process('k', 'a')).toThrow(
    'the function that selects the key returned a promise',
  )
  expect(() => harness({ joiner: () => Promise.resolve('a') }).process('k', 'a')).toThrow(
    'the joiner returned a promise',
  )
  expect(() => harness({ mappedKey: () => undefined }).process('k', 'a')).toThrow(
    'must return a key of the global table, or null for none, and returned undefined',
  )
})
