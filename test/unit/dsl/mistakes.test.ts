/** Mistakes in a topology are found while it is built, and the message names the places. */
import { describe, expect, it } from 'vitest'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { KStream, KTable } from '../../../src/dsl/streams.ts'
import { joinWithin, session, tumbling } from '../../../src/dsl/windows.ts'
import { TopologyError } from '../../../src/errors/topology-error.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { stores } from '../../../src/state/stores.ts'
import { Topology } from '../../../src/topology/topology.ts'
import { callbackCases, type Callback } from '../../support/callback-cases.ts'
import { namedCases, topicCases } from '../../support/named-cases.ts'

function mistakeIn(define: (b: StreamsBuilder) => unknown, config: object = {}): TopologyError {
  const builder = new StreamsBuilder(config)
  try {
    define(builder)
    builder.build()
  } catch (error) {
    if (error instanceof TopologyError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('What should be a function and is none', () => {
  // Those are called later, or are not what is given to the operator.
  const later = new Set(['map to a promise as the value', 'flatMap to pairs', 'punctuator'])
  const cases = Object.entries(callbackCases()).filter(([name]) => !later.has(name))

  it.each(cases)('is refused where the topology is built: %s', (_, { build }) => {
    const error = mistakeIn((b) => build(b, 42 as unknown as Callback))
    expect(['MILLRACE_OPTION_INVALID', 'MILLRACE_SUPPLIER_INVALID']).toContain(error.code)
    expect(error.message).toMatch(/\w+\(\)|processor it/)
  })
})

describe('A name that Kafka does not admit', () => {
  const faults = {
    '': /is empty/,
    '.': /cannot be "\." or "\.\."/,
    '..': /cannot be "\." or "\.\."/,
    'a b': /"a b" contains a character other than/,
    'a/b': /"a\/b" contains a character other than/,
    ä: /"ä" contains a character other than/,
    ['x'.repeat(250)]: /has 250 characters; .* more than 249/,
  }

  it.each(Object.entries(namedCases))('is refused: %s', (_, define) => {
    for (const [name, fault] of Object.entries(faults)) {
      const error = mistakeIn((b) => define(b, name))
      expect(error.code).toBe('MILLRACE_NAME_INVALID')
      expect(error.message).toMatch(fault)
    }
    expect(mistakeIn((b) => define(b, 42 as unknown as string)).message).toMatch(/is not a string/)
  })

  it.each(Object.entries(topicCases))('is refused, for the topic cannot exist: %s', (_, define) => {
    for (const name of Object.keys(faults)) {
      if (name === '') continue
      const error = mistakeIn((b) => define(b, name))
      expect(error).toMatchObject({ code: 'MILLRACE_NAME_INVALID', topic: name })
      expect(error.message).toMatch(/^node KSTREAM-\w+-\d{10}: topic ".*" cannot exist/)
    }
    expect(mistakeIn((b) => define(b, '')).code).toMatch(/MILLRACE_(TOPICS_EMPTY|OPTION_INVALID)/)
    expect(mistakeIn((b) => define(b, 42 as never)).code).toMatch(/MILLRACE_(TOPICS_EMPTY|OPTION_INVALID)/)
  })

  it('is refused as that of a dead-letter topic', () => {
    const onProcessingError = { deadLetter: 'no topic' }
    expect(mistakeIn((b) => b.stream('in').filter(() => true, { onProcessingError })).message).toMatch(
      /filter\(\): onProcessingError is .* found \{"deadLetter":"no topic"\}/,
    )
  })
})

const texts = { key: serdes.string, value: serdes.string }
const joined = { ...texts, otherValue: serdes.string }
const both = (one: unknown, two: unknown): string => `${String(one)}${String(two)}`
const within = joinWithin({ difference: 10 })
const nothing = (): { process: () => void } => ({ process: () => undefined })
const stream = (b: StreamsBuilder, topic = 'in'): KStream<string, string> => b.stream(topic, texts)
const table = (b: StreamsBuilder, topic = 'in'): KTable<string, string> => b.table(topic, texts)
/** What no compiler looks at. */
const none = (value: unknown): never => value as never

type Mistake = readonly [code: string, message: RegExp, define: (b: StreamsBuilder) => unknown]

const mistakes: Readonly<Record<string, Mistake>> = {
  'two nodes of one name': [
    'MILLRACE_NAME_TAKEN',
    /twin is already added: one is a processor after KSTREAM-SOURCE-0000000000, the other a processor after KSTREAM-FILTER/,
    (b) => {
      stream(b)
        .filter(() => true, { name: 'twin' })
        .filter(() => true)
        .peek(() => undefined, { name: 'twin' })
    },
  ],
  'two stores of one name': [
    'MILLRACE_NAME_TAKEN',
    /name twin: one is that of KSTREAM-AGGREGATE-0000000001, the other of KSTREAM-AGGREGATE-0000000003/,
    (b) => {
      stream(b).groupByKey().count({ store: 'twin' })
      stream(b).groupByKey().count({ store: 'twin' })
    },
  ],
  'a store with the name of a global one': [
    'MILLRACE_NAME_TAKEN',
    /name twin: one is that of KTABLE-SOURCE-0000000001, the other of KSTREAM-AGGREGATE-\d+/,
    (b) => {
      b.globalTable('global', { ...texts, store: 'twin' })
      stream(b).groupByKey().count({ store: 'twin' })
    },
  ],
  'two store builders of one name': [
    'MILLRACE_NAME_TAKEN',
    /twin/,
    (b) => {
      b.addStateStore(stores.keyValue('twin', texts))
      b.addStateStore(stores.keyValue('twin', { ...texts, caching: true }))
      stream(b).process(nothing, { stores: ['twin'] })
    },
  ],
  'a topic read as a table twice': [
    'MILLRACE_TOPIC_TAKEN',
    /topic in: it is read by source KSTREAM-SOURCE-0000000001/,
    (b) => [table(b), table(b)],
  ],
  'a topic read as a stream and as a global table': [
    'MILLRACE_TOPIC_TAKEN',
    /topic in: it is read by source KSTREAM-SOURCE-0000000000/,
    (b) => [stream(b), b.globalTable('in', texts)],
  ],
  'lists of topics that overlap': [
    'MILLRACE_TOPICS_OVERLAP',
    /\[a, b\].*\[b, c\]/,
    (b) => [b.stream(['a', 'b'], texts), b.stream(['b', 'c'], texts)],
  ],
  'one topic with two reset policies': [
    'MILLRACE_OFFSET_RESET_CONFLICT',
    /KSTREAM-SOURCE-0000000000.*KSTREAM-SOURCE-0000000001/,
    (b) => [b.stream('in', { ...texts, offsetReset: 'earliest' }), b.stream('in', { ...texts, offsetReset: 'latest' })],
  ],
  'repartition topics with different counts': [
    'MILLRACE_PARTITIONS_CONFLICT',
    /left-repartition \(2\), right-repartition \(3\)/,
    (b) =>
      stream(b, 'L')
        .repartition({ name: 'left', partitions: 2 })
        .join(stream(b, 'R').repartition({ name: 'right', partitions: 3 }), both, within, joined),
  ],
  'a sink without serdes': [
    'MILLRACE_SERDE_MISSING',
    /node KSTREAM-SINK-0000000002: topic out needs the serde of its value, .* option 'value' of to\(\)/,
    (b) =>
      stream(b)
        .mapValues((value) => value.length)
        .to('out'),
  ],
  'a store without serdes': [
    'MILLRACE_SERDE_MISSING',
    /node KSTREAM-AGGREGATE-0000000001: store sums needs the serde of its value/,
    (b) =>
      stream(b)
        .groupByKey()
        .aggregate(
          () => 0,
          (sum) => sum,
          { store: 'sums' },
        ),
  ],
  'a repartition topic without serdes': [
    'MILLRACE_SERDE_MISSING',
    /topic .*counts-repartition needs the serde of its key/,
    (b) =>
      stream(b)
        .groupBy((value) => value.length)
        .count({ store: 'counts' }),
  ],
  'a serde that is none': [
    'MILLRACE_OPTION_INVALID',
    /stream\(\): value is a serde such as serdes\.string, found "string"/,
    (b) => b.stream('in', none({ value: 'string' })),
  ],
  'a join with something else': [
    'MILLRACE_OPTION_INVALID',
    /join\(\): the first argument must be a stream, a table or a global table of this StreamsBuilder/,
    (b) => stream(b).join(none({}), both, within),
  ],
  'a join with a stream of another builder': [
    'MILLRACE_OPTION_INVALID',
    /outerJoin\(\): the first argument must be a stream of this StreamsBuilder/,
    (b) => stream(b).outerJoin(stream(new StreamsBuilder()), both, within),
  ],
  'an outer join of a stream with a table': [
    'MILLRACE_OPTION_INVALID',
    /outerJoin\(\): the first argument must be a stream of this StreamsBuilder/,
    (b) => stream(b).outerJoin(none(table(b, 'R')), both, within),
  ],
  'a join of a table with a stream': [
    'MILLRACE_OPTION_INVALID',
    /join\(\)/,
    (b) => table(b).join(none(stream(b, 'R')), both),
  ],
  'a merge with a table': ['MILLRACE_OPTION_INVALID', /merge\(\)/, (b) => stream(b).merge(none(table(b, 'R')))],
  'a cogroup with a stream': [
    'MILLRACE_OPTION_INVALID',
    /cogroup\(\)/,
    (b) =>
      stream(b)
        .groupByKey()
        .cogroup<string>(both)
        .cogroup(none(stream(b, 'R')), both),
  ],
  'a stream join without windows': [
    'MILLRACE_OPTION_INVALID',
    /join\(\).*joinWithin/,
    (b) => stream(b).join(stream(b, 'R'), both, none(undefined)),
  ],
  'a stream join with windows of another kind': [
    'MILLRACE_OPTION_INVALID',
    /join\(\).*joinWithin/,
    (b) => stream(b).join(stream(b, 'R'), both, none(tumbling({ size: 1 }))),
  ],
  'windowedBy without windows': [
    'MILLRACE_OPTION_INVALID',
    /windowedBy\(\)/,
    (b) => stream(b).groupByKey().windowedBy(none({})),
  ],
  'windowedBy with the windows of a join': [
    'MILLRACE_OPTION_INVALID',
    /windowedBy\(\)/,
    (b) => stream(b).groupByKey().windowedBy(none(within)),
  ],
  'windows without a size': ['MILLRACE_OPTION_INVALID', /size/, () => tumbling(none({}))],
  'an emit strategy that does not exist': [
    'MILLRACE_OPTION_INVALID',
    /emitStrategy\(\)/,
    (b) =>
      stream(b)
        .groupByKey()
        .windowedBy(session({ gap: 1 }))
        .emitStrategy(none('sometimes')),
  ],
  'suppress without until': ['MILLRACE_OPTION_INVALID', /suppress\(\).*until/, (b) => table(b).suppress(none({}))],
  'suppress until windows close of what has none': [
    'MILLRACE_OPTION_INVALID',
    /suppress\(\)/,
    (b) => table(b).suppress({ until: 'windowCloses' }),
  ],
  'a store builder of another kind': [
    'MILLRACE_STORE_OPTION_INVALID',
    /store w/,
    (b) =>
      stream(b)
        .groupByKey()
        .windowedBy(tumbling({ size: 1 }))
        .count({ store: stores.keyValue('w', { key: serdes.string, value: serdes.int64 }) }),
  ],
  'options that are a string': [
    'MILLRACE_OPTION_INVALID',
    /count\(\): its options are an object/,
    (b) => stream(b).groupByKey().count(none('counts')),
  ],
  'a processor that names an unknown store': [
    'MILLRACE_STORE_UNKNOWN',
    /processor it: store nowhere is not added yet/,
    (b) => stream(b).process(nothing, { name: 'it', stores: ['nowhere'] }),
  ],
}

describe('A mistake in a topology', () => {
  it.each(Object.entries(mistakes))('is found while it is built: %s', (_, [code, message, define]) => {
    const error = mistakeIn(define)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
  })

  it('is found in the Processor API: a topic that cannot exist', () => {
    expect(() => new Topology().addSource('one', 'no topic')).toThrow('node one: topic "no topic" cannot exist')
    expect(() => new Topology().addSource('one', 'in').addSink('two', 'no topic', 'one')).toThrow(
      'node two: topic "no topic" cannot exist',
    )
  })

  it('is found in the Processor API: a topic of two sources, with both named', () => {
    expect(() => new Topology().addSource('one', 'in').addSource('two', ['in', 'on'])).toThrow(
      'source two cannot read topic in: it is read by source one',
    )
  })
})
