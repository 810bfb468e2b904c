/** TableScenarios.java in this project's DSL. */
import type { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { KTable } from '../../../src/dsl/streams.ts'
import { session, tumbling } from '../../../src/dsl/windows.ts'
import type { ProcessorContext } from '../../../src/processor/processor-context.ts'
import type { ValueTransformer } from '../../../src/processor/processor.ts'
import type { KeyValueStore } from '../../../src/processor/state-store.ts'
import { StoreBuilder } from '../../../src/processor/store-builder.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { stores } from '../../../src/state/stores.ts'
import { dsl, pair, STRINGS, strings, type VectorTopologies, type VectorTopology } from './vector-topology.ts'

type Table = KTable<string, string>
interface As {
  readonly name?: string
  readonly store?: string | StoreBuilder
}

const kinds = ['inner', 'left', 'outer'] as const
type Kind = (typeof kinds)[number]
const { string, int32, int64 } = serdes
const counts = { key: string, value: int64 }

/** "[left,right]", and nothing where the left side says so. */
function picky(left: string | null, right: string | null): string | null {
  return left?.endsWith('!') === true ? null : pair(left, right)
}

/** The serde of the result is given always, which changes nothing of the topology. */
function join(kind: Kind, left: Table, right: Table, as: As = {}): Table {
  const options = { ...as, value: string }
  if (kind === 'inner') return left.join(right, picky, options)
  return kind === 'left' ? left.leftJoin(right, picky, options) : left.outerJoin(right, picky, options)
}

const plus = (aggregate: string, value: string): string => `${aggregate}+${value}`
const minus = (aggregate: string, value: string): string => `${aggregate}-${value}`

function byLetter(value: string): readonly [string | null, string] {
  return [value.startsWith('-') ? null : value.slice(0, 1), value]
}

function sums(table: Table): Table {
  return table.groupBy(byLetter, strings).aggregate(() => '', plus, minus, { value: string })
}

const words = (value: string | null): (string | null)[] =>
  (value ?? '').split(' ').map((word) => (word === 'null' ? null : word))

/** Several updates within one record, so that a cache has something to merge. */
function bursts(b: StreamsBuilder, topic: string): Table {
  return b
    .stream(topic, STRINGS)
    .flatMapValues(words)
    .toTable({ store: `${topic}-bursts`, ...strings })
}

/** What the record's context says. */
function suffix(): ValueTransformer<string, string, string> {
  let context: Omit<ProcessorContext<string, string>, 'forward'>
  return {
    init(given) {
      context = given
    },
    transform(value, _key, { timestamp, headers }) {
      const { topic, offset } = context.recordMetadata ?? { topic: 'none', offset: -2 }
      return value === null ? null : `${value}@${timestamp}/${topic}/${offset}/${headers.length}`
    },
  }
}

/** Makes something of nothing. */
function always(): ValueTransformer<string, string, string> {
  return { transform: (value) => `(${value})` }
}

/** How many times a key was seen, in a store. */
function numbered(): ValueTransformer<string, string, string> {
  let seen: KeyValueStore<string, string>
  return {
    init(context) {
      seen = context.getStateStore('seen')
    },
    transform(value, key) {
      const now = `${seen.get(key) ?? ''}1`
      seen.put(key, now)
      return value === null ? null : `${value}#${now.length}`
    },
  }
}

const withSeen = (define: (b: StreamsBuilder) => void, rest: Omit<VectorTopology, 'build'> = {}): VectorTopology =>
  dsl((b) => {
    b.addStateStore(stores.keyValue('seen', strings))
    define(b)
  }, rest)

function versionedAs(name: string, historyRetentionMs: number): StoreBuilder {
  return new StoreBuilder({
    kind: 'versioned',
    name,
    ...strings,
    caching: false,
    logging: true,
    changelogConfig: {},
    historyRetentionMs,
  })
}

function joins(kind: Kind): VectorTopologies {
  const of = (b: StreamsBuilder): [Table, Table] => [b.table('L', strings), b.table('R', strings)]
  const scenario = (text: string, define: (b: StreamsBuilder) => void): VectorTopologies => ({
    [`table ${kind} join: ${text}`]: dsl(define),
  })
  return {
    ...scenario('plain', (b) =>
      join(kind, ...of(b))
        .toStream()
        .to('out'),
    ),
    ...scenario('named, materialized', (b) => {
      const l = b.table('L', { ...strings, store: 'l' })
      join(kind, l, b.table('R', strings), { name: 'j' })
        .mapValues((v) => v, { store: 'm', value: string })
        .toStream()
        .to('out')
    }),
    ...scenario('materialized', (b) => {
      const l = b.table('L', strings)
      join(kind, l, b.table('R', { ...strings, store: 'r' }), { store: 'j' })
        .toStream()
        .to('out')
    }),
    ...scenario('materialized, then filtered and grouped', (b) => {
      const j = join(kind, ...of(b), { store: 'j' })
      j.filter((v) => v.includes('x'))
        .toStream()
        .to('filtered')
      sums(j).toStream().to('sums')
    }),
    ...scenario('not materialized, then filtered and grouped', (b) => {
      const j = join(kind, ...of(b))
      j.filter((v) => v.includes('x'))
        .toStream()
        .to('filtered')
      sums(j).toStream().to('sums')
    }),
    ...scenario('cached', (b) => {
      const l = b.table('L', { ...strings, store: 'l' })
      join(kind, l, b.table('R', strings), { store: 'j' }).toStream().to('out')
    }),
    ...scenario('cached bursts', (b) => {
      const l = bursts(b, 'L')
      join(kind, l, bursts(b, 'R'), { store: 'j' }).toStream().to('out')
    }),
    ...scenario('cached bursts, result not materialized, grouped', (b) => {
      const l = bursts(b, 'L')
      const j = join(kind, l, bursts(b, 'R'))
      j.toStream().to('out')
      sums(j).toStream().to('sums')
    }),
    ...scenario('bursts, uncached left, cached right', (b) => {
      const l = b
        .stream('L', STRINGS)
        .flatMapValues(words)
        .toTable({ store: 'l', caching: false, ...strings })
      join(kind, l, bursts(b, 'R')).toStream().to('out')
    }),
    ...scenario('with itself', (b) => {
      const t = b.table('L', strings)
      b.table('R', strings)
      join(kind, t, t).toStream().to('out')
    }),
    ...scenario('with itself, filtered and mapped', (b) => {
      const t = b.table('L', strings)
      b.table('R', strings).toStream().to('right')
      const f = t.filter((v) => v.startsWith('x'))
      join(
        kind,
        f,
        t.mapValues((v) => `${v}'`),
      )
        .toStream()
        .to('out')
    }),
    ...scenario('sides filtered, mapped, not materialized', (b) => {
      const f = b.table('L', strings).filter((v) => v.startsWith('x'))
      join(
        kind,
        f,
        b.table('R', strings).mapValues((v) => (v === 'r5' ? null : `${v}'`)),
      )
        .toStream()
        .to('out')
    }),
    ...scenario('right side transformed, not materialized', (b) => {
      const l = b.table('L', strings)
      join(kind, l, b.table('R', strings).transformValues(suffix)).toStream().to('out')
    }),
    ...scenario('right side makes something of nothing', (b) => {
      const l = b.table('L', strings)
      join(kind, l, b.table('R', strings).transformValues(always)).toStream().to('out')
    }),
    ...scenario('three tables', (b) => {
      const [l, r] = of(b)
      const m = b.table('M', strings)
      join(kind, join(kind, l, r), m)
        .toStream()
        .to('out')
      m.leftJoin(l.outerJoin(r, pair), pair).toStream().to('outer', strings)
    }),
    ...scenario('versioned left side', (b) => {
      const l = b.table('L', { ...strings, store: versionedAs('lv', 25) })
      join(kind, l, b.table('R', strings)).toStream().to('out')
    }),
    ...scenario('both sides versioned, result versioned', (b) => {
      const l = b.table('L', { ...strings, store: versionedAs('lv', 1000) })
      const r = b.table('R', { ...strings, store: versionedAs('rv', 1000) })
      const j = join(kind, l, r, { store: versionedAs('jv', 1000) })
      j.toStream().to('out')
      j.filter((v) => v.includes('x'))
        .toStream()
        .to('filtered')
    }),
  }
}

function both(kind: Kind): VectorTopology {
  return dsl((b) => {
    const rows = b.stream('in', STRINGS).mapValues((v) => (v === '-' ? null : v))
    const left = rows.toTable({ store: 'l', ...strings })
    const right = rows.mapValues((v) => (v === null ? null : `${v}'`)).toTable({ store: 'r', ...strings })
    const j = join(kind, left, right)
    j.toStream().to('out')
    sums(j).toStream().to('sums')
  })
}

const sameRecord: VectorTopologies = Object.fromEntries(
  kinds.flatMap((kind) =>
    ['', ', cached'].map((cached) => [`table ${kind} join: both sides change within one record${cached}`, both(kind)]),
  ),
)

const otherJoins: VectorTopologies = {
  ...sameRecord,
  'table join: optimized source topics': dsl((b) => {
    const l = b.table('L', strings)
    join('left', l, b.table('R', strings), { store: 'j' }).toStream().to('out')
  }),
  'table join: result without a changelog': dsl((b) => {
    const l = b.table('L', strings)
    l.join(b.table('R', strings), picky, { store: 'j', value: string, logging: false }).toStream().to('out')
  }),
  'table join: of two counts': dsl((b) => {
    const l = b.stream('L', STRINGS).groupByKey(strings).count()
    l.join(b.stream('R', STRINGS).groupByKey(strings).count({ store: 'rc' }), pair)
      .toStream()
      .to('out', strings)
  }),
  'table join: of a count and a table, grouped by the count': dsl((b) => {
    const l = b.stream('L', STRINGS).groupByKey(strings).count()
    l.outerJoin(b.table('R', strings), (n, v) => `${n}/${v}`)
      .groupBy((v, k) => [v.slice(0, 1), k], { name: 'by-count', ...strings })
      .count({ name: 'counted', store: 'counts' })
      .toStream()
      .to('out')
  }),
  'table join: of windowed counts': dsl((b) => {
    const w = tumbling({ size: 20 })
    const l = b.stream('L', STRINGS).groupByKey(strings).windowedBy(w).count({ store: 'lw' })
    l.leftJoin(b.stream('R', STRINGS).groupByKey(strings).windowedBy(w).count({ store: 'rw' }), pair)
      .toStream((_v, k) => `${k.key}${k.window.start}`)
      .to('out', strings)
  }),
  'table join: suppressed left side': dsl((b) => {
    const l = b.table('L', strings).suppress({ until: { timeLimit: 5 } })
    join('left', l, b.table('R', strings)).toStream().to('out')
  }),
}

const chains: VectorTopologies = {
  'table chain: filter before the table is stored by a join': dsl((b) => {
    const l = b.table('L', strings)
    l.filter((v) => v.startsWith('x'))
      .toStream()
      .to('before')
    l.join(b.table('R', strings), pair).toStream().to('joined', strings)
    l.filter((v) => v.startsWith('x'))
      .toStream()
      .to('after')
  }),
  'table chain: filter before and after a grouping': dsl((b) => {
    const l = b.table('L', strings)
    l.filter((v) => v.startsWith('x'))
      .toStream()
      .to('before')
    sums(l).toStream().to('sums')
    l.filter((v) => v.startsWith('x'))
      .toStream()
      .to('after')
    b.table('R', strings)
      .filterNot((v) => v.startsWith('x'))
      .toStream()
      .to('right')
  }),
  'table chain: filter, map, join, group, aggregate': dsl((b) => {
    const m = b
      .table('L', strings)
      .filter((v) => !v.startsWith('y'))
      .mapValues((v) => `${v}'`)
    sums(m.leftJoin(b.table('R', strings), (x, y) => `${x}${y}`))
      .toStream()
      .to('out')
  }),
  'table chain: filter, map, join, group, aggregate, all stored': allStored(),
  'table chain: cached, all stored': allStored(),
  'table chain: group, aggregate, filter, join, group again': dsl((b) => {
    const s = sums(b.table('L', strings)).filter((v) => v.length < 12)
    s.outerJoin(b.table('R', strings), (x, y) => `${x}/${y}`)
      .groupBy((v, k) => ['all', k + v], { name: 'again', ...strings })
      .reduce(plus, minus, { store: 'red' })
      .toStream()
      .to('out')
  }),
  'table chain: map stored in the middle, filter after it': dsl((b) => {
    const m = b.table('L', strings).mapValues((v) => v.slice(0, 1), { store: 'm', value: string })
    m.filter((v) => v === 'x')
      .toStream()
      .to('x')
    m.filterNot((v) => v === 'x', { store: 'not' })
      .toStream()
      .to('not-x')
    m.join(
      b.table('R', strings).filter(() => true),
      pair,
    )
      .filter((v) => v.includes('x'))
      .toStream()
      .to('joined', strings)
  }),
  'table chain: cached bursts, filter, map, join, group': dsl((b) => {
    const f = bursts(b, 'L').filter((v) => !v.startsWith('y'))
    f.toStream().to('filtered')
    const m = f.mapValues((v) => `${v}'`)
    const n = bursts(b, 'R').filterNot((v) => v === 'r2', { store: 'fn' })
    sums(m.outerJoin(n, (x, y) => `${x}${y}`))
      .toStream()
      .to('out')
  }),
  'table chain: to a stream with other keys, and back to a table': dsl((b) => {
    const t = b
      .table('L', strings)
      .toStream((v, k) => (v === null ? k : v.slice(0, 1)), { name: 'ts' })
      .toTable({ name: 'again', store: 't', ...strings })
    t.leftJoin(b.table('R', strings), pair, { name: 'lj', store: 'j', value: string }).toStream().to('out')
  }),
  'table chain: not stored table made from a stream, filtered, joined': dsl((b) => {
    const t = b.stream('L', STRINGS).toTable(strings)
    t.filter((v) => v.startsWith('x'))
      .toStream()
      .to('filtered')
    const r = b.table('R', strings)
    r.outerJoin(
      t.filterNot((v) => v.startsWith('y')),
      pair,
    )
      .toStream()
      .to('out', strings)
  }),
}

function allStored(): VectorTopology {
  return dsl((b) => {
    const m = b
      .table('L', { ...strings, store: 'l' })
      .filter((v) => !v.startsWith('y'), { store: 'f' })
      .mapValues((v) => `${v}'`, { store: 'm', value: string })
    const r = b.table('R', { ...strings, store: 'r' })
    sums(m.leftJoin(r, (x, y) => `${x}${y}`, { store: 'j', value: string }))
      .toStream()
      .to('out')
  })
}

function forms(): VectorTopologies {
  const all: Record<string, VectorTopology> = {}
  for (const source of [false, true]) {
    for (const result of [false, true]) {
      const form = `${source ? 'stored' : 'plain'} source, ${result ? 'stored' : 'plain'} result`
      const as = (store: string): As => (result ? { store } : {})
      const table = (b: StreamsBuilder): Table => b.table('in', source ? { ...strings, store: 't' } : strings)
      const filters = dsl((b) => {
        const f = table(b).filter((v) => v.startsWith('x'), as('f'))
        f.toStream().to('filtered')
        f.filterNot((v) => v === 'x2', { name: 'no-x2', ...as('n') })
          .toStream()
          .to('not')
      })
      const mapped = dsl((b) => {
        const m = table(b).mapValues((v, k) => (v === 'x2' ? null : k + v), { ...as('m'), value: string })
        m.toStream().to('mapped')
        m.filter((v) => v.endsWith('1'))
          .toStream()
          .to('ones')
        m.mapValues((v) => `${v}'`, { name: 'again', ...as('m2'), value: string })
          .toStream({ name: 'as-stream' })
          .to('again')
      })
      for (const cached of ['', ', cached']) {
        all[`table filters: ${form}${cached}`] = filters
        all[`table mapped: ${form}${cached}`] = mapped
      }
    }
  }
  return all
}

const derived: VectorTopologies = {
  ...forms(),
  'table filters: cached bursts, plain and stored results': dsl((b) => {
    const t = bursts(b, 'L')
    t.filter((v) => v.startsWith('x'))
      .toStream()
      .to('plain')
    t.filter((v) => v.startsWith('x'), { store: 'f' })
      .toStream()
      .to('stored')
    t.mapValues((v) => `${v}'`, { store: 'm', value: string })
      .filterNot((v) => v.startsWith('x'), { store: 'n' })
      .toStream()
      .to('mapped')
    b.stream('R', STRINGS).to('right')
  }),
  'table filters: stored without caching or changelog': dsl((b) => {
    b.table('in', strings)
      .filter((v) => v.startsWith('x'), { store: 'f', caching: false, logging: false })
      .toStream()
      .to('out')
  }),
  'table filters: of a versioned table': dsl((b) => {
    const t = b.table('in', { ...strings, store: versionedAs('v', 30) })
    t.filter((v) => v.startsWith('x'))
      .toStream()
      .to('plain')
    t.filterNot((v) => v.startsWith('x'), { store: 'f' })
      .toStream()
      .to('stored')
    t.filter((v) => v.startsWith('x'), { store: versionedAs('fv', 30) })
      .toStream()
      .to('versioned')
    t.mapValues((v) => `${v}'`, { store: 'm', value: string })
      .filter((v) => v.startsWith('x'))
      .toStream()
      .to('mapped')
  }),
  'table to a stream by another key, named and not': dsl((b) => {
    const t = b.table('in', { name: 'src', ...strings })
    t.toStream((v, k) => `${v}${k}`).to('out', strings)
    t.toStream((v) => v ?? 'none', { name: 'str' })
      .groupByKey({ name: 'by-value', ...strings })
      .count()
      .toStream()
      .to('counts')
  }),
}

function windowedGroupings(cached: string): VectorTopologies {
  return {
    [`grouped table: of windowed counts${cached}`]: dsl((b) => {
      b.stream('in', STRINGS)
        .groupByKey(strings)
        .windowedBy(tumbling({ size: 20, grace: 100 }))
        .count({ store: 'w' })
        .groupBy((n, w) => [w.key, n], counts)
        .reduce(
          (a, n) => a + n,
          (a, n) => a - n,
          { store: 'red' },
        )
        .toStream()
        .to('out')
    }),
    [`grouped table: of sessions${cached}`]: dsl((b) => {
      b.stream('in', STRINGS)
        .groupByKey(strings)
        .windowedBy(session({ gap: 10, grace: 100 }))
        .count({ store: 's' })
        .filter((n) => n < 3)
        .groupBy((n, w) => [`n${n}`, w.key], strings)
        .count({ name: 'counted' })
        .toStream()
        .to('out')
    }),
    [`grouped table: joined with a table of the same groups${cached}`]: dsl((b) => {
      const g = b.table('in', { ...strings, store: 't' }).groupBy(byLetter, { name: 'shared', ...strings })
      const c = g.count({ store: 'c' })
      c.leftJoin(g.reduce(plus, minus, { store: 'r' }), (n, v) => `${n}=${v}`)
        .toStream()
        .to('out', strings)
    }),
  }
}

const groupings: VectorTopologies = {
  ...windowedGroupings(''),
  ...windowedGroupings(', cached'),
  'grouped table: of a suppressed table': dsl((b) => {
    b.table('in', strings)
      .suppress({ until: { timeLimit: 5 } })
      .groupBy(byLetter, strings)
      .reduce(plus, minus, { store: 'red' })
      .toStream()
      .to('out')
  }),
  'grouped table: count, reduce, aggregate, unnamed': dsl((b) => {
    const t = b.table('in', strings)
    t.groupBy(byLetter, strings).count().toStream().to('count')
    t.groupBy(byLetter, strings).reduce(plus, minus).toStream().to('reduce')
    sums(t).toStream().to('aggregate')
  }),
  'grouped table: count, reduce, aggregate, all named': dsl((b) => {
    const t = b.table('in', strings)
    const by = (name: string): ReturnType<typeof t.groupBy<string, string>> => t.groupBy(byLetter, { name, ...strings })
    by('gc').count({ name: 'cnt', store: 'c' }).toStream().to('count')
    by('gr').reduce(plus, minus, { name: 'red', store: 'r' }).toStream().to('reduce')
    by('ga')
      .aggregate(() => '', plus, minus, { name: 'agg', store: 'a', value: string })
      .toStream()
      .to('aggregate')
  }),
  'grouped table: one named grouping, several aggregations': dsl((b) => {
    const g = b.table('in', strings).groupBy(byLetter, { name: 'shared', ...strings })
    g.count({ store: 'c' }).toStream().to('count')
    g.reduce(plus, minus).toStream().to('reduce')
    g.aggregate(() => '', plus, minus, { name: 'agg', store: 'a', value: string })
      .toStream()
      .to('aggregate')
  }),
  'grouped table: one unnamed grouping, several aggregations': dsl((b) => {
    const g = b.table('in', strings).groupBy(byLetter, strings)
    g.count().toStream().to('count')
    g.count({ name: 'counted' }).toStream().to('count2')
    g.reduce(plus, minus, { store: 'red' }).toStream().to('reduce')
  }),
  'grouped table: adder and subtractor delete': dsl((b) => {
    const g = b.table('in', strings).groupBy(byLetter, strings)
    const add = (a: string, v: string): string | null => (v === 'x3' ? null : plus(a, v))
    const subtract = (a: string, v: string): string | null => (v.endsWith('1') ? null : minus(a, v))
    g.reduce(add, subtract, { store: 'red' }).toStream().to('reduce')
    g.aggregate(() => '0', add, subtract, { store: 'agg', value: string })
      .toStream()
      .to('aggregate')
  }),
  'grouped table: null values and no pair at all': dsl((b) => {
    const mapper = (v: string): readonly [string | null, string | null] =>
      v === 'x2' ? [null, null] : ['g', v.startsWith('y') ? null : v]
    b.table('in', strings).groupBy(mapper, strings).reduce(plus, minus).toStream().to('out')
  }),
  'grouped table: number keys and values': dsl((b) => {
    b.table('in', strings)
      .groupBy((v) => [v.startsWith('x') ? 7 : 8, v.length], { key: int32, value: int64 })
      .aggregate(
        () => 100,
        (a, v) => a + v,
        (a, v) => a - v,
        { value: int64 },
      )
      .toStream()
      .to('out')
  }),
  'grouped table: long rows, whose length takes two bytes': dsl((b) => {
    b.table('in', strings)
      .mapValues((v) => v.repeat(50))
      .groupBy((v) => ['g', v], strings)
      .aggregate(
        () => 0,
        (a, v) => a + v.length,
        (a, v) => a - v.length,
        { value: int64 },
      )
      .toStream()
      .to('out')
  }),
  'grouped table: cached': dsl((b) => {
    const t = b.table('in', { ...strings, store: 't' })
    t.groupBy(byLetter, strings).count({ store: 'c' }).toStream().to('count')
    sums(t).toStream().to('aggregate')
  }),
  'grouped table: cached bursts': dsl((b) => {
    const t = bursts(b, 'L')
    t.groupBy(byLetter, strings).count({ store: 'c' }).toStream().to('count')
    t.groupBy((v) => ['g', v], strings)
      .reduce(plus, minus, { store: 'r' })
      .toStream()
      .to('reduce')
    b.stream('R', STRINGS).to('right')
  }),
  'grouped table: bursts, source not cached, result cached': dsl((b) => {
    const t = b
      .stream('L', STRINGS)
      .flatMapValues(words)
      .toTable({ store: 'l', caching: false, ...strings })
    t.groupBy(byLetter, strings).count({ store: 'c' }).toStream().to('count')
    sums(t)
      .filter((v) => v.length % 2 === 0)
      .toStream()
      .to('sums')
    b.stream('R', STRINGS).to('right')
  }),
  'grouped table: a count of counts': dsl((b) => {
    b.table('in', strings)
      .groupBy(byLetter, strings)
      .count()
      .groupBy((v, k) => [v, k], { key: int64, value: string })
      .count()
      .filter((v) => v > 0)
      .toStream()
      .to('out')
  }),
  'grouped table: joined with the table that it is of': dsl((b) => {
    const t = b.table('in', strings)
    const s = sums(t)
    s.join(t.groupBy((v) => [v.slice(0, 1), v], strings).count(), (l, r) => `${l}=${r}`)
      .toStream()
      .to('out', strings)
  }),
  'grouped table: filtered and mapped before': dsl((b) => {
    const m = b
      .table('in', strings)
      .filter((v) => v !== 'x2')
      .mapValues((v, k) => v + k)
    sums(m)
      .mapValues((v) => `<${v}>`)
      .toStream()
      .to('out', strings)
  }),
  'grouped table: stored filter before, optimized': dsl((b) => {
    sums(b.table('in', strings).filterNot((v) => v === 'x2', { store: 'f' }))
      .toStream()
      .to('out')
  }),
  "grouped table: of a stream's aggregation": dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(strings)
      .reduce((a, v) => a + v)
      .groupBy((v) => [v.slice(0, 1), v], strings)
      .reduce(plus, minus, { name: 'red', store: 'red' })
      .toStream()
      .to('out')
  }),
  "grouped table: of a stream's count, whose initial value is an old value": dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(strings)
      .count()
      .groupBy((v) => [`n${v % 2}`, v], counts)
      .reduce(
        (a, v) => a + v,
        (a, v) => a - v,
      )
      .toStream()
      .to('out')
  }),
  'grouped table: result without a changelog, not cached': dsl((b) => {
    b.table('in', strings)
      .groupBy(byLetter, strings)
      .reduce(plus, minus, { store: 'red', logging: false, caching: false })
      .toStream()
      .to('out')
  }),
  'grouped table: of a versioned table': dsl((b) => {
    sums(b.table('in', { ...strings, store: versionedAs('v', 1000) }))
      .toStream()
      .to('out')
  }),
  'grouped table: of a versioned table, filtered and mapped': dsl((b) => {
    const t = b.table('in', { ...strings, store: versionedAs('v', 1000) })
    sums(t.filter((v) => v !== 'x2').mapValues((v) => `${v}'`))
      .toStream()
      .to('out')
  }),
}

const transformations: VectorTopologies = {
  'table transformed: windowed, then filtered, old values wanted': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(strings)
      .windowedBy(tumbling({ size: 20, grace: 100 }))
      .reduce((a, v) => `${a}${v}`, { store: 'w' })
      .transformValues(() => ({
        transform: (v: string | null, w) => (v === null ? null : `${w.key}${w.window.start}${v}`),
      }))
      .filter((v) => v.length < 8)
      .toStream((_v, w) => w.key)
      .to('out', strings)
  }),
  'table transformed: plain, what the context says': dsl((b) => {
    b.table('in', strings).transformValues(suffix).toStream().to('out', strings)
  }),
  'table transformed: something of nothing, named, then filtered': dsl((b) => {
    b.table('in', { ...strings, store: 't' })
      .transformValues(always, { name: 'always' })
      .filter((v) => v !== '(null)')
      .toStream()
      .to('out', strings)
  }),
  'table transformed: with a store, old values wanted': withSeen((b) => {
    sums(b.table('in', strings).transformValues(numbered, { stores: ['seen'] }))
      .toStream()
      .to('out')
  }),
  'table transformed: stored, old values wanted': withSeen((b) => {
    const options = { store: 'tv', value: string, name: 'num', stores: ['seen'] }
    sums(b.table('in', strings).transformValues(numbered, options)).toStream().to('out')
  }),
  'table transformed: stored, cached': withSeen((b) => {
    const t = b.table('in', strings).transformValues(numbered, { store: 'tv', value: string, stores: ['seen'] })
    t.toStream().to('out')
    t.filter((v) => v.startsWith('x'))
      .toStream()
      .to('filtered')
  }),
  'table transformed: stored, joined': withSeen((b) => {
    const l = b.table('L', strings)
    const t = b.table('R', strings).transformValues(numbered, { store: 'tv', value: string, stores: ['seen'] })
    join('left', l, t).toStream().to('out')
  }),
  'table transformed: both sides of an outer join, not stored, grouped': dsl((b) => {
    const l = b.table('L', strings).transformValues(always)
    sums(l.outerJoin(b.table('R', strings).transformValues(suffix), pair))
      .toStream()
      .to('out')
  }),
  'table transformed: twice, then joined': dsl((b) => {
    const l = b.table('L', strings)
    const t = b
      .table('R', strings)
      .transformValues(suffix)
      .mapValues((v) => `${v}'`)
      .transformValues(suffix)
    l.join(t, pair).toStream().to('out', strings)
  }),
  'table transformed: with a store, not stored, joined': withSeen(
    (b) => {
      const l = b.table('L', strings)
      l.join(b.table('R', strings).transformValues(numbered, { stores: ['seen'] }), pair)
        .toStream()
        .to('out', strings)
    },
    { error: 'MILLRACE_STORE_NOT_CONNECTED' },
  ),
}

export const tableScenarioVectors: VectorTopologies = {
  ...Object.assign({}, ...kinds.map(joins)),
  ...otherJoins,
  ...chains,
  ...derived,
  ...groupings,
  ...transformations,
}
