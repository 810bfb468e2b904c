/** Updates of tables that are held back. */
import type { Suppression } from '../../../src/dsl/options.ts'
import type { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { KGroupedStream, KTable } from '../../../src/dsl/streams.ts'
import { hopping, session, sliding, tumbling, unlimited } from '../../../src/dsl/windows.ts'
import type { Processor } from '../../../src/processor/processor.ts'
import type { ProcessorContext } from '../../../src/processor/processor-context.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import type { Windowed } from '../../../src/serde/windowed.ts'
import { firstLetter, whole } from './foreign-keys.ts'
import { versioned } from './stream-table-joins.ts'
import { dsl, pair, STRINGS, strings, type VectorTopologies, type VectorTopology } from './vector-topology.ts'

type TextTable = KTable<string, string>

const closes: Suppression = { until: 'windowCloses' }
const windowed = { key: serdes.timeWindowed(serdes.string, 10) }
const late = tumbling({ size: 10, grace: 5 })
const punctual = tumbling({ size: 10 })
const sessions = session({ gap: 5, grace: 5 })

function limit(timeLimit: number): Suppression & { readonly until: { readonly timeLimit: number } } {
  return { until: { timeLimit } }
}

function table(b: StreamsBuilder): TextTable {
  return b.table('in', strings)
}

function grouped(b: StreamsBuilder, topic = 'in'): KGroupedStream<string, string | null> {
  return b.stream(topic, STRINGS).groupByKey(strings)
}

function out<K, V>(
  build: (b: StreamsBuilder) => KTable<K, V>,
  rest: Omit<VectorTopology, 'build'> = {},
): VectorTopology {
  return dsl((b) => build(b).toStream().to('out'), rest)
}

function suppressed(suppression: Suppression, rest: Omit<VectorTopology, 'build'> = {}): VectorTopology {
  return out((b) => table(b).suppress(suppression), rest)
}

function finals<V>(
  build: (b: StreamsBuilder) => KTable<Windowed<string>, V>,
  suppression: Suppression = closes,
): VectorTopology {
  return out((b) => build(b).suppress(suppression))
}

function countOf(windows: typeof late | ReturnType<typeof sliding>, suppression: Suppression = closes): VectorTopology {
  return finals((b) => grouped(b).windowedBy(windows).count({ store: 'w' }), suppression)
}

function sessionsOf(suppression: Suppression = closes): VectorTopology {
  return finals((b) => grouped(b).windowedBy(sessions).count({ store: 'w' }), suppression)
}

/** Where the record comes from, as a processor sees it. */
function origin<K>(): Processor<K, unknown, K, string> {
  let context: ProcessorContext<K, string>
  return {
    init: (given) => (context = given),
    process(record) {
      const from = context.recordMetadata
      const at = from === undefined ? 'nowhere' : `${from.topic}-${from.partition}@${from.offset}`
      context.forward({ ...record, value: `${String(record.value)} of ${at}` })
    },
  }
}

const tables: VectorTopologies = {
  'suppress untilTimeLimit 10 table': out((b) => b.table('in', { ...strings, store: 't' }).suppress(limit(10))),
  'suppress maxBytes emit early': suppressed({ ...limit(1000), maxBytes: 200, name: 'sup' }),
  'suppress table: time limit 10, not stored': suppressed(limit(10)),
  'suppress table: time limit 10, named': suppressed({ ...limit(10), name: 'sup' }),
  'suppress table: time limit 0': suppressed(limit(0)),
  'suppress table: cached': out((b) => b.table('in', { ...strings, store: 't' }).suppress(limit(10))),
  'suppress table: without changelog': suppressed({ ...limit(10), logging: false }),
  'suppress table: source topic as changelog': suppressed(limit(10)),
  'suppress table: headers and origin of the last update': dsl((b) =>
    table(b)
      .suppress(limit(10))
      .toStream()
      .process(origin<string>)
      .to('out', strings),
  ),
  'suppress table: equal times, in order of keys': suppressed(limit(5)),
  'suppress table: many keys at one time, order of the changelog': suppressed(limit(5)),
  'suppress table: old, prior and new values': suppressed(limit(100)),
  'suppress table: a count': out((b) => grouped(b).count({ store: 'c' }).suppress(limit(10))),
  'suppress table: numbers': out((b) =>
    b.table('in', { key: serdes.int32, value: serdes.float64 }).suppress(limit(10)),
  ),
  'suppress table: twice, one after the other': out((b) => table(b).suppress(limit(5)).suppress(limit(10))),
  'suppress table: twice, side by side': dsl((b) => {
    const parent = table(b)
    parent.suppress(limit(5)).toStream().to('out5')
    parent
      .suppress({ ...limit(20), name: 's20' })
      .toStream()
      .to('out20')
  }),
  'suppress table: versioned': out(
    (b) => b.table('in', { ...strings, store: versioned('v', 100) }).suppress(limit(5)),
    {
      error: 'MILLRACE_STORE_OPTION_INVALID',
    },
  ),
  'suppress table: derived from a versioned one': out(
    (b) =>
      b
        .table('in', { ...strings, store: versioned('v', 100) })
        .filter(() => true)
        .suppress(limit(5)),
    { error: 'MILLRACE_STORE_OPTION_INVALID' },
  ),
  'suppress table: until windows close, without windows': out(
    (b) =>
      table(b)
        .filter(() => true)
        .suppress(closes),
    { error: 'MILLRACE_OPTION_INVALID' },
  ),
}

const windows: VectorTopologies = {
  'suppress session untilWindowCloses': finals((b) =>
    grouped(b)
      .windowedBy(session({ gap: 5 }))
      .count({ store: 's' }),
  ),
  'suppress: windowed, untilTimeLimit longer and shorter than the window': dsl((b) => {
    const counts = grouped(b)
      .windowedBy(tumbling({ size: 10, grace: 10 }))
      .count({ store: 'w' })
    counts
      .suppress({ ...limit(4), name: 's4' })
      .toStream()
      .to('out4')
    counts
      .suppress({ ...limit(0), name: 's0' })
      .toStream()
      .to('out0')
  }),
  'suppress windows: tumbling 10 grace 5': finals((b) => grouped(b).windowedBy(late).count()),
  'suppress windows: named': countOf(late, { ...closes, name: 'final' }),
  'suppress windows: cached': countOf(late),
  'suppress windows: no grace': countOf(punctual),
  'suppress windows: hopping 10/5 grace 5': countOf(hopping({ size: 10, advance: 5, grace: 5 })),
  'suppress windows: sliding 10 grace 5': countOf(sliding({ difference: 10, grace: 5 })),
  'suppress windows: sessions of gap 5, grace 5': sessionsOf(),
  'suppress windows: sessions, cached': sessionsOf(),
  'suppress windows: sessions, time limit': sessionsOf(limit(4)),
  'suppress windows: unlimited': countOf(unlimited()),
  'suppress windows: time limit 3': countOf(late, limit(3)),
  'suppress windows: deleted results': finals((b) =>
    grouped(b)
      .windowedBy(late)
      .aggregate(
        () => '',
        (aggregate, v) => (v === 'z' || v === null ? null : aggregate + v),
        { store: 'w', value: strings.value },
      ),
  ),
  'suppress windows: filter and mapping in between': finals((b) =>
    grouped(b)
      .windowedBy(late)
      .count({ store: 'w' })
      .filter((v) => v < 3)
      .mapValues((v) => `n${v}`, { ...windowed, value: strings.value }),
  ),
  'suppress windows: without changelog': countOf(late, { ...closes, logging: false }),
  'suppress windows: headers and origin': dsl((b) =>
    grouped(b)
      .windowedBy(punctual)
      .count({ store: 'w' })
      .suppress(closes)
      .toStream()
      .process(origin<Windowed<string>>)
      .to('out', { ...windowed, value: strings.value }),
  ),
  'suppress windows: two joined tables, the longer grace': finals((b) => {
    const one = grouped(b).windowedBy(late).count({ store: 'w1' })
    const two = grouped(b, 'in2')
      .windowedBy(tumbling({ size: 10, grace: 20 }))
      .count({ store: 'w2' })
    return one.outerJoin(two, pair, { ...windowed, value: strings.value })
  }),
}

const full = { error: 'MILLRACE_BUFFER_FULL' }

const limits: VectorTopologies = {
  ...Object.fromEntries(
    [0, 1, 2].map((maxRecords) => [
      `suppress limits: ${maxRecords} records, emits early`,
      suppressed({ ...limit(100), maxRecords }),
    ]),
  ),
  ...Object.fromEntries(
    [0, 60, 120, 200].map((maxBytes) => [
      `suppress limits: ${maxBytes} bytes, emits early`,
      suppressed({ ...limit(100), maxBytes, whenFull: 'emitEarly' }),
    ]),
  ),
  'suppress limits: 3 records and 150 bytes, time limit 10': suppressed({ ...limit(10), maxRecords: 3, maxBytes: 150 }),
  'suppress limits: bytes of headers count': suppressed({ ...limit(100), maxBytes: 150 }),
  'suppress limits: 2 records, shuts down': suppressed(
    { ...limit(10), maxRecords: 2, whenFull: 'shutDown', name: 'sup' },
    full,
  ),
  'suppress limits: 80 bytes, shuts down': suppressed({ ...limit(10), maxBytes: 80, whenFull: 'shutDown' }, full),
  'suppress limits: windows, 3 records, shuts down': { ...countOf(late, { ...closes, maxRecords: 3 }), ...full },
  'suppress limits: windows, 2 records, emits early': countOf(late, { ...limit(20), maxRecords: 2 }),
  'suppress limits: sessions, 250 bytes, emits early': sessionsOf({ ...limit(20), maxBytes: 250 }),
}

const downstream: VectorTopologies = {
  'suppress, then an inner join': out((b) => table(b).suppress(limit(10)).join(b.table('K', strings), pair, strings)),
  'suppress, then a left join': out((b) =>
    table(b).suppress(limit(10)).leftJoin(b.table('K', strings), pair, { value: strings.value }),
  ),
  'suppress, then an outer join': out((b) =>
    table(b).suppress(limit(10)).outerJoin(b.table('K', strings), pair, { store: 'res', value: strings.value }),
  ),
  'suppress on the right of a left join': out((b) =>
    b.table('K', strings).leftJoin(table(b).suppress(limit(10)), pair, { value: strings.value }),
  ),
  'suppress, then a join of a stream': dsl((b) =>
    b
      .stream('K', STRINGS)
      .leftJoin(table(b).suppress(limit(10)), pair)
      .to('out', { value: strings.value }),
  ),
  'suppress, then a join with the table itself': dsl((b) => {
    const parent = table(b)
    parent.suppress(limit(10)).outerJoin(parent, pair, { value: strings.value }).toStream().to('out')
    b.stream('K', STRINGS).to('K2')
  }),
  'suppress, then a filter': out((b) =>
    table(b)
      .suppress(limit(10))
      .filter((v) => v !== '2'),
  ),
  'suppress, then a stored filter': out((b) =>
    table(b)
      .suppress(limit(10))
      .filter((v) => v !== '2', { store: 'f' }),
  ),
  'suppress, then a mapping': dsl((b) =>
    table(b)
      .suppress(limit(10))
      .mapValues((v) => `${v}!`)
      .toStream()
      .to('out', { value: strings.value }),
  ),
  'suppress, then a grouping': out((b) =>
    table(b)
      .suppress(limit(10))
      .groupBy((v, k) => [v, k], strings)
      .aggregate(
        () => '',
        (aggregate, v) => `${aggregate}+${v}`,
        (aggregate, v) => `${aggregate}-${v}`,
        strings,
      ),
  ),
  'suppress a filter and a mapping that are not stored': out((b) =>
    table(b)
      .filter((v) => v !== '2')
      .mapValues((v) => `${v}!`, strings)
      .suppress(limit(10)),
  ),
  'suppress the result of a join': out((b) =>
    table(b).outerJoin(b.table('K', strings), pair, strings).suppress(limit(10)),
  ),
  'suppress the result of a foreign-key join, and join it by foreign key': dsl((b) => {
    const joined = b
      .table('L', strings)
      .leftJoinOn(b.table('R', strings), firstLetter, (_v, o) => o ?? 'nul', strings)
      .suppress(limit(5))
    joined.toStream().to('mid')
    joined.joinOn(b.table('Q', strings), firstLetter, pair, strings).toStream().to('out')
    b.table('P', strings).joinOn(joined, whole, pair, strings).toStream().to('out2')
  }),
  'suppress a windowed count, then a windowed join': out((b) => {
    const one = grouped(b).windowedBy(punctual).count({ store: 'w1' }).suppress(closes)
    const two = grouped(b, 'K').windowedBy(punctual).count({ store: 'w2' })
    return one.leftJoin(two, (x, y) => `${x}/${y}`, { value: strings.value })
  }),
}

const random: VectorTopologies = Object.fromEntries(
  [1, 2, 3].flatMap((seed): [string, VectorTopology][] => [
    [`suppress table: random ${seed}`, suppressed({ ...limit(15), maxRecords: 4, maxBytes: 260 })],
    [`suppress windows: random ${seed}`, countOf(hopping({ size: 12, advance: 5, grace: 4 }))],
    [
      `suppress sessions: random ${seed}`,
      finals((b) =>
        grouped(b)
          .windowedBy(session({ gap: 6, grace: 4 }))
          .count({ store: 'w' }),
      ),
    ],
    [
      `suppress, then an outer join: random ${seed}`,
      out((b) => table(b).suppress(limit(12)).outerJoin(b.table('K', strings), pair, { value: strings.value })),
    ],
  ]),
)

export const suppressVectors: VectorTopologies = { ...tables, ...windows, ...limits, ...downstream, ...random }
