/**
 * Joins of cached tables against a model, with any number of updates between two commits: what comes out last is the join
 * of what is there, and an aggregation of it has added and subtracted the same results.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { KTable } from '../../../src/dsl/streams.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { TopologyTestDriver } from '../../../src/testing/topology-test-driver.ts'

const strings = { key: serdes.string, value: serdes.string }
const numbers = { key: serdes.string, value: serdes.int64 }
const names = ['one', 'two', 'three'] as const
type Name = (typeof names)[number]
type Kind = 'inner' | 'left' | 'outer'
interface Update {
  readonly table: Name
  readonly value: number | null
}
/** One record, after which the driver commits. */
interface Commit {
  readonly key: string
  readonly updates: readonly Update[]
}
interface Shape {
  readonly first: Kind
  readonly second: Kind
  readonly storesFirst: boolean
  readonly storesSecond: boolean
  readonly derives: boolean
}
type Numbers = KTable<string, number>

/** Unequal weights: no two different pairs that could be mistaken for each other give the same number. */
const combine = (left: number | null, right: number | null): number => 100 * (left ?? 0) + 7 * (right ?? 0) + 1

function join(kind: Kind, left: Numbers, right: Numbers, store: string | undefined): Numbers {
  const options = { value: serdes.int64, ...(store === undefined ? {} : { store }) }
  if (kind === 'inner') return left.join(right, combine, options)
  return kind === 'left' ? left.leftJoin(right, combine, options) : left.outerJoin(right, combine, options)
}

function run(
  { first, second, storesFirst, storesSecond, derives }: Shape,
  commits: readonly Commit[],
): {
  readonly joined: Map<string, number>
  readonly sum: number
} {
  const builder = new StreamsBuilder()
  // Not flatMap: behind a repartition topic each update would be a record of its own.
  const updates = builder
    .stream('in', strings)
    .flatMapValues((text) => (JSON.parse(text) as Update[]).map((each) => JSON.stringify(each)))
  const table = (name: Name): Numbers =>
    updates
      .filter((text) => (JSON.parse(text) as Update).table === name)
      .mapValues((text) => (JSON.parse(text) as Update).value)
      .toTable({ ...numbers, store: name })
  const [one, two, three] = [table('one'), table('two'), table('three')]
  const left = derives ? one.filter((value) => value % 3 !== 0) : one
  const right = derives ? two.mapValues((value) => (value % 4 === 0 ? null : value)) : two
  const inner = join(first, left, right, storesFirst ? 'first' : undefined)
  const result = join(second, inner, three, storesSecond ? 'second' : undefined)
  result.toStream().to('joined', numbers)
  result
    .groupBy((value) => ['all', value], numbers)
    .reduce(
      (sum, value) => sum + value,
      (sum, value) => sum - value,
    )
    .toStream()
    .to('sums')
  const driver = new TopologyTestDriver(builder.build())
  const input = driver.createInputTopic('in', serdes.string, serdes.string)
  const [joins, sums] = ['joined', 'sums'].map((topic) => driver.createOutputTopic(topic, serdes.string, serdes.int64))
  for (const { key, updates: list } of commits) input.pipeInput({ key, value: JSON.stringify(list) })
  const joined = new Map<string, number>()
  for (const { key, value } of joins?.readRecords() ?? []) {
    if (value === null) joined.delete(String(key))
    else joined.set(String(key), value)
  }
  const sum = sums?.readRecords().at(-1)?.value ?? 0
  driver.close()
  return { joined, sum }
}

function model({ first, second, derives }: Shape, commits: readonly Commit[]): ReturnType<typeof run> {
  const tables: Record<Name, Map<string, number>> = { one: new Map(), two: new Map(), three: new Map() }
  for (const { key, updates } of commits) {
    for (const { table, value } of updates) {
      if (value === null) tables[table].delete(key)
      else tables[table].set(key, value)
    }
  }
  const joinOf = (kind: Kind, left: number | null, right: number | null): number | null => {
    if (left === null && (right === null || kind !== 'outer')) return null
    return right === null && kind === 'inner' ? null : combine(left, right)
  }
  const joined = new Map<string, number>()
  for (const key of new Set(names.flatMap((name) => [...tables[name].keys()]))) {
    let [one, two] = [tables.one.get(key) ?? null, tables.two.get(key) ?? null]
    if (derives && one !== null && one % 3 === 0) one = null
    if (derives && two !== null && two % 4 === 0) two = null
    const value = joinOf(second, joinOf(first, one, two), tables.three.get(key) ?? null)
    if (value !== null) joined.set(key, value)
  }
  return { joined, sum: [...joined.values()].reduce((sum, value) => sum + value, 0) }
}

const kind = fc.constantFrom<Kind>('inner', 'left', 'outer')
const update = fc.record({
  table: fc.constantFrom(...names),
  value: fc.option(fc.integer({ min: 0, max: 12 }), { freq: 2 }),
})
const shape = fc.record({
  first: kind,
  second: kind,
  storesFirst: fc.boolean(),
  storesSecond: fc.boolean(),
  derives: fc.boolean(),
})

describe('joins of cached tables', () => {
  test('come out as the join of what is there, and can be summed', () => {
    const updates = fc.array(update, { minLength: 1, maxLength: 6 })
    const commits = fc.array(fc.record({ key: fc.constantFrom('a', 'b'), updates }), { maxLength: 6 })
    fc.assert(
      fc.property(shape, commits, (given, list) => {
        expect(run(given, list)).toEqual(model(given, list))
      }),
      { numRuns: 150 },
    )
  })
})
