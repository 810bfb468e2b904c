/** One topology per row of docs/nulls.md: its input is the topic `in`, its output `out`. */
import type { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import type { KStream, KTable } from '../../src/dsl/streams.ts'
import { hopping, joinWithin, session, sliding, tumbling } from '../../src/dsl/windows.ts'
import type { Processor } from '../../src/processor/processor.ts'
import { nullable, type Serde } from '../../src/serde/serde.ts'
import { serdes } from '../../src/serde/serdes.ts'
import type { Windowed } from '../../src/serde/windowed.ts'

export type NullRecord = readonly [topic: string, key: string | null, value: string | null, timestamp: number]

export interface NullCase {
  readonly build: (b: StreamsBuilder) => void
  /** What is there when the record with null comes. */
  readonly before?: readonly NullRecord[]
  /** What brings forth what the record with null waits for. */
  readonly after?: readonly NullRecord[]
  /** Default `in`. */
  readonly topic?: string
}

type Text = string | null
const texts = { key: serdes.string, value: serdes.string }
const anyText: { readonly key: Serde<Text>; readonly value: Serde<Text> } = {
  key: nullable(serdes.string),
  value: nullable(serdes.string),
}
const both = (one: unknown, two: unknown): string => `${String(one)}+${String(two)}`
const append = (aggregate: string, value: unknown): string => aggregate + String(value)
const began = (): string => '>'

function input(b: StreamsBuilder, topic = 'in'): KStream<Text, Text> {
  return b.stream(topic, anyText)
}

function of(
  define: (b: StreamsBuilder) => KStream<Text, Text> | KStream<Text, string>,
  rest: Omit<NullCase, 'build'> = {},
): NullCase {
  return { build: (b) => define(b).to('out', texts), ...rest }
}

function ofTable(define: (b: StreamsBuilder) => KTable<string, string>, rest: Omit<NullCase, 'build'> = {}): NullCase {
  return { build: (b) => define(b).toStream().to('out', texts), ...rest }
}

/** Of windows only the key is shown. */
function ofWindows(define: (b: StreamsBuilder) => KTable<Windowed<string>, string>): NullCase {
  return {
    build: (b) =>
      define(b)
        .toStream((_, { key }) => key)
        .to('out', texts),
    before: [['in', 'k', 'a', 1]],
  }
}

function forwarding(): Processor<Text, Text, Text, Text> {
  let forward: Processor<Text, Text, Text, Text>['process']
  return {
    init: (context) => {
      forward = (record) => context.forward(record)
    },
    process: (record) => forward(record),
  }
}

const stateless: Readonly<Record<string, NullCase>> = {
  filter: of((b) => input(b).filter(() => true)),
  filterNot: of((b) => input(b).filterNot(() => false)),
  map: of((b) => input(b).map((value, key) => [key, value])),
  flatMap: of((b) => input(b).flatMap((value, key) => [[key, value]])),
  mapValues: of((b) => input(b).mapValues((value) => value)),
  flatMapValues: of((b) => input(b).flatMapValues((value) => [value])),
  selectKey: of((b) => input(b).selectKey((_, key) => key)),
  peek: of((b) => input(b).peek(() => undefined)),
  merge: of((b) => input(b).merge(input(b, 'other'))),
  split: of((b) => [...input(b).split().defaultBranch().values()][0] as KStream<Text, Text>),
  process: of((b) => input(b).process(forwarding)),
  processValues: of((b) => input(b).processValues(forwarding)),
  to: of((b) => input(b)),
  repartition: of((b) => input(b).repartition()),
  'repartition before a left join': of((b) =>
    input(b)
      .selectKey((_, key) => key)
      .leftJoin(b.table('R', texts), both, { ...anyText, otherValue: serdes.string }),
  ),
  toTable: ofTable((b) => input(b).toTable(texts), { before: [['in', 'k', 'a', 1]] }),
}

const counted = { before: [['in', 'k', 'a', 1]] } satisfies Partial<NullCase>
const stored = { key: serdes.string, value: serdes.string }

const aggregations: Readonly<Record<string, NullCase>> = {
  'groupByKey, then reduce': ofTable((b) => input(b).groupByKey(texts).reduce(append), counted),
  'groupByKey, then aggregate': ofTable((b) => input(b).groupByKey().aggregate(began, append, stored), counted),
  'groupBy, then aggregate': ofTable(
    (b) =>
      input(b)
        .groupBy((_, key) => key, anyText as never)
        .aggregate(began, append, stored),
    counted,
  ),
  cogroup: ofTable((b) => input(b).groupByKey().cogroup<string>(append).aggregate(began, stored), counted),
  'tumbling windows': ofWindows((b) =>
    input(b)
      .groupByKey()
      .windowedBy(tumbling({ size: 100 }))
      .aggregate(began, append, stored),
  ),
  'hopping windows': ofWindows((b) =>
    input(b)
      .groupByKey()
      .windowedBy(hopping({ size: 100, advance: 50 }))
      .aggregate(began, append, stored),
  ),
  'sliding windows': ofWindows((b) =>
    input(b)
      .groupByKey()
      .windowedBy(sliding({ difference: 100 }))
      .aggregate(began, append, stored),
  ),
  'session windows': ofWindows((b) =>
    input(b)
      .groupByKey()
      .windowedBy(session({ gap: 100 }))
      .aggregate(began, append, both, stored),
  ),
}

const within = joinWithin({ difference: 10 })
const partner: NullCase['before'] = [['R', 'k', 'r', 1]]
const later: NullCase['after'] = [['R', 'z', 'z', 1000]]

const streamJoins: Readonly<Record<string, NullCase>> = {
  'join with a stream': of((b) => input(b).join(input(b, 'R'), both, within), { before: partner, after: later }),
  'leftJoin with a stream': of((b) => input(b).leftJoin(input(b, 'R'), both, within), {
    before: partner,
    after: later,
  }),
  'leftJoin with a stream, that stream': of((b) => input(b, 'R').leftJoin(input(b), both, within), {
    after: [['in', 'z', 'z', 1000]],
  }),
  'outerJoin with a stream': of((b) => input(b).outerJoin(input(b, 'R'), both, within), { before: partner }),
  'join with a table': of((b) => input(b).join(b.table('R', texts), both), { before: partner }),
  'leftJoin with a table': of((b) => input(b).leftJoin(b.table('R', texts), both), { before: partner }),
  'join with a global table': of((b) => input(b).join(b.globalTable('R', texts), (_, key) => key, both), {
    before: partner,
  }),
  'leftJoin with a global table': of((b) => input(b).leftJoin(b.globalTable('R', texts), (_, key) => key, both), {
    before: partner,
  }),
}

const row: NullCase['before'] = [['in', 'k', 'a', 1]]
const rows: NullCase['before'] = [
  ['in', 'k', 'a', 1],
  ['R', 'k', 'r', 1],
]

function table(b: StreamsBuilder, topic = 'in'): KTable<string, string> {
  return b.table(topic, texts)
}

const tables: Readonly<Record<string, NullCase>> = {
  table: ofTable((b) => table(b), { before: row }),
  'table, filter': ofTable((b) => table(b).filter(() => true), { before: row }),
  'table, mapValues': ofTable((b) => table(b).mapValues((value) => value), { before: row }),
  'table, transformValues': ofTable(
    (b) => table(b).transformValues(() => ({ transform: (value) => `t${String(value)}` })),
    { before: row },
  ),
  'table, suppress': ofTable((b) => table(b).suppress({ until: { timeLimit: 1 } }), {
    before: [...row, ['in', 'z', 'z', 500]],
  }),
  'table, groupBy': ofTable(
    (b) =>
      table(b)
        .groupBy((value, key) => [key, value], texts)
        .reduce(append, () => null),
    { before: row },
  ),
  'table, join': ofTable((b) => table(b).join(table(b, 'R'), both), { before: rows }),
  'table, leftJoin': ofTable((b) => table(b).leftJoin(table(b, 'R'), both), { before: rows }),
  'table, leftJoin, that table': ofTable((b) => table(b, 'R').leftJoin(table(b), both), { before: rows }),
  'table, outerJoin': ofTable((b) => table(b).outerJoin(table(b, 'R'), both), { before: rows }),
  'table, joinOn': ofTable((b) => table(b).joinOn(table(b, 'R'), (_, key) => key, both, stored), { before: rows }),
  'table, joinOn, that table': ofTable((b) => table(b, 'R').joinOn(table(b), (_, key) => key, both, stored), {
    before: rows,
  }),
  'table, leftJoinOn': ofTable((b) => table(b).leftJoinOn(table(b, 'R'), (_, key) => key, both, stored), {
    before: rows,
  }),
  'table, leftJoinOn, that table': ofTable((b) => table(b, 'R').leftJoinOn(table(b), (_, key) => key, both, stored), {
    before: rows,
  }),
  'globalTable, as a leftJoin finds it': of(
    (b) => input(b, 'R').leftJoin(b.globalTable('in', texts), () => 'k', both),
    { before: row, after: [['R', 'r', 'r', 2]] },
  ),
}

export const nullCases: Readonly<Record<string, NullCase>> = {
  ...stateless,
  ...aggregations,
  ...streamJoins,
  ...tables,
}

const none = (): null => null

/** The record is `k: v`, and the callback returns null for it. */
export const nullResults: Readonly<Record<string, NullCase>> = {
  'the value of map, mapValues, flatMap, flatMapValues': of((b) => input(b).mapValues<Text>(none)),
  'the key of map, flatMap, selectKey': of((b) => input(b).selectKey<Text>(none)),
  'the key of groupBy': ofTable((b) =>
    b
      .stream('in', texts)
      .groupBy<string>(none as never, texts)
      .reduce(append),
  ),
  'joiner of a stream': of((b) => input(b).leftJoin(b.table('R', texts), (): Text => null)),
  'the mapped key of join with a global table': of((b) => input(b).join(b.globalTable('R', texts), none, both)),
  'the mapped key of leftJoin with a global table': of((b) => input(b).leftJoin(b.globalTable('R', texts), none, both)),
  'reducer or aggregator': ofTable((b) => input(b).groupByKey().aggregate(began, untilV, stored), counted),
  'mapValues of a table': ofTable((b) => table(b).mapValues<string>(none), { before: row }),
  'transformValues of a table': ofTable((b) => table(b).transformValues<string>(() => ({ transform: none }))),
  'joiner of tables': ofTable((b) => table(b).join<string, string>(table(b, 'R'), none), { before: rows }),
  'the key of groupBy of a table': ofTable(
    (b) =>
      table(b)
        .groupBy<string, string>((value, key) => [value === 'v' ? null : key, value], texts)
        .reduce(append, () => null),
    { before: row },
  ),
  'the value of groupBy of a table': ofTable(
    (b) =>
      table(b)
        .groupBy<string, string>((value, key) => [key, value === 'v' ? null : value], texts)
        .reduce(append, () => null),
    { before: row },
  ),
  'foreign key of joinOn': ofTable((b) => table(b).joinOn(table(b, 'R'), toOldPartner, both, stored), { before: rows }),
  'foreign key of leftJoinOn': ofTable((b) => table(b).leftJoinOn(table(b, 'R'), toOldPartner, both, stored), {
    before: rows,
  }),
  'partitioner (the default one decides)': {
    build: (b) => input(b).to('out', { ...texts, partitioner: none }),
  },
}

function untilV(aggregate: string, value: string): string | null {
  return value === 'v' ? null : append(aggregate, value)
}

/** The row had a partner before. */
function toOldPartner(value: string, key: string): string | null {
  return value === 'v' ? null : key
}
