/** Tables: joins, groupings, transformations. */
import type { ValueTransformer } from '../../../src/processor/processor.ts'
import type { KeyValueStore } from '../../../src/processor/state-store.ts'
import { stores } from '../../../src/state/stores.ts'
import { tableScenarioVectors } from './table-scenarios.ts'
import { dsl, pair, STRINGS, strings, type VectorTopologies } from './vector-topology.ts'

/** Remembers everything that it was given. */
function logged(): ValueTransformer<string, string, string> {
  let log: KeyValueStore<string, string>
  return {
    init(context) {
      log = context.getStateStore('log')
    },
    transform(value, key) {
      const before = log.get(key) ?? null
      log.put(key, `${before ?? ''}${value}`)
      return value === null ? null : `${before},${value}`
    },
  }
}

export const tablesVectors: VectorTopologies = {
  ...tableScenarioVectors,
  'table-table inner join': dsl((b) => {
    b.table('L', strings).join(b.table('R', strings), pair).toStream().to('out', strings)
  }),
  'table-table outer join': dsl((b) => {
    b.table('L', strings).outerJoin(b.table('R', strings), pair).toStream().to('out', strings)
  }),
  'table-table joins: tombstones on both sides, two keys, out-of-order': dsl((b) => {
    const l = b.table('L', strings)
    const r = b.table('R', strings)
    l.join(r, pair).toStream().to('inner', strings)
    l.leftJoin(r, pair).toStream().to('left', strings)
    l.outerJoin(r, pair).toStream().to('outer', strings)
  }),
  'table-table join: materialized and not, what queries see': dsl((b) => {
    const l = b.table('L', { ...strings, store: 'l' })
    const q = b.table('R', strings)
    const f = l.filter((v) => !v.startsWith('x'), { store: 'f' })
    f.join(
      q.mapValues((v) => `${v}!`),
      pair,
      { store: 'j', value: strings.value },
    )
      .toStream()
      .to('out')
    f.leftJoin(
      q.mapValues((v) => `${v}!`),
      pair,
    )
      .toStream()
      .to('outl', strings)
  }),
  'table count/reduce groupBy': dsl((b) => {
    const t = b.table('in', strings)
    t.groupBy((v, k) => [v, k], strings)
      .count()
      .toStream()
      .to('outc')
    t.groupBy((v, k) => [v, k], strings)
      .reduce(
        (a, v) => `${a}+${v}`,
        (a, v) => `${a}-${v}`,
      )
      .toStream()
      .to('outr')
  }),
  'table groupBy aggregate: moves, null group, out-of-order': dsl((b) => {
    b.table('in', strings)
      .groupBy((v) => [v.startsWith('-') ? null : v.slice(0, 1), v], { ...strings, name: 'first' })
      .aggregate(
        () => '',
        (a, v) => `${a}+${v}`,
        (a, v) => `${a}-${v}`,
        { name: 'agg', store: 'sums', value: strings.value },
      )
      .toStream()
      .to('out')
  }),
  'table transformValues with store': dsl((b) => {
    b.addStateStore(stores.keyValue('log', strings))
    b.table('in', strings)
      .transformValues(logged, { store: 'tv', value: strings.value, stores: ['log'] })
      .toStream()
      .to('out')
  }),
  'toTable: not materialized, materialized, joined': dsl((b) => {
    const t = b.stream('in', STRINGS).toTable(strings)
    const m = b.stream('in2', STRINGS).toTable({ name: 'tt', store: 'm', ...strings })
    t.toStream().to('plain')
    t.join(m, pair).toStream().to('joined', strings)
  }),
}
