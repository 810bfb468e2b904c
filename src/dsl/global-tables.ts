/** Tables that every instance holds completely. Kafka Streams: InternalStreamsBuilder.globalTable, addGlobalStore. */
import type { Consumed } from '../topology/options.ts'
import type { DslBuilder } from './dsl-builder.ts'
import { notAvailable } from './not-available.ts'
import type { Materialized } from './options.ts'
import type { GlobalKTable } from './streams.ts'

export function makeGlobalTable<K, V>(
  _dsl: DslBuilder,
  _topic: string,
  _options: Consumed<K, V> & Omit<Materialized<K, V>, 'key' | 'value'>,
): GlobalKTable<K, V> {
  return notAvailable('globalTable()')
}
