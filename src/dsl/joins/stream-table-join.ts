/** Lookups of a stream's records in a table. Kafka Streams: KStreamImpl.doStreamTableJoin. */
import type { AnySerde } from '../../serde/serde.ts'
import { checkOptions } from '../../topology/check-options.ts'
import { notAvailable } from '../not-available.ts'
import type { DslBuilder, KStreamPart, KTablePart } from '../dsl-builder.ts'
import { streamTableJoinOperator, type StreamTableJoin } from '../operators/stream-table-join.ts'
import { joinedOptions } from '../option-names.ts'
import type { Joined } from '../options.ts'
import type { KStream } from '../streams.ts'
import { repartitionForJoin } from './repartition-for-join.ts'

/** `otherValue` of the options has no effect, as in Java: the table has its serdes already. */
interface Options extends Omit<Joined<never, never, never>, 'key' | 'value'> {
  readonly key?: AnySerde | undefined
  readonly value?: AnySerde | undefined
}

export function joinTable<K, VR>(
  dsl: DslBuilder,
  stream: KStreamPart,
  table: KTablePart,
  kind: 'inner' | 'left',
  joiner: StreamTableJoin['joiner'],
  options: Options,
): KStream<K, VR> {
  const operator = kind === 'inner' ? 'join()' : 'leftJoin()'
  const { name: givenName, key, value, grace, onProcessingError } = checkOptions(operator, options, joinedOptions)
  if (grace !== undefined) notAvailable('a join of a stream and a table with grace')
  const serdeHint = ` of ${operator}`
  const parent = stream.repartitionRequired
    ? repartitionForJoin(dsl, stream, { givenName, key, value, serdeHint })
    : stream
  const sources = dsl.copartition(parent, table)
  const name = dsl.nodeName(kind === 'inner' ? 'KSTREAM-JOIN-' : 'KSTREAM-LEFTJOIN-', givenName)
  const view = table.supply.view()
  const node = dsl.graph.add({
    kind: 'operation',
    name,
    parents: [parent.node],
    wantsNullKeys: kind === 'left',
    supplier: streamTableJoinOperator({ kind, joiner, table: view }),
    ownStores: () => [],
    otherStores: view.storeNames,
    onProcessingError,
  })
  return dsl.stream({ name, node, key: key ?? parent.key, value: undefined, sources, repartitionRequired: false })
}
