/** Joins of two tables by a foreign key (KIP-213). Kafka Streams: KTableImpl.doJoinOnForeignKey. */
import type { DslBuilder, KTablePart } from '../dsl-builder.ts'
import type { AnyMaterialized } from '../materialized.ts'
import { notAvailable } from '../not-available.ts'
import type { TableJoined } from '../options.ts'
import type { KTable } from '../streams.ts'

export function joinOnForeignKey<K, KO, VR>(
  _dsl: DslBuilder,
  _left: KTablePart,
  _right: KTablePart,
  _kind: 'inner' | 'left',
  _foreignKey: (...parameters: readonly never[]) => unknown,
  _joiner: (...parameters: readonly never[]) => unknown,
  _options: TableJoined<K, KO> & AnyMaterialized,
): KTable<K, VR> {
  return notAvailable('a join of two tables on a foreign key')
}
