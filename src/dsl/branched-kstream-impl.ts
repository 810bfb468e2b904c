/** BranchedKStream over the logical graph. Kafka Streams: BranchedKStreamImpl.java. */
import type { Named } from '../topology/options.ts'
import type { DslBuilder, KStreamPart } from './dsl-builder.ts'
import { notAvailable } from './not-available.ts'
import type { BranchedKStream } from './streams.ts'

export function splitStream<K, V>(_dsl: DslBuilder, _part: KStreamPart, _options: Named): BranchedKStream<K, V> {
  return notAvailable('split()')
}
