/** What becomes of records that fail: the parts of ErrorScenarios.java that have no tables. */
import type { KStream } from '../../../src/dsl/streams.ts'
import type { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { hopping, session, sliding, tumbling } from '../../../src/dsl/windows.ts'
import type { Header } from '../../../src/common/headers.ts'
import type { FixedKeyProcessor, Processor } from '../../../src/processor/processor.ts'
import type { FixedKeyProcessorContext, PunctuationType } from '../../../src/processor/processor-context.ts'
import { noHeaders } from '../../../src/common/headers.ts'
import { nullable, type Serde } from '../../../src/serde/serde.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { act } from './processors.ts'
import { dsl, STRINGS, strings, type Text, type VectorTopologies, type VectorTopology } from './vector-topology.ts'

/** The callback of all scenarios: fails for what contains "bad". */
export function ok(text: unknown): string {
  if (String(text).includes('bad')) throw new RangeError(`cannot take ${String(text)}`)
  return String(text)
}

/** Refuses to write what contains "bad". */
export const picky: Serde<string> = {
  ...serdes.string,
  name: 'picky',
  serialize: (text, topic, headers) => serdes.string.serialize(ok(text), topic, headers),
}
export const TO_PICKY: { readonly key: Serde<string>; readonly value: Serde<string> } = {
  key: serdes.string,
  value: picky,
}

/** Refuses to read what contains "bad". */
const unread: Serde<string> = {
  ...serdes.string,
  name: 'unread',
  deserialize: (bytes, topic, headers) => ok(serdes.string.deserialize(bytes, topic, headers)),
}
export const UNREAD: Serde<Text> = nullable(unread)

type TextStream = KStream<Text, Text>

export function input(b: StreamsBuilder): TextStream {
  return b.stream('in', STRINGS)
}

/** Most scenarios end with one output. */
function out<K, V>(
  define: (b: StreamsBuilder) => KStream<K, V>,
  rest: Partial<VectorTopology> = {},
  options: object = strings,
): VectorTopology {
  return dsl((b) => define(b).to('out', options), rest)
}

const append = (aggregate: unknown, value: unknown): string => `${String(aggregate)}${String(value)}`
const failing = (aggregate: unknown, value: unknown): string => ok(append(aggregate, value))
const store = { store: 's', ...strings }

const first: Header = ['changed', Buffer.of(1)]
export const change = act((c, record) => {
  const headers = [...record.headers, first]
  c.forward({ ...record, headers, timestamp: record.timestamp + 100 })
  c.forward({ ...record, headers, value: `${record.value}+` })
})

const failAfterForward = act((c, record) => {
  c.forward(record)
  ok(record.value)
  c.forward({ ...record, value: `${record.value}!` })
})

function failFixed(): FixedKeyProcessor<Text, Text, Text> {
  let context: FixedKeyProcessorContext<Text>
  return {
    init(given) {
      context = given
    },
    process(record) {
      context.forward({ ...record, value: `${record.value}?`, timestamp: 77 })
      context.forward({ ...record, value: ok(record.value) })
    },
  }
}

const stateless: VectorTopologies = {
  'dead letter: filter': out((b) => input(b).filter((v) => ok(v) !== '')),
  'dead letter: filterNot': out((b) => input(b).filterNot((v) => ok(v) === '')),
  'dead letter: map': out((b) => input(b).map((v) => [v, ok(v)])),
  'dead letter: selectKey': out((b) => input(b).selectKey((v) => ok(v))),
  'dead letter: flatMap': out((b) =>
    input(b).flatMap((v) => [
      [v, 'first'],
      [v, ok(v)],
    ]),
  ),
  'dead letter: flatMapValues, below it one of several fails': out((b) =>
    input(b)
      .flatMapValues((v) => ['x', v, 'y'])
      .mapValues(ok),
  ),
  'dead letter: peek': out((b) => input(b).peek((v) => ok(v))),
  'dead letter: foreach': dsl((b) => input(b).forEach((v) => ok(v))),
  'dead letter: groupBy': out(
    (b) =>
      input(b)
        .groupBy((v) => ok(v), strings)
        .count({ store: 'n' })
        .toStream(),
    {},
    {},
  ),
  'dead letter: split': dsl((b) => {
    input(b)
      .split()
      .branch((v) => v === 'a', { withConsumer: (s) => s.to('a', strings) })
      .branch((v) => ok(v) === 'b', { withConsumer: (s) => s.to('b', strings) })
      .defaultBranch({ withConsumer: (s) => s.to('rest', strings) })
  }),
  'dead letter: below merge': out((b) => input(b).merge(b.stream('in2', STRINGS)).mapValues(ok)),
  'dead letter: below repartition': out((b) =>
    input(b)
      .selectKey((v) => `${v}${v}`)
      .repartition({ name: 'rep', key: strings.key, value: STRINGS.value })
      .mapValues(ok),
  ),
  'dead letter: processor changes timestamp and headers': out((b) => input(b).process(change).mapValues(ok)),
  'dead letter: processor fails after a forward': out((b) => input(b).process(failAfterForward)),
  'dead letter: processValues fails after a forward': out((b) => input(b).processValues(failFixed)),
  'processing CONTINUE without a dead letter topic': out((b) => input(b).mapValues(ok)),
  'processing fails': out((b) => input(b).mapValues(ok), { error: 'MILLRACE_PROCESSING_FAILED' }),
}

const branching: VectorTopologies = {
  'dead letter: after a sink beside it': dsl((b) => {
    const s = input(b)
    s.to('first', strings)
    s.mapValues(ok).to('out', strings)
    s.mapValues((v) => `${v}last`).to('last', strings)
  }),
  'dead letter: before a sink beside it': dsl((b) => {
    const s = input(b)
    s.mapValues(ok).to('out', strings)
    s.to('last', strings)
  }),
  'dead letter: after a sink below its brother': dsl((b) => {
    const s = input(b)
    s.mapValues((v) => `${v}x`).to('first', strings)
    s.mapValues(ok).to('out', strings)
  }),
  'dead letter: deep below a brother of a sink': dsl((b) => {
    const s = input(b).mapValues((v) => `${v}x`)
    s.to('first', strings)
    s.mapValues((v) => `${v}y`)
      .filter(() => true)
      .mapValues(ok)
      .to('out', strings)
  }),
  'dead letter: twice of one record': dsl((b) => {
    const s = input(b)
    s.mapValues(ok).to('out', strings)
    s.filter((v) => ok(v) !== '').to('out2', strings)
  }),
  'dead letter: after an aggregation of the same stream': dsl((b) => {
    const grouped = input(b).groupByKey(strings)
    grouped.reduce(append, { store: 'first' }).toStream().to('first', strings)
    grouped.reduce(failing, { store: 'second' }).toStream().to('second', strings)
  }),
}

const windows = { store: 'w', ...strings }
const everyFive = hopping({ size: 10, advance: 5, grace: 100 })
const sessions = session({ gap: 12, grace: 100 })
const byStart = (_: unknown, at: { readonly key: string; readonly window: { readonly start: number } }): string =>
  `${at.key}${at.window.start}`

const aggregations: VectorTopologies = {
  'dead letter: reducer': out((b) => input(b).groupByKey().reduce(failing, store).toStream()),
  'dead letter: aggregator': out((b) =>
    input(b)
      .groupByKey()
      .aggregate(
        () => '',
        (a, v) => a + ok(v),
        store,
      )
      .toStream(),
  ),
  'dead letter: initializer': out((b) =>
    input(b)
      .groupByKey()
      .aggregate(() => ok('bad'), append, store)
      .toStream(),
  ),
  'dead letter: below an aggregation': out((b) => input(b).groupByKey().reduce(append, store).toStream().mapValues(ok)),
  'dead letter: a store that refuses the value': out((b) =>
    input(b)
      .groupByKey()
      .reduce(append, { store: 's', ...TO_PICKY })
      .toStream(),
  ),
  'dead letter: aggregator of windows': out((b) =>
    input(b)
      .groupByKey()
      .windowedBy(everyFive)
      .aggregate(() => '', failing, windows)
      .toStream(byStart),
  ),
  'dead letter: aggregator of the second window only': out((b) =>
    input(b)
      .groupByKey()
      .windowedBy(everyFive)
      .aggregate(
        () => '',
        (a, v) => (v === 'c' && a === '' ? ok('bad') : append(a, v)),
        windows,
      )
      .toStream(byStart),
  ),
  'dead letter: aggregator of sliding windows': out((b) =>
    input(b)
      .groupByKey()
      .windowedBy(sliding({ difference: 10, grace: 100 }))
      .aggregate(() => '', failing, windows)
      .toStream(byStart),
  ),
  'dead letter: aggregator of sessions': out((b) =>
    input(b)
      .groupByKey()
      .windowedBy(sessions)
      .aggregate(() => '', failing, append, windows)
      .toStream(byStart),
  ),
  'dead letter: merger of sessions': out((b) =>
    input(b)
      .groupByKey()
      .windowedBy(sessions)
      .aggregate(() => '', append, failing, windows)
      .toStream(byStart),
  ),
  'dead letter: cogroup': out((b) =>
    input(b)
      .groupByKey()
      .cogroup<string>(failing)
      .cogroup(b.stream('in2', STRINGS).groupByKey(), (a, v) => failing(v, a))
      .aggregate(() => '', store)
      .toStream(),
  ),
  'dead letter: below windows emitted on close': out((b) =>
    input(b)
      .groupByKey()
      .windowedBy(tumbling({ size: 5 }))
      .emitStrategy('onWindowClose')
      .aggregate(() => '', append, windows)
      .toStream(byStart)
      .mapValues(ok),
  ),
  'dead letter: below suppress': out((b) =>
    input(b)
      .groupByKey()
      .reduce(append, store)
      .suppress({ until: { timeLimit: 8 } })
      .toStream()
      .mapValues(ok),
  ),
}

const cached: VectorTopologies = {
  'dead letter: below a cached aggregation': out((b) =>
    input(b).groupByKey().reduce(append, store).toStream().mapValues(ok),
  ),
  'dead letter: below a cached table': out((b) =>
    b
      .table('in', { ...strings, store: 't' })
      .mapValues((v) => ok(v))
      .toStream(),
  ),
  'dead letter: below cached windows': out((b) =>
    input(b)
      .groupByKey()
      .windowedBy(tumbling({ size: 10, grace: 100 }))
      .aggregate(() => '', append, windows)
      .toStream((v, { key }) => key + ok(v)),
  ),
  'dead letter: below cached sessions': out((b) =>
    input(b)
      .groupByKey()
      .windowedBy(session({ gap: 3, grace: 100 }))
      .aggregate(() => '', append, append, windows)
      .toStream((v, { key }) => key + ok(v)),
  ),
  'dead letter: below a cached aggregation, after a sink beside it': dsl((b) => {
    const s = input(b)
    s.to('first', strings)
    s.groupByKey().reduce(append, store).toStream().mapValues(ok).to('out', strings)
  }),
}

/** Punctuates every ten milliseconds and fails with every second one. */
function timed(type: PunctuationType, isBelow: boolean): () => Processor<Text, Text, Text, Text> {
  return () => {
    let count = 0
    let forward: (record: Parameters<Processor<Text, Text, Text, Text>['process']>[0]) => void
    return {
      init(context) {
        forward = (record) => context.forward(record)
        context.schedule(10, type, (timestamp) => {
          const text = ++count % 2 === 0 ? `bad${count}` : `p${count}`
          forward({ key: 'p', value: isBelow ? text : `p${count}`, timestamp, headers: noHeaders })
          if (!isBelow) ok(text)
        })
      },
      process: (record) => forward(record),
    }
  }
}

const timers: VectorTopologies = {
  'dead letter: punctuator, STREAM_TIME': out((b) => input(b).process(timed('streamTime', false))),
  'dead letter: punctuator, WALL_CLOCK_TIME': out((b) => input(b).process(timed('wallClockTime', false))),
  'dead letter: below a punctuator, STREAM_TIME': out((b) => input(b).process(timed('streamTime', true)).mapValues(ok)),
  'dead letter: below a punctuator, WALL_CLOCK_TIME': out((b) =>
    input(b).process(timed('wallClockTime', true)).mapValues(ok),
  ),
  'punctuator fails, no dead letter topic': out((b) => input(b).process(timed('wallClockTime', false))),
}

export const deadLetterVectors: VectorTopologies = {
  ...stateless,
  ...branching,
  ...aggregations,
  ...cached,
  ...timers,
}
