/** KStream over the logical graph. Kafka Streams: KStreamImpl.java. */
import { TopologyError } from '../errors/topology-error.ts'
import type { OperatorSupplier } from '../processor/operator.ts'
import type { FixedKeyProcessor, Processor } from '../processor/processor.ts'
import type { RecordMetadata } from '../processor/record.ts'
import type { AnySerde } from '../serde/serde.ts'
import { checkOptions, processedOptions, producedOptions, checkFunction } from '../topology/check-options.ts'
import { checkName, checkTopicName } from '../topology/names.ts'
import type { Named, Processed, Produced } from '../topology/options.ts'
import { fixedKeyProcessorOperator, processorOperator } from '../topology/processor-operator.ts'
import { splitStores } from '../topology/topology.ts'
import { splitStream } from './branched-kstream-impl.ts'
import type { DslBuilder, KStreamPart } from './dsl-builder.ts'
import type { NodeId, Operation } from './graph.ts'
import { joinStream } from './joins/join-stream.ts'
import { givenStoreName, historyRetention, requireSerde, tableStore } from './materialized.ts'
import { filterOperator } from './operators/filter.ts'
import { flatMapValuesOperator } from './operators/flat-map-values.ts'
import { flatMapOperator } from './operators/flat-map.ts'
import { mapValuesOperator } from './operators/map-values.ts'
import { mapOperator } from './operators/map.ts'
import { passThrough } from './operators/pass-through.ts'
import { peekOperator } from './operators/peek.ts'
import { printAction } from './operators/print.ts'
import { selectKeyOperator } from './operators/select-key.ts'
import { tableSourceOperator } from './operators/table-source.ts'
import { checkNamed, checkTable, groupedOptions, printedOptions, repartitionedOptions } from './option-names.ts'
import type { Grouped, Materialized, Printed, Repartitioned } from './options.ts'
import { repartitionNode } from './repartition.ts'
import type { BranchedKStream, KGroupedStream, KStream, KTable } from './streams.ts'
import { SourceTable } from './table-supply.ts'

type Callback<K, V> = (value: V, key: K) => unknown
/** What an operator does to its input: which serdes stay known, and whether the partitioning still fits. */
type Keeps = 'all' | 'key' | 'value' | 'nothing'
type Changes = Operation['changes']

export class KStreamImpl<K, V> implements KStream<K, V> {
  readonly #dsl: DslBuilder
  readonly #part: KStreamPart

  constructor(dsl: DslBuilder, part: KStreamPart) {
    this.#dsl = dsl
    this.#part = part
  }

  filter<VR extends V>(predicate: (value: V, key: K) => value is VR, options?: Named): KStream<K, VR>
  filter(predicate: (value: V, key: K) => boolean, options?: Named): KStream<K, V>
  filter(predicate: Callback<K, V>, options: Named = {}): KStream<K, V> {
    return this.#operation(
      'KSTREAM-FILTER-',
      filterOperator(checkFunction('filter()', 'predicate', predicate), true),
      checkNamed('filter()', options),
      'all',
    )
  }

  filterNot(predicate: Callback<K, V>, options: Named = {}): KStream<K, V> {
    return this.#operation(
      'KSTREAM-FILTER-',
      filterOperator(checkFunction('filterNot()', 'predicate', predicate), false),
      checkNamed('filterNot()', options),
      'all',
    )
  }

  map<KR, VR>(mapper: Callback<K, V>, options: Named = {}): KStream<KR, VR> {
    return this.#operation(
      'KSTREAM-MAP-',
      mapOperator(checkFunction('map()', 'mapper', mapper)),
      checkNamed('map()', options),
      'nothing',
    )
  }

  flatMap<KR, VR>(mapper: Callback<K, V>, options: Named = {}): KStream<KR, VR> {
    return this.#operation(
      'KSTREAM-FLATMAP-',
      flatMapOperator(checkFunction('flatMap()', 'mapper', mapper)),
      checkNamed('flatMap()', options),
      'nothing',
    )
  }

  mapValues<VR>(mapper: Callback<K, V>, options: Named = {}): KStream<K, VR> {
    return this.#operation(
      'KSTREAM-MAPVALUES-',
      mapValuesOperator(checkFunction('mapValues()', 'mapper', mapper)),
      checkNamed('mapValues()', options),
      'key',
    )
  }

  flatMapValues<VR>(mapper: Callback<K, V>, options: Named = {}): KStream<K, VR> {
    return this.#operation(
      'KSTREAM-FLATMAPVALUES-',
      flatMapValuesOperator(checkFunction('flatMapValues()', 'mapper', mapper)),
      checkNamed('flatMapValues()', options),
      'key',
    )
  }

  selectKey<KR>(mapper: Callback<K, V>, options: Named = {}): KStream<KR, V> {
    return this.#operation(
      'KSTREAM-KEY-SELECT-',
      selectKeyOperator(checkFunction('selectKey()', 'mapper', mapper)),
      checkNamed('selectKey()', options),
      'value',
    )
  }

  peek(action: Callback<K, V>, options: Named = {}): KStream<K, V> {
    return this.#operation(
      'KSTREAM-PEEK-',
      peekOperator(checkFunction('peek()', 'action', action), 'peek callback'),
      checkNamed('peek()', options),
      'all',
    )
  }

  forEach(action: Callback<K, V>, options: Named = {}): void {
    this.#operation(
      'KSTREAM-FOREACH-',
      peekOperator(checkFunction('forEach()', 'action', action), 'forEach callback'),
      checkNamed('forEach()', options),
      'all',
    )
  }

  print(options: Printed<K, V> = {}): void {
    checkOptions('print()', options, printedOptions)
    const action = printAction(options.label ?? this.#part.name, options)
    this.#operation('KSTREAM-PRINTER-', peekOperator(action, 'print callback'), options, 'all')
  }

  merge(other: KStream<K, V>, options: Named = {}): KStream<K, V> {
    const [one, two] = [this.#part, this.#dsl.require('merge()', 'stream', other)]
    const name = this.#dsl.nodeName('KSTREAM-MERGE-', checkNamed('merge()', options).name)
    const node = this.#dsl.graph.add({
      kind: 'operation',
      name,
      parents: one.node === two.node ? [one.node] : [one.node, two.node],
      changes: 'nothing',
      isMerge: true,
      supplier: passThrough,
      ownStores: () => [],
      otherStores: [],
      onProcessingError: options.onProcessingError,
    })
    return this.#dsl.stream({
      name,
      node,
      key: one.key === two.key ? one.key : undefined,
      value: one.value === two.value ? one.value : undefined,
      sources: new Set([...one.sources, ...two.sources]),
      repartitionRequired: one.repartitionRequired || two.repartitionRequired,
    })
  }

  repartition(options: Repartitioned<K, V> | Repartitioned<NonNullable<K>, NonNullable<V>> = {}): KStream<K, V> {
    checkOptions('repartition()', options, repartitionedOptions)
    const base = options.name === undefined ? undefined : checkName(options.name)
    const node = repartitionNode(this.#dsl, {
      parent: this.#part.node,
      base: base ?? this.#dsl.nodeName('KSTREAM-REPARTITION-'),
      baseIsGiven: base !== undefined,
      key: options.key ?? this.#part.key,
      value: options.value ?? this.#part.value,
      serdeHint: ' of repartition()',
      partitions: checkPartitions(options.partitions),
      partitioner: options.partitioner,
      onProductionError: options.onProductionError,
      isMergeable: false,
    })
    return this.#dsl.stream({
      name: node.name,
      node: this.#dsl.graph.add(node),
      key: node.key,
      value: node.value,
      sources: new Set([node.name]),
      repartitionRequired: false,
    })
  }

  to(
    topic: string | ((value: V, key: K, context: RecordMetadata) => string),
    options: Produced<NonNullable<K>, NonNullable<V>> = {},
  ): void {
    const name = this.#dsl.nodeName('KSTREAM-SINK-', checkOptions('to()', options, producedOptions).name)
    const user = typeof topic === 'string' ? `topic ${topic}` : 'the topic that it chooses'
    this.#dsl.graph.add({
      kind: 'sink',
      name,
      parents: [this.#part.node],
      sink: {
        topic: checkTopic(name, topic, this.#dsl.shape.compatibility === 'java'),
        topicLabel: options.topicLabel,
        key: requireSerde(name, user, 'key', options.key ?? this.#part.key, ' of to()'),
        value: requireSerde(name, user, 'value', options.value ?? this.#part.value, ' of to()'),
        partitioner: options.partitioner,
        partitionsByInnerKey: true,
        onProductionError: options.onProductionError,
      },
    })
  }

  toTable(options: Named & Materialized<NonNullable<K>, NonNullable<V>> = {}): KTable<NonNullable<K>, NonNullable<V>> {
    const name = this.#dsl.nodeName('KSTREAM-TOTABLE-', checkTable('toTable()', options).name)
    const givenName = givenStoreName(options)
    const storeName = this.#dsl.storeName('KSTREAM-TOTABLE-', givenName, options.logging !== false)
    const serdes = { key: options.key ?? this.#part.key, value: options.value ?? this.#part.value }
    const parent = this.#part.repartitionRequired ? this.#repartitionForTable(name, options, serdes) : this.#part
    const supply = new SourceTable(storeName, givenName !== undefined, historyRetention(options))
    const store = (): ReturnType<typeof tableStore> => tableStore(name, storeName, options, serdes)
    const spec = givenName === undefined ? undefined : store()
    const node = this.#dsl.graph.add({
      kind: 'operation',
      name,
      parents: [parent.node],
      supplier: tableSourceOperator(supply),
      ownStores: () => (supply.isStored ? [spec ?? store()] : []),
      otherStores: [],
      onProcessingError: options.onProcessingError,
    })
    return this.#dsl.table({
      name,
      node,
      ...serdes,
      sources: parent.sources,
      queryableStoreName: givenName,
      supply,
    })
  }

  groupByKey(
    options: Grouped<NonNullable<K>, V> | Grouped<NonNullable<K>, NonNullable<V>> = {},
  ): KGroupedStream<NonNullable<K>, V> {
    checkOptions('groupByKey()', options, groupedOptions)
    return this.#dsl.grouped({
      ...this.#part,
      key: options.key ?? this.#part.key,
      value: options.value ?? this.#part.value,
      givenName: options.name === undefined ? undefined : checkName(options.name),
    })
  }

  groupBy<KR>(
    mapper: Callback<K, V>,
    options: Grouped<NonNullable<KR>, V> | Grouped<NonNullable<KR>, NonNullable<V>> = {},
  ): KGroupedStream<NonNullable<KR>, V> {
    const name = this.#dsl.nodeName('KSTREAM-KEY-SELECT-', checkOptions('groupBy()', options, groupedOptions).name)
    return this.#dsl.grouped({
      name,
      node: this.#addOperation(name, selectKeyOperator(checkFunction('groupBy()', 'mapper', mapper)), options, 'key'),
      key: options.key,
      value: options.value ?? this.#part.value,
      sources: this.#part.sources,
      repartitionRequired: true,
      givenName: options.name,
    })
  }

  process<KR, VR>(supplier: () => Processor<K, V, KR, VR>, options: Processed = {}): KStream<KR, VR> {
    const name = this.#processorName('KSTREAM-PROCESSOR-', checkOptions('process()', options, processedOptions))
    return this.#processed(name, processorOperator(name, supplier), options, 'nothing')
  }

  processValues<VR>(supplier: () => FixedKeyProcessor<K, V, VR>, options: Processed = {}): KStream<K, VR> {
    const name = this.#processorName(
      'KSTREAM-PROCESSVALUES-',
      checkOptions('processValues()', options, processedOptions),
    )
    return this.#processed(name, fixedKeyProcessorOperator(name, supplier), options, 'key')
  }

  split(options: Named = {}): BranchedKStream<K, V> {
    return splitStream(this.#dsl, this.#part, options)
  }

  join<VR>(...[other, ...rest]: readonly [other: unknown, ...rest: readonly unknown[]]): KStream<K, VR> {
    return joinStream(this.#dsl, this.#part, 'inner', other, rest)
  }

  leftJoin<VR>(...[other, ...rest]: readonly [other: unknown, ...rest: readonly unknown[]]): KStream<K, VR> {
    return joinStream(this.#dsl, this.#part, 'left', other, rest)
  }

  outerJoin<VR>(...[other, ...rest]: readonly [other: unknown, ...rest: readonly unknown[]]): KStream<K, VR> {
    return joinStream(this.#dsl, this.#part, 'outer', other, rest)
  }

  #operation<KR, VR>(prefix: string, supplier: OperatorSupplier, options: Named, keeps: Keeps): KStream<KR, VR> {
    const name = this.#dsl.nodeName(prefix, options.name)
    return this.#stream(name, this.#addOperation(name, supplier, options, changesOf(keeps)), keeps)
  }

  #addOperation(name: string, supplier: OperatorSupplier, options: Processed, changes: Changes): NodeId {
    const { names, builders } = splitStores(options.stores)
    return this.#dsl.graph.add({
      kind: 'operation',
      name,
      parents: [this.#part.node],
      changes,
      supplier,
      ownStores: () => builders.map(({ spec }) => spec),
      otherStores: names,
      onProcessingError: options.onProcessingError,
    })
  }

  #stream<KR, VR>(name: string, node: NodeId, keeps: Keeps): KStream<KR, VR> {
    const { key, value, sources, repartitionRequired } = this.#part
    const keepsKey = keeps === 'all' || keeps === 'key'
    return this.#dsl.stream({
      name,
      node,
      key: keepsKey ? key : undefined,
      value: keeps === 'all' || keeps === 'value' ? value : undefined,
      sources,
      repartitionRequired: repartitionRequired || !keepsKey,
    })
  }

  /** Unlike everywhere else, an explicit name uses up no index here. */
  #processorName(prefix: string, { name }: Named): string {
    return name === undefined ? this.#dsl.nodeName(prefix) : this.#dsl.givenNodeName(prefix, name)
  }

  #processed<KR, VR>(name: string, supplier: OperatorSupplier, options: Processed, keeps: Keeps): KStream<KR, VR> {
    return this.#stream(name, this.#addOperation(name, supplier, options, this.#changesOfProcessor(keeps)), keeps)
  }

  /**
   * differs from Java (#merged-repartition-topics), which optimises as if processors changed nothing (KAFKA-19668), and so
   * may repartition records before a processor has changed their keys.
   */
  #changesOfProcessor(keeps: Keeps): Changes {
    return this.#dsl.shape.compatibility === 'java' ? 'nothing' : changesOf(keeps)
  }

  #repartitionForTable(
    name: string,
    options: Named,
    serdes: { readonly key: AnySerde | undefined; readonly value: AnySerde | undefined },
  ): { readonly node: NodeId; readonly sources: ReadonlySet<string> } {
    const node = repartitionNode(this.#dsl, {
      parent: this.#part.node,
      base: name,
      baseIsGiven: options.name !== undefined,
      ...serdes,
      serdeHint: ' of toTable()',
    })
    return { node: this.#dsl.graph.add(node), sources: new Set([node.name]) }
  }
}

function changesOf(keeps: Keeps): Changes {
  if (keeps === 'all') return 'nothing'
  return keeps === 'key' ? 'value' : 'key'
}

/** Java's test driver takes topics that no broker could have. */
function checkTopic<T>(node: string, topic: string | T, asJava: boolean): string | T {
  if (typeof topic === 'function') return topic
  if (typeof topic === 'string' && topic !== '') {
    if (!asJava) checkTopicName(node, topic)
    return topic
  }
  throw new TopologyError(
    'MILLRACE_OPTION_INVALID',
    `node ${node}: to() takes the name of a topic, or a function that returns one, found ${JSON.stringify(topic)}`,
    { node },
  )
}

function checkPartitions(partitions: number | undefined): number | undefined {
  if (partitions === undefined || (Number.isInteger(partitions) && partitions > 0)) return partitions
  throw new TopologyError(
    'MILLRACE_OPTION_INVALID',
    `repartition(): partitions is a positive integer, found ${JSON.stringify(partitions)}`,
  )
}
