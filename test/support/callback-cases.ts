/** Every place where the DSL calls code of the user: a topology for each, to be given a callback that fails. */
import type { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import type { KGroupedStream, KGroupedTable, KStream, KTable } from '../../src/dsl/streams.ts'
import { hopping, joinWithin, session, sliding, tumbling } from '../../src/dsl/windows.ts'
import { nullable } from '../../src/serde/serde.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { stores } from '../../src/state/stores.ts'

/** It fits wherever a function is wanted. */
export type Callback = (...given: readonly unknown[]) => never

type Cases = Readonly<Record<string, CallbackCase>>
type Options = { readonly name: string }
type TextOptions = Options & typeof texts
type JoinOptions = TextOptions & { readonly otherValue: typeof serdes.string }

export interface CallbackCase {
  readonly build: (b: StreamsBuilder, call: Callback) => void
  /** What the messages call it. */
  readonly callback: string
  /** The node whose error it is; default `it`, the name that the topology gives it. */
  readonly node?: string
  /** Undefined is found out later, by the node before the repartition topic. */
  readonly nodeOfUndefined?: string
  /** Undefined means something: false, no value, or nothing at all. */
  readonly admitsUndefined?: boolean
  /** What is under the sink is not a processing error. */
  readonly code?: 'MILLRACE_PRODUCTION_FAILED' | 'MILLRACE_TIMESTAMP_INVALID'
}

const texts = { key: serdes.string, value: serdes.string }
const within = joinWithin({ difference: 10, grace: 5 })
const text = (): string => ''
const both = (one: unknown, two: unknown): string => `${String(one)}${String(two)}`

function left(b: StreamsBuilder): KStream<string, string> {
  return b.stream('L', texts)
}
function right(b: StreamsBuilder): KStream<string, string> {
  return b.stream('R', texts)
}
function leftTable(b: StreamsBuilder): KTable<string, string> {
  return b.table('L', texts)
}
function rightTable(b: StreamsBuilder): KTable<string, string> {
  return b.table('R', texts)
}
function grouped(b: StreamsBuilder): KGroupedStream<string, string> {
  return left(b).groupByKey(texts)
}
function groupedTable(b: StreamsBuilder): KGroupedTable<string, string> {
  return leftTable(b).groupBy((value) => ['all', value], texts)
}

/** `more`: further options of the operator that the case is about. */
export function callbackCases(more: object = {}): Cases {
  const it = { name: 'it', ...more }
  const named = { ...it, ...texts }
  const joined = { ...named, otherValue: serdes.string }
  return {
    ...ofStreams(it, named),
    ...ofAggregations(named),
    ...ofSessions(named),
    ...ofTables(it, named),
    ...ofJoins(it, named, joined),
    ...ofTopics(it, named),
  }
}

function ofStreams(it: Options, named: TextOptions): Cases {
  return {
    filter: { build: (b, call) => left(b).filter(call, it), callback: 'predicate', admitsUndefined: true },
    filterNot: { build: (b, call) => left(b).filterNot(call, it), callback: 'predicate', admitsUndefined: true },
    map: { build: (b, call) => left(b).map(call, it), callback: 'map callback' },
    'map to a promise as the value': {
      build: (b, call) => left(b).map((_, key) => [key, call()], it),
      callback: 'map callback',
      admitsUndefined: true,
    },
    flatMap: { build: (b, call) => left(b).flatMap(call, it), callback: 'flatMap callback' },
    'flatMap to pairs': { build: (b, call) => left(b).flatMap(() => [call()], it), callback: 'flatMap callback' },
    mapValues: {
      build: (b, call) => left(b).mapValues(call, it),
      callback: 'mapValues callback',
      admitsUndefined: true,
    },
    flatMapValues: { build: (b, call) => left(b).flatMapValues(call, it), callback: 'flatMapValues callback' },
    selectKey: { build: (b, call) => left(b).selectKey(call, it), callback: 'key selector', admitsUndefined: true },
    groupBy: {
      build: (b, call) => left(b).groupBy(call, named).count(),
      callback: 'key selector',
      nodeOfUndefined: 'it-repartition-filter',
    },
    peek: { build: (b, call) => left(b).peek(call, it), callback: 'peek callback', admitsUndefined: true },
    forEach: { build: (b, call) => left(b).forEach(call, it), callback: 'forEach callback', admitsUndefined: true },
    'print to': {
      build: (b, call) => left(b).print({ ...it, to: call }),
      callback: 'print callback',
      admitsUndefined: true,
    },
    split: {
      build: (b, call) => left(b).split(it).branch(call).defaultBranch(),
      callback: 'predicate',
      node: 'it',
      admitsUndefined: true,
    },
    process: {
      build: (b, call) => left(b).process(() => ({ process: call }), it),
      callback: 'process method',
      admitsUndefined: true,
    },
    processValues: {
      build: (b, call) => left(b).processValues(() => ({ process: call }), it),
      callback: 'process method',
      admitsUndefined: true,
    },
    punctuator: {
      build: (b, call) =>
        left(b).process(
          () => ({
            init: (context) => void context.schedule(1, 'streamTime', call),
            process: () => undefined,
          }),
          it,
        ),
      callback: 'punctuator',
      admitsUndefined: true,
    },
  }
}

function ofAggregations(named: TextOptions): Cases {
  const cases: Record<string, CallbackCase> = {
    reducer: { build: (b, call) => grouped(b).reduce(call, named), callback: 'reducer' },
    aggregator: { build: (b, call) => grouped(b).aggregate(text, call, named), callback: 'aggregator' },
    initializer: {
      build: (b, call) => grouped(b).aggregate(call, both, named),
      callback: 'initializer',
      admitsUndefined: true,
    },
  }
  for (const [kind, windows] of Object.entries({
    tumbling: tumbling({ size: 100 }),
    hopping: hopping({ size: 100, advance: 50 }),
    sliding: sliding({ difference: 100 }),
  })) {
    Object.assign(cases, {
      [`reducer, ${kind}`]: {
        build: (b, call) => grouped(b).windowedBy(windows).reduce(call, named),
        callback: 'reducer',
      },
      [`aggregator, ${kind}`]: {
        build: (b, call) => grouped(b).windowedBy(windows).aggregate(text, call, named),
        callback: 'aggregator',
      },
      [`initializer, ${kind}`]: {
        build: (b, call) => grouped(b).windowedBy(windows).aggregate(call, both, named),
        callback: 'initializer',
        admitsUndefined: true,
      },
      [`cogroup, ${kind}`]: {
        build: (b, call) => grouped(b).cogroup<string>(call).windowedBy(windows).aggregate(text, named),
        callback: 'aggregator',
        node: 'it-cogroup-agg-0',
      },
    } satisfies Cases)
  }
  return cases
}

const sessions = session({ gap: 100 })

function ofSessions(named: TextOptions): Cases {
  return {
    'reducer, session': {
      build: (b, call) => grouped(b).windowedBy(sessions).reduce(call, named),
      callback: 'reducer',
    },
    'aggregator, session': {
      build: (b, call) => grouped(b).windowedBy(sessions).aggregate(text, call, both, named),
      callback: 'aggregator',
    },
    'initializer, session': {
      build: (b, call) => grouped(b).windowedBy(sessions).aggregate(call, both, both, named),
      callback: 'initializer',
      admitsUndefined: true,
    },
    'merger, session': {
      build: (b, call) => grouped(b).windowedBy(sessions).aggregate(text, both, call, named),
      callback: 'merger',
    },
    'merger of a session cogroup': {
      build: (b, call) => grouped(b).cogroup<string>(both).windowedBy(sessions).aggregate(text, call, named),
      callback: 'merger',
      node: 'it-cogroup-agg-0',
    },
    cogroup: {
      build: (b, call) => grouped(b).cogroup<string>(call).aggregate(text, named),
      callback: 'aggregator',
      node: 'it-cogroup-agg-0',
    },
    'initializer of a cogroup': {
      build: (b, call) => grouped(b).cogroup<string>(both).aggregate(call, named),
      callback: 'initializer',
      admitsUndefined: true,
      node: 'it-cogroup-agg-0',
    },
  }
}

function ofTables(it: Options, named: TextOptions): Cases {
  return {
    'table filter': { build: (b, call) => leftTable(b).filter(call, it), callback: 'predicate', admitsUndefined: true },
    'table filterNot': {
      build: (b, call) => leftTable(b).filterNot(call, it),
      callback: 'predicate',
      admitsUndefined: true,
    },
    'table mapValues': { build: (b, call) => leftTable(b).mapValues(call, it), callback: 'mapValues callback' },
    'table mapValues, materialized': {
      build: (b, call) => leftTable(b).mapValues(call, { ...named, store: 's' }),
      callback: 'mapValues callback',
    },
    transformValues: {
      build: (b, call) => leftTable(b).transformValues(() => ({ transform: call }), it),
      callback: 'transform method',
    },
    'toStream with a mapper': {
      build: (b, call) => leftTable(b).toStream(call, it),
      callback: 'key selector',
      node: 'KSTREAM-KEY-SELECT-0000000004',
      admitsUndefined: true,
    },
    'table groupBy': {
      build: (b, call) => leftTable(b).groupBy(call, named).count(),
      callback: 'groupBy callback',
    },
    adder: { build: (b, call) => groupedTable(b).reduce(call, both, named), callback: 'adder' },
    subtractor: { build: (b, call) => groupedTable(b).reduce(both, call, named), callback: 'subtractor' },
    'adder of an aggregate': {
      build: (b, call) => groupedTable(b).aggregate(text, call, both, named),
      callback: 'adder',
    },
    'subtractor of an aggregate': {
      build: (b, call) => groupedTable(b).aggregate(text, both, call, named),
      callback: 'subtractor',
    },
    'initializer of a table aggregate': {
      build: (b, call) => groupedTable(b).aggregate(call, both, both, named),
      callback: 'initializer',
      admitsUndefined: true,
    },
  }
}

function ofJoins(it: Options, named: TextOptions, joined: JoinOptions): Cases {
  return {
    'stream join': {
      build: (b, call) => left(b).join(right(b), call, within, joined),
      callback: 'joiner',
      node: 'it-other-join',
      admitsUndefined: true,
    },
    'stream leftJoin, a miss': {
      build: (b, call) =>
        left(b).leftJoin(
          right(b).filter(() => false),
          call,
          within,
          joined,
        ),
      callback: 'joiner',
      node: 'it-this-join',
      admitsUndefined: true,
    },
    'stream outerJoin': {
      build: (b, call) => left(b).outerJoin(right(b), call, within, joined),
      callback: 'joiner',
      node: 'it-outer-other-join',
      admitsUndefined: true,
    },
    'self join': {
      build: (b, call) => {
        const stream = left(b)
        stream.join(stream, call, within, joined)
      },
      callback: 'joiner',
      node: 'it-other-join',
      admitsUndefined: true,
    },
    'stream-table join': {
      build: (b, call) => left(b).join(rightTable(b), call, joined),
      callback: 'joiner',
      admitsUndefined: true,
    },
    'stream-table leftJoin': {
      build: (b, call) => left(b).leftJoin(rightTable(b), call, joined),
      callback: 'joiner',
      admitsUndefined: true,
    },
    'stream-table join with grace': {
      build: (b, call) => {
        const store = stores.versioned('v', { ...texts, historyRetention: 100 })
        left(b).leftJoin(b.table('R', { ...texts, store }), call, { ...joined, grace: 1 })
      },
      callback: 'joiner',
      admitsUndefined: true,
    },
    'global join': {
      build: (b, call) => left(b).leftJoin(b.globalTable('R', texts), (_, key) => key, call, it),
      callback: 'joiner',
      admitsUndefined: true,
    },
    'global join, selector': {
      build: (b, call) => left(b).join(b.globalTable('R', texts), call, both, it),
      callback: 'function that selects the key',
    },
    'table join': {
      build: (b, call) => leftTable(b).join(rightTable(b), call, it),
      callback: 'joiner',
      node: 'it-join-other',
    },
    'table leftJoin': {
      build: (b, call) => leftTable(b).leftJoin(rightTable(b), call, it),
      callback: 'joiner',
      node: 'it-join-this',
    },
    'table outerJoin': {
      build: (b, call) => leftTable(b).outerJoin(rightTable(b), call, it),
      callback: 'joiner',
      node: 'it-join-this',
    },
    'foreign key': {
      build: (b, call) => leftTable(b).joinOn(rightTable(b), call, both, named),
      callback: 'foreign key callback',
      node: 'it-subscription-registration-processor',
    },
    'foreign-key joiner': {
      build: (b, call) => leftTable(b).joinOn(rightTable(b), (_, key) => key, call, named),
      callback: 'joiner',
      node: 'it-subscription-response-resolver',
    },
    'foreign-key leftJoin': {
      build: (b, call) => leftTable(b).leftJoinOn(rightTable(b), (_, key) => key, call, named),
      callback: 'joiner',
      node: 'it-subscription-response-resolver',
    },
  }
}

const code = 'MILLRACE_PRODUCTION_FAILED'

function ofTopics(it: Options, toIt: TextOptions): Cases {
  return {
    'partitioner of to': {
      build: (b, call) => left(b).to('out', { ...toIt, partitioner: call }),
      callback: 'partitioner',
      code,
    },
    'partitioner of repartition': {
      build: (b, call) =>
        left(b)
          .repartition({ ...toIt, partitioner: call })
          .to('out'),
      callback: 'partitioner',
      node: 'it-repartition-sink',
      code,
    },
    'partitioner of a foreign-key join': {
      build: (b, call) =>
        leftTable(b).joinOn(rightTable(b), (_, key) => key, both, { ...toIt, otherPartitioner: call }),
      callback: 'partitioner',
      node: 'it-subscription-registration-sink',
      code,
    },
    'function that names a topic': {
      build: (b, call) => left(b).to(call, toIt),
      callback: 'topic function',
      code,
    },
    'timestamp extractor': {
      build: (b, call) =>
        b.stream('L', { key: texts.key, value: nullable(texts.value), ...it, timestampExtractor: call }),
      callback: 'timestamp extractor',
      code: 'MILLRACE_TIMESTAMP_INVALID',
    },
  }
}
