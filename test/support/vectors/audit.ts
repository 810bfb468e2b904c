/** What falls between the families of operators: AuditScenarios.java. */
import { noHeaders } from '../../../src/common/headers.ts'
import type { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { KGroupedStream, KStream } from '../../../src/dsl/streams.ts'
import { hopping, joinWithin, session, sliding, tumbling } from '../../../src/dsl/windows.ts'
import type { ValueTransformer } from '../../../src/processor/processor.ts'
import type { Cancellable } from '../../../src/processor/processor-context.ts'
import type { RecordMetadata } from '../../../src/processor/record.ts'
import type { SessionStore } from '../../../src/processor/session-store.ts'
import type { KeyValueStore } from '../../../src/processor/state-store.ts'
import type { ValueAndTimestamp } from '../../../src/processor/record.ts'
import type { WindowStore } from '../../../src/processor/window-store.ts'
import { nullable } from '../../../src/serde/serde.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import type { Windowed } from '../../../src/serde/windowed.ts'
import { stores } from '../../../src/state/stores.ts'
import { Topology } from '../../../src/topology/topology.ts'
import { act, type Supplier, textStore } from './processors.ts'
import {
  dsl,
  papi,
  STRINGS,
  strings,
  type Text,
  type VectorTopologies,
  type VectorTopology,
} from './vector-topology.ts'

const S = serdes.string
const { int64, int32, float64 } = serdes
const TW = serdes.timeWindowed(S, 10)

type Kind = 'streamTime' | 'wallClockTime'
type At = (type: Kind, interval: number, key: string) => void

/** Schedules in init; forwards every record with the stream time behind it. */
function timed(schedule: (at: At) => void): Supplier {
  return () => {
    let forward: (text: string, from: Parameters<ReturnType<Supplier>['process']>[0]) => void
    return {
      init(context) {
        forward = (value, record) => context.forward({ ...record, value })
        schedule((type, interval, key) => {
          context.schedule(interval, type, (timestamp) =>
            context.forward({ key, value: `${context.currentStreamTime}`, timestamp, headers: noHeaders }),
          )
        })
        const plain = forward
        forward = (value, record) => plain(`${value}@${context.currentStreamTime}`, record)
      },
      process: (record) => forward(`${record.value}`, record),
    }
  }
}

const at = (type: Kind, interval: number, key: string): Supplier => timed((schedule) => schedule(type, interval, key))

function cancelled(): ReturnType<Supplier> {
  const all: Cancellable[] = []
  let onValue: (text: string) => void
  return {
    init(context) {
      onValue = (text) => {
        if (text.startsWith('-')) return all[Number(text.slice(1))]?.cancel()
        const key = `n${all.length}`
        all.push(
          context.schedule(Number(text), 'streamTime', (timestamp) =>
            context.forward({ key, value: text, timestamp, headers: noHeaders }),
          ),
        )
      }
    },
    process: ({ value }) => onValue(`${value}`),
  }
}

const oneTask: VectorTopologies = {
  'one task: stream time of two sub-topologies': papi(() =>
    new Topology()
      .addSource('s1', 'a', STRINGS)
      .addSource('s2', 'b', STRINGS)
      .addProcessor('p', at('streamTime', 10, 'p'), 's1')
      .addProcessor('q', at('streamTime', 7, 'q'), 's2')
      .addSink('k1', 'out', 'p', STRINGS)
      .addSink('k2', 'out', 'q', STRINGS),
  ),
  'one task: five schedules of one time': papi(() =>
    new Topology()
      .addSource('s1', 'a', STRINGS)
      .addProcessor(
        'p',
        timed((schedule) => {
          for (let i = 1; i <= 5; i++) {
            schedule('streamTime', 10, `s${i}`)
            schedule('wallClockTime', 10, `w${i}`)
          }
        }),
        's1',
      )
      .addSink('k1', 'out', 'p', STRINGS),
  ),
  'one task: schedules of several times, some cancelled': papi(() =>
    new Topology().addSource('s1', 'a', STRINGS).addProcessor('p', cancelled, 's1').addSink('k1', 'out', 'p', STRINGS),
  ),
  'one task: behind a repartition topic time is that of the whole': dsl((b) => {
    b.stream('in', STRINGS)
      .process(at('streamTime', 10, 'first'))
      .selectKey((v) => (v === null ? 'n' : v.slice(0, 1)))
      .repartition({ name: 'rp', ...strings })
      .process(at('streamTime', 10, 'second'))
      .to('out', strings)
  }),
  'one task: repartition with 3 partitions, then windows': dsl((b) => {
    b.stream('in', STRINGS)
      .selectKey((v) => v)
      .repartition({ name: 'rp', partitions: 3, key: S })
      .groupByKey()
      .windowedBy(tumbling({ size: 10 }))
      .count({ store: 'c' })
      .toStream()
      .to('out')
  }),
  'one task: repartition with 3 partitions, then a partitioner and a join': dsl((b) => {
    const l = b
      .stream('L', STRINGS)
      .selectKey((v) => (v ?? '').slice(0, 1))
      .repartition({ name: 'l', partitions: 3, key: S, partitioner: () => [0] })
    const r = b.stream('R', { key: S, value: STRINGS.value }).repartition({ name: 'r', partitions: 3 })
    l.outerJoin(r, (x, y) => `${x}${y}`, joinWithin({ difference: 10, grace: 2 })).to('out', strings)
  }),
  'one task: wall clock of two sub-topologies, a cached store': dsl((b) => {
    const plus = (x: Text, y: Text): string => `${x}+${y}`
    b.stream('a', STRINGS)
      .process(at('wallClockTime', 10, 'p'))
      .groupByKey(strings)
      .reduce(plus, { store: 'ra' })
      .toStream()
      .to('out')
    b.stream('b', STRINGS)
      .process(
        timed((schedule) => {
          schedule('wallClockTime', 5, 'q')
          schedule('wallClockTime', 10, 'q2')
        }),
      )
      .groupByKey(strings)
      .reduce(plus, { store: 'rb' })
      .toStream()
      .to('out')
  }),
  'one task: emitted on close in one sub-topology, records in another': dsl((b) => {
    b.stream('a', STRINGS)
      .groupByKey()
      .windowedBy(tumbling({ size: 10 }))
      .emitStrategy('onWindowClose')
      .count({ store: 'ca' })
      .toStream()
      .to('out')
    b.stream('b', STRINGS)
      .groupByKey()
      .windowedBy(tumbling({ size: 10 }))
      .count({ store: 'cb' })
      .suppress({ until: 'windowCloses' })
      .toStream()
      .to('out')
  }),
  'one task: a record goes round through topics': dsl((b) => {
    b.stream('in', STRINGS)
      .merge(b.stream('again', STRINGS))
      .process(at('streamTime', 3, 't'))
      .filter((v) => (v ?? '').length < 12)
      .to('mid', strings)
    b.stream('mid', STRINGS)
      .mapValues((v) => `${v}m`)
      .split()
      .branch((v) => v.length < 9, { withConsumer: (s) => s.to('again', strings) })
      .defaultBranch({ withConsumer: (s) => s.to('out', strings) })
  }),
}

const serdeVectors: VectorTopologies = {
  'serdes: long keys through groupings and joins': dsl((b) => {
    const t = b.table('T', { key: int64, value: S, store: 't' })
    const s = b.stream('in', { key: nullable(int64), value: S })
    s.leftJoin(t, (x, y) => x + y).to('joined', { key: int64, value: S })
    s.groupByKey().count({ store: 'c' }).toStream().to('counts')
    t.groupBy((v, k) => [k % 10, v], { key: int64, value: S })
      .reduce(
        (x, y) => x + y,
        (x, y) => x.replace(y, ''),
        { store: 'g' },
      )
      .toStream()
      .to('grouped')
  }),
  'serdes: uuid, short, float, boolean, bytes': dsl((b) => {
    b.stream('u', { key: nullable(serdes.uuid), value: serdes.float32 })
      .groupBy((v) => Math.trunc(v * 2), { name: 'g', key: serdes.int16 })
      .reduce((x, y) => Math.fround(x + y), { store: 'f' })
      .toStream()
      .to('f-out')
    b.table('t', { key: serdes.boolean, value: serdes.bytes, store: 'bs' }).toStream().to('b-out')
  }),
  'serdes: lists as aggregates': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey()
      .aggregate(
        (): string[] => [],
        (a, v) => [...a, v],
        { store: 'l', value: serdes.list(S) },
      )
      .toStream()
      .to('texts')
    b.stream('n', { key: S, value: nullable(int32) })
      .groupByKey()
      .windowedBy(tumbling({ size: 10 }))
      .aggregate(
        (): (number | null)[] => [],
        (a, v) => [...a, v],
        { store: 'w', value: serdes.list(nullable(int32)) },
      )
      .toStream()
      .to('numbers')
  }),
  'serdes: long keys, windows, sessions and suppress': dsl((b) => {
    const g = b.stream('in', { key: int64, value: int32 }).groupByKey()
    g.windowedBy(tumbling({ size: 10, grace: 5 }))
      .reduce((x, y) => x + y, { store: 'w' })
      .suppress({ until: 'windowCloses', name: 's' })
      .toStream()
      .to('w-out')
    g.windowedBy(session({ gap: 5, grace: 5 }))
      .count({ store: 'e' })
      .toStream()
      .to('e-out')
  }),
  'serdes: long keys in stream joins, int foreign keys': dsl((b) => {
    const l = b.stream('L', { key: nullable(int64), value: S })
    const r = b.stream('R', { key: nullable(int64), value: float64 })
    l.outerJoin(r, (x, y) => `${x}/${y === null ? null : y > 1}`, joinWithin({ difference: 5, grace: 1 }), {
      store: 'st',
    }).to('out', {
      value: S,
    })
    const orders = b.table('O', { key: int64, value: int32 })
    const people = b.table('P', { key: int32, value: S })
    orders
      .leftJoinOn(
        people,
        (v) => (v === 0 ? null : v),
        (x, y) => `${x}-${y}`,
        { store: 'fk', value: S },
      )
      .toStream()
      .to('fk-out')
  }),
}

const windowedKeys: VectorTopologies = {
  'windowed keys: read from a topic, counted and joined': dsl((b) => {
    const s = b.stream('in', { key: TW, value: S })
    const t = b.table('T', { key: TW, value: S, store: 't' })
    s.join(t, (x, y) => x + y).to('joined', { value: S })
    s.groupByKey().count({ store: 'c' }).toStream().to('counts')
  }),
  'windowed keys: of a windowed stream again': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey()
      .windowedBy(tumbling({ size: 10, grace: 10 }))
      .count({ store: 'one' })
      .toStream()
      .groupByKey()
      .windowedBy(tumbling({ size: 20, grace: 10 }))
      .reduce((x, y) => x * 10 + (y ?? 0), { store: 'two' })
      .toStream()
      .to('out')
  }),
  'windowed keys: streams of two windowed tables joined': dsl((b) => {
    const counts = (topic: string, store: string): KStream<Windowed<string>, number | null> =>
      b
        .stream(topic, STRINGS)
        .groupByKey()
        .windowedBy(tumbling({ size: 10 }))
        .count({ store })
        .toStream()
    const l = counts('L', 'l')
    const r = counts('R', 'r')
    l.outerJoin(r, (x, y) => `${x}|${y}`, joinWithin({ difference: 5, grace: 1 }), { name: 'j' }).to('out', {
      value: S,
    })
  }),
  'windowed keys: sessions to a table, joined and grouped': dsl((b) => {
    const t = b
      .stream('in', STRINGS)
      .groupByKey()
      .windowedBy(session({ gap: 5, grace: 20 }))
      .reduce((x, y) => x + y, { store: 's' })
    const again = t.toStream().toTable({ name: 'again', store: 'again-store' })
    again
      .outerJoin(t, (x, y) => `${x}=${y}`)
      .toStream()
      .to('out', { value: S })
    again
      .groupBy((v, k) => [k.key, v], { name: 'by-key', ...strings })
      .count({ store: 'n' })
      .toStream()
      .to('n-out')
  }),
  'windowed keys: dynamic topics, partitioners, by hand': dsl((b) => {
    const w = b
      .stream('in', STRINGS)
      .groupByKey()
      .windowedBy(tumbling({ size: 10 }))
      .count({ store: 'w' })
      .toStream()
    w.to((_v, k, { timestamp, topic }) => `start-${k.window.start}-${timestamp}-${topic}`, { topicLabel: 'by window' })
    w.selectKey((_v, k) => k).to('selected', { key: TW, partitioner: () => [0] })
    w.map((v, k) => [{ key: `${k.key}!`, window: k.window }, v])
      .groupByKey({ name: 'rp', key: TW, value: nullable(int64) })
      .reduce((x, y) => x + y, { store: 'r' })
      .toStream((_v, k) => k.key)
      .to('reduced', { key: S })
  }),
  'windowed keys: suppressed counts grouped by their window': dsl((b) => {
    b.stream('in', STRINGS)
      .groupBy((v) => v, { name: 'w', key: S })
      .windowedBy(tumbling({ size: 10, grace: 2 }))
      .count({ store: 'c' })
      .suppress({ until: 'windowCloses' })
      .groupBy((v, k) => [k.window.start, k.key + v], { name: 'by-start', key: int64, value: S })
      .reduce(
        (x, y) => `${x},${y}`,
        (x, y) => `${x}-${y}`,
        { store: 'all' },
      )
      .toStream()
      .to('out')
  }),
  'windowed keys: a windowed table filtered and mapped with stores, queried': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey()
      .windowedBy(tumbling({ size: 10 }))
      .count({ store: 'c' })
      .filter((v) => v > 1, { store: 'f' })
      .mapValues((v, k) => k.key + v, { store: 'm', value: S })
      .toStream()
      .to('out')
  }),
}

const headers: VectorTopologies = {
  'headers: null, empty and repeated through windows and suppress': dsl((b) => {
    const t = b
      .stream('in', STRINGS)
      .groupBy((_v, k) => k)
      .windowedBy(tumbling({ size: 10, grace: 5 }))
      .count({ store: 'w', key: S })
    t.toStream().to('out')
    t.suppress({ until: 'windowCloses' }).toStream().to('closed')
    t.suppress({ until: { timeLimit: 5 } })
      .toStream()
      .to('limited')
  }),
  'headers: sessions, cached, and tables, joined': dsl((b) => {
    const input = b.stream('in', STRINGS)
    input
      .groupByKey()
      .windowedBy(session({ gap: 5, grace: 5 }))
      .reduce((x, y) => x + y, { store: 's' })
      .toStream()
      .to('out')
    const t = input.toTable({ store: 't' })
    t.leftJoin(
      t.filter((v) => v !== '1'),
      (x, y) => `${x}${y}`,
      { store: 'j', value: S },
    )
      .toStream()
      .to('joined')
  }),
  'headers: changed on the way': dsl((b) => {
    b.stream('in', STRINGS)
      .process(
        act((c, record) => {
          c.forward({ ...record, value: 'one' })
          const added = [...record.headers, ['added', Buffer.from('1')] as const]
          c.forward({ ...record, headers: added, value: 'two' })
          const removed = added.filter(([name]) => name !== 'h')
          c.forward({ ...record, headers: removed, timestamp: record.timestamp + 1 })
        }),
      )
      .toTable({ store: 't', ...strings })
      .toStream()
      .repartition()
      .to('out')
  }),
}

function words(b: StreamsBuilder): KStream<string, string> {
  return b
    .stream('in', STRINGS)
    .flatMap((v, k) => (v ?? '').split(',').map((word): [string, string] => [word, `${k}${(v ?? '').length}`]))
}

const join2 = (x: string, y: string): string => x + y
const grouped = (b: StreamsBuilder): KGroupedStream<string, string> => words(b).groupByKey(strings)

class Seen implements ValueTransformer<string, string, string> {
  #store: KeyValueStore<string, string> | undefined

  init(context: { getStateStore<T>(name: string): T }): void {
    this.#store = context.getStateStore('seen')
  }

  transform(value: string | null, key: string): string | null {
    const before = this.#store?.get(key) ?? null
    this.#store?.put(key, value)
    return value === null ? null : `${value.length}:${before}`
  }
}

const bursts: Readonly<Record<string, VectorTopology>> = {
  'bursts: tumbling': dsl((b) => {
    grouped(b)
      .windowedBy(tumbling({ size: 10, grace: 10 }))
      .reduce(join2, { store: 'w' })
      .toStream()
      .to('out')
  }),
  'bursts: hopping': dsl((b) => {
    grouped(b)
      .windowedBy(hopping({ size: 10, advance: 4, grace: 10 }))
      .reduce(join2, { store: 'w' })
      .toStream()
      .to('out')
  }),
  'bursts: sliding': dsl((b) => {
    grouped(b)
      .windowedBy(sliding({ difference: 10, grace: 20 }))
      .reduce(join2, { store: 'w' })
      .toStream()
      .to('out')
  }),
  'bursts: session': dsl((b) => {
    grouped(b)
      .windowedBy(session({ gap: 8, grace: 20 }))
      .reduce(join2, { store: 'w' })
      .toStream()
      .to('out')
  }),
  'bursts: session, grouped by their ends': dsl((b) => {
    grouped(b)
      .windowedBy(session({ gap: 8, grace: 20 }))
      .reduce(join2, { store: 'w' })
      .groupBy((v, k) => [`${k.window.end}`, v], { name: 'e', ...strings })
      .aggregate(
        () => '',
        (a, v) => `${a}+${v}`,
        (a, v) => `${a}-${v}`,
        { store: 'agg', value: S },
      )
      .toStream()
      .to('out')
  }),
  'bursts: windows suppressed, then joined': dsl((b) => {
    const w = grouped(b)
      .windowedBy(tumbling({ size: 10, grace: 3 }))
      .reduce(join2, { store: 'w' })
    w.suppress({ until: { timeLimit: 4 }, maxRecords: 3 })
      .outerJoin(w, (x, y) => `${x}=${y}`)
      .toStream()
      .to('out', { value: S })
  }),
  'bursts: a count and a table of it, stream joined': dsl((b) => {
    const w = words(b)
    const c = w.groupByKey({ name: 'g', ...strings }).count({ store: 'c' })
    const t = w.toTable({ name: 'tt', store: 't', ...strings })
    w.leftJoin(c, (x, y) => `${x}/${y}`, { name: 'j', ...strings }).to('sj', { value: S })
    c.outerJoin(t, (x, y) => `${x}=${y}`, { name: 'ct', store: 'ctj', value: S })
      .toStream()
      .to('out')
  }),
  'bursts: cogroup of two, sliding': dsl((b) => {
    const g = words(b).groupByKey({ name: 'g', ...strings })
    const h = b.stream('other', STRINGS).groupByKey()
    g.cogroup<string>((a, v) => a + v)
      .cogroup(h, (a, v) => `${a}!${v}`)
      .windowedBy(sliding({ difference: 5, grace: 20 }))
      .aggregate(() => '', { store: 'w', value: S })
      .suppress({ until: 'windowCloses' })
      .toStream()
      .to('out')
  }),
  'bursts: transformed with a store, grouped': dsl((b) => {
    b.addStateStore(textStore('seen'))
    words(b)
      .groupByKey({ name: 'g', ...strings })
      .reduce(join2, { store: 'r' })
      .transformValues(() => new Seen(), { store: 'tv', value: S, stores: ['seen'] })
      .groupBy((v) => [v.slice(0, 1), v], { name: 'h', ...strings })
      .count({ store: 'n' })
      .toStream()
      .to('out')
  }),
}

const burstVectors: VectorTopologies = {
  ...bursts,
  ...Object.fromEntries(Object.entries(bursts).map(([name, vector]) => [`${name}, cached`, vector])),
  'bursts: versioned, cache on': dsl((b) => {
    const v = words(b)
      .groupByKey({ name: 'g', ...strings })
      .reduce(join2, { store: stores.versioned('v', { historyRetention: 20 }) })
    v.toStream().to('v-out')
    v.groupBy((x) => [x.slice(0, 1), x], { name: 'h', ...strings })
      .aggregate(
        () => '',
        (a, x) => `${a}+${x}`,
        (a, x) => `${a}-${x}`,
        { store: 'a', value: S },
      )
      .toStream()
      .to('a-out')
    words(b)
      .leftJoin(v, (x, y) => `${x}${y}`, { name: 'late', grace: 6, ...strings })
      .to('j-out', { value: S })
  }),
}

type Stamped<V> = ValueAndTimestamp<V>

const stamped = (found: Stamped<unknown> | undefined): string =>
  found === undefined ? 'null' : `${String(found.value)}@${found.timestamp}`

const readStores: VectorTopologies = {
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

export const auditVectors: VectorTopologies = {
  ...oneTask,
  ...serdeVectors,
  ...windowedKeys,
  ...headers,
  ...burstVectors,
  ...readStores,
  ...chains,
}
