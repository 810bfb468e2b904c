/** Updates of a table that are held back. Kafka Streams: KTableImpl.suppress. */
import type { DslBuilder, KTablePart } from './dsl-builder.ts'
import { notAvailable } from './not-available.ts'
import type { Suppression } from './options.ts'
import type { KTable } from './streams.ts'

export function suppressTable<K, V>(_dsl: DslBuilder, _table: KTablePart, _suppression: Suppression): KTable<K, V> {
  return notAvailable('suppress()')
}
