/** Stream-table joins, versioned tables and the rest of the Processor API. */
import { dsl, pair, STRINGS, strings, type VectorTopologies } from './vector-topology.ts'

export const streamTableVectors: VectorTopologies = {
  'stream-table left join': dsl((b) => b.stream('L', STRINGS).leftJoin(b.table('R', strings), pair).to('out', strings)),
  'headers through map, aggregate, join, repartition': dsl((b) => {
    const s = b.stream('in', STRINGS)
    s.mapValues((v) => `${v}!`).to('mapped', strings)
    s.groupBy((v) => v, strings)
      .count({ store: 'c' })
      .toStream()
      .to('counts')
    s.join(b.table('t', strings), pair).to('joined', strings)
  }),
}
