/** Joins of two tables by their keys. Kafka Streams: KTableImpl.doJoin. */
import type { DslBuilder, KTablePart } from '../dsl-builder.ts'
import type { AnyMaterialized } from '../materialized.ts'
import { notAvailable } from '../not-available.ts'
import type { KTable } from '../streams.ts'
import type { Named } from '../../topology/options.ts'

export function joinTables<K, VR>(
  _dsl: DslBuilder,
  _left: KTablePart,
  _right: KTablePart,
  _kind: 'inner' | 'left' | 'outer',
  _joiner: (...parameters: readonly never[]) => unknown,
  _options: Named & AnyMaterialized,
): KTable<K, VR> {
  return notAvailable('a join of two tables')
}
