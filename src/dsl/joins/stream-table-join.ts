/** Lookups of a stream's records in a table. Kafka Streams: KStreamImpl.doStreamTableJoin. */
import type { DslBuilder, KStreamPart, KTablePart } from '../dsl-builder.ts'
import { notAvailable } from '../not-available.ts'
import type { Joined } from '../options.ts'
import type { KStream } from '../streams.ts'

export function joinTable<K, VR>(
  _dsl: DslBuilder,
  _stream: KStreamPart,
  _table: KTablePart,
  _kind: 'inner' | 'left',
  _joiner: (...parameters: readonly never[]) => unknown,
  _options: Joined<K, never, never>,
): KStream<K, VR> {
  return notAvailable('a join of a stream and a table')
}
