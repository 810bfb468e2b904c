/** Topologies of PublicScenarios.java whose operators exist, built with our DSL: the description must be Java's text. */
import { describe, expect, test } from 'vitest'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { TopologyError } from '../../../src/errors/topology-error.ts'
import type { FixedKeyProcessor, Processor } from '../../../src/processor/processor.ts'
import { StoreBuilder } from '../../../src/processor/store-builder.ts'
import type { StreamsConfig } from '../../../src/processor/streams-config.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { nullable } from '../../../src/serde/serde.ts'
import { Topology } from '../../../src/topology/topology.ts'
import { vectorNamed, vectors } from '../../support/vectors.ts'

const strings = { key: serdes.string, value: serdes.string }
const nullableStrings = { key: nullable(serdes.string), value: nullable(serdes.string) }
const forward = (): Processor<string, string, string, string> => ({ process: () => undefined })
const forwardValue = (): FixedKeyProcessor<string, string, string> => ({ process: () => undefined })

function store(name: string): StoreBuilder {
  return new StoreBuilder({ kind: 'keyValue', name, ...strings, caching: false, logging: true, changelogConfig: {} })
}

function dsl(build: (builder: StreamsBuilder) => void, config: Partial<StreamsConfig> = {}): () => Topology {
  return () => {
    const builder = new StreamsBuilder(config)
    build(builder)
    return builder.build()
  }
}

const concat = (aggregate: string, value: string): string => aggregate + value

const wordCount = dsl((b) => {
  b.stream('text', { value: serdes.string })
    .flatMapValues((line) => line.split(' '))
    .groupBy((word) => word, strings)
    .count({ store: 'counts' })
    .toStream()
    .to('wordcount')
})

const topologies: Record<string, () => Topology> = {
  'word count': wordCount,
  'stream reduce': dsl((b) => {
    b.stream('in', strings).groupByKey().reduce(concat, { store: 'red' }).toStream().to('out')
  }),
  'consistency vector': dsl((b) => b.stream('in', strings).groupByKey().count({ store: 'c' }).toStream().to('out')),
  'merge, repartition, toTable, peek, flatMap, selectKey, process': dsl((b) => {
    const merged = b.stream('a', strings).merge(b.stream('c', strings))
    merged
      .repartition()
      .peek(() => undefined)
      .map((value, key) => [value, key])
      .flatMap((value, key) => [[key, value] as const])
      .selectKey((value) => value)
      .toTable(strings)
      .toStream()
      .forEach(() => undefined)
    merged.repartition({ name: 'rp' }).process(forward).processValues(forwardValue).print()
  }),
  'table reuse source topic (optimize)': dsl(
    (b) =>
      b
        .table('in', { ...strings, store: 't' })
        .toStream()
        .to('out'),
    {
      topologyOptimization: true,
    },
  ),
  'punctuation stream-time 10 / wall-clock 10': dsl((b) => b.stream('in', strings).process(forward).to('out', strings)),
  'named stateless operators': dsl((b) => {
    const stream = b.stream('in', { ...nullableStrings, name: 'src' })
    stream
      .filter((value) => value !== 'skip', { name: 'keep' })
      .filterNot((value) => value === null, { name: 'non-null' })
      .mapValues((value) => String(value).toUpperCase(), { name: 'upper' })
      .mapValues((value, key) => `${key}:${value}`, { name: 'with-key' })
      .flatMapValues((value) => [value, `${value}2`], { name: 'twice' })
      .flatMapValues((value, key) => [value + String(key)], { name: 'with-key-again' })
      .peek(() => undefined, { name: 'look' })
      .map((value) => [value.slice(0, 1), value], { name: 'remap' })
      .flatMap((value, key) => [[key, value] as const, [value, key] as const], { name: 'swap' })
      .selectKey((value) => value, { name: 'by-value' })
      .to('out', { ...strings, name: 'snk' })
    stream.merge(b.stream('in2', nullableStrings), { name: 'both' }).forEach(() => undefined, { name: 'end' })
  }),
  'flatMap and flatMapValues: none, one, many, null key and value': dsl((b) => {
    const stream = b.stream('in', nullableStrings)
    stream.flatMap((value, key) => [[value, key] as const]).to('pairs', strings)
    stream.flatMapValues((value) => [value]).to('values', strings)
  }),
  'dynamic sink: topic from value and record context': dsl((b) =>
    b.stream('in', strings).to((value) => `t-${value}`, { topicLabel: 'topic of value and context' }),
  ),
  'pattern source beside a named source': dsl((b) => {
    b.stream(/t-[0-9]/, strings)
      .mapValues((value) => `${value}!`)
      .to('matched', strings)
    b.stream('other', strings).to('plain')
  }),
  'repartition: name, partitions, serdes': dsl((b) => {
    b.stream('in', nullableStrings)
      .selectKey((value) => value?.length ?? null)
      .repartition({ name: 'by-length', key: serdes.int64, value: serdes.string, partitions: 4 })
      .groupByKey()
      .count({ store: 'n' })
      .toStream()
      .to('out')
  }),
  'process with a store, forward to one child by name': dsl((b) => {
    b.addStateStore(store('seen'))
    const processed = b.stream('in', strings).process(forward, { name: 'dedupe', stores: ['seen'] })
    processed.mapValues((value) => value, { name: 'first' }).to('first', strings)
    processed.mapValues((value) => value, { name: 'again' }).to('again', strings)
  }),
  'punctuation: cancel, anchored start, interval change': dsl((b) =>
    b.stream('in', strings).process(forward).to('out', strings),
  ),
  'processing handler CONTINUE with dead letter topic': dsl((b) =>
    b
      .stream('in', strings)
      .mapValues((value) => `${value}!`)
      .to('out', strings),
  ),
  'deserialization handler FAIL (default)': dsl((b) =>
    b.stream('in', { key: serdes.string, value: serdes.int32 }).to('out'),
  ),
  'optimize: reuse.ktable.source.topics only': dsl(
    (b) => {
      const mapped = b.stream('in', strings).map((value, key) => [value, key])
      mapped.groupByKey(strings).count().toStream().to('c')
      mapped.groupByKey(strings).reduce(concat).toStream().to('r')
      b.table('tbl', { ...strings, store: 't' })
        .toStream()
        .to('o')
    },
    { topologyOptimization: ['reuseSourceTopics'] },
  ),
  'source topic read by two streams': dsl((b) => {
    b.stream('in', strings)
      .mapValues((value) => `${value}1`)
      .to('out1', strings)
    b.stream('in', strings)
      .mapValues((value) => `${value}2`)
      .to('out2', strings)
  }),
  'cache on: one input, two updates of one key': dsl((b) =>
    b
      .stream('in', strings)
      .flatMapValues((value) => value.split(' '))
      .groupByKey(strings)
      .count({ store: 'c' })
      .toStream()
      .to('out'),
  ),
  'null keys and values through stateless operators': dsl((b) => {
    const stream = b.stream('in', nullableStrings)
    stream.filter((value) => value === null).to('null-values')
    stream.filterNot((_, key) => key === null).to('keyed')
    stream.mapValues((value): string | null => (value === null ? 'was null' : null)).to('flipped', strings)
    stream.map((value, key) => [value, key]).to('swapped', strings)
    stream.selectKey((): string | null => null).to('unkeyed', strings)
    stream.merge(stream.mapValues((value) => value)).to('merged', strings)
  }),
  'sink writes to a source topic of its own': () => new Topology().addSource('s', 'a').addSink('k', 'a', 's'),
  'deserialization handler CONTINUE with dead letter topic: key and value': dsl((b) => {
    b.stream('in', { key: serdes.int32, value: serdes.int64 }).to('out')
    b.table('t', { key: serdes.string, value: serdes.int64, store: 'ts' }).toStream().to('ot')
  }),
}

describe('description', () => {
  test.each(Object.entries(topologies))('%s', (name, build) => {
    expect(build().describe().toString()).toBe(vectorNamed(name).describe)
  })
})

const refused: Record<string, { readonly build: () => unknown; readonly says: RegExp; readonly code: string }> = {
  'error: table reads a topic that a stream reads': {
    build: dsl((b) => {
      b.stream('in', strings).to('o')
      b.table('in', strings).toStream().to('p')
    }),
    says: /topic in: it is read by source KSTREAM-SOURCE-0000000000/,
    code: 'MILLRACE_TOPIC_TAKEN',
  },
  'error: processor name used twice': {
    build: () =>
      new Topology().addSource('src', 'in').addProcessor('p', forward, 'src').addProcessor('p', forward, 'src'),
    says: /processor p is already added/,
    code: 'MILLRACE_NAME_TAKEN',
  },
  'error: parent not added yet': {
    build: () => new Topology().addSource('src', 'in').addProcessor('p', forward, 'nowhere'),
    says: /node p names the parent nowhere, which is unknown/,
    code: 'MILLRACE_PARENT_UNKNOWN',
  },
  'error: explicit names required, none given': {
    build: dsl(
      (b) => {
        b.stream('in', strings)
          .groupBy((value) => value, { key: serdes.string })
          .count()
          .toStream()
          .to('out')
      },
      { naming: 'explicit' },
    ),
    says: /stores: KSTREAM-AGGREGATE-STATE-STORE-0000000002; .*: KSTREAM-AGGREGATE-STATE-STORE-0000000002-changelog; .*: KSTREAM-AGGREGATE-STATE-STORE-0000000002-repartition\./,
    code: 'MILLRACE_NAME_MISSING',
  },
  'error: name with a character that is not allowed': {
    build: dsl((b) =>
      b
        .stream('in', strings)
        .filter(() => true, { name: 'no spaces' })
        .to('out'),
    ),
    says: /"no spaces" contains a character other than ASCII alphanumerics, '\.', '_' and '-'/,
    code: 'MILLRACE_NAME_INVALID',
  },
  'error: overlapping topic lists': {
    build: dsl((b) => {
      b.stream(['a', 'b'], strings).to('x')
      b.stream(['b', 'c'], strings).to('y')
    }),
    says: /subscribed to overlapping but not equal input topics/,
    code: 'MILLRACE_TOPICS_OVERLAP',
  },
  'error: no topics': {
    build: dsl((b) => b.stream([], strings).to('x')),
    says: /topics cannot be empty/,
    code: 'MILLRACE_TOPICS_EMPTY',
  },
  'error: pattern and name overlap': {
    build: dsl((b) => {
      b.stream(/a.*/, strings).to('x')
      b.stream('ab', strings).to('y')
    }),
    says: /topic ab: it matches the pattern a\.\*/,
    code: 'MILLRACE_TOPIC_TAKEN',
  },
  'error: process names a store that is not there': {
    build: dsl((b) => void b.stream('in', strings).process(forward, { stores: ['nowhere'] })),
    says: /store nowhere is not added yet/,
    code: 'MILLRACE_STORE_UNKNOWN',
  },
  'error: topic used by two sources': {
    build: () => new Topology().addSource('s', 'a').addSource('t', 'a'),
    says: /source t cannot read topic a/,
    code: 'MILLRACE_TOPIC_TAKEN',
  },
  'error: processor is its own parent': {
    build: () => new Topology().addSource('s', 'a').addProcessor('p', forward, 'p'),
    says: /p is unknown \(self-reference\)/,
    code: 'MILLRACE_PARENT_UNKNOWN',
  },
  'error: processor without a parent': {
    build: () => new Topology().addProcessor('p', forward, []),
    says: /node p has no parent/,
    code: 'MILLRACE_PARENT_UNKNOWN',
  },
  'error: store connected to an unknown processor': {
    build: () => new Topology().addSource('s', 'a').addStateStore(store('st'), 'p'),
    says: /processor p is not added yet/,
    code: 'MILLRACE_STORE_NOT_CONNECTABLE',
  },
  'error: name is a dot': {
    build: dsl((b) => void b.stream('in', strings).groupByKey().count({ store: '.' })),
    says: /cannot be "\." or "\.\."/,
    code: 'MILLRACE_NAME_INVALID',
  },
}

describe('refusal', () => {
  test.each(Object.entries(refused))('%s', (name, { build, says, code }) => {
    expect(vectorNamed(name).error).toBeDefined()
    expect(build).toThrow(TopologyError)
    expect(build).toThrow(expect.objectContaining({ code, message: expect.stringMatching(says) as string }))
  })
})

test('every vector of an operator that exists is covered', () => {
  const later =
    /join|window|sliding|session|suppress|cogroup|split|table groupBy|table count|global|hopping|tumbling|emit|repartition x3|headers|transformValues|changelog and sink bytes|toTable:|page views|reads a store it is not connected/i
  const covered = new Set([...Object.keys(topologies), ...Object.keys(refused)])
  expect(vectors.map(({ name }) => name).filter((name) => !covered.has(name) && !later.test(name))).toEqual([])
})
