/** The windowed scenarios of PublicScenarios.java. */
import { hopping, session, sliding, tumbling, unlimited } from '../../../src/dsl/windows.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { append, merged } from './windows-kinds.ts'
import { dsl, STRINGS, strings, type VectorTopologies } from './vector-topology.ts'

const grouping = { key: strings.key, value: STRINGS.value }

export const publicWindowsVectors: VectorTopologies = {
  'tumbling 10 grace 0 count': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(grouping)
      .windowedBy(tumbling({ size: 10 }))
      .count({ store: 'w' })
      .toStream()
      .to('out')
  }),
  'hopping 10/5 grace 0 count': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(grouping)
      .windowedBy(hopping({ size: 10, advance: 5 }))
      .count({ store: 'w' })
      .toStream()
      .to('out')
  }),
  'sliding upstream example (diff10): out-of-order': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(grouping)
      .windowedBy(sliding({ difference: 10 }))
      .count({ store: 'sl' })
      .toStream((_, { key, window }) => `${key}@${window.start}-${window.end}`)
      .to('out', { key: serdes.string })
  }),
  'session gap 5 grace 20 aggregate merger': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(grouping)
      .windowedBy(session({ gap: 5, grace: 20 }))
      .aggregate(() => '', append, merged, { store: 's', value: serdes.string })
      .toStream()
      .to('out')
  }),
  cogroup: dsl((b) => {
    const a = b.stream('a', STRINGS).groupByKey(strings)
    const c = b.stream('b', STRINGS).groupBy((v) => v, strings)
    a.cogroup<string>((agg, v) => agg + v)
      .cogroup(c, (agg, v) => `${agg}/${v}`)
      .aggregate(() => '', { store: 'co', value: serdes.string })
      .toStream()
      .to('out')
  }),
  'windowed aggs unnamed describe': dsl((b) => {
    const value = serdes.string
    const g = b.stream('in', STRINGS).groupByKey(grouping)
    for (const windows of [tumbling({ size: 10 }), sliding({ difference: 10 })]) {
      const windowed = g.windowedBy(windows)
      windowed.count()
      windowed.reduce(append, { value })
      windowed.aggregate(() => '', append, { value })
    }
    const sessions = g.windowedBy(session({ gap: 10 }))
    sessions.count()
    sessions.reduce(append, { value })
    sessions.aggregate(() => '', append, append, { value })
  }),
  'window agg null value + reduce': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(grouping)
      .windowedBy(tumbling({ size: 10 }))
      .reduce(append, { store: 'w', value: serdes.string })
      .toStream((_, { key }) => key)
      .to('out', { key: serdes.string })
  }),
  'emit-on-close default retention, jump': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(grouping)
      .windowedBy(tumbling({ size: 10, grace: 5 }))
      .emitStrategy('onWindowClose')
      .count({ store: 'w' })
      .toStream((_, { key, window }) => `${key}@${window.start}`)
      .to('out', { key: serdes.string })
  }),
  'session gap 5 grace 10: late data bridges and is dropped': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(grouping)
      .windowedBy(session({ gap: 5, grace: 10 }))
      .count({ store: 's' })
      .toStream()
      .to('out')
  }),
  'sliding 10 grace 0: bounds and equal timestamps': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(grouping)
      .windowedBy(sliding({ difference: 10 }))
      .aggregate(() => '', append, { store: 'sl', value: serdes.string })
      .toStream()
      .to('out')
  }),
  'unlimited windows': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(grouping)
      .windowedBy(unlimited({ start: 5 }))
      .count({ store: 'u' })
      .toStream()
      .to('out')
  }),
  'emit on window close hopping 10/5 grace 2': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(grouping)
      .windowedBy(hopping({ size: 10, advance: 5, grace: 2 }))
      .emitStrategy('onWindowClose')
      .count({ store: 'w' })
      .toStream()
      .to('out')
  }),
  'emit on window close: session gap 5 grace 2': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(grouping)
      .windowedBy(session({ gap: 5, grace: 2 }))
      .emitStrategy('onWindowClose')
      .aggregate(
        () => '',
        append,
        (one, two) => one + two,
        { store: 's', value: serdes.string },
      )
      .toStream()
      .to('out')
  }),
  'emit on window close: sliding 10 grace 5': dsl((b) => {
    b.stream('in', STRINGS)
      .groupByKey(grouping)
      .windowedBy(sliding({ difference: 10, grace: 5 }))
      .emitStrategy('onWindowClose')
      .count({ store: 'w' })
      .toStream()
      .to('out')
  }),
  'cogroup tumbling': dsl((b) => {
    const a = b.stream('a', STRINGS).groupByKey(strings)
    const c = b.stream('b', STRINGS).groupByKey(strings)
    a.cogroup<string>((agg, v) => agg + v)
      .cogroup(c, (agg, v) => `${agg}/${v}`)
      .windowedBy(tumbling({ size: 10, grace: 5 }))
      .aggregate(() => '', { name: 'cg', store: 'cgs', value: serdes.string })
      .toStream()
      .to('out')
  }),
  'error: retention shorter than the window': dsl(
    (b) => {
      b.stream('in', STRINGS)
        .groupByKey(grouping)
        .windowedBy(tumbling({ size: 10, grace: 5 }))
        .count({ store: 'w', retention: 14 })
    },
    { error: 'MILLRACE_OPTION_INVALID' },
  ),
  'error: advance larger than the window': dsl(() => void hopping({ size: 10, advance: 11 }), {
    error: 'MILLRACE_OPTION_INVALID',
  }),
  'error: window of size zero': dsl(() => void tumbling({ size: 0 }), { error: 'MILLRACE_OPTION_INVALID' }),
  'error: sliding difference negative': dsl(() => void sliding({ difference: -1 }), {
    error: 'MILLRACE_OPTION_INVALID',
  }),
  'error: session retention shorter than gap and grace': dsl(
    (b) => {
      b.stream('in', STRINGS)
        .groupByKey(grouping)
        .windowedBy(session({ gap: 10, grace: 5 }))
        .count({ store: 's', retention: 14 })
    },
    { error: 'MILLRACE_OPTION_INVALID' },
  ),
  'error: emit on window close for unlimited windows': dsl(
    (b) => {
      b.stream('in', STRINGS).groupByKey(grouping).windowedBy(unlimited()).emitStrategy('onWindowClose').count()
    },
    { error: 'MILLRACE_OPTION_INVALID' },
  ),
}
