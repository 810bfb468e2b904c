/** Branches: SplitGlobalScenarios.java, the scenarios whose names begin with "split". */
import type { BranchedKStream, KStream } from '../../../src/dsl/streams.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { dsl, STRINGS, strings, type Text, type VectorTopologies } from './vector-topology.ts'

const counts = { key: serdes.string, value: serdes.int64 }

export function starts(prefix: string): (value: Text) => boolean {
  return (value) => value?.startsWith(prefix) === true
}

/** To topics after the names of the branches, in the order of these, as the scenarios do it with a TreeMap. */
export function toTopics(prefix: string, branches: ReadonlyMap<string, KStream<Text, Text>>): void {
  const sorted = [...branches].toSorted(([one], [two]) => (one < two ? -1 : 1))
  for (const [name, stream] of sorted) stream.to(`${prefix}${name}`, strings)
}

export function branch(branches: ReadonlyMap<string, KStream<Text, Text>>, name: string): KStream<Text, Text> {
  const stream = branches.get(name)
  if (stream === undefined) throw new Error(`there is no branch ${name} among ${[...branches.keys()].join(', ')}`)
  return stream
}

/** The stream `in`, split. */
function split(define: (branches: BranchedKStream<Text, Text>) => Map<string, KStream<Text, Text>>, name?: string) {
  return dsl((b) => toTopics('o-', define(b.stream('in', STRINGS).split(name === undefined ? {} : { name }))))
}

export const splitVectors: VectorTopologies = {
  'split: unnamed': split((s) => s.branch(starts('a')).branch(starts('b')).defaultBranch()),
  'split: no default, all unnamed': split((s) =>
    s
      .branch(starts('a'))
      .branch(starts('b'))
      .branch((v) => v === null)
      .noDefaultBranch(),
  ),
  'split: predicates that overlap': split(
    (s) =>
      s
        .branch(starts('a'), { name: 'first' })
        .branch((v) => v?.length === 2, { name: 'two' })
        .branch(() => true, { name: 'all' })
        .defaultBranch({ name: 'never' }),
    's-',
  ),
  'split: by null key and null value': split(
    (s) =>
      s
        .branch((_v, k) => k === null, { name: 'no-key' })
        .branch((v) => v === null, { name: 'no-value' })
        .defaultBranch({ name: 'rest' }),
    's-',
  ),
  'split: default branch only, unnamed': split((s) => s.defaultBranch()),
  'split: no branch at all': split((s) => s.noDefaultBranch(), 'nothing'),
  'split: consumers and a default consumer': split(
    (s) =>
      s
        .branch(starts('a'), {
          withConsumer: (a) => {
            a.to('a1')
            a.mapValues((v) => `${v}!`).to('a2', strings)
          },
        })
        .branch(starts('b'), { withConsumer: () => undefined, name: 'lost' })
        .defaultBranch({ withConsumer: (rest) => rest.to('rest'), name: 'rest' }),
    's-',
  ),
  'split: functions and a default function': split((s) =>
    s
      .branch(starts('a'), { withFunction: (a) => a.mapValues((v) => `${v}!`).filter((_v, k) => k !== null) })
      .branch(starts('b'), { withFunction: (b) => b, name: 'same' })
      .branch(starts('c'), { withFunction: () => null })
      .defaultBranch({ withFunction: (rest) => rest.selectKey((v) => v), name: 'keyed' }),
  ),
  'split: a branch is split again': dsl((b) => {
    const one = b
      .stream('in', STRINGS)
      .split({ name: 'one-' })
      .branch((v) => v !== null, { name: 'value' })
      .defaultBranch({ name: 'null' })
    const two = branch(one, 'one-value').split({ name: 'two-' })
    toTopics('o-', two.branch((_v, k) => k === null, { name: 'no-key' }).defaultBranch())
    toTopics('p-', branch(one, 'one-value').split().branch(starts('a')).noDefaultBranch())
    branch(one, 'one-null').to('null', strings)
  }),
  'split: split inside of a function': split(
    (s) =>
      s
        .branch((v) => v !== null, {
          withFunction: (values) => {
            const [one, two] = [...values.split().branch(starts('a')).defaultBranch()]
              // Java's HashMap has them in this order.
              .toSorted(([first], [second]) => (first < second ? -1 : 1))
              .map(([, stream]) => stream)
            return one === undefined || two === undefined ? null : one.merge(two)
          },
          name: 'inner',
        })
        .defaultBranch({ name: 'outer' }),
    's-',
  ),
  'split: branches merged again': dsl((b) => {
    const m = b
      .stream('in', STRINGS)
      .split({ name: 's-' })
      .branch(starts('a'), { name: 'a' })
      .defaultBranch({ name: 'd' })
    branch(m, 's-a')
      .mapValues((v): Text => `${v}!`)
      .merge(branch(m, 's-d'))
      .to('out', strings)
  }),
  'split: the same stream twice': dsl((b) => {
    const stream = b.stream('in', STRINGS)
    toTopics('o-', stream.split().branch(starts('a')).defaultBranch())
    toTopics('p-', stream.split().branch(starts('b')).defaultBranch())
  }),
  'split: after a new key, branches are counted': dsl((b) => {
    const m = b
      .stream('in', STRINGS)
      .selectKey((v) => v)
      .split({ name: 's-' })
      .branch(starts('a'), { name: 'a' })
      .defaultBranch({ name: 'd' })
    branch(m, 's-a').groupByKey(strings).count({ store: 'n' }).toStream().to('counts', counts)
    branch(m, 's-d')
      .groupByKey({ ...strings, name: 'again' })
      .reduce((a, v) => a + v)
      .toStream()
      .to('reduced', strings)
  }),
  'split: branches as tables, joined': dsl((b) => {
    const m = b
      .stream('in', STRINGS)
      .split({ name: 's-' })
      .branch(starts('a'), { name: 'a' })
      .branch(starts('b'), { name: 'b' })
      .noDefaultBranch()
    branch(m, 's-a')
      .toTable({ ...strings, store: 'ta' })
      .toStream()
      .to('ta-out', strings)
    branch(m, 's-b').toTable(strings).toStream().to('tb-out', strings)
  }),
  'split: an explicit name uses up an index': dsl((b) => {
    const stream = b.stream('in', STRINGS)
    const named = stream.split({ name: 's-' }).branch(starts('a'), { name: 'a' }).branch(starts('b'))
    toTopics('o-', named.defaultBranch())
    stream
      .mapValues((v) => (v === null ? 'null!' : `${v}!`))
      .filter((_v, k) => k !== null)
      .to('mapped', strings)
    toTopics('p-', stream.split().branch(starts('c'), { name: '-c' }).noDefaultBranch())
  }),
  'split: branch names that no topic could have': split(
    (s) =>
      s
        .branch(starts('a'), { withFunction: (a) => a.peek(() => undefined), name: 'a b' })
        .branch(starts('b'), { withConsumer: (b) => b.to('b'), name: '&/' })
        .defaultBranch({ withConsumer: (d) => d.to('d'), name: 'ä' }),
    's-',
  ),
  'split: a predicate throws': {
    ...split((s) => s.branch((v) => (v as string).startsWith('a')).defaultBranch()),
    error: 'MILLRACE_PROCESSING_FAILED',
  },
  'split: a predicate throws, handler CONTINUE': split((s) =>
    s.branch((v) => (v as string).startsWith('a')).defaultBranch(),
  ),
  'split: branches counted, cache on': dsl((b) => {
    const m = b
      .stream('in', STRINGS)
      .flatMapValues((v): Text[] => v?.split(' ') ?? [])
      .split({ name: 's-' })
      .branch(starts('a'), { name: 'a' })
      .defaultBranch({ name: 'd' })
    branch(m, 's-a').groupByKey(strings).count({ store: 'n' }).toStream().to('counts', counts)
    branch(m, 's-d').groupByKey(strings).count({ store: 'm' }).toStream().to('others', counts)
  }),
  'error: two branches of one name': {
    ...split(
      (s) =>
        s
          .branch(() => true, { name: 'x' })
          .branch(() => true, { name: 'x' })
          .noDefaultBranch(),
      's-',
    ),
    error: 'MILLRACE_NAME_TAKEN',
  },
  'error: a split and a stream of one name': dsl(
    (b) => {
      b.stream('in', STRINGS)
        .filter(() => true, { name: 's' })
        .split({ name: 's' })
        .defaultBranch()
    },
    { error: 'MILLRACE_NAME_TAKEN' },
  ),
  'error: split with a name that is not allowed': {
    ...split((s) => s.defaultBranch(), 'a b'),
    error: 'MILLRACE_NAME_INVALID',
  },
}
