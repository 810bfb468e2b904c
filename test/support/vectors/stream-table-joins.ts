/** Joins of streams with tables: StreamTableScenarios.java, those of two kinds. */
import type { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { Joined } from '../../../src/dsl/options.ts'
import type { KStream, KTable } from '../../../src/dsl/streams.ts'
import { session, tumbling, type SessionWindows, type TimeWindows } from '../../../src/dsl/windows.ts'
import type { Processor } from '../../../src/processor/processor.ts'
import type { ProcessorContext } from '../../../src/processor/processor-context.ts'
import type { VersionedStore } from '../../../src/processor/versioned-store.ts'
import type { StoreBuilder } from '../../../src/processor/store-builder.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { stores } from '../../../src/state/stores.ts'
import { dsl, pair, STRINGS, strings, type Text, type VectorTopology } from './vector-topology.ts'

export type TextStream = KStream<Text, Text>
export type TextTable = KTable<string, string>
type JoinOptions = Joined<Text, Text, string>

/** Without serdes: the table has its own. */
export function versioned(name: string, historyRetention: number): StoreBuilder<VersionedStore<string, string>> {
  return stores.versioned(name, { historyRetention })
}

/** Java's `Joined.with(S, S, S)`. */
export const JOINED: { readonly key: typeof STRINGS.key; readonly value: typeof STRINGS.value } = STRINGS

/** What the record context says: topic, offset, timestamp and the task's time. */
function where(): Processor<Text, Text, Text, Text> {
  let context: ProcessorContext<Text, Text>
  return {
    init(given) {
      context = given
    },
    process(record) {
      const { topic, offset } = context.recordMetadata ?? { topic: null, offset: -1 }
      const value = `${record.value} ${topic} ${offset} ${record.timestamp} ${context.currentStreamTime}`
      context.forward({ ...record, value })
    },
  }
}

/** The scenarios that exist twice: as inner and as left join. */
export function joinScenarios(kind: 'inner' | 'left'): Record<string, VectorTopology> {
  const join: Join = (given, table, options = JOINED) => {
    const [stream, looked] = [given as TextStream, table as TextTable]
    return kind === 'left' ? stream.leftJoin(looked, pair, options) : stream.join(looked, pair, options)
  }
  const scenarios = {
    ...plain(join, kind),
    ...derived(join),
    ...views(join, kind),
    ...repartitioned(join, kind),
    ...history(join),
    ...grace(join),
  }
  return Object.fromEntries(
    Object.entries(scenarios).map(([name, topology]) => [`stream-table ${kind}: ${name}`, topology]),
  )
}

/** Streams and tables of any value: the joiner turns all of them into text. */
type Join = (stream: unknown, table: unknown, options?: JoinOptions) => KStream<Text, string>

function streamOf(b: StreamsBuilder): TextStream {
  return b.stream('S', STRINGS)
}

function first(value: Text): string {
  return value?.slice(0, 1) ?? ''
}

function plain(join: Join, kind: 'inner' | 'left'): Record<string, VectorTopology> {
  return {
    'nulls, late and out-of-order records': dsl((b) => join(streamOf(b), b.table('T', strings)).to('out', strings)),
    'materialized table': dsl((b) => join(streamOf(b), b.table('T', { ...strings, store: 't' })).to('out', strings)),
    'cached table': dsl((b) => {
      const t = b.table('T', { ...strings, store: 't' })
      join(streamOf(b), t).to('out', strings)
      t.toStream().to('updates')
    }),
    'joiner with key, named': dsl((b) => {
      const joiner = (v: string, vo: string | null, k: Text): string => `${k}:${v}/${vo}`
      const [s, t] = [streamOf(b), b.table('T', strings)]
      const joined = kind === 'left' ? s.leftJoin(t, joiner, { name: 'lookup' }) : s.join(t, joiner, { name: 'lookup' })
      joined.to('out', strings)
    }),
    'two tables, one after the other': dsl((b) =>
      join(join(streamOf(b), b.table('T', strings)), b.table('U', strings)).to('out', strings),
    ),
    "table of the stream's own topic's count": dsl((b) => {
      const s = streamOf(b)
      join(s, s.groupByKey().count()).to('out', strings)
    }),
    "headers and timestamps are the stream's": dsl((b) => join(streamOf(b), b.table('T', strings)).to('out', strings)),
    'joiner returns null': dsl((b) => {
      const joiner = (v: string, vo: string | null): Text => (v === 'drop' ? null : v + String(vo))
      const [s, t] = [streamOf(b), b.table('T', strings)]
      const joined = kind === 'left' ? s.leftJoin(t, joiner, JOINED) : s.join(t, joiner, JOINED)
      joined.to('out', strings)
      joined.groupByKey(strings).count({ store: 'n' }).toStream().to('counts')
    }),
  }
}

function derived(join: Join): Record<string, VectorTopology> {
  const table = (b: StreamsBuilder): TextTable => b.table('T', strings)
  return {
    'filtered table, not stored': dsl((b) =>
      join(
        streamOf(b),
        table(b).filter((v) => v !== 'c'),
      ).to('out', strings),
    ),
    'filtered table, stored': dsl((b) =>
      join(
        streamOf(b),
        table(b).filterNot((v) => v === 'c', { store: 'f' }),
      ).to('out', strings),
    ),
    'mapped and filtered table, the source stored': dsl((b) => {
      const [s, t] = [streamOf(b), b.table('T', { ...strings, store: 't' })]
      const mapped = t
        .mapValues((v, k) => (v === 'older' ? null : k + v))
        .filter((v) => !v.endsWith('c'))
        .mapValues((v) => `${v}!`)
      join(s, mapped).to('out', strings)
    }),
    'toTable of a stream': dsl((b) => join(streamOf(b), b.stream('T', STRINGS).toTable()).to('out', strings)),
    'toTable of a stream with a new key': dsl((b) => {
      const stream = streamOf(b)
      const keyed = b.stream('T', STRINGS).selectKey((_v, k) => k)
      join(stream, keyed.toTable(strings)).to('out', strings)
    }),
    'reduced and mapped table, cached': dsl((b) => {
      const stream = streamOf(b)
      const reduced = b
        .stream('T', STRINGS)
        .groupByKey()
        .reduce((a, v) => a + v)
      join(
        stream,
        reduced.mapValues((v) => `<${v}>`),
      ).to('out', strings)
    }),
    "the table's own updates": dsl((b) => {
      const t = table(b)
      join(t.toStream(), t).to('out', strings)
    }),
  }
}

function joinedTables(b: StreamsBuilder, how: 'inner' | 'left' | 'outer', options: { store?: string } = {}): TextTable {
  const [t, u] = [b.table('T', strings), b.table('U', strings)]
  const given = options.store === undefined ? {} : { ...options, ...strings }
  if (how === 'inner') return t.join(u, pair, given)
  return how === 'left' ? t.leftJoin(u, pair, given) : t.outerJoin(u, pair, given)
}

function views(join: Join, kind: 'inner' | 'left'): Record<string, VectorTopology> {
  const windowed = (b: StreamsBuilder, windows: TimeWindows | SessionWindows): void => {
    const grouped = b.stream('T', STRINGS).groupByKey()
    const t =
      windows.kind === 'session'
        ? grouped.windowedBy(windows).count({ store: 'w' })
        : grouped.windowedBy(windows).count({ store: 'w' })
    const s = t.toStream()
    const joined = kind === 'left' ? s.leftJoin(t, pair) : s.join(t, pair)
    joined.selectKey((_v, { key, window }) => `${key}${window.start}`).to('out', strings)
  }
  const ofTables = (['inner', 'left', 'outer'] as const).flatMap((how) => [
    [
      `${how} join of two tables, not stored`,
      dsl((b) => join(streamOf(b), joinedTables(b, how)).to('out', strings)),
    ] as const,
    [
      `${how} join of two tables, stored`,
      dsl((b) => {
        const s = streamOf(b)
        const t = joinedTables(b, how, { store: 'j' }).mapValues((v) => `${v}!`)
        join(s, t).to('out', strings)
      }),
    ] as const,
  ])
  return {
    ...Object.fromEntries(ofTables),
    'grouped table': dsl((b) => {
      const s = streamOf(b)
      const t = b
        .table('T', strings)
        .groupBy((v) => [v, v], strings)
        .count()
      join(s, t).to('out', strings)
    }),
    'windowed count, joined by its own updates': dsl((b) => windowed(b, tumbling({ size: 10 }))),
    'session count, joined by its own updates': dsl((b) => windowed(b, session({ gap: 5, grace: 10 }))),
    'suppressed table': dsl((b) => {
      const s = streamOf(b)
      join(s, b.table('T', strings).suppress({ until: { timeLimit: 10 } })).to('out', strings)
    }),
    'foreign-key join': dsl((b) => {
      const s = streamOf(b)
      const [t, u] = [b.table('T', strings), b.table('U', strings)]
      join(
        s,
        t.joinOn(u, (v) => v, pair, strings),
      ).to('out', strings)
    }),
  }
}

function repartitioned(join: Join, kind: 'inner' | 'left'): Record<string, VectorTopology> {
  const byFirst = (b: StreamsBuilder, name?: string): TextStream =>
    streamOf(b).selectKey<Text>(first, name === undefined ? {} : { name })
  return {
    'new key': dsl((b) =>
      join(
        streamOf(b).selectKey<Text>((v) => (v?.startsWith('-') ? null : first(v))),
        b.table('T', strings),
      ).to('out', strings),
    ),
    'map, the join named': dsl((b) => {
      const swapped = streamOf(b).map<Text, Text>((v, k) => [v, k])
      join(swapped, b.table('T', { ...strings, name: 'tbl' }), { ...JOINED, name: 'lookup' }).to('out', strings)
    }),
    'new key that is a number': dsl((b) => {
      const t = b.table('T', { key: serdes.int32, value: serdes.string })
      const s = streamOf(b).selectKey((v) => v?.length ?? 0)
      const joined = { key: serdes.int32, value: STRINGS.value }
      const j = kind === 'left' ? s.leftJoin(t, pair, joined) : s.join(t, pair, joined)
      j.to('out', { value: serdes.string })
      j.groupByKey({ key: serdes.int32, value: serdes.string }).count().toStream().to('counts')
    }),
    'two joins of one stream with a new key': dsl((b) => {
      const s = byFirst(b)
      join(s, b.table('T', strings)).to('out', strings)
      join(s, b.table('U', strings)).to('out2', strings)
    }),
    'a named and an unnamed join of one stream with a new key': dsl((b) => {
      const s = byFirst(b)
      join(s, b.table('T', strings), { ...JOINED, name: 'one' }).to('out', strings)
      join(s, b.table('U', strings)).to('out2', strings)
      join(s, b.table('V', strings), { ...JOINED, name: 'three' }).to('out3', strings)
      join(s, b.table('W', strings)).to('out4', strings)
    }),
    'an unnamed and a named join of one stream with a named new key': dsl((b) => {
      const s = byFirst(b, 'by-first')
      join(s, b.table('T', strings)).to('out', strings)
      join(s, b.table('U', strings), { ...JOINED, name: 'two' }).to('out2', strings)
    }),
    'new key, two joins in a row': dsl((b) => {
      const one = join(byFirst(b), b.table('T', strings))
      const rekeyed = one.selectKey<Text>((v) => v?.slice(1, 3) ?? null)
      join(rekeyed, b.table('U', strings)).to('out', strings)
    }),
    'optimized, new key': dsl((b) => {
      const s = byFirst(b)
      join(s, b.table('T', { ...strings, store: 't' })).to('out', strings)
      s.groupByKey(strings).count({ store: 'n' }).toStream().to('counts')
    }),
  }
}

function history(join: Join): Record<string, VectorTopology> {
  const table = (b: StreamsBuilder, ms = 100): TextTable => b.table('T', { ...strings, store: versioned('vt', ms) })
  return {
    'versioned table': dsl((b) => join(streamOf(b), table(b)).to('out', strings)),
    'versioned table, derived': dsl((b) =>
      join(
        streamOf(b),
        table(b)
          .filter((v) => v !== 'c')
          .mapValues((v) => `${v}!`),
      ).to('out', strings),
    ),
    'versioned table, filtered and stored without versions': dsl((b) =>
      join(
        streamOf(b),
        table(b).filter((v) => v !== 'c', { store: 'f' }),
      ).to('out', strings),
    ),
    'table, filtered and stored with versions': dsl((b) =>
      join(
        streamOf(b),
        b.table('T', strings).filter((v) => v !== 'c', { store: versioned('f', 100) }),
      ).to('out', strings),
    ),
    'history of the versioned table is short': dsl((b) => join(streamOf(b), table(b, 10)).to('out', strings)),
    "versioned count of the stream's own topic": dsl((b) => {
      const s = streamOf(b)
      const n = s.groupByKey().count({ store: versioned('vn', 100) })
      n.toStream().to('counts')
      join(s, n).to('out', strings)
    }),
  }
}

function grace(join: Join): Record<string, VectorTopology> {
  const table = (b: StreamsBuilder): TextTable => b.table('T', { ...strings, store: versioned('vt', 100) })
  const ten = { ...JOINED, grace: 10 }
  return {
    'grace 10, in order and late': dsl((b) => join(streamOf(b), table(b), ten).to('out', strings)),
    'grace 0': dsl((b) => join(streamOf(b), table(b), { ...JOINED, grace: 0 }).to('out', strings)),
    'grace 10, null value and timestamps below the grace': dsl((b) =>
      join(streamOf(b), table(b), { ...ten, name: 'named' }).to('out', strings),
    ),
    'grace 10, where the records came from': dsl((b) =>
      join(b.stream(['S', 'S2'], STRINGS), table(b), ten)
        .process(where)
        .to('out', strings),
    ),
    'grace 10, a record without a key': dsl(
      (b) => join(streamOf(b), table(b), { ...ten, name: 'named' }).to('out', strings),
      { error: 'MILLRACE_PROCESSING_FAILED' },
    ),
    'grace 10, cached everything': dsl((b) => {
      const s = streamOf(b)
      const t = b.table('T', { ...strings, store: versioned('vt', 100), caching: true })
      join(s, t, ten).groupByKey(strings).count({ store: 'n' }).toStream().to('out')
    }),
    'grace 10 twice, one join after the other': dsl((b) => {
      const t = table(b)
      join(join(streamOf(b), t, ten), t, ten)
        .process(where)
        .to('out', strings)
    }),
    'grace 10 after a new key': dsl((b) =>
      join(streamOf(b).selectKey<Text>(first), table(b), { ...ten, name: 'lookup' }).to('out', strings),
    ),
    'grace 5 of a derived versioned table': dsl((b) =>
      join(
        streamOf(b),
        table(b).mapValues((v) => `${v}!`),
        { ...JOINED, grace: 5 },
      ).to('out', strings),
    ),
    'grace 10 of a versioned count': dsl((b) => {
      const n = b
        .stream('T', STRINGS)
        .groupByKey()
        .count({ store: versioned('vn', 100) })
      join(streamOf(b), n, ten).to('out', strings)
    }),
  }
}
