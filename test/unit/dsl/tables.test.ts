/** Tables as their users write them: what the vectors do not show, which is what is refused, inherited and shared. */
import { describe, expect, test } from 'vitest'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { KTable } from '../../../src/dsl/streams.ts'
import { session, tumbling } from '../../../src/dsl/windows.ts'
import { TopologyError } from '../../../src/errors/topology-error.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import type { Windowed } from '../../../src/serde/windowed.ts'
import { TopologyTestDriver } from '../../../src/testing/topology-test-driver.ts'

const strings = { key: serdes.string, value: serdes.string }

function twoTables(): { builder: StreamsBuilder; left: KTable<string, string>; right: KTable<string, string> } {
  const builder = new StreamsBuilder()
  return { builder, left: builder.table('left', strings), right: builder.table('right', strings) }
}

const pair = (left: string | null, right: string | null): string => `${left}${right}`

describe('a join of tables', () => {
  test('inherits the key serde of the left side, and no value serde: the joiner made the value', () => {
    const { left, right } = twoTables()
    const joined = left.join(right, pair)
    expect(() => joined.toStream().to('out', { key: serdes.string })).toThrow(/topic out needs the serde of its value/)
    expect(() => joined.toStream().to('out', { value: serdes.string })).not.toThrow()
    expect(() => left.join(right, pair, { store: 'j' })).toThrow(/store j needs the serde of its value/)
    expect(() => left.join(right, pair, { store: 'k', value: serdes.string })).not.toThrow()
  })

  test('is stored only where a store is named', () => {
    const { left, right } = twoTables()
    expect(left.join(right, pair, { value: serdes.string }).queryableStoreName).toBeUndefined()
    expect(left.join(right, pair, { value: serdes.string, store: 'j' }).queryableStoreName).toBe('j')
  })

  test('refuses what is no joiner, and a table of another builder', () => {
    const { left, right } = twoTables()
    const none = 'join' as unknown as typeof pair
    expect(() => left.join(right, none)).toThrow(/join\(\): the joiner of two tables must be a function, found string/)
    expect(() => left.leftJoin(twoTables().right, pair)).toThrow(/leftJoin\(\): the other table is not one of this/)
    expect(() => left.outerJoin(right, none)).toThrow(TopologyError)
  })

  test('of a table with itself has each row once per side', () => {
    const { builder, left } = twoTables()
    left.join(left, pair).toStream().to('out', strings)
    const driver = new TopologyTestDriver(builder.build(), { cacheMaxBytes: 0 })
    driver.createInputTopic('left', serdes.string, serdes.string).pipeInput({ key: 'k', value: 'x', timestamp: 1 })
    const out = driver.createOutputTopic('out', serdes.string, serdes.string)
    expect(out.readRecords().map(({ value }) => value)).toEqual(['xx', 'xx'])
    driver.close()
  })
})

describe('a join of cached tables, both of which change within one commit', () => {
  /** Every record is a row of both tables; `-` deletes it. */
  function changeBoth(compatibility: 'none' | 'java', values: readonly string[], stored: boolean): (string | null)[] {
    const builder = new StreamsBuilder({ compatibility })
    const rows = builder.stream('in', strings).mapValues((value) => (value === '-' ? null : value))
    const nullable = { key: serdes.string, value: serdes.string }
    const left = rows.toTable({ ...nullable, store: 'l' })
    const right = rows.mapValues((value) => value && `${value}'`).toTable({ ...nullable, store: 'r' })
    left
      .join(right, pair, stored ? { store: 'j', value: serdes.string } : {})
      .groupBy((value, key) => [key, value], strings)
      .reduce(
        (sum, value) => `${sum}+${value}`,
        (sum, value) => `${sum}-${value}`,
      )
      .toStream()
      .to('out')
    const driver = new TopologyTestDriver(builder.build(), { compatibility })
    const input = driver.createInputTopic('in', serdes.string, serdes.string)
    const out = driver.createOutputTopic('out', serdes.string, serdes.string)
    for (const [timestamp, value] of values.entries()) input.pipeInput({ key: 'k', value, timestamp })
    const results = out.readRecords().map(({ value }) => value)
    driver.close()
    return results
  }

  test('subtracts from an aggregation what was added to it, and nothing else', () => {
    expect(changeBoth('none', ['a', 'b', '-'], false)).toEqual([
      "aa'",
      "aa'-aa'+ba'",
      "aa'-aa'+ba'-ba'+bb'",
      "aa'-aa'+ba'-ba'+bb'-bb'",
    ])
    expect(changeBoth('none', ['a', 'b', '-'], true)).toEqual(["aa'", "aa'-aa'+bb'", "aa'-aa'+bb'-bb'"])
  })

  test.each(['windows', 'sessions'])('likewise where the tables are of %s', (kind) => {
    const builder = new StreamsBuilder()
    const rows = builder.stream('in', strings).groupByKey()
    const sums = (store: string): KTable<Windowed<string>, string> =>
      kind === 'windows'
        ? rows.windowedBy(tumbling({ size: 100 })).reduce((sum, value) => sum + value, { store })
        : rows.windowedBy(session({ gap: 100 })).aggregate(
            () => '',
            (sum, value) => sum + value,
            (one, two) => one + two,
            { store, value: serdes.string },
          )
    const left = sums('l')
    left
      .join(sums('r'), pair)
      .groupBy((value, { key }) => [key, value], strings)
      .reduce(
        (sum, value) => `${sum}+${value}`,
        (sum, value) => `${sum}-${value}`,
      )
      .toStream()
      .to('out')
    const driver = new TopologyTestDriver(builder.build())
    const out = driver.createOutputTopic('out', serdes.string, serdes.string)
    const input = driver.createInputTopic('in', serdes.string, serdes.string)
    for (const value of ['a', 'b']) input.pipeInput({ key: 'k', value, timestamp: 5 })
    expect(out.readRecords().map(({ value }) => value)).toEqual(['aa', 'aa-aa+aba', 'aa-aa+aba-aba+abab'])
    driver.close()
  })

  test('does what Java does where that is asked for: the delete is lost, and old values are none that were told', () => {
    expect(changeBoth('java', ['a', 'b', '-'], false)).toEqual([
      "aa'",
      "aa'+aa'",
      "aa'+aa'-ab'+bb'",
      "aa'+aa'-ab'+bb'-ba'+bb'",
    ])
  })
})

describe('a grouped table', () => {
  const byValue = (value: string, key: string): readonly [string, string] => [value, key]

  test('needs the serdes of its rows where an aggregation first needs them', () => {
    const { left } = twoTables()
    const grouped = left.groupBy(byValue)
    expect(() => grouped.count()).toThrow(
      /repartition topic KTABLE-AGGREGATE-STATE-STORE-\d+-repartition needs the serde of its key.*of groupBy\(\)/,
    )
    expect(() => left.groupBy(byValue, { key: serdes.string }).count()).toThrow(/serde of its value/)
    expect(() => left.groupBy(byValue, strings).count()).not.toThrow()
    expect(() => grouped.reduce(pair, pair, strings)).not.toThrow()
    expect(() =>
      left.groupBy(byValue, strings).aggregate(
        () => 0,
        (a) => a,
        (a) => a,
      ),
    ).toThrow(/store KTABLE-AGGREGATE-STATE-STORE-\d+ needs the serde of its value/)
  })

  test('refuses callbacks that are none', () => {
    const { left } = twoTables()
    const grouped = left.groupBy(byValue, strings)
    const none = undefined as unknown as typeof pair
    expect(() => left.groupBy(none as never)).toThrow(/groupBy\(\): the mapper must be a function, found undefined/)
    expect(() => grouped.reduce(none, pair)).toThrow(/reduce\(\): the adder must be a function/)
    expect(() => grouped.reduce(pair, none)).toThrow(/reduce\(\): the subtractor must be a function/)
    expect(() => grouped.aggregate(none as never, pair, pair)).toThrow(/aggregate\(\): the initializer must be/)
  })

  test('that was given a name has one internal topic for all its aggregations', () => {
    const { builder, left } = twoTables()
    const grouped = left.groupBy(byValue, { ...strings, name: 'by-value' })
    grouped.count({ store: 'one' })
    grouped.count({ store: 'two' })
    const text = builder.build().describe().toString()
    expect(text.match(/Sink: \S+ \(topic: by-value-repartition\)/g)).toHaveLength(1)
    expect(text.match(/stores: \[(one|two)\]/g)).toHaveLength(2)
  })

  test('says which names are missing where all must be given', () => {
    const builder = new StreamsBuilder({ naming: 'explicit' })
    builder
      .table('left', { ...strings, store: 'left' })
      .groupBy(byValue, strings)
      .count()
    expect(() => builder.build()).toThrow(/KTABLE-AGGREGATE-STATE-STORE-\d+-repartition/)
  })
})

describe('transformValues of a table', () => {
  const transformer = { transform: (value: string | null) => value }
  const given = (supplier: unknown): (() => typeof transformer) => supplier as () => typeof transformer

  test('refuses a supplier that is none, or returns the same object twice', () => {
    const { left } = twoTables()
    const transform = (supplier: unknown) => () => left.transformValues(given(supplier))
    expect(transform(transformer)).toThrow(/the supplier of transformValues\(\) is not a function/)
    expect(transform(() => ({}))).toThrow(/does not return an object with a transform method/)
    expect(transform(() => null)).toThrow(/does not return an object with a transform method/)
    expect(transform(() => transformer)).toThrow(/returned the same object twice/)
    expect(transform(() => ({ ...transformer }))).not.toThrow()
  })
})
