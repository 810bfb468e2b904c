/** Groupings that share one aggregate: WindowScenarios.java. */
import type { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { CogroupedKStream } from '../../../src/dsl/streams.ts'
import { hopping, session, sliding, tumbling } from '../../../src/dsl/windows.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { merged } from './windows-kinds.ts'
import { dsl, STRINGS, strings, type VectorTopologies } from './vector-topology.ts'

const value = serdes.string

function three(b: StreamsBuilder): CogroupedKStream<string, string> {
  const one = b.stream('a', STRINGS).groupByKey(strings)
  const two = b.stream('b', STRINGS).groupByKey(strings)
  const last = b.stream('c', STRINGS).groupBy((_, k) => k, strings)
  return one
    .cogroup<string>((agg, v) => `${agg}${v}`)
    .cogroup(two, (agg, v) => (v === 'del' ? null : `${agg}/${v}`))
    .cogroup(last, (agg, v) => `${agg}!${v}`)
}

const plain = dsl((b) => {
  three(b)
    .aggregate(() => '', { store: 'w', value })
    .toStream()
    .to('out')
})
const hops = dsl((b) => {
  three(b)
    .windowedBy(hopping({ size: 10, advance: 5, grace: 5 }))
    .aggregate(() => '', { store: 'w', value })
    .toStream()
    .to('out')
})
const slides = dsl((b) => {
  three(b)
    .windowedBy(sliding({ difference: 5, grace: 10 }))
    .aggregate(() => '', { store: 'w', value })
    .toStream()
    .to('out')
})
const sessions = dsl((b) => {
  three(b)
    .windowedBy(session({ gap: 4, grace: 10 }))
    .aggregate(() => '', merged, { store: 'w', value })
    .toStream()
    .to('out')
})

export const windowedCogroupVectors: VectorTopologies = {
  'cogroup of three: plain': plain,
  'cogroup of three: plain, cached': plain,
  'cogroup of three: hopping': hops,
  'cogroup of three: hopping, cached': hops,
  'cogroup of three: sliding': slides,
  'cogroup of three: sliding, cached': slides,
  'cogroup of three: session': sessions,
  'cogroup of three: session, cached': sessions,
  'cogroup of one, old values': dsl((b) => {
    b.stream('a', STRINGS)
      .groupByKey(strings)
      .cogroup<string>((agg, v) => agg + v)
      .aggregate(() => '', { store: 'w', value })
      .groupBy((v) => [v.slice(0, 1), v], strings)
      .reduce(
        (a, v) => `${a}+${v}`,
        (a, v) => `${a}-${v}`,
        { store: 'g' },
      )
      .toStream()
      .to('out')
  }),
  'cogroup: names generated and given': dsl((b) => {
    const one = b.stream('a', STRINGS).groupBy((v) => v, strings)
    const two = b.stream('b', STRINGS).groupBy((v) => v, { name: 'two', ...strings })
    const last = b.stream('c', STRINGS).groupByKey(strings)
    const c = one
      .cogroup<string>((agg, v) => agg + v)
      .cogroup(two, (agg, v) => agg + v)
      .cogroup(last, (agg, v) => agg + v)
    c.aggregate(() => '', { value })
      .toStream()
      .to('o1')
    c.aggregate(() => '', { name: 'named', value })
      .toStream()
      .to('o2')
    c.windowedBy(tumbling({ size: 10 })).aggregate(() => '', { value })
    c.windowedBy(session({ gap: 10 })).aggregate(() => '', merged, { name: 'sess', value })
    c.windowedBy(sliding({ difference: 10 })).aggregate(() => '', { name: 'slide', store: 'given', value })
  }),
  'cogroup: the same grouping twice, the last aggregator counts': dsl((b) => {
    const one = b.stream('a', STRINGS).groupByKey(strings)
    one
      .cogroup<string>((agg, v) => agg + v)
      .cogroup(one, (agg, v) => `${agg}*${v}`)
      .aggregate(() => '', { store: 'w', value })
      .toStream()
      .to('out')
  }),
  'cogroup: groupings of one topic': dsl((b) => {
    const s = b.stream('a', STRINGS)
    s.groupByKey(strings)
      .cogroup<string>((agg, v) => agg + v)
      .cogroup(
        s.groupBy((v) => v, strings),
        (agg, v) => `${agg}*${v}`,
      )
      .aggregate(() => '', { store: 'w', value })
      .toStream()
      .to('out')
  }),
}
