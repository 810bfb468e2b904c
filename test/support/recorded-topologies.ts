/** Makes the calls of a topology that test/testdata/topology-recorder recorded. */
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import type { KGroupedStream, KStream, KTable } from '../../src/dsl/streams.ts'
import type { Processor } from '../../src/processor/processor.ts'
import { StoreBuilder } from '../../src/processor/store-builder.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { Topology } from '../../src/topology/topology.ts'

export interface RecordedTopology {
  readonly seed: number
  readonly api: 'dsl' | 'processor'
  readonly calls: readonly (readonly [name: string, ...arguments_: unknown[]])[]
  /** Null: Kafka Streams refuses the topology. */
  readonly describe: string | null
}

export function replay(recorded: RecordedTopology): Topology {
  return recorded.api === 'dsl' ? replayDsl(recorded) : replayProcessorApi(recorded)
}

const serde = { key: serdes.string, value: serdes.string }

function keyValueStore(name: string): StoreBuilder {
  return new StoreBuilder({ kind: 'keyValue', name, ...serde, caching: false, logging: true, changelogConfig: {} })
}

function nothing(): Processor<string, string, string, string> {
  return { process: () => undefined }
}

function replayProcessorApi({ calls }: RecordedTopology): Topology {
  const topology = new Topology()
  for (const [call, ...rest] of calls) {
    const [name, second, parents] = rest as [string, unknown, string[]]
    if (call === 'addSource') topology.addSource(name, second as string[])
    else if (call === 'addProcessor') topology.addProcessor(name, nothing, second as string[])
    else if (call === 'addSink') topology.addSink(name, second as string, parents)
    else topology.addStateStore(keyValueStore(name), ...(second as string[]))
  }
  return topology
}

type Given = string | null

function replayDsl({ calls }: RecordedTopology): Topology {
  const builder = new StreamsBuilder()
  const streams: KStream<string, string>[] = []
  const groups: KGroupedStream<string, string>[] = []
  const tables: KTable<string, string>[] = []

  const named = (name: Given): { name?: string } => (name === null ? {} : { name })
  const stored = (name: Given, store: Given): { name?: string; store?: string } => ({
    ...named(name),
    ...(store === null ? {} : { store }),
  })
  const stream = (index: number): KStream<string, string> => streams[index] as KStream<string, string>

  const streamCalls: Record<string, (from: number, ...rest: never[]) => unknown> = {
    filter: (from, name: Given) => streams.push(stream(from).filter(() => true, named(name))),
    map: (from, name: Given) =>
      streams.push(stream(from).map((value, key) => [key, value] as [string, string], named(name))),
    mapValues: (from, name: Given) => streams.push(stream(from).mapValues((value) => value, named(name))),
    flatMap: (from, name: Given) => streams.push(stream(from).flatMap((): [string, string][] => [], named(name))),
    flatMapValues: (from, name: Given) => streams.push(stream(from).flatMapValues((value) => [value], named(name))),
    selectKey: (from, name: Given) => streams.push(stream(from).selectKey((value) => value, named(name))),
    peek: (from, name: Given) => streams.push(stream(from).peek(() => undefined, named(name))),
    forEach: (from, name: Given) => stream(from).forEach(() => undefined, named(name)),
    merge: (from, other: number, name: Given) => streams.push(stream(from).merge(stream(other), named(name))),
    repartition: (from, name: Given) => streams.push(stream(from).repartition({ ...serde, ...named(name) })),
    to: (from, topic: string, name: Given) => stream(from).to(topic, { ...serde, ...named(name) }),
    toTable: (from, name: Given, store: Given) =>
      tables.push(stream(from).toTable({ ...serde, ...stored(name, store) })),
    process: (from, stores: string[], name: Given) =>
      streams.push(stream(from).process(nothing, { stores, ...named(name) })),
    groupByKey: (from, name: Given) => groups.push(stream(from).groupByKey({ ...serde, ...named(name) })),
    groupBy: (from, name: Given) => groups.push(stream(from).groupBy((value) => value, { ...serde, ...named(name) })),
  }
  const group = (index: number): KGroupedStream<string, string> => groups[index] as KGroupedStream<string, string>
  const groupCalls: Record<string, (from: number, name: Given, store: Given, unnamed: boolean) => unknown> = {
    count: (from, name, store, unnamed) =>
      tables.push(
        group(from)
          .count({ ...stored(name, store), ...(unnamed ? { caching: true } : {}) })
          .mapValues(String),
      ),
    reduce: (from, name, store) => tables.push(group(from).reduce((a) => a, stored(name, store))),
    aggregate: (from, name, store) =>
      tables.push(
        group(from).aggregate(
          () => '',
          (a) => a,
          { ...stored(name, store), value: serdes.string },
        ),
      ),
  }
  const derived = (name: Given, store: Given): ReturnType<typeof stored> =>
    store === null ? named(name) : { ...stored(name, store), ...serde }
  const table = (index: number): KTable<string, string> => tables[index] as KTable<string, string>
  const tableCalls: Record<string, (from: number, name: Given, store: Given) => unknown> = {
    tableFilter: (from, name, store) => tables.push(table(from).filter(() => true, derived(name, store))),
    tableMapValues: (from, name, store) => tables.push(table(from).mapValues((value) => value, derived(name, store))),
    toStreamWithKey: (from, name) =>
      streams.push(table(from).toStream((value) => value ?? '', named(name)) as KStream<string, string>),
    toStream: (from, name) => streams.push(table(from).toStream(named(name)) as KStream<string, string>),
  }
  const builderCalls: Record<string, (...rest: never[]) => unknown> = {
    stream: (topics: string[], name: Given) => streams.push(builder.stream(topics, { ...serde, ...named(name) })),
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
