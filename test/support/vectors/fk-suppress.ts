/** Foreign-key joins and suppress. */
import { dsl, pair, strings, type VectorTopologies } from './vector-topology.ts'

/** In these scenarios the left value is the foreign key, and `nul` stands for none. */
function foreignKey(value: string): string | null {
  return value === 'nul' ? null : value
}

function firstLetter(value: string): string | null {
  return value === 'nul' ? null : value.slice(0, 1)
}

export const fkSuppressVectors: VectorTopologies = {
  'fk inner join': dsl((b) =>
    b
      .table('L', strings)
      .joinOn(b.table('R', strings), foreignKey, pair, { value: strings.value })
      .toStream()
      .to('out'),
  ),
  'fk left join named+materialized': dsl((b) =>
    b
      .table('L', strings)
      .leftJoinOn(b.table('R', strings), foreignKey, pair, { name: 'fk', store: 'res', value: strings.value })
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
}
