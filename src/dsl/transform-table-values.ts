/** Values of a table replaced by a transformer with state. Kafka Streams: KTableImpl.doTransformValues. */
import { TopologyError } from '../errors/topology-error.ts'
import type { ValueTransformer } from '../processor/processor.ts'
import { checkOptions, processedOptions } from '../topology/check-options.ts'
import type { Processed } from '../topology/options.ts'
import { splitStores } from '../topology/topology.ts'
import type { DslBuilder, KTablePart } from './dsl-builder.ts'
import { givenStoreName, historyRetention, tableStore, type AnyMaterialized } from './materialized.ts'
import { tableTransformOperator } from './operators/table-transform-values.ts'
import { materializedOptions } from './option-names.ts'
import type { KTable } from './streams.ts'
import { TransformedTable, type AnyTransformer } from './transformed-table.ts'

export function transformTableValues<K, V, VR>(
  dsl: DslBuilder,
  table: KTablePart,
  supplier: () => ValueTransformer<K, V, VR>,
  options: Processed & AnyMaterialized,
): KTable<K, VR> {
  checkOptions('transformValues()', options, { ...processedOptions, ...materializedOptions })
  const name = dsl.nodeName('KTABLE-TRANSFORMVALUES-', options.name)
  checkSupplier(name, supplier)
  const key = options.key ?? table.key
  const { value } = options
  const storeName = givenStoreName(options)
  const given = splitStores(options.stores)
  const ownStores = given.builders.map(({ spec }) => spec)
  if (storeName !== undefined) ownStores.unshift(tableStore(name, storeName, options, { key, value: undefined }))
  const transformer = supplier as () => AnyTransformer
  const supply = new TransformedTable(table.supply, storeName, transformer, historyRetention(options))
  const node = dsl.graph.add({
    kind: 'operation',
    name,
    parents: [table.node],
    supplier: tableTransformOperator(supply),
    ownStores: () => ownStores,
    otherStores: given.names,
    onProcessingError: options.onProcessingError,
  })
  return dsl.table({ name, node, key, value, sources: table.sources, queryableStoreName: storeName, supply })
}

/**
 * Tasks, and readers of the table, must not share a transformer's fields, so a supplier is tried twice. differs from Java
 * (#shared-transformers), which tries those of processors only.
 */
function checkSupplier(node: string, supplier: () => unknown): void {
  const refuse = (fault: string): never => {
    throw new TopologyError('MILLRACE_SUPPLIER_INVALID', `node ${node}: the supplier of transformValues() ${fault}`, {
      node,
    })
  }
  if (typeof supplier !== 'function') return refuse('is not a function; pass () => new MyTransformer()')
  const first = supplier() as { transform?: unknown } | null | undefined
  if (typeof first !== 'object' || first === null || typeof first.transform !== 'function') {
    return refuse('does not return an object with a transform method')
  }
  if (first === supplier())
    refuse('returned the same object twice, and every task needs its own; make a new one in each call')
}
