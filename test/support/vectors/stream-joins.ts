/** Stream-stream joins and the optimiser: of PublicScenarios.java and of StreamJoinScenarios.java. */
import { joinWithin } from '../../../src/dsl/windows.ts'
import { joinFormVectors } from './stream-join-forms.ts'
import { joinWindowVectors } from './stream-join-windows.ts'
import { optimizerVectors } from './optimizer.ts'
import { selfJoinVectors } from './self-joins.ts'
import { dsl, pair, STRINGS, strings, type VectorTopologies } from './vector-topology.ts'

const publicVectors: VectorTopologies = {
  'stream-stream inner join w15 g5': dsl((b) =>
    b
      .stream('L', STRINGS)
      .join(b.stream('R', STRINGS), pair, joinWithin({ difference: 15, grace: 5 }))
      .to('out', strings),
  ),
  'stream-stream outer join w15 g5': dsl((b) =>
    b
      .stream('L', STRINGS)
      .outerJoin(b.stream('R', STRINGS), pair, joinWithin({ difference: 15, grace: 5 }))
      .to('out', strings),
  ),
  'stream-stream inner join before/after asymmetric': dsl((b) =>
    b
      .stream('L', STRINGS)
      .join(b.stream('R', STRINGS), pair, joinWithin({ before: 0, after: 5 }))
      .to('out', strings),
  ),
  'self join optimized': dsl((b) => {
    const s = b.stream('L', STRINGS)
    s.join(s, pair, joinWithin({ difference: 10 })).to('out', strings)
  }),
  'stream-stream join named': dsl((b) =>
    b
      .stream('L', STRINGS)
      .selectKey((v) => v)
      .outerJoin(
        b.stream('R', STRINGS).selectKey((v) => v),
        pair,
        joinWithin({ difference: 10 }),
        { ...STRINGS, otherValue: STRINGS.value, name: 'jn', store: 'js' },
      )
      .to('out', strings),
  ),
  'stream-stream left join: several keys, order of expiry': dsl((b) =>
    b
      .stream('L', STRINGS)
      .leftJoin(b.stream('R', STRINGS), pair, joinWithin({ difference: 10 }))
      .to('out', strings),
  ),
  'stream-stream outer join before 5 after 15': dsl((b) =>
    b
      .stream('L', STRINGS)
      .outerJoin(b.stream('R', STRINGS), pair, joinWithin({ before: 5, after: 15, grace: 2 }))
      .to('out', strings),
  ),
  'stream-stream inner join: several keys, out-of-order, equal timestamps, expiry': dsl((b) =>
    b
      .stream('L', STRINGS)
      .join(b.stream('R', STRINGS), pair, joinWithin({ difference: 10, grace: 5 }))
      .to('out', strings),
  ),
  'repartition x3 optimized': dsl((b) => {
    const m = b.stream('in', STRINGS).map((v, k) => [v, k] as const)
    m.groupByKey(strings).count().toStream().to('c')
    m.groupByKey(strings)
      .reduce((a, v) => `${a}${v}`)
      .toStream()
      .to('r')
    m.join(b.table('tbl', strings), pair, STRINGS).to('j', strings)
  }),
  'error: join window before the start': dsl(() => void joinWithin({ before: -6, after: 5 }), {
    error: 'MILLRACE_OPTION_INVALID',
  }),
}

export const streamJoinsVectors: VectorTopologies = {
  ...publicVectors,
  ...joinWindowVectors,
  ...joinFormVectors,
  ...selfJoinVectors,
  ...optimizerVectors,
}
