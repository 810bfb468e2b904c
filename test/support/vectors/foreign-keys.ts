/** Foreign-key joins. */
import type { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { KTable } from '../../../src/dsl/streams.ts'
import { tumbling } from '../../../src/dsl/windows.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { versioned } from './stream-table-joins.ts'
import { dsl, pair, STRINGS, strings, type VectorTopologies, type VectorTopology } from './vector-topology.ts'

type TextTable = KTable<string, string>

/** In these scenarios the left value is the foreign key, or begins with it, and `nul` stands for none. */
export function whole(value: string): string | null {
  return value === 'nul' ? null : value
}

export function firstLetter(value: string): string | null {
  return value === 'nul' ? null : value.slice(0, 1)
}

function left(b: StreamsBuilder): TextTable {
  return b.table('L', strings)
}

function right(b: StreamsBuilder): TextTable {
  return b.table('R', strings)
}

function joinWith(
  table: TextTable,
  other: TextTable,
  isLeft: boolean,
  options: object = {},
  foreignKey = firstLetter,
  joiner: (left: string, right: string | null) => string | null = pair,
): TextTable {
  const all: object = { ...strings, ...options }
  return isLeft ? table.leftJoinOn(other, foreignKey, joiner, all) : table.joinOn(other, foreignKey, joiner, all)
}

/** The inner and the left join of a scenario that there is of both. */
function both<K, V>(
  name: string,
  build: (b: StreamsBuilder, isLeft: boolean) => KTable<K, V>,
  rest: Partial<VectorTopology> = {},
): [string, VectorTopology][] {
  return [false, true].map((isLeft) => [
    `foreign key ${isLeft ? 'left' : 'inner'}: ${name}`,
    dsl((b) => build(b, isLeft).toStream().to('out'), rest),
  ])
}

function plain(name: string, options: object, foreignKey = firstLetter): [string, VectorTopology][] {
  return both(name, (b, isLeft) => joinWith(left(b), right(b), isLeft, options, foreignKey))
}

const toFirst = { partitioner: () => 0, otherPartitioner: () => [0] }

const joins: VectorTopologies = Object.fromEntries([
  ...plain('unnamed', {}, whole),
  ...plain('named', { name: 'fk' }, whole),
  ...plain('materialized', { store: 'res' }),
  ...plain('named and materialized', { name: 'fk', store: 'res' }),
  ...plain('materialized without caching and logging', { store: 'res', caching: false, logging: false }),
  ...plain('cached', { store: 'res' }),
  ...plain('source topics as changelogs', {}, whole),
  ...plain('partitioners', toFirst, whole),
  ...both('key extractor with the key', (b, isLeft) => {
    const foreignKey = (value: string, key: string): string => key + value
    const [one, two] = [left(b), right(b)]
    return isLeft ? one.leftJoinOn(two, foreignKey, pair, strings) : one.joinOn(two, foreignKey, pair, strings)
  }),
  ...plain('empty texts as keys and values', {}, whole),
  ...plain('order of many rows, keys with a common prefix', {}, whole),
  ...plain('headers of both sides', { store: 'res' }, whole),
  ...both('joiner returns null', (b, isLeft) =>
    joinWith(left(b), right(b), isLeft, { store: 'res' }, whole, (v, o) => (o === 'foo' ? null : `${v}+${o}`)),
  ),
  ...plain('equal timestamps and equal values', {}, whole),
  [
    'foreign key inner: answers to an earlier value, subscriptions of version 0',
    dsl((b) => joinWith(left(b), right(b), false, { name: 'fk' }, whole).toStream().to('out')),
  ],
])

const otherTables: VectorTopologies = Object.fromEntries([
  ...both('stored sources', (b, isLeft) => {
    const l = b.table('L', { ...strings, store: 'l' })
    return joinWith(l, b.table('R', { ...strings, store: 'r' }), isLeft)
  }),
  ...both('derived tables, not stored', (b, isLeft) => {
    const l = left(b).filter((v) => !v.endsWith('9'))
    return joinWith(
      l,
      right(b).mapValues((v) => `${v}!`, strings),
      isLeft,
    )
  }),
  ...both('derived tables, stored', (b, isLeft) => {
    const l = left(b).mapValues((v) => `${v}?`, { store: 'l', value: strings.value })
    return joinWith(
      l,
      right(b).filter((v) => v !== 'rx2', { store: 'o' }),
      isLeft,
    )
  }),
  ...both('a table with itself', (b, isLeft) => {
    const table = b.table('T', strings)
    return joinWith(table, table, isLeft, {}, whole)
  }),
  ...both('chained', (b, isLeft) => {
    const q = b.table('Q', strings)
    return joinWith(
      joinWith(left(b), right(b), isLeft, {}, whole, (_v, o) => o),
      q,
      isLeft,
      {},
      whole,
    )
  }),
  [
    'foreign key: two joins with one right table',
    dsl((b) => {
      const [l, r] = [left(b), right(b)]
      joinWith(l, r, false, { name: 'one' }).toStream().to('out1')
      joinWith(l, r, true, { name: 'two' }, (v) => v.slice(-1))
        .toStream()
        .to('out2')
    }),
  ],
  ...both('then a grouping', (b, isLeft) =>
    joinWith(left(b), right(b), isLeft)
      .groupBy((v, k) => [v, k], strings)
      .count(),
  ),
  ...both('then a filter and a mapping', (b, isLeft) =>
    joinWith(left(b), right(b), isLeft, { store: 'res' })
      .filter((_v, k) => k !== 'a')
      .mapValues((v) => `${v}!`, strings),
  ),
  ...both('then a join by key', (b, isLeft) =>
    joinWith(left(b), right(b), isLeft).outerJoin(b.table('K', strings), pair, { value: strings.value }),
  ),
  ...both('numbers as keys and values', (b, isLeft) => {
    const l = b.table('L', { key: serdes.int64, value: serdes.int32 })
    const r = b.table('R', { key: serdes.int32, value: serdes.float64 })
    const foreignKey = (v: number): number | null => (v < 0 ? null : v)
    const joiner = (v: number, d: number | null): string => `${v}*${d}`
    const options = { key: serdes.int64, value: serdes.string }
    return isLeft ? l.leftJoinOn(r, foreignKey, joiner, options) : l.joinOn(r, foreignKey, joiner, options)
  }),
  ...both('a count on the left', (b, isLeft) => {
    const l = b.stream('in', STRINGS).groupByKey(strings).count()
    const joiner = (v: number, o: string | null): string => `${v}=${o}`
    return isLeft ? l.leftJoinOn(right(b), String, joiner, strings) : l.joinOn(right(b), String, joiner, strings)
  }),
  ...both('a windowed count on the left', (b, isLeft) => {
    const l = b
      .stream('in', STRINGS)
      .groupByKey(strings)
      .windowedBy(tumbling({ size: 10, grace: 5 }))
      .count()
    const joiner = (v: number, o: string | null): string => `${v}=${o}`
    const { value } = strings
    return isLeft ? l.leftJoinOn(right(b), String, joiner, { value }) : l.joinOn(right(b), String, joiner, { value })
  }),
  ...both('a repartitioned stream as the left table', (b, isLeft) => {
    const l = b
      .stream('in', STRINGS)
      .map((v, k) => [v, k])
      .toTable({ name: 'tt', ...strings })
    return joinWith(l, right(b), isLeft, {}, whole)
  }),
  [
    'foreign key: name with a character that is not allowed',
    dsl((b) => joinWith(left(b), right(b), false, { name: 'a b' }).toStream().to('out'), {
      error: 'MILLRACE_NAME_INVALID',
    }),
  ],
])

const versionedTables: VectorTopologies = Object.fromEntries([
  ...both('versioned left table', (b, isLeft) =>
    joinWith(b.table('L', { ...strings, store: versioned('lv', 100) }), right(b), isLeft),
  ),
  ...both('versioned right table', (b, isLeft) => {
    const r = b.table('R', { ...strings, store: versioned('rv', 100) })
    return joinWith(left(b), r, isLeft)
  }),
  ...both('versioned tables, versioned result', (b, isLeft) => {
    const l = b.table('L', { ...strings, store: versioned('lv', 100) }).filter(() => true)
    return joinWith(l, b.table('R', { ...strings, store: versioned('rv', 100) }), isLeft, {
      store: versioned('res', 100),
    })
  }),
])

const random: VectorTopologies = Object.fromEntries(
  [1, 2, 3].flatMap((seed) =>
    both(`random ${seed}`, (b, isLeft) =>
      joinWith(b.table('L', { ...strings, store: 'l' }), right(b), isLeft, { store: 'res' }, whole),
    ),
  ),
)

export const foreignKeyVectors: VectorTopologies = { ...joins, ...otherTables, ...versionedTables, ...random }
