/** Foreign-key joins and suppress. */
import { firstLetter, foreignKeyVectors, whole } from './foreign-keys.ts'
import { suppressVectors } from './suppress.ts'
import { dsl, pair, strings, type VectorTopologies } from './vector-topology.ts'

export const fkSuppressVectors: VectorTopologies = {
  'fk inner join': dsl((b) =>
    b.table('L', strings).joinOn(b.table('R', strings), whole, pair, { value: strings.value }).toStream().to('out'),
  ),
  'fk left join named+materialized': dsl((b) =>
    b
      .table('L', strings)
      .leftJoinOn(b.table('R', strings), whole, pair, { name: 'fk', store: 'res', value: strings.value })
      .toStream()
      .to('out'),
  ),
  'fk inner join: several lefts per right, moves, tombstones, out-of-order': dsl((b) =>
    b
      .table('L', strings)
      .joinOn(b.table('R', strings), firstLetter, pair, { store: 'res', value: strings.value })
      .toStream()
      .to('out'),
  ),
  ...foreignKeyVectors,
  ...suppressVectors,
}
