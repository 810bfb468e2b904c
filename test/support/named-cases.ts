/** Every option and argument that names a node, a store or a topic. */
import type { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import type { KGroupedStream, KStream, KTable } from '../../src/dsl/streams.ts'
import { joinWithin, session, tumbling } from '../../src/dsl/windows.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { stores } from '../../src/state/stores.ts'

type NamedCases = Readonly<Record<string, (b: StreamsBuilder, name: string) => unknown>>

const texts = { key: serdes.string, value: serdes.string }
const joined = { ...texts, otherValue: serdes.string }
const both = (one: unknown, two: unknown): string => `${String(one)}${String(two)}`
const within = joinWithin({ difference: 1 })
const nothing = (): { process: () => void } => ({ process: () => undefined })

function stream(b: StreamsBuilder, topic = 'L'): KStream<string, string> {
  return b.stream(topic, texts)
}
function table(b: StreamsBuilder, topic = 'L'): KTable<string, string> {
  return b.table(topic, texts)
}
function grouped(b: StreamsBuilder): KGroupedStream<string, string> {
  return stream(b).groupByKey()
}

const nodes: NamedCases = {
  stream: (b, name) => b.stream('in', { ...texts, name }),
  table: (b, name) => b.table('in', { ...texts, name }),
  globalTable: (b, name) => b.globalTable('in', { ...texts, name }),
  filter: (b, name) => stream(b).filter(() => true, { name }),
  filterNot: (b, name) => stream(b).filterNot(() => true, { name }),
  map: (b, name) => stream(b).map((value, key) => [key, value], { name }),
  flatMap: (b, name) => stream(b).flatMap(() => [], { name }),
  mapValues: (b, name) => stream(b).mapValues((value) => value, { name }),
  flatMapValues: (b, name) => stream(b).flatMapValues(() => [], { name }),
  selectKey: (b, name) => stream(b).selectKey((value) => value, { name }),
  peek: (b, name) => stream(b).peek(() => undefined, { name }),
  forEach: (b, name) => stream(b).forEach(() => undefined, { name }),
  print: (b, name) => stream(b).print({ name }),
  merge: (b, name) => stream(b).merge(stream(b, 'R'), { name }),
  repartition: (b, name) => stream(b).repartition({ name }),
  to: (b, name) => stream(b).to('out', { name }),
  toTable: (b, name) => stream(b).toTable({ name }),
  groupByKey: (b, name) => stream(b).groupByKey({ name }),
  groupBy: (b, name) => stream(b).groupBy((value) => value, { name }),
  count: (b, name) => grouped(b).count({ name }),
  reduce: (b, name) => grouped(b).reduce(both, { name }),
  aggregate: (b, name) => grouped(b).aggregate(() => '', both, { ...texts, name }),
  'windowed count': (b, name) =>
    grouped(b)
      .windowedBy(tumbling({ size: 1 }))
      .count({ name }),
  'session count': (b, name) =>
    grouped(b)
      .windowedBy(session({ gap: 1 }))
      .count({ name }),
  cogroup: (b, name) =>
    grouped(b)
      .cogroup<string>(both)
      .aggregate(() => '', { ...texts, name }),
  process: (b, name) => stream(b).process(nothing, { name }),
  processValues: (b, name) => stream(b).processValues(nothing, { name }),
  split: (b, name) => stream(b).split({ name }),
  'stream join': (b, name) => stream(b).join(stream(b, 'R'), both, within, { ...joined, name }),
  'stream-table join': (b, name) => stream(b).join(table(b, 'R'), both, { name }),
  'global join': (b, name) => stream(b).join(b.globalTable('R', texts), (value) => value, both, { name }),
  'table filter': (b, name) => table(b).filter(() => true, { name }),
  'table mapValues': (b, name) => table(b).mapValues((value) => value, { name }),
  transformValues: (b, name) => table(b).transformValues(() => ({ transform: (value) => value }), { name }),
  toStream: (b, name) => table(b).toStream({ name }),
  suppress: (b, name) => table(b).suppress({ until: { timeLimit: 1 }, name }),
  'table groupBy': (b, name) => table(b).groupBy((value, key) => [key, value], { ...texts, name }),
  'table join': (b, name) => table(b).join(table(b, 'R'), both, { name }),
  joinOn: (b, name) => table(b).joinOn(table(b, 'R'), (value) => value, both, { name }),
}

const ofStores: NamedCases = {
  'store of table': (b, store) => b.table('in', { ...texts, store }),
  'store of globalTable': (b, store) => b.globalTable('in', { ...texts, store }),
  'store of toTable': (b, store) => stream(b).toTable({ store }),
  'store of count': (b, store) => grouped(b).count({ store }),
  'store of a windowed count': (b, store) =>
    grouped(b)
      .windowedBy(tumbling({ size: 1 }))
      .count({ store }),
  'store of a session count': (b, store) =>
    grouped(b)
      .windowedBy(session({ gap: 1 }))
      .count({ store }),
  'store of a cogroup': (b, store) =>
    grouped(b)
      .cogroup<string>(both)
      .aggregate(() => '', { ...texts, store }),
  'store of a stream join': (b, store) => stream(b).join(stream(b, 'R'), both, within, { ...joined, store }),
  'store of a table filter': (b, store) => table(b).filter(() => true, { store }),
  'store of a table join': (b, store) => table(b).join(table(b, 'R'), both, { ...texts, store }),
  'store of joinOn': (b, store) => table(b).joinOn(table(b, 'R'), (value) => value, both, { ...texts, store }),
  'builder of a table': (b, name) =>
    b.table('in', { ...texts, store: stores.versioned(name, { ...texts, historyRetention: 1 }) }),
  'stores.keyValue': (b, name) => b.addStateStore(stores.keyValue(name, texts)),
  'stores.versioned': (b, name) => b.addStateStore(stores.versioned(name, { ...texts, historyRetention: 1 })),
  addGlobalStore: (b, name) => b.addGlobalStore(stores.keyValue(name, texts), 'in', texts, nothing),
}

export const namedCases: NamedCases = { ...nodes, ...ofStores }

export const topicCases: NamedCases = {
  'topic of stream': (b, topic) => b.stream(topic, texts),
  'one of several topics': (b, topic) => b.stream(['in', topic], texts),
  'topic of table': (b, topic) => b.table(topic, texts),
  'topic of globalTable': (b, topic) => b.globalTable(topic, texts),
  'topic of addGlobalStore': (b, topic) => b.addGlobalStore(stores.keyValue('s', texts), topic, texts, nothing),
  'topic of to': (b, topic) => stream(b).to(topic),
}
