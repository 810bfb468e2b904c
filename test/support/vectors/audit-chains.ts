/** Stores of operators that processors read, and long chains: AuditScenarios.java. */
import type { noHeaders } from '../../../src/common/headers.ts'
import { joinWithin, session, sliding, tumbling } from '../../../src/dsl/windows.ts'
import type { RecordMetadata, ValueAndTimestamp } from '../../../src/processor/record.ts'
import type { SessionStore } from '../../../src/processor/session-store.ts'
import type { KeyValueStore } from '../../../src/processor/state-store.ts'
import type { WindowStore } from '../../../src/processor/window-store.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { stores } from '../../../src/state/stores.ts'
import { Topology } from '../../../src/topology/topology.ts'
import { words } from './audit-bursts.ts'
import { act } from './processors.ts'
import { dsl, papi, STRINGS, strings, type Text, type VectorTopologies } from './vector-topology.ts'

const S = serdes.string
const { int32 } = serdes

type Stamped<V> = ValueAndTimestamp<V>

const stamped = (found: Stamped<unknown> | undefined): string =>
  found === undefined ? 'null' : `${String(found.value)}@${found.timestamp}`

const readTwice: VectorTopologies = {
  'stores read: of a table, a count, windows and sessions': dsl((b) => {
    b.table('T', { ...strings, store: 't' })
    const g = b.stream('in', STRINGS).groupByKey()
    g.count({ store: 'c' })
    g.windowedBy(tumbling({ size: 10, grace: 10 })).count({ store: 'w' })
    g.windowedBy(session({ gap: 5, grace: 10 })).count({ store: 's' })
    b.stream('q', STRINGS)
      .process(
        act((c, record) => {
          const key = `${record.key}`
          const t = c.getStateStore<KeyValueStore<string, Stamped<string>>>('t')
          const n = c.getStateStore<KeyValueStore<string, Stamped<number>>>('c')
          const w = c.getStateStore<WindowStore<string, Stamped<number>>>('w')
          const s = c.getStateStore<SessionStore<string, number>>('s')
          const parts = [stamped(t.get(key)), stamped(n.get(key)), '|']
          for (const [k, v] of w.range(['a', key], 0, record.timestamp))
            parts.push(`${k.key}${k.window.start}=${stamped(v)}`)
          parts.push('|')
          for (const [k, v] of w.range(key, 0, record.timestamp, { reverse: true }))
            parts.push(`${k.window.start}=${stamped(v)}`)
          parts.push('|')
          for (const [k, v] of s.find(['a', key])) parts.push(`${k.key}${k.window.start}-${k.window.end}=${v}`)
          parts.push('|')
          for (const [k, v] of s.find(key, 5, 20, { reverse: true }))
            parts.push(`${k.window.start}-${k.window.end}=${v}`)
          c.forward({ ...record, value: parts.join(' ') })
        }),
        { stores: ['t', 'c', 'w', 's'] },
      )
      .to('out', strings)
  }),
  'stores read: written by a processor, a table reads them': dsl((b) => {
    const t = b.table('T', { ...strings, store: 't' })
    b.stream('in', STRINGS)
      .process(
        act((c, record) => {
          const s = c.getStateStore<KeyValueStore<Text, Stamped<string>>>('t')
          s.put(record.key, record.value === null ? null : { value: record.value, timestamp: record.timestamp + 100 })
          c.forward(record)
        }),
        { stores: ['t'] },
      )
      .join(t, (x, y) => `${x}${y}`, STRINGS)
      .to('out', strings)
    t.toStream().to('t-out')
  }),
  'stores read: of a windowed count, written by a processor': dsl((b) => {
    const g = b.stream('in', STRINGS).groupByKey()
    g.windowedBy(tumbling({ size: 10, grace: 10 }))
      .count({ store: 'w' })
      .toStream()
      .to('w-out')
    b.stream('in', STRINGS)
      .groupByKey()
      .windowedBy(session({ gap: 5, grace: 10 }))
      .count({ store: 's' })
      .toStream()
      .to('s-out')
    b.stream('put', STRINGS)
      .process(
        act((c, record) => {
          const { timestamp } = record
          const w = c.getStateStore<WindowStore<Text, Stamped<number>>>('w')
          const s = c.getStateStore<SessionStore<Text, number>>('s')
          const n = Number(record.value)
          w.put(record.key, n === 0 ? null : { value: n, timestamp }, Math.floor(timestamp / 10) * 10)
          const windowed = { key: record.key, window: { start: timestamp - 2, end: timestamp } }
          s.put(windowed, n === 0 ? null : n)
          if (n > 5) s.put(windowed, null)
          c.forward(record)
        }),
        { stores: ['w', 's'] },
      )
      .to('out', strings)
  }),
  'chains: two tables and their windows from one burst': dsl((b) => {
    const g = words(b).groupByKey({ name: 'g', ...strings })
    const n = g.count({ store: 'n' })
    n.groupBy((v, k) => [`n${v}`, k], { name: 'by-n', ...strings })
      .reduce(
        (x, y) => x + y,
        (x, y) => x.replace(y, ''),
        { store: 'names' },
      )
      .toStream()
      .to('names-out')
    g.windowedBy(tumbling({ size: 10, grace: 10 }))
      .count({ store: 'w' })
      .toStream((_v, k) => k.key)
      .toTable({ name: 'last', store: 'last', key: S })
      .leftJoin(n, (x, y) => `${x}/${y}`, { store: 'lj', value: S })
      .toStream()
      .to('lj-out')
  }),
}

const readStores: VectorTopologies = {
  ...readTwice,
  ...Object.fromEntries(Object.entries(readTwice).map(([name, vector]) => [`${name}, cached`, vector])),
  'stores read: iterators over a cached store while it is written': papi(() =>
    new Topology()
      .addSource('src', 'in', STRINGS)
      .addProcessor(
        'p',
        act((c, record) => {
          const s = c.getStateStore<KeyValueStore<string, string>>('st')
          let out = ''
          for (const word of `${record.value}`.split(',')) {
            const key = word.slice(1)
            if (word.startsWith('-')) s.delete(key)
            else if (word.startsWith('?')) for (const [k, v] of s.prefixScan(Buffer.from(key))) out += `${k}${v} `
            else if (word.startsWith('<')) for (const [k, v] of s.reverseRange(undefined, key)) out += `${k}${v} `
            else if (word.startsWith('>')) for (const [k, v] of s.range(key)) out += `${k}${v} `
            else out += `${s.putIfAbsent(word, `${record.key}${record.timestamp}`) ?? null} `
          }
          c.forward({ ...record, value: out })
        }),
        'src',
      )
      .addStateStore(stores.keyValue('st', { ...strings, caching: true }), 'p')
      .addSink('k', 'out', 'p', STRINGS),
  ),
  'stores read: a fixed-key processor with stores and timers': dsl((b) => {
    b.addStateStore(stores.keyValue('n', { key: S, value: int32 }))
    b.stream('in', STRINGS)
      .selectKey((v) => v)
      .processValues<string>(
        () => {
          let process: (record: { value: Text; key: Text; timestamp: number; headers: typeof noHeaders }) => void
          return {
            init(context) {
              const store = context.getStateStore<KeyValueStore<Text, number>>('n')
              context.schedule(10, 'streamTime', (time) => store.put('time', time))
              process = (record) => {
                const n = store.get(record.key) ?? null
                store.put(record.key, n === null ? 1 : n + 1)
                context.forward({ ...record, value: `${record.value}${n}` })
                if (n !== null) context.forward({ ...record, value: 'again', timestamp: record.timestamp + 5 })
              }
            },
            process: (record) => process(record),
          }
        },
        { name: 'num', stores: ['n'] },
      )
      .groupByKey({ name: 'g', ...strings })
      .count({ store: 'c' })
      .toStream()
      .to('out')
  }),
}

const byRecord = (v: Text, k: Text, { offset, topic, timestamp }: RecordMetadata): string =>
  `d-${k}-${v}-${offset}-${topic}-${timestamp}`

const chains: VectorTopologies = {
  'chains: timestamps changed before windows, joins and tables': dsl((b) => {
    const s = b.stream('in', STRINGS).process(
      act((c, record) => c.forward({ ...record, timestamp: Number(record.value) })),
      { name: 'time' },
    )
    s.groupByKey({ name: 'g', ...strings })
      .windowedBy(tumbling({ size: 10, grace: 5 }))
      .count({ store: 'w' })
      .toStream()
      .to('w-out')
    s.toTable({ name: 'tt', store: 't', ...strings })
      .toStream()
      .to('t-out')
    s.join(
      s.mapValues((v) => `o${v}`),
      (x, y) => x + y,
      joinWithin({ difference: 5, grace: 2 }),
      { store: 'j', name: 'j', ...STRINGS, otherValue: S },
    ).to('j-out', strings)
  }),
  'chains: pattern and lists of topics joined with a table': dsl((b) => {
    const t = b.table('T', strings)
    b.stream(['x', 'y'], STRINGS)
      .leftJoin(t, (v, w) => `${v}${w}`)
      .to('list', { value: S })
    b.stream(/p-[0-9]+/, STRINGS)
      .mapValues((v) => `${v}!`)
      .to('pattern', { value: S })
  }),
  'chains: one stream to many sinks, by name and by record': dsl((b) => {
    const s = b.stream('in', STRINGS)
    s.to('one')
    s.to('two', { name: 'second' })
    s.to(byRecord, { topicLabel: 'by record' })
    s.mapValues((v) => (v === null ? null : v + v)).to(byRecord, { name: 'dynamic', topicLabel: 'by record', value: S })
  }),
  'chains: grouped tables of joins, out of order, deletes': dsl((b) => {
    const l = b.table('L', strings)
    const r = b.table('R', strings)
    const j = l.outerJoin(r, (x, y) => `${x}${y}`, { value: S })
    j.groupBy((v) => [v.slice(0, 1), v], { name: 'g', ...strings })
      .aggregate(
        () => '',
        (a, v) => `${a}+${v}`,
        (a, v) => `${a}-${v}`,
        { store: 'a', value: S },
      )
      .toStream()
      .to('a-out')
    j.filterNot((v) => v.includes('z'))
      .toStream((_v, k) => k + k)
      .to('f-out', strings)
    j.suppress({ until: { timeLimit: 5 }, maxBytes: 150 })
      .toStream()
      .to('s-out')
  }),
  'chains: aggregate of an outer stream join': dsl((b) => {
    b.stream('L', STRINGS)
      .outerJoin(b.stream('R', STRINGS), (x, y) => `${x}${y}`, joinWithin({ difference: 5, grace: 3 }))
      .groupByKey({ value: S })
      .windowedBy(tumbling({ size: 10, grace: 4 }))
      .aggregate(
        () => '',
        (a, v) => a + v,
        { store: 'w', value: S },
      )
      .suppress({ until: 'windowCloses' })
      .toStream()
      .to('out')
  }),
  "chains: a table's updates repartitioned into another table and joined back": dsl((b) => {
    const t = b.table('T', { ...strings, store: 't' })
    const u = t
      .toStream()
      .filter((v): v is string => v !== null)
      .map((v, k) => [v, k])
      .toTable({ name: 'inverse', store: 'u', ...strings })
    u.joinOn(
      t,
      (v) => v,
      (x, y) => `${x}>${y}`,
      { name: 'back', store: 'b', value: S },
    )
      .toStream()
      .to('out')
  }),
  'chains: everything optimised, named': dsl((b) => {
    const s = b.stream('in', { ...STRINGS, name: 'in-source' }).selectKey((v) => v, { name: 'by-value' })
    const c = s.groupByKey({ name: 'count-rp', key: S }).count({ name: 'count-node', store: 'c' })
    s.join(c, (x, y) => x + y, { name: 'joined', key: STRINGS.key }).to('out', { name: 'out-sink', ...strings })
    s.join(s, (x, y) => x + y, joinWithin({ difference: 5 }), {
      store: 'self-store',
      name: 'self',
      key: STRINGS.key,
    }).to('self-out', {
      name: 'self-sink',
      ...strings,
    })
    b.table('T', { ...strings, name: 'tt', store: 't' })
      .join(c, (x, y) => x + y, { name: 'tc' })
      .toStream({ name: 'to-stream' })
      .to('t-out', { name: 't-sink', value: S })
    s.repartition({ name: 'by-hand', key: STRINGS.key })
      .peek(() => undefined, { name: 'peeked' })
      .filterNot((v) => v === null, { name: 'not-null' })
      .groupBy((v) => `${v}${v}`, { name: 'again', key: S })
      .windowedBy(sliding({ difference: 10 }))
      .count({ name: 'sliding', store: 'sl' })
      .toStream()
      .to('sl-out', { name: 'sl-sink' })
  }),
}

export const chainsVectors: VectorTopologies = { ...readStores, ...chains }
