/** What falls between the families of operators: AuditScenarios.java. */
import { noHeaders } from '../../../src/common/headers.ts'
import type { KStream } from '../../../src/dsl/streams.ts'
import { joinWithin, session, tumbling } from '../../../src/dsl/windows.ts'
import type { Cancellable } from '../../../src/processor/processor-context.ts'
import { nullable } from '../../../src/serde/serde.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import type { Windowed } from '../../../src/serde/windowed.ts'
import { Topology } from '../../../src/topology/topology.ts'
import type { Supplier } from './processors.ts'
import { dsl, papi, STRINGS, strings, type Text, type VectorTopologies } from './vector-topology.ts'

const S = serdes.string
const { int64, int32, float64 } = serdes
const TW = serdes.timeWindowed(S, 10)

type Kind = 'streamTime' | 'wallClockTime'
type At = (type: Kind, interval: number, key: string) => void

/** Schedules in init; forwards every record with the stream time behind it. */
export function timed(schedule: (at: At) => void): Supplier {
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

export const auditVectors: VectorTopologies = { ...oneTask, ...serdeVectors, ...windowedKeys }
