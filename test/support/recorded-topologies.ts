/** Makes the calls of a topology that test/testdata/topology-recorder recorded. */
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import type { KGroupedStream, KStream, KTable } from '../../src/dsl/streams.ts'
import type { Processor } from '../../src/processor/processor.ts'
import type { ProcessorContext } from '../../src/processor/processor-context.ts'
import { StoreBuilder } from '../../src/processor/store-builder.ts'
import { nullable } from '../../src/serde/serde.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { Topology } from '../../src/topology/topology.ts'

export interface RecordedTopology {
  readonly seed: number
  readonly api: 'dsl' | 'processor'
  readonly calls: readonly (readonly [name: string, ...arguments_: unknown[]])[]
  /** Null: Kafka Streams refuses the topology. */
  readonly describe: string | null
  readonly cached: boolean
  readonly steps: readonly RecordedStep[]
}

/** A record, and what it made the topology produce, by topic; bytes as latin1. */
export type RecordedStep = readonly [topic: string, key: Text, value: Text, timestamp: number, out: readonly Output[]]
export type Output = readonly [topic: string, key: Text, value: Text, timestamp: number]
type Text = string | null

export function replay(recorded: RecordedTopology): Topology {
  return recorded.api === 'dsl' ? replayDsl(recorded) : replayProcessorApi(recorded)
}

const serde = { key: serdes.string, value: serdes.string }
const nullableSerde = { key: nullable(serdes.string), value: nullable(serdes.string) }

function keyValueStore(name: string): StoreBuilder {
  return new StoreBuilder({ kind: 'keyValue', name, ...serde, caching: false, logging: true, changelogConfig: {} })
}

function forwarding(): Processor<Text, Text, Text, Text> {
  let context: ProcessorContext<Text, Text> | undefined
  return {
    init: (given) => {
      context = given
    },
    process: (record) => context?.forward(record),
  }
}

// The callbacks of TopologyRecorder.java.
const fits = (value: Text): boolean => value !== null && value.length % 2 === 0
const last = (text: string): string => text.slice(-6)
const shorter = (text: string, limit: number): string | null => (text.length > limit ? null : text)
const mapped = (value: string): string | null => (value.startsWith('n') ? null : last(`${value}t`))
const pairs = (value: Text, key: Text): (readonly [Text, Text])[] =>
  value === null
    ? []
    : [
        [key, value],
        [value, key],
      ]
const parts = (value: Text): Text[] => (value === null ? [] : [value, last(`${value}f`)])

function replayProcessorApi({ calls }: RecordedTopology): Topology {
  const topology = new Topology()
  for (const [call, ...rest] of calls) {
    const [name, second, parents] = rest as [string, unknown, string[]]
    if (call === 'addSource') topology.addSource(name, second as string[])
    else if (call === 'addProcessor') topology.addProcessor(name, forwarding, second as string[])
    else if (call === 'addSink') topology.addSink(name, second as string, parents)
    else topology.addStateStore(keyValueStore(name), ...(second as string[]))
  }
  return topology
}

type Given = string | null

function replayDsl({ calls }: RecordedTopology): Topology {
  const builder = new StreamsBuilder()
  const streams: KStream<Text, Text>[] = []
  const groups: KGroupedStream<string, Text>[] = []
  const tables: KTable<string, string>[] = []

  const named = (name: Given): { name?: string } => (name === null ? {} : { name })
  const stored = (name: Given, store: Given): { name?: string; store?: string } => ({
    ...named(name),
    ...(store === null ? {} : { store }),
  })
  const stream = (index: number): KStream<Text, Text> => streams[index] as KStream<Text, Text>

  const streamCalls: Record<string, (from: number, ...rest: never[]) => unknown> = {
    filter: (from, name: Given) => streams.push(stream(from).filter(fits, named(name))),
    map: (from, name: Given) => streams.push(stream(from).map((value, key) => [value, key], named(name))),
    mapValues: (from, name: Given) =>
      streams.push(stream(from).mapValues((value): Text => last(`${value}m`), named(name))),
    flatMap: (from, name: Given) => streams.push(stream(from).flatMap(pairs, named(name))),
    flatMapValues: (from, name: Given) => streams.push(stream(from).flatMapValues(parts, named(name))),
    selectKey: (from, name: Given) => streams.push(stream(from).selectKey((value) => value, named(name))),
    peek: (from, name: Given) => streams.push(stream(from).peek(() => undefined, named(name))),
    forEach: (from, name: Given) => stream(from).forEach(() => undefined, named(name)),
    merge: (from, other: number, name: Given) => streams.push(stream(from).merge(stream(other), named(name))),
    repartition: (from, name: Given) => streams.push(stream(from).repartition({ ...serde, ...named(name) })),
    to: (from, topic: string, name: Given) => stream(from).to(topic, { ...serde, ...named(name) }),
    toTable: (from, name: Given, store: Given) =>
      tables.push(stream(from).toTable({ ...serde, ...stored(name, store) })),
    process: (from, stores: string[], name: Given) =>
      streams.push(stream(from).process(forwarding, { stores, ...named(name) })),
    groupByKey: (from, name: Given) => groups.push(stream(from).groupByKey({ ...serde, ...named(name) })),
    groupBy: (from, name: Given) => groups.push(stream(from).groupBy((value) => value, { ...serde, ...named(name) })),
  }
  const group = (index: number): KGroupedStream<string, Text> => groups[index] as KGroupedStream<string, Text>
  const groupCalls: Record<string, (from: number, name: Given, store: Given, unnamed: boolean) => unknown> = {
    count: (from, name, store, unnamed) =>
      tables.push(
        group(from)
          .count({ ...stored(name, store), ...(unnamed ? { caching: true } : {}) })
          .mapValues(String),
      ),
    reduce: (from, name, store) =>
      tables.push(group(from).reduce((a, value) => shorter(a + value, 4), stored(name, store))),
    aggregate: (from, name, store) =>
      tables.push(
        group(from).aggregate(
          () => '',
          (a, value) => shorter(a + value, 5),
          { ...stored(name, store), value: serdes.string },
        ),
      ),
  }
  const derived = (name: Given, store: Given): ReturnType<typeof stored> =>
    store === null ? named(name) : { ...stored(name, store), ...serde }
  const table = (index: number): KTable<string, string> => tables[index] as KTable<string, string>
  const tableCalls: Record<string, (from: number, name: Given, store: Given) => unknown> = {
    tableFilter: (from, name, store) => tables.push(table(from).filter(fits, derived(name, store))),
    tableMapValues: (from, name, store) => tables.push(table(from).mapValues(mapped, derived(name, store))),
    toStreamWithKey: (from, name) =>
      streams.push(table(from).toStream((value, key) => value ?? key, named(name)) as KStream<Text, Text>),
    toStream: (from, name) => streams.push(table(from).toStream(named(name)) as KStream<Text, Text>),
  }
  const builderCalls: Record<string, (...rest: never[]) => unknown> = {
    stream: (topics: string[], name: Given) =>
      streams.push(builder.stream(topics, { ...nullableSerde, ...named(name) })),
    table: (topic: string, name: Given, store: Given) =>
      tables.push(builder.table(topic, { ...serde, ...stored(name, store) })),
    addStateStore: (name: string) => builder.addStateStore(keyValueStore(name)),
  }
  const all = { ...streamCalls, ...groupCalls, ...tableCalls, ...builderCalls } as Record<
    string,
    (...rest: unknown[]) => unknown
  >
  for (const [call, ...rest] of calls) {
    const perform = all[call]
    if (perform === undefined) throw new Error(`unknown call ${call}`)
    perform(...rest)
  }
  return builder.build()
}
