/** Names, keys, stores and users of windowed tables: WindowScenarios.java. */
import { hopping, session, sliding, tumbling } from '../../../src/dsl/windows.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { nullable } from '../../../src/serde/serde.ts'
import { stores } from '../../../src/state/stores.ts'
import { append } from './windows-kinds.ts'
import {
  dsl,
  pair,
  STRINGS,
  strings,
  type Text,
  type VectorTopologies,
  type VectorTopology,
} from './vector-topology.ts'

const grouping = { key: strings.key, value: STRINGS.value }
const value = serdes.string
const toText = { key: serdes.string, value: nullable(serdes.string) }

function slidingTexts(difference: number, grace: number): VectorTopology {
  return dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(grouping)
      .windowedBy(sliding({ difference, grace }))
      .aggregate(() => '', append, { store: 'w', value })
      .toStream()
      .to('out')
  })
}

const outOfOrder: VectorTopologies = {
  'sliding 10 grace 50: the example of the documentation, then everything late': slidingTexts(10, 50),
  'sliding 5 grace 5: early records backwards': slidingTexts(5, 5),
}

const names: VectorTopologies = {
  'windowed: everything named, repartitioned': dsl((b) => {
    const g = b.stream('in', STRINGS).groupBy((v) => v, { name: 'grp', ...grouping })
    g.windowedBy(tumbling({ size: 10 }))
      .count({ name: 'c', store: 'cs' })
      .toStream()
      .to('c')
    g.windowedBy(sliding({ difference: 10 }))
      .reduce(append, { name: 'r', store: 'rs', value })
      .toStream()
      .to('r')
    g.windowedBy(session({ gap: 10 }))
      .aggregate(
        () => '',
        append,
        (one, two) => one + two,
        { name: 'a', store: 'as', value },
      )
      .toStream()
      .to('a')
    g.count({ name: 'all', store: 'alls' }).toStream().to('all')
  }),
  'windowed: nothing named, repartitioned': dsl((b) => {
    const g = b
      .stream('in', STRINGS)
      .selectKey((v) => v)
      .groupByKey(grouping)
    const { key } = strings
    g.windowedBy(tumbling({ size: 10 }))
      .count()
      .toStream((_, w) => w.key)
      .to('c', { key, value: serdes.int64 })
    g.windowedBy(sliding({ difference: 10 })).count({ key, value: serdes.int64 })
    g.windowedBy(tumbling({ size: 10 })).count({ key, value: serdes.int64 })
    g.windowedBy(session({ gap: 10 })).count({ key, value: serdes.int64 })
    g.windowedBy(session({ gap: 10 }))
      .reduce(append, { value })
      .toStream((_, w) => w.key)
      .to('r', { key })
    g.windowedBy(sliding({ difference: 10 }))
      .aggregate(() => '', append, { value })
      .toStream((_, w) => w.key)
      .to('a', { key })
  }),
  'windowed: named operators, unnamed stores': dsl((b) => {
    const g = b.stream('in', STRINGS).groupByKey(grouping)
    g.windowedBy(tumbling({ size: 10 })).count({ name: 'c' })
    g.windowedBy(tumbling({ size: 10 })).reduce(append, { name: 'r', value })
    g.windowedBy(tumbling({ size: 10 })).aggregate(() => '', append, { name: 'a', value })
    g.windowedBy(sliding({ difference: 10 })).count({ name: 'sc' })
    g.windowedBy(session({ gap: 10 })).count({ name: 'ec' })
  }),
  'windowed: repartition named by the grouping, shared or not': dsl((b) => {
    const s = b.stream('in', STRINGS)
    const named = s.groupBy((v) => v, { name: 'one', ...grouping })
    named.windowedBy(tumbling({ size: 10 })).count()
    named.reduce((a, v) => a + v, { value })
    const unnamed = s.groupBy((v) => v, grouping)
    unnamed.windowedBy(session({ gap: 10 })).count()
    unnamed.windowedBy(sliding({ difference: 10 })).count({ store: 'given' })
  }),
  'windowed: repartition topics merged': dsl((b) => {
    const g = b
      .stream('in', STRINGS)
      .selectKey((v) => v)
      .groupByKey(grouping)
    g.windowedBy(tumbling({ size: 10 }))
      .count({ store: 'c' })
      .toStream()
      .to('c')
    g.windowedBy(session({ gap: 10 }))
      .count({ store: 's' })
      .toStream()
      .to('s')
    g.count({ store: 'n' }).toStream().to('n')
  }),
}

const keys: VectorTopologies = {
  'windowed keys: through repartition topics and tables': dsl((b) => {
    const windowed = { key: serdes.timeWindowed(serdes.string, 10), value: serdes.int64 }
    const w = b
      .stream('in', STRINGS)
      .groupByKey(grouping)
      .windowedBy(tumbling({ size: 10 }))
      .count({ store: 'w' })
    w.toStream()
      .filter(() => true)
      .repartition({ name: 'rp', ...windowed })
      .to('out', windowed)
    w.toStream().groupByKey(windowed).count({ store: 'again' }).toStream().to('again')
  }),
  'windowed keys: long and int keys': dsl((b) => {
    b.stream('in', { key: serdes.int64, value: serdes.int32 })
      .groupByKey()
      .windowedBy(hopping({ size: 1000, advance: 500 }))
      .reduce((a, v) => a + v, { store: 'w' })
      .toStream()
      .to('out')
    b.stream('in2', { key: serdes.int32, value: serdes.string })
      .groupByKey()
      .windowedBy(session({ gap: 1000 }))
      .count({ store: 's' })
      .toStream()
      .to('out2')
  }),
}

function countOnClose(windows: ReturnType<typeof tumbling> | ReturnType<typeof sliding>): VectorTopology {
  return dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(grouping)
      .windowedBy(windows)
      .emitStrategy('onWindowClose')
      .count({ store: 'w' })
      .toStream()
      .to('out')
  })
}

const gaps: VectorTopologies = {
  'on close, tumbling 10 grace 0: gaps in time': countOnClose(tumbling({ size: 10 })),
  'on close, tumbling 10 grace 5: gaps in time': countOnClose(tumbling({ size: 10, grace: 5 })),
  'on close, tumbling 10 grace 12: gaps in time': countOnClose(tumbling({ size: 10, grace: 12 })),
  'on close, sliding 5 grace 2: gaps in time': countOnClose(sliding({ difference: 5, grace: 2 })),
  'on close, session 5 grace 2: gaps in time, late bridges': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(grouping)
      .windowedBy(session({ gap: 5, grace: 2 }))
      .emitStrategy('onWindowClose')
      .count({ store: 'w' })
      .toStream()
      .to('out')
  }),
}

const windowedTables = dsl((b) => {
  const w = b
    .stream('in', STRINGS)
    .groupByKey(grouping)
    .windowedBy(tumbling({ size: 10, grace: 5 }))
  const n = w.count({ store: 'n' })
  const t = w.reduce(append, { store: 't', value })
  n.join(t, pair)
    .toStream((_, { key, window }) => `${key}${window.start}`)
    .to('joined', strings)
  t.filter((v) => v.length > 1)
    .mapValues((v) => `${v}!`)
    .toStream((_, { key, window }) => `${key}${window.start}`)
    .to('mapped', strings)
})

const sessionTables = dsl((b) => {
  const w = b
    .stream('in', STRINGS)
    .groupByKey(grouping)
    .windowedBy(session({ gap: 5, grace: 5 }))
  const n = w.count({ store: 'n' })
  const t = w.reduce(append, { store: 't', value })
  n.outerJoin(t, pair)
    .toStream((_, { key, window }) => `${key}${window.start}-${window.end}`)
    .to('joined', strings)
  t.groupBy((v, { key }): [string, Text] => [key, v], toText)
    .count({ store: 'c' })
    .toStream()
    .to('sessions')
})

const downstream: VectorTopologies = {
  'windowed tables: joined, filtered, mapped': windowedTables,
  'windowed tables: joined, filtered, mapped, cached': windowedTables,
  'session tables: joined with themselves, grouped': sessionTables,
  'session tables: joined with themselves, grouped, cached': sessionTables,
}

const storeOptions: VectorTopologies = {
  'windowed: store suppliers': dsl((b) => {
    const g = b.stream('in', STRINGS).groupByKey(grouping)
    g.windowedBy(tumbling({ size: 10 }))
      .count({ store: stores.window('w', { retention: 50, windowSize: 10 }) })
      .toStream()
      .to('w')
    g.windowedBy(session({ gap: 10 }))
      .count({ store: stores.session('s', { retention: 50 }) })
      .toStream()
      .to('s')
  }),
  'windowed: without changelog, without cache': dsl((b) => {
    const g = b.stream('in', STRINGS).groupByKey(grouping)
    g.windowedBy(tumbling({ size: 10 }))
      .count({ store: 'w', logging: false })
      .toStream()
      .to('w')
    g.windowedBy(session({ gap: 10 }))
      .count({ store: 's', caching: false })
      .toStream()
      .to('s')
  }),
  'windowed: retention longer than needed': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(grouping)
      .windowedBy(tumbling({ size: 10 }))
      .count({ store: 'w', retention: 30 })
      .toStream()
      .to('w')
  }),
}

const errors: VectorTopologies = {
  'error: sliding retention too short': dsl(
    (b) => {
      b.stream('in', STRINGS)
        .groupByKey(grouping)
        .windowedBy(sliding({ difference: 10, grace: 5 }))
        .count({ store: 'w', retention: 24 })
    },
    { error: 'MILLRACE_OPTION_INVALID' },
  ),
  'error: advance of zero': dsl(() => void hopping({ size: 10, advance: 0 }), { error: 'MILLRACE_OPTION_INVALID' }),
  'error: negative grace': dsl(() => void tumbling({ size: 10, grace: -1 }), { error: 'MILLRACE_OPTION_INVALID' }),
  'error: negative gap': dsl(() => void session({ gap: -1 }), { error: 'MILLRACE_OPTION_INVALID' }),
}

export const windowedTableVectors: VectorTopologies = {
  ...outOfOrder,
  ...names,
  ...keys,
  ...gaps,
  ...downstream,
  ...storeOptions,
  ...errors,
}
