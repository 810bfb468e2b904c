import { describe, expect, test } from 'vitest'
import { tableAggregateOperator, type TableAggregation } from '../../../../src/dsl/operators/table-aggregate.ts'
import { tableRegroupOperator, type Regrouping } from '../../../../src/dsl/operators/table-regroup.ts'
import { StoredTable } from '../../../../src/dsl/table-supply.ts'
import { serdes } from '../../../../src/serde/serdes.ts'
import { OperatorHarness } from '../../../support/operator-harness.ts'

const change = (newValue: unknown, oldValue: unknown = null, isLatest = true): object => ({
  newValue,
  oldValue,
  isLatest,
})

function regroup(mapper: (value: string, key: string) => unknown, options: Partial<Regrouping> = {}): OperatorHarness {
  return new OperatorHarness(tableRegroupOperator({ mapper, skipsOlder: false, target: undefined, ...options }))
}

/** By the first letter; '-' is in no group. */
const byLetter = (value: string): unknown => (value === '-' ? [null, value] : [value.slice(0, 1), value])
const forwarded = (harness: OperatorHarness, value: object): unknown[] =>
  harness.process('k', value).map((each) => [each.key, each.value])

describe('a change of a table that is grouped', () => {
  test('is one record where the group stays, and two where it moves: the old value first', () => {
    const harness = regroup(byLetter)
    expect(forwarded(harness, change('x2', 'x1'))).toEqual([['x', change('x2', 'x1')]])
    expect(forwarded(harness, change('y1', 'x2'))).toEqual([
      ['x', change(null, 'x2')],
      ['y', change('y1', null)],
    ])
    expect(forwarded(harness, change(null, 'y1'))).toEqual([['y', change(null, 'y1')]])
    expect(forwarded(harness, change(null, null))).toEqual([])
  })

  test('leaves out rows in no group, which are not counted as dropped', () => {
    const harness = regroup((value) => (value === 'none' ? null : byLetter(value)))
    expect(forwarded(harness, change('-', 'x1'))).toEqual([['x', change(null, 'x1')]])
    expect(forwarded(harness, change('x1', 'none'))).toEqual([['x', change('x1', null)]])
    expect(
      forwarded(
        regroup(() => ['x', null]),
        change('x1'),
      ),
    ).toEqual([])
    expect(harness.dropped).toEqual([])
  })

  test('has keys that are objects in one group when their bytes are equal', () => {
    const mapper = (value: string): unknown => [{ first: value.slice(0, 1) }, value]
    const target = { topic: 't', key: serdes.json<{ first: string }>() }
    expect(forwarded(regroup(mapper, { target }), change('x2', 'x1'))).toHaveLength(1)
    expect(forwarded(regroup(mapper, { target }), change('y2', 'x1'))).toHaveLength(2)
  })

  test('is left out where it is an older version of a versioned table', () => {
    expect(forwarded(regroup(byLetter, { skipsOlder: true }), change('x1', null, false))).toEqual([])
    expect(forwarded(regroup(byLetter), change('x1', null, false))).toEqual([['x', change('x1', null, false)]])
  })

  test('is refused where the callback returns no pair, a promise or a pair that lacks something', () => {
    const process = (result: unknown) => () => regroup(() => result).process('k', change('x'))
    expect(process('x')).toThrow(/groupBy callback must return a pair \[key, value\]/)
    expect(process(undefined)).toThrow(/groupBy callback must return a pair \[key, value\]/)
    expect(process([undefined, 'x'])).toThrow(/null for a row that is in no group/)
    expect(process(Promise.resolve(['a', 'b']))).toThrow(/a promise/)
    expect(process([Promise.resolve('a'), 'b'])).toThrow(/a promise/)
  })
})

const text: TableAggregation = {
  initialize: () => '',
  add: (before, value) => `${String(before)}+${String(value)}`,
  subtract: (before, value) => `${String(before)}-${String(value)}`,
}

function aggregate(aggregation: TableAggregation, cached = false, wantsOldValues = true): OperatorHarness {
  const table = new StoredTable('s')
  if (wantsOldValues) table.demandOldValues()
  return new OperatorHarness(tableAggregateOperator(aggregation, table), { s: { cached } })
}

describe('an aggregation of a grouped table', () => {
  test('subtracts the old value before it adds the new one, at the highest timestamp', () => {
    const harness = aggregate(text)
    expect(harness.process('g', change('a'), 10)).toEqual([{ key: 'g', value: change('+a'), timestamp: 10 }])
    expect(harness.process('g', change('b', 'a'), 5)).toEqual([
      { key: 'g', value: change('+a-a+b', '+a'), timestamp: 10 },
    ])
    expect(harness.process('g', change(null, 'b'), 12)).toEqual([
      { key: 'g', value: change('+a-a+b-b', '+a-a+b'), timestamp: 12 },
    ])
    expect(harness.record.timestamp).toBe(12)
  })

  test('does not subtract from a group that is not there, and writes the delete all the same', () => {
    const harness = aggregate(text)
    expect(harness.process('g', change(null, 'a'), 3)).toEqual([{ key: 'g', value: change(null), timestamp: 3 }])
    expect(harness.store('s').written).toEqual([['g', null, 3]])
  })

  test('begins anew after a subtractor that deletes', () => {
    const harness = aggregate({ ...text, subtract: () => null })
    harness.process('g', change('a'), 10)
    expect(harness.process('g', change('b', 'a'), 5)).toEqual([{ key: 'g', value: change('+b', '+a'), timestamp: 10 }])
    expect(harness.process('g', change(null, 'b'), 6)).toEqual([{ key: 'g', value: change(null, '+b'), timestamp: 10 }])
  })

  test('without an initializer begins with the first value', () => {
    const harness = aggregate({ ...text, initialize: undefined, subtract: () => null }, false, false)
    expect(harness.process('g', change('a'), 10)[0]?.value).toEqual(change('a'))
    expect(harness.process('g', change('b'), 11)[0]?.value).toEqual(change('a+b'))
    expect(harness.process('g', change('c', 'a'), 4)).toEqual([{ key: 'g', value: change('c'), timestamp: 11 }])
  })

  test('over a cached store forwards at the flush', () => {
    const harness = aggregate(text, true)
    expect(harness.process('g', change('a'), 10)).toEqual([])
    expect(harness.process('g', change('b'), 7)).toEqual([])
    expect(harness.flush()).toEqual([{ key: 'g', value: change('+a+b'), timestamp: 10 }])
  })

  test('refuses promises and callbacks that forgot to return', () => {
    const process = (aggregation: Partial<TableAggregation>) => () =>
      aggregate({ ...text, ...aggregation }).process('g', change('a'))
    expect(process({ add: () => Promise.resolve('x') })).toThrow(/the adder returned a promise/)
    expect(process({ initialize: () => Promise.resolve('x') })).toThrow(/the initializer returned a promise/)
    expect(process({ add: () => undefined })).toThrow(/the adder must return the new aggregate/)
    const subtracting = aggregate({ ...text, subtract: () => undefined })
    subtracting.process('g', change('a'))
    expect(() => subtracting.process('g', change('b', 'a'))).toThrow(/the subtractor must return/)
  })
})
