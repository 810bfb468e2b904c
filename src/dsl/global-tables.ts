/** Tables and stores that every instance holds completely. Kafka Streams: InternalStreamsBuilder.globalTable, addGlobalStore. */
import { TopologyError } from '../errors/topology-error.ts'
import type { OperatorSupplier } from '../processor/operator.ts'
import type { Processor } from '../processor/processor.ts'
import type { StoreBuilder } from '../processor/store-builder.ts'
import { bytesSerde } from '../serde/basic-serdes.ts'
import { checkOptions, consumedOptions } from '../topology/check-options.ts'
import { toOffsetReset, toTopics, type Consumed, type Named } from '../topology/options.ts'
import { processorOperator } from '../topology/processor-operator.ts'
import { specOf } from '../topology/topology.ts'
import type { GlobalStore, ProcessorNode, SourceNode } from '../topology/topology-node.ts'
import type { DslBuilder } from './dsl-builder.ts'
import { givenStoreName, tableStore } from './materialized.ts'
import { tableSourceOperator } from './operators/table-source.ts'
import { tableOptions } from './option-names.ts'
import type { Materialized } from './options.ts'
import type { GlobalKTable } from './global-ktable.ts'
import { SourceTable } from './table-supply.ts'

export function makeGlobalTable<K, V>(
  dsl: DslBuilder,
  topic: string,
  options: Consumed<K, V> & Omit<Materialized<K, V>, 'key' | 'value'>,
): GlobalKTable<K, V> {
  const givenName = givenStoreName(checkOptions('globalTable()', options, tableOptions))
  refuseVersioned(topic, options.store)
  const storeName = dsl.storeName(`${topic}-`, givenName, false)
  const names = nodeNames(dsl, options)
  const key = options.key ?? bytesSerde
  const value = options.value ?? bytesSerde
  const spec = tableStore(names.processor, storeName, options, { key, value })
  addGlobal(dsl, {
    source: sourceNode(names.source, topic, options),
    processor: processorNode(names, tableSourceOperator(new SourceTable(storeName, true)), options),
    spec,
    topic,
    restoredByProcessor: false,
  })
  return dsl.globalTable({ storeName, queryableStoreName: storeName, key, value })
}

export function addGlobalStore<K, V>(
  dsl: DslBuilder,
  store: StoreBuilder,
  topic: string,
  options: Consumed<K, V>,
  supplier: () => Processor<K, V, never, never>,
): void {
  checkOptions('addGlobalStore()', options, consumedOptions)
  const spec = specOf(store)
  const names = nodeNames(dsl, options)
  addGlobal(dsl, {
    source: sourceNode(names.source, topic, options),
    processor: processorNode(names, processorOperator(names.processor, supplier), options),
    spec,
    topic,
    restoredByProcessor: true,
  })
}

/** The topic is the changelog; what a store keeps of it has nobody to be forwarded to, so a cache would be of no use. */
function addGlobal(dsl: DslBuilder, global: GlobalStore): void {
  const spec = { ...global.spec, logging: false, caching: false }
  dsl.graph.add({ kind: 'globalSource', name: global.processor.name, parents: [], global: { ...global, spec } })
}

interface NodeNames {
  readonly source: string
  readonly processor: string
}

function nodeNames(dsl: DslBuilder, { name }: Named): NodeNames {
  return {
    source: dsl.nodeName('KSTREAM-SOURCE-', name, '-source'),
    processor: dsl.nodeName('KTABLE-SOURCE-', name),
  }
}

function processorNode(names: NodeNames, supplier: OperatorSupplier, { onProcessingError }: Named): ProcessorNode {
  const { source, processor: name } = names
  return { kind: 'processor', name, parents: [source], supplier, stores: [], onProcessingError }
}

function sourceNode<K, V>(name: string, topic: string, options: Consumed<K, V>): SourceNode {
  return {
    kind: 'source',
    name,
    topics: toTopics(name, topic),
    key: options.key,
    value: options.value,
    admitsNull: true,
    timestampExtractor: options.timestampExtractor,
    offsetReset: toOffsetReset(name, options.offsetReset),
    onDeserializationError: options.onDeserializationError,
  }
}

function refuseVersioned(topic: string, store: Materialized<never, never>['store']): void {
  if (store === undefined || typeof store === 'string' || store.spec.kind !== 'versioned') return
  throw new TopologyError(
    'MILLRACE_STORE_OPTION_INVALID',
    `globalTable(): store ${store.name} is versioned, and a global table has only the latest value of each key; use stores.timestampedKeyValue(), or table() for the history`,
    { storeName: store.name, topic },
  )
}
