/** Groups by time: windows and sessions. Kafka Streams: TimeWindowedKStreamImpl.java and its siblings. */
import type { DslBuilder, KGroupedStreamPart } from './dsl-builder.ts'
import { notAvailable } from './not-available.ts'
import type { CogroupedKStream, SessionWindowedKStream, TimeWindowedKStream } from './streams.ts'
import type { SessionWindows, SlidingWindows, TimeWindows } from './windows.ts'

export function windowByTime<K, V>(
  _dsl: DslBuilder,
  _part: KGroupedStreamPart,
  _windows: TimeWindows | SlidingWindows,
): TimeWindowedKStream<K, V> {
  return notAvailable('windowedBy()')
}

export function windowBySession<K, V>(
  _dsl: DslBuilder,
  _part: KGroupedStreamPart,
  _windows: SessionWindows,
): SessionWindowedKStream<K, V> {
  return notAvailable('windowedBy()')
}

export function cogroupStream<K, VA>(
  _dsl: DslBuilder,
  _part: KGroupedStreamPart,
  _aggregator: (...parameters: readonly never[]) => unknown,
): CogroupedKStream<K, VA> {
  return notAvailable('cogroup()')
}
