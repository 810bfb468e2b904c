/** StreamJoinScenarios.java, `optimizations`: what topology.optimization makes of a topology. */
import type { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { tumbling, session } from '../../../src/dsl/windows.ts'
import { join, joined, swap, within, type TextStream } from './stream-join-kinds.ts'
import { dsl, forward, pair, STRINGS, strings, type Text, type VectorTopologies } from './vector-topology.ts'

const counts = { key: serdes.string, value: serdes.int64 }

function count(s: TextStream, to: string, store?: string): void {
  const grouped = s.groupByKey(strings)
  const table = store === undefined ? grouped.count() : grouped.count({ store })
  table.toStream().to(to, counts)
}

function swapped(b: StreamsBuilder): TextStream {
  return swap(b.stream('in', STRINGS))
}

function byValue(b: StreamsBuilder, topic = 'in2'): TextStream {
  return b.stream(topic, STRINGS).selectKey((v) => v)
}

const concat = (a: string, v: Text): string => `${a}${v}`

const topologies: Readonly<Record<string, (b: StreamsBuilder) => void>> = {
  'two counts of one map': (b) => {
    const m = swapped(b)
    count(m, 'one')
    count(m, 'two')
  },
  'counts with store and group names': (b) => {
    const m = swapped(b)
    m.groupByKey({ ...strings, name: 'grp' })
      .count({ store: 'c1' })
      .toStream()
      .to('one', counts)
    count(m, 'two', 'c2')
    m.groupByKey({ ...strings, name: 'other' })
      .reduce(concat, { store: 'c3' })
      .toStream()
      .to('three')
  },
  'one grouping, several aggregations': (b) => {
    const g = swapped(b).groupByKey({ ...strings, name: 'grp' })
    g.count().toStream().to('one', counts)
    g.reduce(concat).toStream().to('two')
    g.aggregate(() => '', concat, strings)
      .toStream()
      .to('three')
  },
  'filters and peeks between': (b) => {
    const m = swapped(b)
    count(
      m.filter(() => true),
      'one',
    )
    count(
      m.peek(() => undefined).filterNot(() => false),
      'two',
    )
    m.to('mapped', strings)
  },
  'mapValues between': (b) => {
    const m = swapped(b)
    count(
      m.mapValues((v): Text => `${v}!`),
      'one',
    )
    count(
      m.flatMapValues((v): Text[] => [`${v}?`]),
      'two',
    )
    count(m, 'three')
    count(m, 'four')
  },
  'two key changes in a row': (b) => {
    const m: TextStream = swapped(b).selectKey((v) => v)
    count(m, 'one')
    count(m, 'two')
  },
  'key changes beside each other': (b) => {
    const s = b.stream('in', STRINGS)
    const m = swap(s)
    const n: TextStream = s.selectKey((v) => v)
    count(m, 'one')
    count(n, 'two')
    count(m, 'three')
    count(n, 'four')
  },
  'groupBy twice': (b) => {
    const s = b.stream('in', STRINGS)
    s.groupBy((v) => v, strings)
      .count()
      .toStream()
      .to('one', counts)
    s.groupBy((v) => v, strings)
      .count()
      .toStream()
      .to('two', counts)
  },
  'merge of two maps': (b) => {
    const m = swapped(b)
    const both = m.merge(byValue(b))
    count(both, 'one')
    count(both, 'two')
  },
  'merge of a map and a plain stream': (b) => {
    const both = swapped(b).merge(b.stream('in2', STRINGS))
    count(both, 'one')
    both.groupByKey(strings).reduce(concat).toStream().to('two')
  },
  'merge whose part is counted too': (b) => {
    const m = swapped(b)
    const both = m.merge(b.stream('in2', STRINGS))
    count(both, 'one')
    count(m, 'two')
  },
  'repartition by hand': (b) => {
    const m = swapped(b)
    const p = m.repartition({ ...STRINGS, name: 'hand' })
    count(p, 'one')
    count(p, 'two')
    count(m, 'three')
    count(m, 'four')
  },
  'toTable and a join with a table': (b) => {
    const m = swapped(b)
    const t = m.toTable({ ...strings, store: 'tt' })
    m.join(b.table('tbl', strings), pair, STRINGS).to('joined', strings)
    m.leftJoin(t, pair, STRINGS).to('joined2', strings)
    count(m, 'one')
  },
  'join of streams after maps': (b) => {
    const m = swapped(b)
    const n = byValue(b)
    count(m, 'one')
    join('inner', m, n, within(10, 10, 0)).to('joined', strings)
    count(n, 'two')
  },
  'outer join of streams after maps, named': (b) => {
    const m = swapped(b)
    const n = byValue(b)
    count(m, 'one')
    join('outer', m, n, within(10, 10, 0), { ...joined, name: 'jn' }).to('joined', strings)
    join('left', n, m, within(10, 10, 0)).to('joined2', strings)
  },
  'windowed aggregations': (b) => {
    const m = swapped(b)
    m.groupByKey(strings)
      .windowedBy(tumbling({ size: 10 }))
      .count({ store: 'w' })
      .toStream((_v, k) => k.key)
      .to('one', counts)
    m.groupByKey(strings)
      .windowedBy(session({ gap: 10 }))
      .count({ store: 's' })
      .toStream((_v, k) => k.key)
      .to('two', counts)
  },
  cogroup: (b) => {
    const m = swapped(b)
    const n = byValue(b)
    m.groupByKey({ ...strings, name: 'm' })
      .cogroup<string>(concat)
      .cogroup(n.groupByKey({ ...strings, name: 'n' }), (a, v) => `${a}-${v}`)
      .aggregate(() => '', strings)
      .toStream()
      .to('one')
    count(m, 'two')
  },
  'processors between': (b) => {
    const m = swapped(b)
    count(m.process(forward), 'one')
    count(
      m.processValues<Text>(() => forwardValue()),
      'two',
    )
    count(m, 'three')
    count(b.stream('in2', STRINGS).process(forward), 'four')
  },
  branches: (b) => {
    const branches = swapped(b)
      .split({ name: 's-' })
      .branch((v) => v === 'k', { name: 'k' })
      .defaultBranch({ name: 'rest' })
    for (const [name, to] of [
      ['s-k', 'one'],
      ['s-rest', 'two'],
    ] as const) {
      const branch = branches.get(name)
      if (branch !== undefined) count(branch, to)
    }
  },
  "a table's stream by another key": (b) => {
    const m: TextStream = b.table('in', strings).toStream((v): Text => v)
    count(m, 'one')
    m.groupByKey(strings).reduce(concat).toStream().to('two')
  },
  'aggregations in a row': (b) => {
    const c = swapped(b).groupByKey(strings).count().toStream()
    const m: TextStream = c.map((v, k): [Text, Text] => [`${v}`, k])
    count(m, 'one')
    count(m, 'two')
  },
  'tables read and joined': (b) => {
    const t = b.table('in', strings)
    const u = b.table('in2', { ...strings, store: 'u' })
    t.join(u, pair).toStream().to('joined', strings)
    t.filter(() => true, { store: 'f' })
      .toStream()
      .to('filtered')
  },
  'merges in a row': (b) => count(swapped(b).merge(b.stream('in2', STRINGS)).merge(b.stream('in3', STRINGS)), 'one'),
  'a global table between': (b) => {
    const g = b.globalTable('g', strings)
    const m = swapped(b).leftJoin(g, (v) => v, pair) as TextStream
    count(m, 'one')
    count(
      m.filter(() => true),
      'two',
    )
  },
  'one filter, two counts': (b) => {
    const f = swapped(b).filter(() => true)
    count(f, 'one')
    count(f, 'two')
  },
}

function forwardValue(): Parameters<TextStream['processValues']>[0] extends () => infer P ? P : never {
  let context: { forward: (record: { value: unknown; timestamp: number; headers: readonly never[] }) => void }
  return {
    init: (given: typeof context) => void (context = given),
    process: (record: Parameters<(typeof context)['forward']>[0]) => context.forward(record),
  } as never
}

/** Where Java's own optimiser fails. */
const failing = new Set(['branches', 'merges in a row', 'a global table between', 'one filter, two counts'])

export const optimizerVectors: VectorTopologies = Object.fromEntries(
  ['none', 'merge.repartition.topics', 'all'].flatMap((optimization) =>
    Object.entries(topologies).map(([name, define]) => [
      `optimize (${optimization}): ${name}`,
      dsl(define, failing.has(name) && optimization !== 'none' ? { error: 'MILLRACE_OPTION_INVALID' } : {}),
    ]),
  ),
)
