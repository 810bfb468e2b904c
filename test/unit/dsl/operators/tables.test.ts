import { describe, expect, test } from 'vitest'
import { aggregateOperator, type Aggregation } from '../../../../src/dsl/operators/aggregate.ts'
import { tableFilter, tableFilterOperator } from '../../../../src/dsl/operators/table-filter.ts'
import { tableMapValues, tableMapValuesOperator } from '../../../../src/dsl/operators/table-map-values.ts'
import { tableSourceOperator } from '../../../../src/dsl/operators/table-source.ts'
import { toStreamOperator } from '../../../../src/dsl/operators/to-stream.ts'
import { SourceTable, StoredTable } from '../../../../src/dsl/table-supply.ts'
import type { OperatorContext } from '../../../../src/processor/operator.ts'
import { OperatorHarness } from '../../../support/operator-harness.ts'

const count: Aggregation<string, string> = {
  initialize: () => 0,
  aggregate: (aggregate) => (aggregate as number) + 1,
  callback: 'count',
}
const reduce: Aggregation<string, string> = {
  initialize: undefined,
  aggregate: (aggregate, value) => (value === 'del' ? null : String(aggregate) + value),
  callback: 'reducer',
}
const change = (newValue: unknown, oldValue: unknown = null): object => ({ newValue, oldValue, isLatest: true })

describe('an aggregation over an uncached store', () => {
  test('forwards every update at once, with the highest timestamp of the key', () => {
    const harness = new OperatorHarness(aggregateOperator(count, new StoredTable('s')), { s: { cached: false } })
    expect(harness.process('a', 'x', 10)).toEqual([{ key: 'a', value: change(1), timestamp: 10 }])
    expect(harness.process('a', 'y', 5)).toEqual([{ key: 'a', value: change(2), timestamp: 10 }])
    expect(harness.process('b', 'z', 7)).toEqual([{ key: 'b', value: change(1), timestamp: 7 }])
    expect(harness.record.timestamp).toBe(7)
  })

  test('deletes when the reducer returns null, and begins afresh with the next record', () => {
    const harness = new OperatorHarness(aggregateOperator(reduce, new StoredTable('s')), { s: { cached: false } })
    expect(harness.process('a', 'x', 10)[0]?.value).toEqual(change('x'))
    expect(harness.process('a', 'y', 5)).toEqual([{ key: 'a', value: change('xy'), timestamp: 10 }])
    expect(harness.process('a', 'del', 12)).toEqual([{ key: 'a', value: change(null), timestamp: 12 }])
    expect(harness.process('a', 'z', 3)).toEqual([{ key: 'a', value: change('z'), timestamp: 3 }])
    expect(harness.store('s').written).toEqual([
      ['a', 'x', 10],
      ['a', 'xy', 10],
      ['a', null, 12],
      ['a', 'z', 3],
    ])
  })

  test('drops and counts records without a key or value', () => {
    const harness = new OperatorHarness(aggregateOperator(count, new StoredTable('s')), { s: { cached: false } })
    expect(harness.process(null, 'x')).toEqual([])
    expect(harness.process('a', null)).toEqual([])
    expect(harness.dropped).toHaveLength(2)
    expect(harness.store('s').written).toEqual([])
  })

  test('sends old values only when somebody downstream asked, the initial aggregate for a new key', () => {
    const table = new StoredTable('s')
    table.demandOldValues()
    const harness = new OperatorHarness(aggregateOperator(count, table), { s: { cached: false } })
    expect(harness.process('a', 'x')[0]?.value).toEqual(change(1, 0))
    expect(harness.process('a', 'x')[0]?.value).toEqual(change(2, 1))
  })

  test('refuses a promise, and a callback that forgot to return', () => {
    const forgot = aggregateOperator({ ...count, aggregate: () => undefined }, new StoredTable('s'))
    expect(() => new OperatorHarness(forgot, { s: { cached: false } }).process('a', 'x')).toThrow(
      /node node: the count must return the new aggregate, or null/,
    )
    const promised = aggregateOperator({ ...count, aggregate: () => Promise.resolve(1) }, new StoredTable('s'))
    expect(() => new OperatorHarness(promised, { s: { cached: false } }).process('a', 'x')).toThrow(/a promise/)
    const initial = aggregateOperator({ ...count, initialize: () => Promise.resolve(1) }, new StoredTable('s'))
    expect(() => new OperatorHarness(initial, { s: { cached: false } }).process('a', 'x')).toThrow(/initializer/)
  })
})

describe('an aggregation over a cached store', () => {
  test('forwards once per key at the flush, with the timestamp of the aggregate', () => {
    const harness = new OperatorHarness(aggregateOperator(count, new StoredTable('s')), { s: { cached: true } })
    expect(harness.process('a', 'x', 10)).toEqual([])
    expect(harness.process('a', 'y', 5)).toEqual([])
    expect(harness.flush()).toEqual([{ key: 'a', value: change(2), timestamp: 10 }])
    expect(harness.record.timestamp).toBe(5)
    expect(harness.store('s').sendOldValues).toBe(false)
  })
})

describe('a table source', () => {
  test('without a store passes updates and deletes on, and drops records without a key', () => {
    const harness = new OperatorHarness(tableSourceOperator(new SourceTable('t', false)))
    expect(harness.process('a', '1', 5)).toEqual([{ key: 'a', value: change('1'), timestamp: 5 }])
    expect(harness.process('a', null, 6)).toEqual([{ key: 'a', value: change(null), timestamp: 6 }])
    expect(harness.process(null, '1', 7)).toEqual([])
    expect(harness.dropped).toEqual(['null key'])
  })

  test('with a store accepts records out of order of time: the latest offset wins', () => {
    const table = new SourceTable('t', true)
    table.demandOldValues(false)
    const harness = new OperatorHarness(tableSourceOperator(table), { t: { cached: false } })
    expect(harness.process('a', '1', 10)).toEqual([{ key: 'a', value: change('1'), timestamp: 10 }])
    expect(harness.process('a', '2', 3)).toEqual([{ key: 'a', value: change('2', '1'), timestamp: 3 }])
    expect(harness.store('t').read('a')).toEqual({ value: '2', timestamp: 3 })
    expect(harness.process('a', null, 4)).toEqual([{ key: 'a', value: change(null, '2'), timestamp: 4 }])
  })
})

describe('what tables demand of each other', () => {
  test('old values of a source are there only when it is stored, or stored by force', () => {
    const source = new SourceTable('t', false)
    expect(source.demandOldValues(false)).toBe(false)
    expect(source.isStored).toBe(false)
    expect(source.demandOldValues(true)).toBe(true)
    expect(source.isStored).toBe(true)
  })

  test('a filter asks its parent for old values, but does not store it for them', () => {
    const loose = new SourceTable('t', false)
    expect(tableFilter(loose, undefined, () => true, true).sendsOldValues).toBe(false)
    expect(loose.isStored).toBe(false)
    const stored = new SourceTable('t', true)
    expect(tableFilter(stored, undefined, () => true, true).sendsOldValues).toBe(true)
    expect(stored.sendsOldValues).toBe(true)
  })

  test('a mapping asks nothing before it is asked', () => {
    const stored = new SourceTable('t', true)
    const mapped = tableMapValues(stored, undefined, (value) => value)
    expect(stored.sendsOldValues).toBe(false)
    expect(mapped.demandOldValues(true)).toBe(true)
    expect(stored.sendsOldValues).toBe(true)
  })

  test('looking up a value stores the source and computes what is derived from it', () => {
    const source = new SourceTable('t', false)
    const upper = tableMapValues<string, string>(source, undefined, (value) => value.toUpperCase())
    const view = tableFilter<string, string>(upper, undefined, (value) => value !== 'B', true).view()
    expect(view.storeNames).toEqual(['t'])
    expect(source.isStored).toBe(true)
    const entries = new Map([
      ['k', { value: 'a', timestamp: 5 }],
      ['l', { value: 'b', timestamp: 6 }],
    ])
    const context = { nodeName: 'node', getStateStore: () => ({ read: (key: string) => entries.get(key) }) }
    const reader = view.open<string>(context as unknown as OperatorContext<unknown, unknown>)
    expect(reader.read('k')).toEqual({ value: 'A', timestamp: 5 })
    expect(reader.read('l')).toBeUndefined()
    expect(reader.read('m')).toBeUndefined()
  })
})

describe('filter of a table', () => {
  const isLong = (value: string): boolean => value.length > 1

  test('forwards a delete for every update that does not fit when old values are unknown', () => {
    const table = tableFilter(new SourceTable('t', false), undefined, isLong, true)
    const harness = new OperatorHarness(tableFilterOperator(table))
    expect(harness.process('a', change('x'), 3)).toEqual([{ key: 'a', value: change(null), timestamp: 3 }])
    expect(harness.process('a', change('xx'))[0]?.value).toEqual(change('xx'))
    expect(harness.process('a', change(null))[0]?.value).toEqual(change(null))
  })

  test('forwards no delete of what did not fit before either when old values are known', () => {
    const table = tableFilter(new SourceTable('t', true), undefined, isLong, true)
    const harness = new OperatorHarness(tableFilterOperator(table))
    expect(harness.process('a', change('x'))).toEqual([])
    expect(harness.process('a', change('xx', 'x'))[0]?.value).toEqual(change('xx', null))
    expect(harness.process('a', change('y', 'xx'))[0]?.value).toEqual(change(null, 'xx'))
    expect(harness.process('a', change(null, 'y'))).toEqual([])
  })

  test('with a store of its own compares with what that store has', () => {
    const table = tableFilter(new SourceTable('t', true), 'f', isLong, false)
    const harness = new OperatorHarness(tableFilterOperator(table), { f: { cached: false } })
    expect(harness.process('a', change('x'), 4)).toEqual([{ key: 'a', value: change('x'), timestamp: 4 }])
    expect(harness.process('a', change('xx', 'x'), 5)).toEqual([{ key: 'a', value: change(null, 'x'), timestamp: 5 }])
    expect(harness.process('a', change('xxx', 'xx'), 6)).toEqual([])
    expect(harness.store('f').written).toEqual([
      ['a', 'x', 4],
      ['a', null, 5],
    ])
  })
})

describe('mapValues of a table', () => {
  test('maps new values, and old ones when they are asked for; deletes stay deletes', () => {
    const table = tableMapValues<string, string>(new SourceTable('t', true), undefined, (value) => value + '!')
    table.demandOldValues(true)
    const harness = new OperatorHarness(tableMapValuesOperator(table))
    expect(harness.process('a', change('x'))[0]?.value).toEqual(change('x!', null))
    expect(harness.process('a', change(null, 'x'))[0]?.value).toEqual(change(null, 'x!'))
  })

  test('stores its result when it has a store', () => {
    const table = tableMapValues<string, string>(new SourceTable('t', false), 'm', (value) => value + '!')
    const harness = new OperatorHarness(tableMapValuesOperator(table), { m: { cached: true } })
    expect(harness.process('a', change('x'), 9)).toEqual([])
    expect(harness.flush()).toEqual([{ key: 'a', value: change('x!'), timestamp: 9 }])
  })
})

test('toStream forwards new values, deletes as null', () => {
  const harness = new OperatorHarness(toStreamOperator)
  expect(harness.process('a', change('x', 'w'))[0]?.value).toBe('x')
  expect(harness.process('a', change(null, 'x'))[0]?.value).toBeNull()
})
