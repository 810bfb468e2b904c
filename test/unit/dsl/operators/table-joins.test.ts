import { describe, expect, test } from 'vitest'
import { JoinedTable, type JoinedViews } from '../../../../src/dsl/joined-table.ts'
import { tableMergeOperator } from '../../../../src/dsl/operators/table-merge.ts'
import { joinValues, tableJoinOperator, type TableJoinSide } from '../../../../src/dsl/operators/table-table-join.ts'
import { SourceTable, type TableView } from '../../../../src/dsl/table-supply.ts'
import type { OperatorContext } from '../../../../src/processor/operator.ts'
import { OperatorHarness } from '../../../support/operator-harness.ts'

type Rows = Record<string, readonly [value: string, timestamp: number]>

/** A table of fixed rows, which lends one object as stores do. */
function viewOf(rows: Rows, closed: string[] = []): TableView {
  const lent = { value: '' as unknown, timestamp: 0 }
  return {
    storeNames: ['s'],
    historyRetentionMs: undefined,
    open: <K>() => ({
      read(key: K) {
        const row = rows[String(key)]
        if (row === undefined) return undefined
        ;[lent.value, lent.timestamp] = row
        return lent
      },
      close: () => closed.push('view'),
    }),
  }
}

const pair = (left: string | null, right: string | null): string => `${left},${right}`
const change = (newValue: unknown, oldValue: unknown = null, isLatest = true): object => ({
  newValue,
  oldValue,
  isLatest,
})

function side(rows: Rows, options: Partial<TableJoinSide>): OperatorHarness {
  return new OperatorHarness(
    tableJoinOperator({
      other: viewOf(rows),
      readsTold: true,
      join: joinValues(pair, false),
      needsOwn: true,
      needsOther: true,
      skipsOlder: false,
      sendsOldValues: () => true,
      ...options,
    }),
  )
}

const rows: Rows = { a: ['r', 10] }

describe('a side of a join of tables', () => {
  test('needs both values for an inner join, and forwards a delete only where there was a result', () => {
    const harness = side(rows, {})
    expect(harness.process('a', change('x', 'w'), 5)).toEqual([
      { key: 'a', value: change('x,r', 'w,r'), timestamp: 10 },
    ])
    expect(harness.process('a', change(null, 'x'), 12)).toEqual([
      { key: 'a', value: change(null, 'x,r'), timestamp: 12 },
    ])
    expect(harness.process('b', change('x', 'w'))).toEqual([])
    expect(harness.record.timestamp).toBe(0)
  })

  test('of the left of a left join forwards also what the right side lacks', () => {
    const harness = side(rows, { needsOther: false })
    expect(harness.process('b', change('x', 'w'), 5)[0]).toEqual({
      key: 'b',
      value: change('x,null', 'w,null'),
      timestamp: 5,
    })
    expect(harness.process('b', change(null, 'x'))[0]?.value).toEqual(change(null, 'x,null'))
    expect(harness.process('b', change(null, null))).toEqual([])
    expect(harness.process('a', change(null, null))[0]?.value).toEqual(change(null, null))
  })

  test('of the right of a left join has a result wherever the left side has a value', () => {
    const harness = side(rows, { needsOwn: false, join: joinValues(pair, true) })
    expect(harness.process('a', change('x', null))[0]?.value).toEqual(change('r,x', 'r,null'))
    expect(harness.process('a', change(null, 'x'))[0]?.value).toEqual(change('r,null', 'r,x'))
    expect(harness.process('b', change('x', null))).toEqual([])
  })

  test('of an outer join has a result wherever there is any value', () => {
    const harness = side(rows, { needsOwn: false, needsOther: false })
    expect(harness.process('a', change(null, 'x'))[0]?.value).toEqual(change('null,r', 'x,r'))
    expect(harness.process('b', change('x', null))[0]?.value).toEqual(change('x,null', null))
    expect(harness.process('b', change(null, 'x'))[0]?.value).toEqual(change(null, 'x,null'))
    expect(harness.process('b', change(null, null))).toEqual([])
  })

  test('does not join old values that nobody asked for', () => {
    const harness = side(rows, { sendsOldValues: () => false })
    expect(harness.process('a', change('x', 'w'))[0]?.value).toEqual(change('x,r', null))
  })

  test('drops and counts null keys, and older versions of a versioned table', () => {
    const harness = side(rows, { skipsOlder: true })
    expect(harness.process(null, change('x'))).toEqual([])
    expect(harness.process('a', change('x', null, false))).toEqual([])
    expect(harness.dropped).toEqual(['null key', 'older version'])
    expect(side(rows, {}).process('a', change('x', null, false))[0]?.value).toEqual(change('x,r', null, false))
  })

  test('refuses a promise, and a joiner that forgot to return; null is no result', () => {
    const promised = side(rows, { join: joinValues(() => Promise.resolve('x'), false) })
    expect(() => promised.process('a', change('x'))).toThrow(/the joiner returned a promise/)
    const forgot = side(rows, { join: joinValues(() => undefined, false) })
    expect(() => forgot.process('a', change('x'))).toThrow(/joiner must return the joined value, or null/)
    const nothing = side(rows, { join: joinValues(() => null, false) })
    expect(nothing.process('a', change('x', 'w'))[0]?.value).toEqual(change(null, null))
  })

  test('closes the reader of the other side', () => {
    const closed: string[] = []
    side(rows, { other: viewOf(rows, closed) }).close()
    expect(closed).toEqual(['view'])
  })
})

function joined(views: Partial<JoinedViews>, storeName?: string): JoinedTable {
  const parents = [new SourceTable('l', false), new SourceTable('r', false)]
  const all = {
    left: viewOf({ a: ['x', 3], b: ['y', 9] }),
    right: viewOf({ a: ['u', 5], c: ['v', 4] }),
    join: joinValues(pair, false),
    needsLeft: true,
    needsRight: true,
    ...views,
  }
  return new JoinedTable(parents, all, storeName, undefined)
}

describe('where both sides come together', () => {
  test('an unstored result passes the change on as it is', () => {
    const harness = new OperatorHarness(tableMergeOperator(joined({})))
    const given = change('x', 'w')
    expect(harness.process('a', given, 4)[0]?.value).toBe(given)
  })

  test('a stored result is written, and forwarded with its old value when somebody asked', () => {
    const table = joined({}, 'j')
    table.demandOldValues()
    const harness = new OperatorHarness(tableMergeOperator(table), { j: { cached: false } })
    expect(harness.process('a', change('x', 'w'), 4)).toEqual([{ key: 'a', value: change('x', 'w'), timestamp: 4 }])
    expect(harness.store('j').written).toEqual([['a', 'x', 4]])
  })
})

describe('what a join can give to those downstream', () => {
  const read = (table: JoinedTable, key: string): unknown =>
    table
      .view()
      .open<string>({ nodeName: 'node' } as OperatorContext<unknown, unknown>)
      .read(key)

  test('is what both sides have now, with the later of both timestamps', () => {
    expect(read(joined({}), 'a')).toEqual({ value: 'x,u', timestamp: 5 })
    expect(read(joined({}), 'b')).toBeUndefined()
    expect(read(joined({}), 'c')).toBeUndefined()
    expect(read(joined({ needsRight: false }), 'b')).toEqual({ value: 'y,null', timestamp: 9 })
    expect(read(joined({ needsRight: false }), 'c')).toBeUndefined()
    const outer = { needsLeft: false, needsRight: false }
    expect(read(joined(outer), 'c')).toEqual({ value: 'null,v', timestamp: 4 })
    expect(read(joined(outer), 'd')).toBeUndefined()
    expect(read(joined({ join: () => null }), 'a')).toBeUndefined()
  })

  test('takes both values also where both sides lend one object', () => {
    const view = viewOf({ a: ['x', 3] })
    expect(read(joined({ left: view, right: view }), 'a')).toEqual({ value: 'x,x', timestamp: 3 })
  })

  test('old values store both parents, whoever asks', () => {
    const parents = [new SourceTable('l', false), new SourceTable('r', false)]
    const table = new JoinedTable(parents, {} as JoinedViews, undefined, undefined)
    expect(table.demandOldValues()).toBe(true)
    expect(parents.map(({ isStored, sendsOldValues }) => isStored && sendsOldValues)).toEqual([true, true])
  })

  test('is versioned only where its own store is', () => {
    expect(joined({}).isVersioned).toBe(false)
    expect(new JoinedTable([], {} as JoinedViews, 'j', 100).isVersioned).toBe(true)
  })
})
