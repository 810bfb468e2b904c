/** Records of punctuators, odd inputs, stores and routes: the last scenarios of AuditScenarios.java. */
import { hopping, joinWithin, session, sliding, tumbling, unlimited } from '../../../src/dsl/windows.ts'
import type { FixedKeyProcessor } from '../../../src/processor/processor.ts'
import type { RecordMetadata } from '../../../src/processor/record.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { stores } from '../../../src/state/stores.ts'
import { timed } from './audit.ts'
import { act, type Supplier } from './processors.ts'
import { dsl, STRINGS, strings, type Text, type VectorTopologies } from './vector-topology.ts'

const S = serdes.string

const ticking: Supplier = timed((schedule) => {
  schedule('streamTime', 10, 'tick')
  schedule('wallClockTime', 10, 'tock')
})

function plain(): FixedKeyProcessor<Text, Text, Text> {
  let forward: (record: Parameters<FixedKeyProcessor<Text, Text, Text>['process']>[0]) => void
  return {
    init(context) {
      forward = (record) => context.forward(record)
    },
    process: (record) => forward(record),
  }
}

const everywhere = dsl((b) => {
  const p = b.stream('in', STRINGS).process(ticking, { name: 'tick' })
  p.groupByKey({ name: 'g', ...strings })
    .windowedBy(tumbling({ size: 10, grace: 5 }))
    .count({ store: 'w' })
    .suppress({ until: 'windowCloses', name: 'sup' })
    .toStream()
    .to('w-out')
  const t = p.toTable({ name: 'tt', store: 't', ...strings })
  t.toStream().to('t-out')
  t.suppress({ until: { timeLimit: 12 } })
    .toStream()
    .to('s-out')
  p.leftJoin(t, (x, y) => `${x}${y}`, { name: 'stj', ...STRINGS }).to('j-out', { value: S })
})

const byContext = (_v: Text, _k: Text, { offset, partition, topic, timestamp, headers }: RecordMetadata): string =>
  `d-${offset}-${partition}-${topic}-${timestamp}-${headers.length}`

const punctuated: VectorTopologies = {
  'punctuated records: into tables, windows, suppress and joins': everywhere,
  'punctuated records: into tables, windows, suppress and joins, cached': everywhere,
  'punctuated records: in the sub-topology of the source': dsl((b) => {
    const p = b.stream('in', STRINGS).processValues(plain, { name: 'plain' })
    const q = b
      .stream('in2', STRINGS)
      .process(ticking, { name: 'tick' })
      .repartition({ name: 'rp', ...strings })
    q.outerJoin(p, (x, y) => `${x}|${y}`, joinWithin({ difference: 6, grace: 2 }), {
      store: 'st',
      name: 'j',
      otherValue: STRINGS.value,
    }).to('out', { value: S })
  }),
  'punctuated records: chosen topics, partitioners and dropped ones': dsl((b) => {
    const p = b.stream('in', STRINGS).process(ticking, { name: 'tick' })
    p.to(byContext, { topicLabel: 'by context', ...strings })
    p.selectKey((_v, k) => (`${k}`.startsWith('tick') ? null : k))
      .groupByKey({ name: 'g', ...strings })
      .count({ store: 'c' })
      .toStream()
      .to('out')
  }),
  'punctuated records: a foreign-key join': dsl((b) => {
    const right = b.table('R', strings)
    const left = b
      .stream('L', STRINGS)
      .process(act((c, record) => c.forward(record)))
      .toTable({ name: 'tt', store: 't', ...strings })
    left
      .leftJoinOn(
        right,
        (v) => v,
        (x, y) => `${x}${y}`,
        { store: 'fk', value: S },
      )
      .toStream()
      .to('out')
  }),
  'punctuated records: with a grace period, versioned': dsl((b) => {
    const t = b.table('T', { ...strings, store: stores.versioned('v', { historyRetention: 100 }) })
    b.stream('in', STRINGS)
      .process(ticking, { name: 'tick' })
      .repartition({ name: 'rp', ...strings })
      .leftJoin(t, (x, y) => `${x}${y}`, { name: 'j', grace: 10 })
      .to('out', { value: S })
  }),
}

const day = 86_400_000
const now = 1_700_000_000_123
const together = (x: string, y: string | null): string => `${x}${y}`

const odd: VectorTopologies = {
  'odd inputs: times of today, windows of a day': dsl((b) => {
    const g = b.stream('in', STRINGS).groupByKey()
    g.windowedBy(tumbling({ size: '1d', grace: '12h' }))
      .count({ store: 'd' })
      .suppress({ until: 'windowCloses' })
      .toStream()
      .to('d-out')
    g.windowedBy(hopping({ size: '24h', advance: '8h' }))
      .count({ store: 'h' })
      .toStream()
      .to('h-out')
    g.windowedBy(sliding({ difference: '1d', grace: '1d' }))
      .count({ store: 's' })
      .toStream()
      .to('s-out')
    g.windowedBy(session({ gap: '1d', grace: day }))
      .count({ store: 'e' })
      .toStream()
      .to('e-out')
    g.windowedBy(unlimited({ start: now }))
      .count({ store: 'u' })
      .toStream()
      .to('u-out')
    b.stream('in', STRINGS)
      .outerJoin(b.stream('other', STRINGS), (x, y) => `${x}${y}`, joinWithin({ difference: '1d', grace: '1d' }), {
        store: 'j',
        name: 'j',
      })
      .to('j-out', { value: S })
  }),
  'odd inputs: bytes that are no text': dsl((b) => {
    const s = b.stream('in', STRINGS)
    s.to('out')
    s.repartition({ name: 'rp' }).to('rp-out')
    s.groupByKey().count({ store: 'c' }).toStream().to('c-out')
    s.groupByKey()
      .windowedBy(tumbling({ size: 10 }))
      .reduce(together, { store: 'w' })
      .toStream()
      .to('w-out')
    const t = b.table('T', { ...strings, store: 't' })
    s.leftJoin(t, together).to('j-out', { value: S })
    t.toStream().to('t-out')
    b.stream('raw').to('raw-out')
  }),
  'odd inputs: empty keys and values': dsl((b) => {
    const l = b.stream('L', STRINGS)
    const r = b.stream('R', STRINGS)
    l.leftJoin(r, (x, y) => `${x}|${y}`, joinWithin({ difference: 5, grace: 1 })).to('j-out', { value: S })
    l.groupByKey()
      .windowedBy(session({ gap: 5 }))
      .reduce(together, { store: 's' })
      .toStream()
      .to('s-out')
    l.groupByKey()
      .windowedBy(tumbling({ size: 5 }))
      .count({ store: 'w' })
      .suppress({ until: 'windowCloses' })
      .toStream()
      .to('w-out')
    const t = l.toTable({ store: 't' })
    t.groupBy((v, k) => [v, k], { name: 'g', ...strings })
      .count({ store: 'n' })
      .toStream()
      .to('n-out')
    t.outerJoin(r.toTable({ store: 'u' }), (x, y) => `${x}|${y}`, { store: 'o', value: S })
      .toStream()
      .to('o-out')
  }),
  'odd stores: counts and tables of few entries': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey()
      .count({ store: stores.keyValue('few', { maxEntries: 2 }) })
      .toStream()
      .to('out')
    b.table('T', { ...strings, store: stores.keyValue('t', { maxEntries: 2 }) })
      .filter((v) => v.length > 1)
      .toStream()
      .to('t-out')
  }),
  'odd stores: a plain store for a table, suppliers of all kinds': dsl((b) => {
    const t = b.table('T', { ...strings, store: stores.keyValue('plain', { persistent: false }) })
    const g = b.stream('in', STRINGS).groupByKey()
    g.aggregate(() => '', together, { store: stores.keyValue('agg', { persistent: false }), value: S, logging: false })
      .toStream()
      .to('out')
    g.windowedBy(tumbling({ size: 10 }))
      .count({ store: stores.window('w', { retention: 30, windowSize: 10 }), caching: false })
      .toStream()
      .to('w-out')
    g.windowedBy(session({ gap: 10 }))
      .count({ store: stores.session('s', { retention: 50 }) })
      .toStream()
      .to('s-out')
    t.mapValues((v) => v + v, { store: stores.keyValue('m', {}), value: S })
      .join(t, together, { store: stores.keyValue('jj', {}), value: S })
      .toStream()
      .to('j-out')
  }),
  'odd routes: a DSL processor chooses a child': dsl((b) => {
    const p = b.stream('in', STRINGS).process(
      act((c, record) => {
        if (record.value?.startsWith('x') === true) c.forward(record, 'left')
        else if (record.value?.startsWith('y') === true) c.forward({ ...record, key: 'y' }, 'right')
        else c.forward(record)
      }),
      { name: 'choose' },
    )
    p.mapValues((v) => `${v}-l`, { name: 'left' }).to('l-out', strings)
    p.filter((v) => `${v}`.length > 1, { name: 'right' })
      .groupByKey({ name: 'g', ...strings })
      .count({ store: 'c' })
      .toStream()
      .to('r-out')
  }),
  'odd routes: merges of tables, windows and branches': dsl((b) => {
    const t = b.table('T', { key: STRINGS.key, value: STRINGS.value })
    const s = b.stream('in', STRINGS)
    const m = s
      .split({ name: 'by-' })
      .branch((v) => v === 'x', { name: 'x' })
      .defaultBranch({ name: 'rest' })
    const [x, rest] = [m.get('by-x'), m.get('by-rest')]
    if (x === undefined || rest === undefined) throw new Error('two branches')
    const all = x.merge(t.toStream(), { name: 'm1' }).merge(
      rest.selectKey((v) => v),
      { name: 'm2' },
    )
    all
      .groupByKey({ name: 'g', key: S })
      .windowedBy(tumbling({ size: 10, grace: 3 }))
      .emitStrategy('onWindowClose')
      .reduce(together, { store: 'w' })
      .toStream()
      .to('out')
    all.toTable({ name: 'again', store: 'again', key: S }).toStream().to('again-out')
  }),
}

export const oddVectors: VectorTopologies = { ...punctuated, ...odd }
