import { describe, expect, test } from 'vitest'
import { filterOperator } from '../../../../src/dsl/operators/filter.ts'
import { flatMapValuesOperator } from '../../../../src/dsl/operators/flat-map-values.ts'
import { flatMapOperator } from '../../../../src/dsl/operators/flat-map.ts'
import { mapValuesOperator } from '../../../../src/dsl/operators/map-values.ts'
import { mapOperator } from '../../../../src/dsl/operators/map.ts'
import { nullKeyFilter } from '../../../../src/dsl/operators/null-key-filter.ts'
import { peekOperator } from '../../../../src/dsl/operators/peek.ts'
import { printAction } from '../../../../src/dsl/operators/print.ts'
import { selectKeyOperator } from '../../../../src/dsl/operators/select-key.ts'
import { CallbackError } from '../../../../src/errors/callback-error.ts'
import type { OperatorSupplier } from '../../../../src/processor/operator.ts'
import { OperatorHarness } from '../../../support/operator-harness.ts'

function run(supplier: OperatorSupplier, key: unknown, value: unknown): unknown[] {
  return new OperatorHarness(supplier).process(key, value).map((record) => [record.key, record.value])
}

test('filter keeps what fits, filterNot the rest', () => {
  const isA = (value: unknown): boolean => value === 'a'
  expect(run(filterOperator(isA, true), 'k', 'a')).toEqual([['k', 'a']])
  expect(run(filterOperator(isA, true), 'k', 'b')).toEqual([])
  expect(run(filterOperator(isA, false), 'k', 'a')).toEqual([])
  expect(run(filterOperator(isA, false), 'k', 'b')).toEqual([['k', 'b']])
})

test('callbacks get the value first, then the key', () => {
  const both = (value: unknown, key: unknown): string => `${String(value)}/${String(key)}`
  expect(run(mapValuesOperator(both), 'k', 'v')).toEqual([['k', 'v/k']])
  expect(run(selectKeyOperator(both), 'k', 'v')).toEqual([['v/k', 'v']])
  expect(
    run(
      mapOperator((value, key) => [value, key]),
      'k',
      'v',
    ),
  ).toEqual([['v', 'k']])
})

test('flatMap forwards any number of pairs, in order', () => {
  const pairs = flatMapOperator<string, number>((value, key) => Array.from({ length: value }, (_, i) => [key + i, i]))
  expect(run(pairs, 'k', 0)).toEqual([])
  expect(run(pairs, 'k', 2)).toEqual([
    ['k0', 0],
    ['k1', 1],
  ])
})

test('flatMapValues takes arrays, sets and generators', () => {
  const parts = ['a', null, 'b']
  const expected = parts.map((part) => ['k', part])
  expect(
    run(
      flatMapValuesOperator(() => parts),
      'k',
      'v',
    ),
  ).toEqual(expected)
  expect(
    run(
      flatMapValuesOperator(() => new Set(parts)),
      'k',
      'v',
    ),
  ).toEqual(expected)
  expect(
    run(
      flatMapValuesOperator(function* () {
        yield* parts
      }),
      'k',
      'v',
    ),
  ).toEqual(expected)
})

test('null keys and values go through stateless operators', () => {
  expect(
    run(
      filterOperator(() => true, true),
      null,
      null,
    ),
  ).toEqual([[null, null]])
  expect(
    run(
      mapValuesOperator(() => null),
      null,
      'v',
    ),
  ).toEqual([[null, null]])
  expect(
    run(
      peekOperator(() => undefined, 'peek callback'),
      null,
      null,
    ),
  ).toEqual([[null, null]])
})

test('only records with a key go to a repartition topic', () => {
  expect(run(nullKeyFilter, null, 'v')).toEqual([])
  expect(run(nullKeyFilter, '', null)).toEqual([['', null]])
})

test('a key that is undefined is an error, since it would lose the record without a word', () => {
  expect(() => run(nullKeyFilter, undefined, 'v')).toThrow(
    'must return a key, or null for none, and returned undefined',
  )
})

test("print writes Java's line", () => {
  const lines: string[] = []
  const to = (line: string): void => void lines.push(line)
  printAction('label', { to })('v', 'k')
  printAction('label', { to, format: (value, key) => `${String(key)}=${String(value)}` })('v', 'k')
  expect(lines).toEqual(['[label]: k, v', '[label]: k=v'])
})

describe('a promise is refused at the first record, naming the node', () => {
  const promise = async (): Promise<never> => {
    await Promise.resolve()
    throw new Error('never seen')
  }
  const cases: [string, OperatorSupplier][] = [
    ['filter', filterOperator(promise, true)],
    ['map: of a pair', mapOperator(promise)],
    ['map: as key', mapOperator(() => [promise(), 1])],
    ['map: as value', mapOperator(() => [1, promise()])],
    ['mapValues', mapValuesOperator(promise)],
    ['flatMap: of pairs', flatMapOperator(promise)],
    ['flatMap: in a pair', flatMapOperator(() => [['k', promise()]])],
    ['flatMapValues: of values', flatMapValuesOperator(promise)],
    ['flatMapValues: as a value', flatMapValuesOperator(() => [promise()])],
    ['selectKey', selectKeyOperator(promise)],
    ['peek', peekOperator(promise, 'peek callback')],
  ]

  test.each(cases)('%s', (_, supplier) => {
    expect(() => run(supplier, 'k', 'v')).toThrow(CallbackError)
    expect(() => run(supplier, 'k', 'v')).toThrow(/^node node: the .* returned a promise/)
  })
})

describe('a result that is no pair or not iterable is refused', () => {
  test.each<[string, OperatorSupplier]>([
    ['undefined', mapOperator(() => undefined)],
    ['a triple', mapOperator(() => [1, 2, 3])],
    ['null for flatMap', flatMapOperator(() => null)],
    ['a number for flatMapValues', flatMapValuesOperator(() => 1)],
    ['not a pair in flatMap', flatMapOperator(() => ['kv'])],
  ])('%s', (_, supplier) => {
    expect(() => run(supplier, 'k', 'v')).toThrow(/must return .* and returned/)
  })
})
