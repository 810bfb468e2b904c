/** Stream-table joins, versioned tables and the rest of the Processor API. */
import type { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { JOINED, joinScenarios, versioned, type TextStream, type TextTable } from './stream-table-joins.ts'
import { dsl, pair, STRINGS, strings, type Text, type VectorTopologies } from './vector-topology.ts'
import { processorStoreVectors } from './processor-stores.ts'
import { processorVectors } from './processors.ts'
import { versionedTables } from './versioned-tables.ts'

const tableT = (b: StreamsBuilder): TextTable => b.table('T', strings)
/** Its key counts as changed, and is the same. */
const rekeyed = (b: StreamsBuilder, topic = 'S'): TextStream => b.stream(topic, STRINGS).selectKey<Text>((_v, k) => k)

const published: VectorTopologies = {
  'stream-table left join': dsl((b) => b.stream('L', STRINGS).leftJoin(b.table('R', strings), pair).to('out', strings)),
  'stream-table join: versioned table, grace 10': dsl((b) => {
    const t = b.table('T', { ...strings, store: versioned('vt', 100) })
    b.stream('S', STRINGS)
      .join(t, pair, { ...JOINED, name: 'jn', grace: 10 })
      .to('out', strings)
  }),
  'headers through map, aggregate, join, repartition': dsl((b) => {
    const s = b.stream('in', STRINGS)
    s.mapValues((v) => `${v}!`).to('mapped', strings)
    s.groupBy((v) => v, strings)
      .count({ store: 'c' })
      .toStream()
      .to('counts')
    s.join(b.table('t', strings), pair).to('joined', strings)
  }),
}

const nullKeys: VectorTopologies = {
  'null keys: two repartition topics above a left join': dsl((b) =>
    rekeyed(b)
      .repartition({ name: 'r', ...STRINGS })
      .selectKey<Text>((_v, k) => k)
      .leftJoin(tableT(b), pair, JOINED)
      .to('out', strings),
  ),
  'null keys: a left and an inner join behind one repartition topic': dsl((b) => {
    const [s, t] = [rekeyed(b), tableT(b)]
    s.join(t, pair, JOINED).to('inner', strings)
    s.leftJoin(t, pair, JOINED).to('left', strings)
  }),
  'null keys: a left join and an aggregation behind one stream': dsl((b) => {
    const s = rekeyed(b)
    s.leftJoin(tableT(b), pair, JOINED).to('left', strings)
    s.groupByKey(strings).count({ store: 'n' }).toStream().to('counts')
  }),
  'null keys: an aggregation whose result is joined': dsl((b) =>
    rekeyed(b).groupByKey(strings).count({ store: 'n' }).toStream().leftJoin(tableT(b), pair).to('out', strings),
  ),
  'null keys: toTable behind a repartition topic, its updates joined': dsl((b) =>
    rekeyed(b).toTable(strings).toStream().leftJoin(tableT(b), pair).to('out', strings),
  ),
  'null keys: a merge of two streams with new keys': dsl((b) => {
    const [one, two] = [rekeyed(b), rekeyed(b, 'S2')]
    one.merge(two).leftJoin(tableT(b), pair, JOINED).to('out', strings)
    two.groupByKey(strings).count().toStream().to('counts')
  }),
}

const topics: VectorTopologies = {
  'stream-table: source topic reused as changelog': dsl((b) =>
    b.stream('S', STRINGS).leftJoin(tableT(b), pair).to('out', strings),
  ),
  'stream-table: versioned table, source topic reused as changelog': dsl((b) =>
    b
      .stream('S', STRINGS)
      .leftJoin(b.table('T', { ...strings, store: versioned('vt', 100) }), pair)
      .to('out', strings),
  ),
  "stream-table: logging of the table's store disabled": dsl((b) =>
    b
      .stream('S', STRINGS)
      .join(b.table('T', { ...strings, store: 't', logging: false }), pair)
      .to('out', strings),
  ),
  'stream-table: versioned table, logging disabled': dsl((b) =>
    b
      .stream('S', STRINGS)
      .join(b.table('T', { ...strings, store: versioned('vt', 100), logging: false }), pair)
      .to('out', strings),
  ),
  'stream-table: everything named': dsl((b) =>
    b
      .stream('S', { ...STRINGS, name: 'source' })
      .selectKey((v) => v, { name: 'by-value' })
      .leftJoin(b.table('T', { ...strings, name: 'table', store: 'store' }), pair, { ...JOINED, name: 'join' })
      .to('out', { ...strings, name: 'sink' }),
  ),
  'stream-table: one table, three streams': dsl((b) => {
    const t = tableT(b)
    b.stream('A', STRINGS).join(t, pair).to('a', strings)
    b.stream('B', STRINGS).leftJoin(t, pair).to('b', strings)
    b.stream(['C', 'D'], STRINGS)
      .filter(() => true)
      .leftJoin(
        t.mapValues((v) => `${v}!`),
        pair,
      )
      .to('c', strings)
  }),
}

const results: VectorTopologies = {
  'stream-table: results grouped, without a new repartition topic': dsl((b) =>
    b
      .stream('S', STRINGS)
      .selectKey<Text>((v) => v?.slice(0, 1) ?? null)
      .join(tableT(b), (v, t) => v + t, JOINED)
      .groupByKey(strings)
      .reduce((a, v) => `${a},${v}`, { store: 'red' })
      .toStream()
      .to('out'),
  ),
  'stream-table: results as a table, joined again': dsl((b) => {
    const t = tableT(b)
    const joined = b.stream('S', STRINGS).leftJoin(t, pair).toTable(strings)
    b.stream('R', STRINGS).leftJoin(joined, pair).to('out', strings)
  }),
  'stream-table: order of results and table updates of one record': dsl((b) => {
    const s = b.stream('in', STRINGS)
    const t = s.filter((v) => v === null || v.length > 1).toTable()
    s.leftJoin(t, pair).to('after', strings)
    const u = s.mapValues((v) => `${v}2`).toTable(strings)
    s.join(u, pair).to('after2', strings)
  }),
}

const ten = { ...JOINED, grace: 10 }
const refused = { error: 'MILLRACE_STORE_OPTION_INVALID' }
const unnamed = { error: 'MILLRACE_NAME_MISSING' }
const versionedT = (b: StreamsBuilder, ms = 100): TextTable => b.table('T', { ...strings, store: versioned('vt', ms) })

function graceOf(table: (b: StreamsBuilder) => TextTable): (b: StreamsBuilder) => void {
  return (b) => b.stream('S', STRINGS).join(table(b), pair, ten).to('out', strings)
}

const errors: VectorTopologies = {
  'error: grace of a table without versions': dsl(graceOf(tableT), refused),
  'error: grace of a table stored without versions, of a versioned one': dsl(
    graceOf((b) => versionedT(b).filter(() => true, { store: 'f' })),
    refused,
  ),
  'error: grace of a derived table without versions': dsl(
    graceOf((b) => b.table('T', { ...strings, store: 't' }).mapValues((v) => v)),
    refused,
  ),
  'error: grace of a join of versioned tables': dsl(
    graceOf((b) => versionedT(b).join(b.table('U', { ...strings, store: versioned('vu', 100) }), pair)),
    refused,
  ),
  'error: grace longer than the history': dsl(
    graceOf((b) => versionedT(b, 9)),
    refused,
  ),
  'error: suppress of a versioned table': dsl(
    (b) =>
      versionedT(b)
        .suppress({ until: { timeLimit: 10 } })
        .toStream()
        .to('out'),
    refused,
  ),
  'error: suppress of a filtered versioned table': dsl(
    (b) =>
      versionedT(b)
        .filter(() => true)
        .suppress({ until: { timeLimit: 10 } })
        .toStream()
        .to('out'),
    refused,
  ),
  'error: versioned global table': dsl(
    (b) => void b.globalTable('T', { ...strings, store: versioned('vt', 9) }),
    refused,
  ),
  'error: explicit names required, a join with grace without one': dsl(graceOf(versionedT), unnamed),
  'error: explicit names required, a join behind a new key without one': dsl(
    (b) =>
      b
        .stream('S', STRINGS)
        .selectKey((v) => v)
        .join(b.table('T', { ...strings, store: 't' }), pair, JOINED)
        .to('out', strings),
    unnamed,
  ),
}

export const streamTableVectors: VectorTopologies = {
  ...published,
  ...joinScenarios('inner'),
  ...joinScenarios('left'),
  ...nullKeys,
  ...topics,
  ...results,
  ...versionedTables,
  ...errors,
  ...processorVectors,
  ...processorStoreVectors,
}
