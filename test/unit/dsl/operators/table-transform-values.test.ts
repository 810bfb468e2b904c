import { describe, expect, test } from 'vitest'
import type { Header } from '../../../../src/common/headers.ts'
import { tableTransformOperator } from '../../../../src/dsl/operators/table-transform-values.ts'
import { SourceTable, type TableView } from '../../../../src/dsl/table-supply.ts'
import { TransformedTable, type AnyTransformer } from '../../../../src/dsl/transformed-table.ts'
import type { OperatorContext } from '../../../../src/processor/operator.ts'
import { OperatorHarness } from '../../../support/operator-harness.ts'

const change = (newValue: unknown, oldValue: unknown = null): object => ({ newValue, oldValue, isLatest: true })
const shout: AnyTransformer = { transform: (value) => (value === null ? null : `${String(value)}!`) }
const parent = (): SourceTable => new SourceTable('t', true)
const table = (supplier: () => AnyTransformer, storeName?: string): TransformedTable =>
  new TransformedTable(parent(), storeName, supplier, undefined)

describe('transformValues of a table', () => {
  test('transforms new values, deletes as null, and old values only when somebody asked', () => {
    const plain = new OperatorHarness(tableTransformOperator(table(() => shout)))
    expect(plain.process('a', change('x', 'w'), 3)).toEqual([{ key: 'a', value: change('x!'), timestamp: 3 }])
    expect(plain.process('a', change(null, 'x'))[0]?.value).toEqual(change(null))
    const asked = table(() => shout)
    expect(asked.demandOldValues(true)).toBe(true)
    const harness = new OperatorHarness(tableTransformOperator(asked))
    expect(harness.process('a', change('x', 'w'))[0]?.value).toEqual(change('x!', 'w!'))
  })

  test('with a store has its old values from there', () => {
    const stored = table(() => shout, 's')
    expect(stored.demandOldValues(false)).toBe(true)
    const harness = new OperatorHarness(tableTransformOperator(stored), { s: { cached: false } })
    expect(harness.process('a', change('x', 'w'), 5)).toEqual([{ key: 'a', value: change('x!', null), timestamp: 5 }])
    expect(harness.process('a', change(null, 'x'), 4)).toEqual([{ key: 'a', value: change(null, 'x!'), timestamp: 4 }])
  })

  test('gives timestamp and headers of the record, a context without forward, and closes the transformer', () => {
    const calls: unknown[] = []
    const transformer: AnyTransformer = {
      init: (context) => calls.push('forward' in context, context.taskId),
      transform: (value, key, at) => calls.push([value, key, at]),
      close: () => calls.push('closed'),
    }
    const harness = new OperatorHarness(tableTransformOperator(table(() => transformer)))
    const headers: readonly Header[] = [['h', null]]
    harness.record.headers = headers
    harness.process('a', change('x'), 7)
    harness.close()
    expect(calls).toEqual([false, '0_0', ['x', 'a', { timestamp: 7, headers }], 'closed'])
  })

  test('refuses a promise, and a transformer that forgot to return', () => {
    const run = (result: unknown) => () =>
      new OperatorHarness(tableTransformOperator(table(() => ({ transform: () => result })))).process('a', change('x'))
    expect(run(Promise.resolve('x'))).toThrow(/the transform method returned a promise/)
    expect(run(undefined)).toThrow(/transform method must return the new value, or null/)
  })
})

describe('who reads a table of transformed values', () => {
  const record = { topic: 'in', partition: 2, offset: 8, timestamp: 40, headers: [['h', null]] as readonly Header[] }
  const context = {
    nodeName: 'join',
    hasRecord: true,
    record,
    getStateStore: () => ({ read: (key: string) => (key === 'a' ? { value: 'x', timestamp: 5 } : undefined) }),
  } as unknown as OperatorContext<unknown, unknown>
  const read = (view: TableView, key: string): unknown => view.open<string>(context).read(key)

  test('has a transformer of its own, which sees the stored record and not that which is processed', () => {
    const seen: unknown[] = []
    const made = table(() => {
      let given: Parameters<NonNullable<AnyTransformer['init']>>[0]
      return {
        init: (each) => (given = each),
        transform: (value, key, at) => {
          seen.push([value, key, at, given.recordMetadata])
          return value === null ? null : `${String(value)}!`
        },
      }
    })
    expect(read(made.view(), 'a')).toEqual({ value: 'x!', timestamp: 5 })
    const at = { timestamp: 5, headers: [] }
    expect(seen).toEqual([['x', 'a', at, { topic: null, partition: -1, offset: -1, ...at }]])
    expect(record).toMatchObject({ topic: 'in', partition: 2, offset: 8, timestamp: 40, headers: [['h', null]] })
  })

  test('may get something of nothing, at an unknown time', () => {
    const always = table(() => ({ transform: (value) => `(${String(value)})` }))
    expect(read(always.view(), 'b')).toEqual({ value: '(null)', timestamp: -1 })
    expect(read(table(() => shout).view(), 'b')).toBeUndefined()
  })

  test('finds the record as it was after a transformer that failed', () => {
    const failing = table(() => ({
      transform: () => {
        throw new Error('no')
      },
    }))
    expect(() => read(failing.view(), 'a')).toThrow('no')
    expect(record.timestamp).toBe(40)
  })

  test('reads the store of a stored one', () => {
    const made = table(() => {
      throw new Error('not asked')
    }, 's')
    expect(made.view().storeNames).toEqual(['s'])
    expect(read(made.view(), 'a')).toEqual({ value: 'x', timestamp: 5 })
  })
})
