/** Lookups of a stream's records in a global table. Kafka Streams: KStreamImpl.globalTableJoin. */
import type { Named } from '../../topology/options.ts'
import type { DslBuilder, GlobalKTablePart, KStreamPart } from '../dsl-builder.ts'
import { notAvailable } from '../not-available.ts'
import type { KStream } from '../streams.ts'

export function joinGlobalTable<K, VR>(
  _dsl: DslBuilder,
  _stream: KStreamPart,
  _table: GlobalKTablePart,
  _kind: 'inner' | 'left',
  _mappedKey: (...parameters: readonly never[]) => unknown,
  _joiner: (...parameters: readonly never[]) => unknown,
  _options: Named,
): KStream<K, VR> {
  return notAvailable('a join of a stream and a global table')
}
