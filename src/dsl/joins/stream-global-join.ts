/** Lookups of a stream's records in a global table. Kafka Streams: KStreamImpl.globalTableJoin. */
import type { Named } from '../../topology/options.ts'
import type { DslBuilder, GlobalKTablePart, KStreamPart } from '../dsl-builder.ts'
import { streamGlobalJoinOperator } from '../operators/stream-global-join.ts'
import { checkNamed } from '../option-names.ts'
import type { KStream } from '../streams.ts'

/** Every instance has the whole table, so nothing is repartitioned, and keys need not be partitioned alike. */
export function joinGlobalTable<K, VR>(
  dsl: DslBuilder,
  stream: KStreamPart,
  { storeName }: GlobalKTablePart,
  kind: 'inner' | 'left',
  mappedKey: (...parameters: readonly never[]) => unknown,
  joiner: (...parameters: readonly never[]) => unknown,
  options: Named,
): KStream<K, VR> {
  const isLeft = kind === 'left'
  checkNamed(isLeft ? 'leftJoin()' : 'join()', options)
  // The prefix of both kinds, as in Java.
  const name = dsl.nodeName('KSTREAM-LEFTJOIN-', options.name)
  const node = dsl.graph.add({
    kind: 'operation',
    name,
    parents: [stream.node],
    supplier: streamGlobalJoinOperator({ storeName, isLeft, mappedKey, joiner }),
    ownStores: () => [],
    otherStores: [],
    onProcessingError: options.onProcessingError,
    wantsNullKeys: isLeft,
  })
  return dsl.stream({ ...stream, name, node, value: undefined })
}
