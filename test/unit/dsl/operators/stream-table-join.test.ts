import { describe, expect, test } from 'vitest'
import { streamTableJoinOperator } from '../../../../src/dsl/operators/stream-table-join.ts'
import type { TableReader, TableView } from '../../../../src/dsl/table-supply.ts'
import { OperatorHarness } from '../../../support/operator-harness.ts'

const pair = (left: unknown, right: unknown): string => `${String(left)}+${String(right)}`

/** A table with these values; with versions, a value is that of its time. */
function view(values: Readonly<Record<string, string>>, versioned = false): TableView {
  const found = (value: string | undefined): { value: string; timestamp: number } | undefined =>
    value === undefined ? undefined : { value, timestamp: 0 }
  const reader: TableReader<string> = { read: (key) => found(values[key]) }
  const history = { ...reader, readAsOf: (key: string, asOf: number) => found(values[`${key}@${asOf}`]) }
  return {
    storeNames: [],
    historyRetentionMs: versioned ? 100 : undefined,
    open: <K>() => (versioned ? history : reader) as unknown as TableReader<K>,
  }
}

function harness(
  kind: 'inner' | 'left',
  table: TableView,
  joiner: (...values: never[]) => unknown = pair,
): OperatorHarness {
  return new OperatorHarness(streamTableJoinOperator({ kind, joiner, table }))
}

describe('A stream-table join', () => {
  test('looks a record up under its key, and keeps key and time', () => {
    const runs = harness('inner', view({ k: 'table' }))
    expect(runs.process('k', 'v', 5)).toEqual([{ key: 'k', value: 'v+table', timestamp: 5 }])
  })

  test('gives a record without a partner a result only as a left join', () => {
    expect(harness('inner', view({})).process('k', 'v')).toEqual([])
    expect(harness('left', view({})).process('k', 'v')).toEqual([{ key: 'k', value: 'v+null', timestamp: 0 }])
  })

  test('drops and counts records without a value', () => {
    for (const kind of ['inner', 'left'] as const) {
      const runs = harness(kind, view({ k: 'table' }))
      expect([runs.process('k', null), runs.process('k', undefined), runs.process(null, null)]).toEqual([[], [], []])
      expect(runs.dropped).toHaveLength(3)
    }
  })

  test('drops and counts records without a key, unless it is a left join', () => {
    const inner = harness('inner', view({ null: 'table' }))
    expect(inner.process(null, 'v')).toEqual([])
    expect(inner.dropped).toEqual(['null key'])
    const left = harness('left', view({ null: 'table' }))
    expect(left.process(null, 'v')).toEqual([{ key: null, value: 'v+null', timestamp: 0 }])
    expect(left.dropped).toEqual([])
  })

  test('reads a versioned table as it was at the time of the record', () => {
    const runs = harness('left', view({ 'k@5': 'then', k: 'now' }, true))
    expect(runs.process('k', 'v', 5)).toEqual([{ key: 'k', value: 'v+then', timestamp: 5 }])
    expect(runs.process('k', 'v', 6)).toEqual([{ key: 'k', value: 'v+null', timestamp: 6 }])
  })

  test('gives the joiner the key as well, and forwards what it returns, null too', () => {
    const runs = harness('inner', view({ k: 't' }), (...values: unknown[]) =>
      values[0] === 'none' ? null : values.join(),
    )
    expect(runs.process('k', 'v')).toMatchObject([{ value: 'v,t,k' }])
    expect(runs.process('k', 'none')).toMatchObject([{ value: null }])
  })

  test('refuses a joiner that returns a promise', () => {
    const runs = harness('inner', view({ k: 't' }), () => Promise.reject(new Error('never seen')))
    expect(() => runs.process('k', 'v')).toThrow(
      expect.objectContaining({ code: 'MILLRACE_CALLBACK_RETURNED_PROMISE' }),
    )
  })
})
