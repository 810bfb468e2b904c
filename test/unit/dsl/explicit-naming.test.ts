import { describe, expect, test } from 'vitest'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { joinWithin, tumbling } from '../../../src/dsl/windows.ts'
import { serdes } from '../../../src/serde/serdes.ts'

const strings = { key: serdes.string, value: serdes.string }

function messageOf(define: (builder: StreamsBuilder) => void): string {
  const builder = new StreamsBuilder({ naming: 'explicit' })
  define(builder)
  try {
    builder.build()
  } catch (error) {
    expect(error).toMatchObject({ code: 'MILLRACE_NAME_MISSING' })
    return (error as Error).message
  }
  return ''
}

function linesOf(define: (builder: StreamsBuilder) => void): string[] {
  return messageOf(define).split('\n').slice(1)
}

describe('With explicit naming', () => {
  test('an aggregation without a store name is refused with a name after its topic', () => {
    expect(linesOf((b) => void b.stream('orders', strings).groupByKey().count())).toEqual([
      "- KSTREAM-AGGREGATE-STATE-STORE-0000000001, KSTREAM-AGGREGATE-STATE-STORE-0000000001-changelog: give count() or aggregate() the option 'store', for example { store: 'orders-aggregate' }",
    ])
  })

  test('a repartition topic that is named after a store is told with the store', () => {
    const [line, ...others] = linesOf(
      (b) =>
        void b
          .stream('orders', strings)
          .groupBy((v) => v, strings)
          .reduce((a, v) => a + v),
    )
    expect(others).toEqual([])
    expect(line).toContain('KSTREAM-REDUCE-STATE-STORE-0000000002-repartition')
    expect(line).toContain("{ store: 'orders-reduce' }")
  })

  test('no two proposals are equal, and none is a name that is taken', () => {
    const lines = linesOf((b) => {
      const grouped = b.stream('orders', strings).groupByKey()
      grouped.count({ store: 'orders-aggregate' })
      grouped.count()
      grouped.windowedBy(tumbling({ size: 10 })).count()
    })
    expect(lines.map((line) => /store: '(.*)'/.exec(line)?.[1])).toEqual(['orders-aggregate-2', 'orders-aggregate-3'])
  })

  test('the stores of a join are one entry, its repartition topics another', () => {
    const lines = linesOf((b) => {
      const right = b.stream('payments', strings).selectKey((v) => v)
      const left = b.stream('orders', strings).selectKey((v) => v)
      left.outerJoin(right, () => '', joinWithin({ difference: 10 }), { ...strings, otherValue: serdes.string })
    })
    expect(lines).toHaveLength(2)
    expect(lines[0]).toContain("give outerJoin() the option 'store', for example { store: 'orders-payments-join' }")
    expect(lines[1]).toMatch(
      /^- KSTREAM-KEY-SELECT-\d+-repartition, KSTREAM-KEY-SELECT-\d+-repartition: give the join /,
    )
    expect(lines[1]).toContain("{ name: 'orders-payments-join-2' }")
  })

  test('what is asked for with repartition(), toTable() or table() is proposed after it', () => {
    const lines = linesOf((b) => {
      b.stream('a', strings).repartition()
      b.stream('b', strings)
        .selectKey((v) => v)
        .toTable(strings)
      b.table('c', strings)
    })
    expect(lines.map((line) => /'([^']*)' \}$/.exec(line)?.[1] ?? '').toSorted()).toEqual([
      'a-repartition',
      'b-table',
      'c-table',
      'table',
    ])
  })

  test('a topology in which everything has a name is built', () => {
    const define = (b: StreamsBuilder): void => {
      const left = b.stream('orders', strings).selectKey((v) => v)
      const options = { ...strings, otherValue: serdes.string, name: 'join', store: 'join' }
      left.join(b.stream('payments', strings), () => '', joinWithin({ difference: 10 }), options)
      b.stream('orders', strings).groupByKey().count({ store: 'counts' })
    }
    expect(messageOf(define)).toBe('')
  })
})
