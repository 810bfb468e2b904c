/** Joins of two streams within a time window. Kafka Streams: KStreamImplJoin.java. */
import type { DslBuilder, KStreamPart } from '../dsl-builder.ts'
import { notAvailable } from '../not-available.ts'
import type { StreamJoined } from '../options.ts'
import type { KStream } from '../streams.ts'
import type { JoinWindows } from '../windows.ts'

export function joinStreams<K, VR>(
  _dsl: DslBuilder,
  _left: KStreamPart,
  _right: KStreamPart,
  _kind: 'inner' | 'left' | 'outer',
  _joiner: (...parameters: readonly never[]) => unknown,
  _windows: JoinWindows,
  _options: StreamJoined<K, never, never>,
): KStream<K, VR> {
  return notAvailable('a join of two streams')
}
