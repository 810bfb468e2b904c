/** Headers, and several updates of one record, through families of operators: AuditScenarios.java. */
import type { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { KGroupedStream, KStream } from '../../../src/dsl/streams.ts'
import { hopping, session, sliding, tumbling } from '../../../src/dsl/windows.ts'
import type { ValueTransformer } from '../../../src/processor/processor.ts'
import type { KeyValueStore } from '../../../src/processor/state-store.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { stores } from '../../../src/state/stores.ts'
import { act, textStore } from './processors.ts'
import { dsl, STRINGS, strings, type VectorTopologies, type VectorTopology } from './vector-topology.ts'

const S = serdes.string

const headers: VectorTopologies = {
  'headers: null, empty and repeated through windows and suppress': dsl((b) => {
    const t = b
      .stream('in', STRINGS)
      .groupBy((_v, k) => k)
      .windowedBy(tumbling({ size: 10, grace: 5 }))
      .count({ store: 'w', key: S })
    t.toStream().to('out')
    t.suppress({ until: 'windowCloses' }).toStream().to('closed')
    t.suppress({ until: { timeLimit: 5 } })
      .toStream()
      .to('limited')
  }),
  'headers: sessions, cached, and tables, joined': dsl((b) => {
    const input = b.stream('in', STRINGS)
    input
      .groupByKey()
      .windowedBy(session({ gap: 5, grace: 5 }))
      .reduce((x, y) => x + y, { store: 's' })
      .toStream()
      .to('out')
    const t = input.toTable({ store: 't' })
    t.leftJoin(
      t.filter((v) => v !== '1'),
      (x, y) => `${x}${y}`,
      { store: 'j', value: S },
    )
      .toStream()
      .to('joined')
  }),
  'headers: changed on the way': dsl((b) => {
    b.stream('in', STRINGS)
      .process(
        act((c, record) => {
          c.forward({ ...record, value: 'one' })
          const added = [...record.headers, ['added', Buffer.from('1')] as const]
          c.forward({ ...record, headers: added, value: 'two' })
          const removed = added.filter(([name]) => name !== 'h')
          c.forward({ ...record, headers: removed, timestamp: record.timestamp + 1 })
        }),
      )
      .toTable({ store: 't', ...strings })
      .toStream()
      .repartition()
      .to('out')
  }),
}

export function words(b: StreamsBuilder): KStream<string, string> {
  return b
    .stream('in', STRINGS)
    .flatMap((v, k) => (v ?? '').split(',').map((word): [string, string] => [word, `${k}${(v ?? '').length}`]))
}

const join2 = (x: string, y: string): string => x + y
const grouped = (b: StreamsBuilder): KGroupedStream<string, string> => words(b).groupByKey(strings)

class Seen implements ValueTransformer<string, string, string> {
  #store: KeyValueStore<string, string> | undefined

  init(context: { getStateStore<T>(name: string): T }): void {
    this.#store = context.getStateStore('seen')
  }

  transform(value: string | null, key: string): string | null {
    const before = this.#store?.get(key) ?? null
    this.#store?.put(key, value)
    return value === null ? null : `${value.length}:${before}`
  }
}

const bursts: Readonly<Record<string, VectorTopology>> = {
  'bursts: tumbling': dsl((b) => {
    grouped(b)
      .windowedBy(tumbling({ size: 10, grace: 10 }))
      .reduce(join2, { store: 'w' })
      .toStream()
      .to('out')
  }),
  'bursts: hopping': dsl((b) => {
    grouped(b)
      .windowedBy(hopping({ size: 10, advance: 4, grace: 10 }))
      .reduce(join2, { store: 'w' })
      .toStream()
      .to('out')
  }),
  'bursts: sliding': dsl((b) => {
    grouped(b)
      .windowedBy(sliding({ difference: 10, grace: 20 }))
      .reduce(join2, { store: 'w' })
      .toStream()
      .to('out')
  }),
  'bursts: session': dsl((b) => {
    grouped(b)
      .windowedBy(session({ gap: 8, grace: 20 }))
      .reduce(join2, { store: 'w' })
      .toStream()
      .to('out')
  }),
  'bursts: session, grouped by their ends': dsl((b) => {
    grouped(b)
      .windowedBy(session({ gap: 8, grace: 20 }))
      .reduce(join2, { store: 'w' })
      .groupBy((v, k) => [`${k.window.end}`, v], { name: 'e', ...strings })
      .aggregate(
        () => '',
        (a, v) => `${a}+${v}`,
        (a, v) => `${a}-${v}`,
        { store: 'agg', value: S },
      )
      .toStream()
      .to('out')
  }),
  'bursts: windows suppressed, then joined': dsl((b) => {
    const w = grouped(b)
      .windowedBy(tumbling({ size: 10, grace: 3 }))
      .reduce(join2, { store: 'w' })
    w.suppress({ until: { timeLimit: 4 }, maxRecords: 3 })
      .outerJoin(w, (x, y) => `${x}=${y}`)
      .toStream()
      .to('out', { value: S })
  }),
  'bursts: a count and a table of it, stream joined': dsl((b) => {
    const w = words(b)
    const c = w.groupByKey({ name: 'g', ...strings }).count({ store: 'c' })
    const t = w.toTable({ name: 'tt', store: 't', ...strings })
    w.leftJoin(c, (x, y) => `${x}/${y}`, { name: 'j', ...strings }).to('sj', { value: S })
    c.outerJoin(t, (x, y) => `${x}=${y}`, { name: 'ct', store: 'ctj', value: S })
      .toStream()
      .to('out')
  }),
  'bursts: cogroup of two, sliding': dsl((b) => {
    const g = words(b).groupByKey({ name: 'g', ...strings })
    const h = b.stream('other', STRINGS).groupByKey()
    g.cogroup<string>((a, v) => a + v)
      .cogroup(h, (a, v) => `${a}!${v}`)
      .windowedBy(sliding({ difference: 5, grace: 20 }))
      .aggregate(() => '', { store: 'w', value: S })
      .suppress({ until: 'windowCloses' })
      .toStream()
      .to('out')
  }),
  'bursts: transformed with a store, grouped': dsl((b) => {
    b.addStateStore(textStore('seen'))
    words(b)
      .groupByKey({ name: 'g', ...strings })
      .reduce(join2, { store: 'r' })
      .transformValues(() => new Seen(), { store: 'tv', value: S, stores: ['seen'] })
      .groupBy((v) => [v.slice(0, 1), v], { name: 'h', ...strings })
      .count({ store: 'n' })
      .toStream()
      .to('out')
  }),
}

const burstVectors: VectorTopologies = {
  ...bursts,
  ...Object.fromEntries(Object.entries(bursts).map(([name, vector]) => [`${name}, cached`, vector])),
  'bursts: versioned, cache on': dsl((b) => {
    const v = words(b)
      .groupByKey({ name: 'g', ...strings })
      .reduce(join2, { store: stores.versioned('v', { historyRetention: 20 }) })
    v.toStream().to('v-out')
    v.groupBy((x) => [x.slice(0, 1), x], { name: 'h', ...strings })
      .aggregate(
        () => '',
        (a, x) => `${a}+${x}`,
        (a, x) => `${a}-${x}`,
        { store: 'a', value: S },
      )
      .toStream()
      .to('a-out')
    words(b)
      .leftJoin(v, (x, y) => `${x}${y}`, { name: 'late', grace: 6, ...strings })
      .to('j-out', { value: S })
  }),
}

export const burstsVectors: VectorTopologies = { ...headers, ...burstVectors }
