import { describe, expect, test } from 'vitest'
import { defineTopology } from '../../../src/dsl/define-topology.ts'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { KStream } from '../../../src/dsl/streams.ts'
import { tumbling } from '../../../src/dsl/windows.ts'
import { TopologyError } from '../../../src/errors/topology-error.ts'
import { StoreBuilder, type StoreSpec } from '../../../src/processor/store-builder.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { isNullable, nullable } from '../../../src/serde/serde.ts'
import type { Windowed } from '../../../src/serde/windowed.ts'
import { stores as storeBuilders } from '../../../src/state/stores.ts'
import type { SinkNode, SourceNode, TopologyNode } from '../../../src/topology/topology-node.ts'

const strings = { key: serdes.string, value: serdes.string }

function compiled(build: (builder: StreamsBuilder) => void): { nodes: TopologyNode[]; stores: StoreSpec[] } {
  const builder = new StreamsBuilder()
  build(builder)
  const { subTopologies } = builder.build().compile()
  return {
    nodes: subTopologies.flatMap(({ nodes }) => nodes),
    stores: subTopologies.flatMap(({ stores }) => stores.map(({ spec }) => spec)),
  }
}

function sink(nodes: readonly TopologyNode[], topic: string): SinkNode {
  return nodes.find((node): node is SinkNode => node.kind === 'sink' && node.topic === topic) as SinkNode
}

function source(nodes: readonly TopologyNode[], topic: string): SourceNode {
  return nodes.find(
    (node): node is SourceNode => node.kind === 'source' && (node.topics as string[]).includes(topic),
  ) as SourceNode
}

function builderOf(name: string, fields: Partial<StoreSpec> = {}): StoreBuilder {
  return new StoreBuilder({ kind: 'keyValue', name, caching: false, logging: true, changelogConfig: {}, ...fields })
}

describe('serdes', () => {
  test('are bytes that admit null at a source without any', () => {
    const { nodes } = compiled((b) => b.stream('in').to('out'))
    const { key, value, admitsNull } = source(nodes, 'in')
    expect([key?.name, value?.name]).toEqual(['bytes', 'bytes'])
    expect([key, value].every((serde) => serde !== undefined && isNullable(serde))).toBe(true)
    expect(admitsNull).toBe(false)
  })

  test('of a table take null keys and values with any serde', () => {
    const { nodes } = compiled((b) => b.table('in', strings).toStream().to('out'))
    expect(source(nodes, 'in')).toMatchObject({ admitsNull: true })
  })

  test('are inherited while key and value are unchanged, and are the operator’s where it says so', () => {
    const { nodes, stores } = compiled((b) => {
      const stream = b.stream('in', strings)
      stream
        .filter(() => true)
        .peek(() => undefined)
        .to('same')
      stream.to('given', { value: serdes.utf8Strict })
      stream.groupByKey().count({ store: 'counts' }).toStream().to('counts')
    })
    expect(sink(nodes, 'same')).toMatchObject({ key: serdes.string, value: serdes.string })
    expect(sink(nodes, 'given')).toMatchObject({ key: serdes.string, value: serdes.utf8Strict })
    expect(stores).toMatchObject([{ name: 'counts', key: serdes.string, value: serdes.int64 }])
    expect(sink(nodes, 'counts')).toMatchObject({ key: serdes.string, value: serdes.int64 })
  })

  test('of merged streams are kept when both have the same', () => {
    const { nodes } = compiled((b) => {
      b.stream('a', strings).merge(b.stream('b', strings)).to('out')
    })
    expect(sink(nodes, 'out')).toMatchObject(strings)
    const mixed = (): unknown =>
      compiled((b) =>
        b
          .stream('a', strings)
          .merge(b.stream('b', { ...strings, value: serdes.utf8Strict }))
          .to('out'),
      )
    expect(mixed).toThrow(/KSTREAM-SINK-0000000003: topic out needs the serde of its value/)
  })

  test('of merged streams are the same where they were made alike', () => {
    const { nodes } = compiled((b) => {
      const counts = (topic: string): KStream<Windowed<string>, number | null> =>
        b
          .stream(topic, { key: serdes.string, value: nullable(serdes.string) })
          .groupByKey()
          .windowedBy(tumbling({ size: '1m' }))
          .count()
          .toStream()
      counts('one').merge(counts('two')).to('out')
    })
    expect(sink(nodes, 'out').key).toBe(serdes.timeWindowed(serdes.string, 60_000))
  })

  test('of the aggregate’s key serve the repartition topic in front of it', () => {
    const { nodes } = compiled((b) => {
      b.stream('in', strings)
        .groupBy((value) => value)
        .count({ key: serdes.string, store: 's' })
        .toStream()
        .to('out')
    })
    expect(source(nodes, 's-repartition')).toMatchObject({ ...strings, admitsNull: true })
  })

  const missing: [string, (b: StreamsBuilder) => void, RegExp][] = [
    [
      'a sink',
      (b) => b.stream('in', strings).mapValues(Number).to('out'),
      /topic out needs the serde of its value.*option 'value' of to\(\)/,
    ],
    [
      'a repartition topic',
      (b) =>
        void b
          .stream('in', strings)
          .groupBy((v) => v)
          .count({ store: 's' }),
      /node s-repartition-sink: repartition topic s-repartition needs the serde of its key.*'key' of groupBy/,
    ],
    [
      'repartition()',
      (b) =>
        void b
          .stream('in', strings)
          .selectKey((v) => v)
          .repartition({ name: 'r' }),
      /node r-repartition-sink: .*'key' of repartition/,
    ],
    [
      'an aggregate',
      (b) =>
        void b
          .stream('in', strings)
          .groupByKey()
          .aggregate(
            () => 0,
            (n) => n + 1,
            { store: 's' },
          ),
      /node KSTREAM-AGGREGATE-0000000001: store s needs the serde of its value/,
    ],
    [
      'a table',
      (b) => void b.stream('in', strings).mapValues(Number).toTable({ store: 't' }),
      /node KSTREAM-TOTABLE-0000000002: store t needs the serde of its value/,
    ],
    [
      'a mapped table',
      (b) => void b.table('in', strings).mapValues(Number, { store: 'm' }),
      /node KTABLE-MAPVALUES-0000000003: store m needs the serde of its value/,
    ],
  ]

  test.each(missing)('that are not known are an error where %s needs them', (_, build, says) => {
    const run = (): unknown => compiled(build)
    expect(run).toThrow(says)
    expect(run).toThrow(expect.objectContaining({ code: 'MILLRACE_SERDE_MISSING' }))
  })

  test('that nobody needs may stay unknown', () => {
    expect(
      compiled((b) =>
        b
          .stream('in', strings)
          .mapValues(Number)
          .toTable()
          .toStream()
          .forEach(() => undefined),
      ).stores,
    ).toEqual([])
  })
})

describe('stores of tables', () => {
  test('are cached and logged unless told otherwise', () => {
    const { stores } = compiled((b) => {
      const grouped = b.stream('in', strings).groupByKey()
      grouped.count({ store: 'a' })
      grouped.count({ store: 'b', caching: false, logging: false })
      grouped.count({ store: 'c', logging: { config: { 'segment.ms': '1' } }, retention: '1s' })
    })
    expect(stores).toMatchObject([
      { name: 'a', kind: 'timestampedKeyValue', caching: true, logging: true, changelogConfig: {} },
      { name: 'b', caching: false, logging: false },
      { name: 'c', caching: true, logging: true, changelogConfig: { 'segment.ms': '1' }, retentionMs: 1000 },
    ])
  })

  test('take name, persistence and size of a builder; what the operator says wins', () => {
    const given = builderOf('given', { persistent: false, logging: false, maxEntries: 5, value: serdes.int32 })
    const { stores } = compiled((b) => {
      b.stream('in', strings).groupByKey().count({ store: given, caching: true, value: serdes.int64 })
    })
    expect(stores).toMatchObject([
      {
        name: 'given',
        kind: 'timestampedKeyValue',
        persistent: false,
        maxEntries: 5,
        caching: true,
        logging: false,
        value: serdes.int64,
      },
    ])
  })

  test('are cached when neither the operator nor the builder chose', () => {
    const cached = (store: StoreBuilder): boolean | undefined =>
      compiled((b) => void b.stream('in', strings).groupByKey().count({ store })).stores[0]?.caching
    expect(cached(storeBuilders.keyValue('s', {}))).toBe(true)
    expect(cached(storeBuilders.keyValue('s', { caching: false }))).toBe(false)
  })

  test('of another kind are refused', () => {
    const use = (kind: StoreSpec['kind']) => (): unknown =>
      compiled(
        (b) =>
          void b
            .stream('in', strings)
            .groupByKey()
            .count({ store: builderOf('s', { kind }) }),
      )
    expect(use('window')).toThrow(expect.objectContaining({ code: 'MILLRACE_STORE_OPTION_INVALID' }))
  })

  test('are versioned where the builder is, and then never cached', () => {
    const store = builderOf('s', { kind: 'versioned', historyRetentionMs: 100 })
    const [spec] = compiled((b) => void b.stream('in', strings).groupByKey().count({ store, caching: true })).stores
    expect(spec).toMatchObject({ kind: 'versioned', historyRetentionMs: 100, caching: false })
  })

  test('of a source are there only when it is named or somebody looks it up', () => {
    expect(compiled((b) => b.table('in', strings).toStream().to('out')).stores).toEqual([])
    expect(
      compiled((b) =>
        b
          .table('in', { ...strings, store: 't' })
          .toStream()
          .to('out'),
      ).stores,
    ).toHaveLength(1)
  })

  test('two of one name are refused', () => {
    const twice = (): unknown =>
      compiled((b) => {
        const grouped = b.stream('in', strings).groupByKey()
        grouped.count({ store: 's' })
        grouped.count({ store: 's' })
      })
    expect(twice).toThrow(expect.objectContaining({ code: 'MILLRACE_NAME_TAKEN' }))
  })
})

describe('generated names', () => {
  const described = (build: (b: StreamsBuilder) => void): string => {
    const builder = new StreamsBuilder()
    build(builder)
    return builder.build().describe().toString()
  }

  test('of count move by one with a Materialized that has no name', () => {
    const count = (options: object): string =>
      described((b) => void b.stream('in', strings).groupByKey().count(options))
    expect(count({})).toContain('KSTREAM-AGGREGATE-0000000002 (stores: [KSTREAM-AGGREGATE-STATE-STORE-0000000001])')
    for (const field of [{ key: serdes.string }, { caching: true }, { logging: true }, { retention: 5 }]) {
      expect(count(field)).toContain(
        'KSTREAM-AGGREGATE-0000000003 (stores: [KSTREAM-AGGREGATE-STATE-STORE-0000000002])',
      )
    }
    expect(count({ store: 's' })).toContain('KSTREAM-AGGREGATE-0000000001 (stores: [s])')
  })

  test('of other operators do not move when a serde is given', () => {
    const plain = described((b) =>
      b
        .table('in', strings)
        .filter(() => true)
        .toStream()
        .to('out'),
    )
    expect(
      described((b) =>
        b
          .table('in', strings)
          .filter(() => true, strings)
          .toStream()
          .to('out'),
      ),
    ).toBe(plain)
  })

  test('do not move when another node is named', () => {
    expect(
      described((b) =>
        b
          .stream('in', { ...strings, name: 'src' })
          .filter(() => true)
          .to('out'),
      ),
    ).toContain('KSTREAM-FILTER-0000000001')
  })
})

describe('a grouping that has a name', () => {
  test('shares its repartition topic among aggregations', () => {
    const builder = new StreamsBuilder()
    const grouped = builder.stream('in', strings).groupBy((value) => value, { name: 'g', ...strings })
    grouped.count({ store: 'one' })
    grouped.count({ store: 'two' })
    expect(builder.build().compile().repartitionTopics).toEqual([{ name: 'g-repartition', partitions: undefined }])
  })
})

describe('the builder refuses', () => {
  test('different reset policies for one topic', () => {
    const run = (): unknown =>
      compiled((b) => {
        b.stream('in', { ...strings, offsetReset: 'earliest' }).to('a')
        b.stream('in', { ...strings, offsetReset: 'latest' }).to('b')
      })
    expect(run).toThrow(expect.objectContaining({ code: 'MILLRACE_OFFSET_RESET_CONFLICT' }))
  })

  test('a stream of another builder', () => {
    const other = new StreamsBuilder().stream('x', strings)
    expect(() => compiled((b) => void b.stream('in', strings).merge(other))).toThrow(TopologyError)
  })

  test.each([0, -1, 1.5, '4'])('%j partitions', (partitions) => {
    expect(() =>
      compiled((b) => void b.stream('in', strings).repartition({ partitions: partitions as number })),
    ).toThrow(expect.objectContaining({ code: 'MILLRACE_OPTION_INVALID' }))
  })

  test('a sink without a topic', () => {
    expect(() => compiled((b) => b.stream('in', strings).to(''))).toThrow(TopologyError)
  })
})

test('streams of one pattern share a source', () => {
  const { nodes } = compiled((b) => {
    b.stream(/t-.*/, strings).to('a')
    b.stream(/t-.*/, strings).to('b')
  })
  expect(nodes.filter(({ kind }) => kind === 'source')).toHaveLength(1)
})

test('what is joined is co-partitioned, also where a pattern names it', () => {
  const builder = new StreamsBuilder()
  builder.stream(/t-.*/, strings).join(builder.table('prices', strings), (one, two) => `${one}${two}`)
  expect(builder.build().compile().copartitionGroups).toEqual([[/t-.*/, 'prices']])
})

test('a null value keeps its serde through a table and back', () => {
  const { nodes } = compiled((b) => {
    b.stream('in', { key: serdes.string, value: nullable(serdes.string) })
      .toTable()
      .toStream()
      .to('out')
  })
  expect(sink(nodes, 'out').value?.name).toBe('string')
})

test('build can be called twice, and gives equal topologies', () => {
  const builder = new StreamsBuilder()
  builder.stream('in', strings).groupByKey().count({ store: 's' })
  expect(builder.build().describe().toString()).toBe(builder.build().describe().toString())
})

test('defineTopology builds with the module’s configuration and that of the caller', () => {
  const module = defineTopology('app', (b) => void b.stream('in', strings).groupByKey().count(), { naming: 'explicit' })
  expect(module.applicationId).toBe('app')
  expect(() => module.build()).toThrow(expect.objectContaining({ code: 'MILLRACE_NAME_MISSING' }))
  expect(module.build({ naming: 'generated' }).compile().subTopologies).toHaveLength(1)
})
