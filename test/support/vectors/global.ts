/** Global tables and stores, and joins with them: SplitGlobalScenarios.java. */
import type { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { GlobalKTable } from '../../../src/dsl/global-ktable.ts'

import { StoreBuilder, type StoreSpec } from '../../../src/processor/store-builder.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { stores } from '../../../src/state/stores.ts'
import { Topology } from '../../../src/topology/topology.ts'
import {
  countKeys,
  keep,
  keepPlace,
  keepTimestamp,
  keepWindow,
  lookUp,
  lookUpValue,
  writeGlobal,
} from './global-processors.ts'
import { starts } from './split.ts'
import { dsl, pair, papi, STRINGS, strings, type Text, type VectorTopologies } from './vector-topology.ts'

const counts = { key: serdes.string, value: serdes.int64 }

/** "nul" names no row. */
function row(value: Text): Text {
  return value === 'nul' ? null : value
}

function g(b: StreamsBuilder, options: { readonly store?: string } = { store: 'g' }): GlobalKTable<string, string> {
  return b.globalTable('G', { ...strings, ...options })
}

function storeOf(spec: Pick<StoreSpec, 'kind' | 'name'> & Partial<StoreSpec>): StoreBuilder {
  return new StoreBuilder({ ...strings, caching: false, logging: true, changelogConfig: {}, ...spec })
}

function keyed(value: Text, other: Text, key: Text): string {
  return `${key}:${value}:${other}`
}

const joins: VectorTopologies = {
  'global join: inner': dsl((b) => b.stream('S', STRINGS).join(g(b), row, pair).to('out', strings)),
  'global join: left': dsl((b) => b.stream('S', STRINGS).leftJoin(g(b), row, pair).to('out', strings)),
  'global join: inner, named, joiner with key': dsl((b) =>
    b.stream('S', STRINGS).join(g(b, {}), row, keyed, { name: 'jn' }).to('out', strings),
  ),
  'global join: left, named, joiner with key': dsl((b) =>
    b.stream('S', STRINGS).leftJoin(g(b, {}), row, keyed, { name: 'jn' }).to('out', strings),
  ),
  "global join: inner by the stream's key": dsl((b) =>
    b
      .stream('S', STRINGS)
      .join(g(b, {}), (_v, k) => k, pair)
      .to('out', strings),
  ),
  "global join: left by the stream's key": dsl((b) =>
    b
      .stream('S', STRINGS)
      .leftJoin(g(b, {}), (_v, k) => k, pair)
      .to('out', strings),
  ),
  'global join: joiner returns null': dsl((b) =>
    b
      .stream('S', STRINGS)
      .leftJoin(g(b, {}), row, (_v, other): Text => other)
      .to('out', strings),
  ),
  'global join: of two tables, one after the other': dsl((b) =>
    b
      .stream('S', STRINGS)
      .join(g(b, {}), row, pair)
      .leftJoin(b.globalTable('H', strings), (_v, k) => k, pair)
      .to('out', strings),
  ),
  'global join: two streams with one table': dsl((b) => {
    const table = g(b)
    b.stream('S', STRINGS).join(table, row, pair).to('out', strings)
    b.stream('T', STRINGS).leftJoin(table, row, pair).to('out2', strings)
  }),
  'global join: left twice from one stream': dsl((b) => {
    const table = g(b, {})
    const stream = b.stream('S', STRINGS)
    stream.join(table, row, pair).to('inner', strings)
    stream.leftJoin(table, row, pair).to('left', strings)
  }),
  'global join: after a new key, then counted': dsl((b) =>
    b
      .stream('S', STRINGS)
      .selectKey((v) => v)
      .leftJoin(g(b, {}), row, pair)
      .groupByKey(strings)
      .count({ store: 'n' })
      .toStream()
      .to('out', counts),
  ),
  'global join: the key stays, so it is counted in place': dsl((b) =>
    b.stream('S', STRINGS).join(g(b, {}), row, pair).groupByKey(strings).count().toStream().to('out', counts),
  ),
  'global join: left after a repartition keeps null keys': dsl((b) =>
    b.stream('S', STRINGS).repartition({ name: 'rp' }).leftJoin(g(b, {}), row, pair).to('out', strings),
  ),
  'global join: inner after a repartition drops null keys': dsl((b) =>
    b.stream('S', STRINGS).repartition({ name: 'rp' }).join(g(b, {}), row, pair).to('out', strings),
  ),
  'global join: cache on': dsl((b) => b.stream('S', STRINGS).leftJoin(g(b), row, pair).to('out', strings)),
  'global join: optimised': dsl((b) => {
    const table = g(b)
    b.table('T', { ...strings, store: 't' })
      .toStream()
      .join(table, (v) => v, pair)
      .to('table-out', strings)
    b.stream('S', STRINGS).join(table, row, pair).to('out', strings)
  }),
  'global join: the function of the key throws': dsl(
    (b) =>
      b
        .stream('S', STRINGS)
        .leftJoin(g(b, {}), (v) => (v as string).slice(1), pair)
        .to('out', strings),
    { error: 'MILLRACE_PROCESSING_FAILED' },
  ),
  'global join: the joiner throws, handler CONTINUE': dsl((b) =>
    b
      .stream('S', STRINGS)
      .leftJoin(
        g(b, {}),
        (v) => v,
        (v, other) => `${v}${(other as string).length}`,
      )
      .to('out', strings),
  ),
  'global join: values of another type': dsl((b) =>
    b
      .stream('S', strings)
      .join(
        b.globalTable('G', { ...counts, store: 'g' }),
        (v) => v,
        (v, other) => `${v}${other + 1}`,
      )
      .to('out', strings),
  ),
  "global join: a branch joins, another writes the table's topic": dsl((b) => {
    const table = g(b)
    b.stream('S', STRINGS)
      .split({ name: 's-' })
      .branch(starts('set:'), { withConsumer: (s) => s.mapValues((v) => v?.slice(4) ?? null).to('G', strings) })
      .branch((v) => v === null, { withConsumer: (s) => s.to('G', strings) })
      .defaultBranch({ withConsumer: (s) => s.leftJoin(table, (v) => v, pair).to('out', strings) })
  }),
  'global join: a record writes the table that it joins': dsl((b) => {
    const table = g(b, {})
    const stream = b.stream('S', strings)
    stream.to('G', strings)
    stream.leftJoin(table, (_v, k) => k, pair).to('out', strings)
    stream.flatMapValues((v) => v.split(' ')).to('W', strings)
    b.stream('W', STRINGS)
      .leftJoin(table, (_v, k) => k, pair)
      .to('out2', strings)
  }),
}

const tables: VectorTopologies = {
  'global table: unnamed store': dsl((b) => {
    b.stream('S', STRINGS).to('out', strings)
    b.globalTable('G', strings)
  }),
  'global table: named': dsl((b) => {
    b.stream('S', STRINGS).to('out', strings)
    b.globalTable('G', { ...strings, name: 'tab', store: 'g' })
    b.stream('T', STRINGS)
      .mapValues((v) => v)
      .to('out2', strings)
  }),
  'global table: alone': dsl((b) => void b.globalTable('G', { ...strings, store: 'g' })),
  'global table: between sub-topologies': dsl((b) => {
    b.stream('A', STRINGS)
      .groupBy((v) => v, strings)
      .count()
      .toStream()
      .to('a-out', counts)
    b.globalTable('G', { ...strings, store: 'g' })
    b.stream('B', STRINGS).to('b-out', strings)
    b.globalTable('H', strings)
    b.table('C', { ...strings, store: 'c' })
      .toStream()
      .to('c-out', strings)
  }),
  'global table: a timestamp extractor has no effect': dsl(
    (b) => void b.globalTable('G', { ...strings, store: 'g', timestampExtractor: () => 777 }),
  ),
  'global table: of a store supplier': dsl(
    (b) =>
      void b.globalTable('G', {
        ...strings,
        store: stores.timestampedKeyValue('sup', { persistent: false }),
        caching: false,
      }),
  ),
  'global table: a value that cannot be read': dsl((b) => void b.globalTable('G', { ...counts, store: 'g' })),
  'global table: a value that cannot be read, handler CONTINUE': dsl(
    (b) => void b.globalTable('G', { ...counts, store: 'g' }),
  ),
  'global table: read by processors': dsl((b) => {
    b.globalTable('G', { ...strings, store: 'g' })
    b.stream('S', STRINGS).process(lookUp('g')).to('out', strings)
    b.stream('T', STRINGS).processValues(lookUpValue).to('out2', strings)
  }),
  'global table: names are explicit': dsl((b) =>
    b
      .stream('S', STRINGS)
      .leftJoin(g(b), (v) => v, pair)
      .to('out', strings),
  ),
}

const globalStores: VectorTopologies = {
  'global store: where its records come from': dsl((b) => {
    b.stream('S', STRINGS).to('out', strings)
    b.addGlobalStore(stores.keyValue('places', strings), 'G', STRINGS, keepPlace)
  }),
  'global store: named': dsl((b) => {
    b.addGlobalStore(stores.keyValue('gs', strings), 'G', { ...STRINGS, name: 'keep' }, keep('gs'))
    b.stream('S', STRINGS).process(lookUp('gs'), { name: 'look' }).to('out', strings)
  }),
  'global store: timestamped': dsl((b) => {
    b.addGlobalStore(stores.timestampedKeyValue('ts', strings), 'G', STRINGS, keepTimestamp)
    b.stream('S', STRINGS).process(lookUp('ts')).to('out', strings)
  }),
  'global store: two, and one reads the other': dsl((b) => {
    b.addGlobalStore(stores.keyValue('one', strings), 'G', STRINGS, keep('one'))
    b.addGlobalStore(stores.keyValue('counts', counts), 'H', STRINGS, countKeys)
    b.stream('S', STRINGS).process(lookUp('counts')).to('out', strings)
  }),
  'global store: windows': dsl((b) => {
    b.addGlobalStore(
      storeOf({ kind: 'window', name: 'gw', retentionMs: 1000, windowSizeMs: 10 }),
      'G',
      STRINGS,
      keepWindow,
    )
    b.stream('S', STRINGS).to('out', strings)
  }),
  'global store: read by two sub-topologies': dsl((b) => {
    const filler = keep('gs', ({ value, timestamp }) => `${value}/${timestamp}`)
    b.addGlobalStore(stores.keyValue('gs', strings), 'G', STRINGS, filler)
    b.stream('S', STRINGS).process(lookUp('gs')).to('mid', strings)
    b.stream('mid', STRINGS).process(lookUp('gs')).to('out', strings)
  }),
  'global store: in the Processor API': papi(() =>
    new Topology()
      .addSource('s', 'S', STRINGS)
      .addGlobalStore(stores.keyValue('gs', strings), 'gsrc', 'G', 'gproc', keep('gs'), STRINGS)
      .addProcessor('p', lookUp('gs'), 's')
      .addSink('k', 'out', 'p', strings),
  ),
  'global store: its processor throws': dsl(
    (b) => {
      const filler = keep('gs', ({ value }) => (value as string).toUpperCase())
      b.addGlobalStore(stores.keyValue('gs', strings), 'G', STRINGS, filler)
      b.stream('S', STRINGS).to('out', strings)
    },
    { error: 'MILLRACE_PROCESSING_FAILED' },
  ),
  'global store: its processor throws, handler CONTINUE does not count': dsl(
    (b) => {
      const filler = keep('gs', ({ value }) => (value as string).toUpperCase())
      b.addGlobalStore(stores.keyValue('gs', strings), 'G', STRINGS, filler)
      b.stream('S', STRINGS).to('out', strings)
    },
    { error: 'MILLRACE_PROCESSING_FAILED' },
  ),
  'global store: another processor writes to it': dsl(
    (b) => {
      b.addGlobalStore(stores.keyValue('gs', strings), 'G', STRINGS, keep('gs'))
      b.stream('S', STRINGS).process(writeGlobal).to('out', strings)
    },
    { error: 'MILLRACE_PROCESSING_FAILED' },
  ),
}

const errors: VectorTopologies = {
  'error: a stream reads the topic of a global table': dsl(
    (b) => {
      b.globalTable('G', strings)
      b.stream('G', STRINGS).to('out', strings)
    },
    { error: 'MILLRACE_TOPIC_TAKEN' },
  ),
  'error: a pattern matches the topic of a global table': dsl(
    (b) => {
      b.stream(/G.*/, STRINGS).to('out', strings)
      b.globalTable('G1', strings)
    },
    { error: 'MILLRACE_TOPIC_TAKEN' },
  ),
  'error: two global tables of one topic': dsl(
    (b) => {
      b.globalTable('G', strings)
      b.globalTable('G', strings)
    },
    { error: 'MILLRACE_TOPIC_TAKEN' },
  ),
  'error: two global tables with one store': dsl(
    (b) => {
      b.globalTable('G', { ...strings, store: 'g' })
      b.globalTable('H', { ...strings, store: 'g' })
    },
    { error: 'MILLRACE_NAME_TAKEN' },
  ),
  'error: a global table with the store of a table': dsl(
    (b) => {
      b.table('T', { ...strings, store: 'g' })
        .toStream()
        .to('out', strings)
      b.globalTable('G', { ...strings, store: 'g' })
    },
    { error: 'MILLRACE_NAME_TAKEN' },
  ),
  'error: a global table that is versioned': dsl(
    (b) =>
      void b.globalTable('G', {
        ...strings,
        store: storeOf({ kind: 'versioned', name: 'v', historyRetentionMs: 1000 }),
      }),
    { error: 'MILLRACE_STORE_OPTION_INVALID' },
  ),
  'error: a processor is connected to a global store': dsl(
    (b) => {
      b.globalTable('G', { ...strings, store: 'g' })
      b.stream('S', STRINGS)
        .process(lookUp('g'), { stores: ['g'] })
        .to('out', strings)
    },
    { error: 'MILLRACE_STORE_NOT_CONNECTABLE' },
  ),
  'error: explicit names required, an unnamed global table': dsl(
    (b) =>
      b
        .stream('S', STRINGS)
        .join(g(b, {}), (v) => v, pair)
        .to('out', strings),
    { error: 'MILLRACE_NAME_MISSING' },
  ),
}

export const globalVectors: VectorTopologies = { ...joins, ...tables, ...globalStores, ...errors }
