/** Values of a table replaced by a transformer with state. Kafka Streams: KTableImpl.doTransformValues. */
import type { ValueTransformer } from '../processor/processor.ts'
import type { Processed } from '../topology/options.ts'
import type { DslBuilder, KTablePart } from './dsl-builder.ts'
import type { AnyMaterialized } from './materialized.ts'
import { notAvailable } from './not-available.ts'
import type { KTable } from './streams.ts'

export function transformTableValues<K, V, VR>(
  _dsl: DslBuilder,
  _table: KTablePart,
  _supplier: () => ValueTransformer<K, V, VR>,
  _options: Processed & AnyMaterialized,
): KTable<K, VR> {
  return notAvailable('transformValues()')
}
