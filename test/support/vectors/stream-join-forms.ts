/** StreamJoinScenarios.java, `forms`: names, stores, repartitioning, what stands before and behind a join. */
import type { KStream } from '../../../src/dsl/streams.ts'
import type { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { StreamJoined } from '../../../src/dsl/options.ts'
import { StoreBuilder } from '../../../src/processor/store-builder.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { join, joined, joinKinds, swap, within, type JoinKind, type TextStream } from './stream-join-kinds.ts'
import { dsl, STRINGS, strings, type Text, type VectorTopologies, type VectorTopology } from './vector-topology.ts'

type Options = StreamJoined<Text, Text, Text>

function given(name: string, retention = 25, windowSize = 20, retainDuplicates = true): StoreBuilder {
  const durations = { retentionMs: retention, windowSizeMs: windowSize }
  return new StoreBuilder({
    kind: 'window',
    name,
    ...durations,
    retainDuplicates,
    caching: false,
    logging: true,
    changelogConfig: {},
  })
}

function rekeyed(stream: TextStream): TextStream {
  return stream.selectKey((_v, k) => k)
}

function both(b: StreamsBuilder): [TextStream, TextStream] {
  return [b.stream('L', STRINGS), b.stream('R', STRINGS)]
}

function withOptions(kind: JoinKind, options: Options): VectorTopology {
  return dsl((b) => join(kind, ...both(b), within(10, 10, 5), { ...joined, ...options }).to('out', strings))
}

function refused(options: Options, error: string): VectorTopology {
  return dsl((b) => void join('inner', ...both(b), within(10, 10, 5), { ...joined, ...options }), { error })
}

function nullJoiner(kind: JoinKind): VectorTopology {
  const joiner = (x: string | null, y: string | null): Text => (x === null || y === null || x === y ? null : x + y)
  return dsl((b) => {
    const [l, r] = both(b)
    const windows = within(10, 10, 0)
    const result: KStream<Text, Text> =
      kind === 'inner'
        ? l.join(r, joiner, windows)
        : kind === 'left'
          ? l.leftJoin(r, joiner, windows)
          : l.outerJoin(r, joiner, windows)
    result.to('out', strings)
  })
}

function joinedOften(kind: JoinKind): VectorTopology {
  return dsl((b) => {
    const l = rekeyed(b.stream('L', STRINGS))
    const r: TextStream = b.stream('R', STRINGS)
    join(kind, l, r, within(10, 10, 5)).to('one', strings)
    join(kind, l, r, within(5, 5, 0)).to('two', strings)
    join(kind, l, r, within(1, 1, 0), { ...joined, name: 'named' }).to('three', strings)
    join(kind, l, r, within(2, 2, 0)).to('four', strings)
  })
}

function formsOf(kind: JoinKind): Record<string, VectorTopology> {
  return {
    'operator named': withOptions(kind, { name: 'jn' }),
    'stores named': withOptions(kind, { store: 'js' }),
    'not logged': withOptions(kind, { logging: false }),
    'stores given': withOptions(kind, { thisStore: given('mine'), otherStore: given('other') }),
    'left store given, not logged': withOptions(kind, { thisStore: given('mine'), logging: false }),
    'right store given, all named': withOptions(kind, { otherStore: given('other'), name: 'n', store: 's' }),
    'both sides repartitioned': dsl((b) => {
      join(kind, rekeyed(b.stream('L', STRINGS)), rekeyed(b.stream('R', STRINGS)), within(10, 10, 5)).to('out', strings)
    }),
    'both sides repartitioned, named': dsl((b) => {
      const options = { ...joined, name: 'jn', store: 'js' }
      const l = rekeyed(b.stream('L', STRINGS))
      join(kind, l, rekeyed(b.stream('R', STRINGS)), within(10, 10, 5), options).to('out', strings)
    }),
    'right side repartitioned': dsl((b) => {
      const [l, r] = both(b)
      const mapped: TextStream = r.map((v, k) => [k, v] as const)
      join(kind, l, mapped, within(10, 10, 5)).to('out', strings)
    }),
    'left side repartitioned by hand': dsl((b) => {
      const hand = rekeyed(b.stream('L', STRINGS)).repartition({ ...STRINGS, name: 'hand' })
      join(kind, hand, b.stream('R', STRINGS), within(10, 10, 5)).to('out', strings)
    }),
    'one stream joined twice': joinedOften(kind),
    'joined again with a third': dsl((b) => {
      const one = join(kind, ...both(b), within(10, 10, 5))
      join(kind, one, b.stream('T', STRINGS), within(20, 20, 0)).to('out', strings)
    }),
    'grouped after it': dsl(
      (b) =>
        join(kind, ...both(b), within(10, 10, 5))
          .groupByKey(strings)
          .count({ store: 'n' })
          .toStream()
          .to('out'),
      { stores: { n: [serdes.string, serdes.int64] } },
    ),
    'of two streams of one topic': topicJoin(kind),
    'the joiner returns null': nullJoiner(kind),
  }
}

function topicJoin(kind: JoinKind): VectorTopology {
  return dsl((b) => {
    b.stream('R', STRINGS).to('unjoined')
    const l: TextStream = b.stream('L', STRINGS)
    const filtered: TextStream = b.stream('L', STRINGS).filter((v) => v !== null && !v.endsWith('2'))
    join(kind, l, filtered, within(10, 10, 5)).to('out', strings)
  })
}

const invalid = 'MILLRACE_STORE_OPTION_INVALID'

const refusals: VectorTopologies = {
  'error: join store keeps no duplicates': refused({ thisStore: given('mine', 25, 20, false) }, invalid),
  'error: join store with another retention': refused({ thisStore: given('mine', 26) }, invalid),
  'error: join store with another window size': refused({ otherStore: given('mine', 25, 21) }, invalid),
  'error: join stores with one name': refused({ thisStore: given('same'), otherStore: given('same') }, invalid),
  'error: join of repartition topics with unequal counts': dsl(
    (b) => {
      const [l, r] = both(b)
      const two = l.repartition({ name: 'l', partitions: 2 })
      join('inner', two, r.repartition({ name: 'r', partitions: 3 }), within(10, 10, 5))
    },
    { error: 'MILLRACE_PARTITIONS_CONFLICT' },
  ),
  'error: explicit names required, join without': dsl(
    (b) => {
      const [l, r] = both(b)
      join('outer', swap(l), r, within(10, 10, 5)).to('out', strings)
    },
    { error: 'MILLRACE_NAME_MISSING' },
  ),
  'stream join: explicit names required and given': dsl((b) => {
    const l = swap(b.stream('L', STRINGS))
    const options = { ...joined, name: 'jn', store: 'js' }
    join('outer', l, b.stream('R', STRINGS), within(10, 10, 5), options).to('out', strings)
  }),
  'error: join name with a character that is not allowed': refused({ name: 'no spaces' }, 'MILLRACE_NAME_INVALID'),
}

export const joinFormVectors: VectorTopologies = {
  ...Object.fromEntries(
    joinKinds.flatMap((kind) =>
      Object.entries(formsOf(kind)).map(([name, topology]) => [`stream join ${kind}: ${name}`, topology]),
    ),
  ),
  ...refusals,
}
