/** Versioned tables and what is derived of them (KIP-914): the rest of StreamTableScenarios.java. */
import type { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { KTable } from '../../../src/dsl/streams.ts'
import type { StoreBuilder } from '../../../src/processor/store-builder.ts'
import { versioned, type TextTable } from './stream-table-joins.ts'
import { dsl, pair, STRINGS, strings, type VectorTopology } from './vector-topology.ts'

const tableT = (b: StreamsBuilder): TextTable => b.table('T', { ...strings, store: versioned('vt', 20) })
const plus = (a: string, v: string): string => `${a}+${v}`
const minus = (a: string, v: string): string => `${a}-${v}`

const tables: Record<string, VectorTopology> = {
  'updates downstream': dsl((b) => tableT(b).toStream().to('out')),
  'cache on': dsl((b) =>
    b
      .table('T', { ...strings, store: versioned('vt', 20), caching: true })
      .toStream()
      .to('out'),
  ),
  filter: dsl((b) => {
    const t = tableT(b)
    const isLong = (v: string): boolean => v.length > 1
    t.filter(isLong).toStream().to('unstored')
    t.filter(isLong, { store: 'f' }).toStream().to('stored')
    t.filterNot(isLong, { store: versioned('vf', 15) })
      .toStream()
      .to('versioned')
  }),
  mapValues: dsl((b) => {
    const t = tableT(b)
    const loud = (v: string): string => `${v}!`
    t.mapValues(loud).toStream().to('unstored', strings)
    t.mapValues(loud, { store: 'm', ...strings })
      .toStream()
      .to('stored')
    t.mapValues(loud, { store: versioned('vm', 15), ...strings })
      .toStream()
      .to('versioned')
  }),
  'groupBy and count': dsl((b) =>
    tableT(b)
      .groupBy((v) => [v.slice(0, 1), v], strings)
      .count({ store: 'n' })
      .toStream()
      .to('out'),
  ),
  'filter, groupBy and reduce': dsl((b) =>
    tableT(b)
      .filter((v) => v !== 'x')
      .groupBy((v) => ['g', v], strings)
      .reduce(plus, minus, { store: 'red' })
      .toStream()
      .to('out'),
  ),
  'stored filter without versions, groupBy': dsl((b) =>
    tableT(b)
      .filter((v) => v !== 'x', { store: 'f' })
      .groupBy((v) => ['g', v], strings)
      .reduce(plus, minus, { store: 'red' })
      .toStream()
      .to('out'),
  ),
  'groupBy into a versioned aggregate': dsl((b) =>
    b
      .table('T', strings)
      .groupBy((v) => ['g', v], strings)
      .reduce(plus, minus, { store: versioned('vr', 20) })
      .toStream()
      .to('out'),
  ),
  'of toTable': dsl((b) =>
    b
      .stream('T', STRINGS)
      .toTable({ name: 'tt', store: versioned('vt', 20) })
      .toStream()
      .to('out'),
  ),
  'aggregates of a stream': dsl((b) => {
    b.stream('T', STRINGS)
      .groupByKey()
      .reduce((a, v) => a + v, { store: versioned('vr', 20) })
      .toStream()
      .to('reduced')
    b.stream('T', STRINGS)
      .groupByKey()
      .aggregate(
        () => '',
        (a, v) => (v === 'x' ? null : a + v),
        { store: versioned('va', 20), ...strings },
      )
      .toStream()
      .to('aggregated')
  }),
}

type Kind = 'inner' | 'left' | 'outer'

function join(kind: Kind, left: TextTable, right: TextTable, store?: StoreBuilder): KTable<string, string> {
  const options = store === undefined ? {} : { store, ...strings }
  if (kind === 'inner') return left.join(right, pair, options)
  return kind === 'left' ? left.leftJoin(right, pair, options) : left.outerJoin(right, pair, options)
}

function joins(kind: Kind): Record<string, VectorTopology> {
  const left = (b: StreamsBuilder): TextTable => b.table('L', { ...strings, store: versioned('vl', 20) })
  const right = (b: StreamsBuilder): TextTable => b.table('R', { ...strings, store: versioned('vr', 20) })
  return {
    [`${kind} join`]: dsl((b) => join(kind, left(b), right(b)).toStream().to('out', strings)),
    [`${kind} join with a table that is not`]: dsl((b) =>
      join(kind, left(b), b.table('R', strings)).toStream().to('out', strings),
    ),
    [`${kind} join, stored with versions`]: dsl((b) =>
      join(kind, b.table('L', strings), right(b), versioned('vj', 20)).toStream().to('out'),
    ),
  }
}

const joined: Record<string, VectorTopology> = {
  ...joins('inner'),
  ...joins('left'),
  ...joins('outer'),
  'join of derived ones, grouped': dsl((b) => {
    const left = b.table('L', { ...strings, store: versioned('vl', 20) }).filter((v) => v !== 'B')
    const right = b.table('R', { ...strings, store: versioned('vr', 20) }).mapValues((v) => `${v}!`)
    join('left', left, right)
      .groupBy((v) => ['g', v], strings)
      .count({ store: 'n' })
      .toStream()
      .to('out')
  }),
}

function withPrefix(prefix: string, vectors: Record<string, VectorTopology>): Record<string, VectorTopology> {
  return Object.fromEntries(Object.entries(vectors).map(([name, topology]) => [`${prefix}: ${name}`, topology]))
}

export const versionedTables: Readonly<Record<string, VectorTopology>> = {
  ...withPrefix('versioned table', tables),
  ...withPrefix('versioned tables', joined),
}
