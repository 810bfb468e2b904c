/** Stateless operators, aggregations by key, processors, punctuation and failing records of PublicScenarios.java. */
import type { Processor } from '../../../src/processor/processor.ts'
import type { Cancellable, ProcessorContext } from '../../../src/processor/processor-context.ts'
import type { KeyValueStore } from '../../../src/processor/state-store.ts'
import { nullable } from '../../../src/serde/serde.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { stores } from '../../../src/state/stores.ts'
import { dsl, forward, int32, int64, STRINGS, strings, type Text, type VectorTopology } from './vector-topology.ts'

function punctuated(): Processor<Text, Text, Text, Text> {
  let context: ProcessorContext<Text, Text>
  const at = (key: string, value: string, timestamp: number): void =>
    context.forward({ key, value, timestamp, headers: [] })
  return {
    init(given) {
      context = given
      given.schedule(10, 'streamTime', (timestamp) => at('S', 'stream', timestamp))
      given.schedule(10, 'wallClockTime', (timestamp) => at('W', 'wall', timestamp))
    },
    process: (record) => context.forward(record),
  }
}

function scheduled(): Processor<Text, Text, Text, Text> {
  let context: ProcessorContext<Text, Text>
  const at = (key: string, timestamp: number): void =>
    context.forward({ key, value: String(timestamp), timestamp, headers: [] })
  return {
    init(given) {
      context = given
      const once: Cancellable = given.schedule(10, 'streamTime', (timestamp) => {
        at('once', timestamp)
        once.cancel()
      })
      given.schedule(10, 'streamTime', (timestamp) => at('anchored', timestamp), { start: 15 })
      given.schedule(20, 'wallClockTime', (timestamp) => at('wall', timestamp), { start: 7 })
    },
    process(record) {
      context.forward({ ...record, value: `${context.currentStreamTime}/${context.currentSystemTime}` })
    },
  }
}

function dedupe(): Processor<Text, Text, Text, Text> {
  let context: ProcessorContext<Text, Text>
  return {
    init(given) {
      context = given
    },
    process(record) {
      const seen = context.getStateStore<KeyValueStore<Text, number>>('seen')
      const count = (seen.get(record.key) ?? 0) + 1
      seen.put(record.key, count)
      context.forward({ ...record, value: `${record.value}${count}` }, count === 1 ? 'first' : 'again')
      if (count !== 3) return
      seen.delete(record.key)
      context.forward({ key: record.key, value: 'both', timestamp: record.timestamp + 100, headers: [] })
    },
  }
}

const words = (value: Text): string[] => (value ?? '').toLowerCase().split(/\W+/)

export const statelessVectors: Readonly<Record<string, VectorTopology>> = {
  'stream reduce': dsl((b) =>
    b
      .stream('in', STRINGS)
      .groupByKey(strings)
      .reduce((a, v) => (v === 'del' ? null : a + v), { store: 'red' })
      .toStream()
      .to('out'),
  ),
  'named stateless operators': dsl((b) => {
    const s = b.stream('in', { ...STRINGS, name: 'src' })
    s.filter((v) => v !== 'skip', { name: 'keep' })
      .filterNot((v) => v === null, { name: 'non-null' })
      .mapValues((v) => v?.toUpperCase() ?? '', { name: 'upper' })
      .mapValues((v, k) => `${k}:${v}`, { name: 'with-key' })
      .flatMapValues((v) => [v, `${v}2`], { name: 'twice' })
      .flatMapValues((v, k) => [`${v}${k}`], { name: 'with-key-again' })
      .peek(() => undefined, { name: 'look' })
      .map((v) => [v.slice(0, 1), v] as const, { name: 'remap' })
      .flatMap((v, k) => [[k, v] as const, [v, k] as const], { name: 'swap' })
      .selectKey((v) => v, { name: 'by-value' })
      .to('out', { ...strings, name: 'snk' })
    s.merge(b.stream('in2', STRINGS), { name: 'both' }).forEach(() => undefined, { name: 'end' })
  }),
  'flatMap and flatMapValues: none, one, many, null key and value': dsl((b) => {
    const s = b.stream('in', STRINGS)
    s.flatMap((v, k) =>
      (v === null ? [] : v.split(' ')).map((part) => [part === 'nokey' ? null : part, k] as const),
    ).to('pairs', strings)
    s.flatMapValues((v): Text[] => (v === null ? [null] : v.split(' '))).to('values', strings)
  }),
  'word count': dsl(
    (b) =>
      b
        .stream('text', STRINGS)
        .flatMapValues(words)
        .groupBy((word) => word, strings)
        .count({ store: 'counts' })
        .toStream()
        .to('wordcount', { key: serdes.string, value: serdes.int64 }),
    { stores: { counts: [serdes.string, serdes.int64] } },
  ),
  'dynamic sink: topic from value and record context': dsl((b) =>
    b
      .stream('in', STRINGS)
      .to((v, _k, c) => `t-${v}-${c.topic}-${c.offset}-${c.timestamp}`, { topicLabel: 'topic of value and context' }),
  ),
  'pattern source beside a named source': dsl((b) => {
    b.stream(/t-[0-9]/, STRINGS)
      .mapValues((v) => `${v}!`)
      .to('matched', strings)
    b.stream('other', STRINGS).to('plain')
  }),
  'repartition: name, partitions, serdes': dsl((b) =>
    b
      .stream('in', STRINGS)
      .selectKey((v) => (v === null ? null : v.length))
      .repartition({ name: 'by-length', key: int64, value: nullable(serdes.string), partitions: 4 })
      .groupByKey()
      .count({ store: 'n' })
      .toStream()
      .to('out'),
  ),
  'process with a store, forward to one child by name': dsl(
    (b) => {
      b.addStateStore(stores.keyValue('seen', { key: serdes.string, value: serdes.int64 }))
      const p = b.stream('in', STRINGS).process(dedupe, { name: 'dedupe', stores: ['seen'] })
      p.mapValues((v) => v, { name: 'first' }).to('first', strings)
      p.mapValues((v) => v, { name: 'again' }).to('again', strings)
    },
    { stores: { seen: [serdes.string, serdes.int64] } },
  ),
  'merge, repartition, toTable, peek, flatMap, selectKey, process': dsl((b) => {
    const m = b.stream('a', STRINGS).merge(b.stream('c', STRINGS))
    m.repartition()
      .peek(() => undefined)
      .map((v, k) => [v, k] as const)
      .flatMap((v, k) => [[k, v] as const])
      .selectKey((v) => v)
      .toTable(strings)
      .toStream()
      .forEach(() => undefined)
    m.repartition({ name: 'rp' })
      .process(forward)
      .processValues(() => ({ process: () => undefined }))
      .print()
  }),
  'table reuse source topic (optimize)': dsl((b) =>
    b
      .table('in', { ...strings, store: 't' })
      .toStream()
      .to('out'),
  ),
  'punctuation stream-time 10 / wall-clock 10': dsl((b) =>
    b.stream('in', STRINGS).process(punctuated).to('out', strings),
  ),
  'punctuation: cancel, anchored start, interval change': dsl((b) =>
    b.stream('in', STRINGS).process(scheduled).to('out', strings),
  ),
  'processing handler CONTINUE with dead letter topic': dsl((b) =>
    b
      .stream('in', STRINGS)
      .mapValues((v) => {
        if (v === 'bad') throw new Error(`cannot map ${v}`)
        return `${v}!`
      })
      .to('out', strings),
  ),
  'deserialization handler FAIL (default)': dsl(
    (b) => b.stream('in', { key: nullable(serdes.string), value: int32 }).to('out'),
    { error: 'MILLRACE_DESERIALIZATION_FAILED' },
  ),
  'optimize: reuse.ktable.source.topics only': dsl((b) => {
    const m = b.stream('in', STRINGS).map((v, k) => [v, k] as const)
    m.groupByKey(strings).count().toStream().to('c')
    m.groupByKey(strings)
      .reduce((a, v) => a + v)
      .toStream()
      .to('r')
    b.table('tbl', { ...strings, store: 't' })
      .toStream()
      .to('o')
  }),
  'source topic read by two streams': dsl((b) => {
    b.stream('in', STRINGS)
      .mapValues((v) => `${v}1`)
      .to('out1', strings)
    b.stream('in', STRINGS)
      .mapValues((v) => `${v}2`)
      .to('out2', strings)
  }),
  'cache on: one input, two updates of one key': dsl(
    (b) =>
      b
        .stream('in', STRINGS)
        .flatMapValues((v) => v?.split(' ') ?? [])
        .groupByKey(strings)
        .count({ store: 'c' })
        .toStream()
        .to('out'),
    { stores: { c: [serdes.string, serdes.int64] } },
  ),
  'null keys and values through stateless operators': dsl((b) => {
    const s = b.stream('in', STRINGS)
    s.filter((v) => v === null).to('null-values')
    s.filterNot((_v, k) => k === null).to('keyed')
    s.mapValues((v): Text => (v === null ? 'was null' : null)).to('flipped', strings)
    s.map((v, k) => [v, k] as const).to('swapped', strings)
    s.selectKey((): Text => null).to('unkeyed', strings)
    s.merge(s.mapValues((v) => v)).to('merged', strings)
  }),
  'deserialization handler CONTINUE with dead letter topic: key and value': dsl((b) => {
    b.stream('in', { key: int32, value: int64 }).to('out')
    b.table('t', { key: serdes.string, value: serdes.int64, store: 'ts' }).toStream().to('ot')
  }),
  'consistency vector': dsl(
    (b) => b.stream('in', STRINGS).groupByKey(strings).count({ store: 'c' }).toStream().to('out'),
    // What interactive queries of Java's read on standbys (KIP-796); nobody here does.
    { withoutHeaders: ['v', 'c'] },
  ),
}
