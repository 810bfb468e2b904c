/** KGroupedTable over the logical graph. Kafka Streams: KTableImpl.groupBy, KGroupedTableImpl.java. */
import { int64Serde } from '../serde/number-serdes.ts'
import type { AnySerde } from '../serde/serde.ts'
import { checkOptions, checkFunction } from '../topology/check-options.ts'
import type { Named } from '../topology/options.ts'
import { changedSerde } from './changed-serde.ts'
import type { DslBuilder, KGroupedTablePart, KTablePart } from './dsl-builder.ts'
import type { NodeId } from './graph.ts'
import { givenStoreName, requireSerde, tableStore, type AnyMaterialized } from './materialized.ts'
import { tableAggregateOperator, type TableAggregation } from './operators/table-aggregate.ts'
import { tableRegroupOperator, type Regrouping } from './operators/table-regroup.ts'
import { checkTable, groupedOptions } from './option-names.ts'
import type { Grouped, Materialized, Sync } from './options.ts'
import type { KGroupedTable, KTable } from './streams.ts'
import { StoredTable } from './table-supply.ts'

type Options = Named & AnyMaterialized

interface Serdes {
  /** The aggregate's, unless the options give another. */
  readonly value: AnySerde | undefined
  /** Of the rows on the internal topic. */
  readonly row: AnySerde | undefined
}

export function groupTable<K, V>(
  dsl: DslBuilder,
  table: KTablePart,
  mapper: (value: never, key: never) => unknown,
  options: Grouped<K, V>,
): KGroupedTable<K, V> {
  checkFunction('groupBy()', 'mapper', mapper)
  const { name: givenName } = checkOptions('groupBy()', options, groupedOptions)
  const name = dsl.nodeName('KTABLE-SELECT-', givenName)
  const regrouping: Regrouping = { mapper, skipsOlder: table.supply.isVersioned, target: undefined }
  const node = dsl.graph.add({
    kind: 'operation',
    name,
    parents: [table.node],
    supplier: tableRegroupOperator(regrouping),
    ownStores: () => [],
    otherStores: [],
    onProcessingError: options.onProcessingError,
  })
  // What leaves a group is its old value.
  table.supply.demandOldValues(true)
  const { sources } = table
  return dsl.groupedTable({ name, node, key: options.key, value: options.value, sources, givenName, regrouping })
}

export class KGroupedTableImpl<K, V> implements KGroupedTable<K, V> {
  readonly #dsl: DslBuilder
  readonly #part: KGroupedTablePart
  /** Shared by the aggregations of one grouping that was given a name. */
  #sharedRepartition: { readonly node: NodeId; readonly name: string } | undefined

  constructor(dsl: DslBuilder, part: KGroupedTablePart) {
    this.#dsl = dsl
    this.#part = part
  }

  count(options: Named & Materialized<K, number> = {}): KTable<K, number> {
    checkTable('count()', options)
    return this.#aggregate('KTABLE-AGGREGATE-', counting, options, { value: int64Serde, row: this.#part.value })
  }

  reduce(
    adder: (aggregate: V, value: V) => Sync<V> | null,
    subtractor: (aggregate: V, value: V) => Sync<V> | null,
    options: Named & Materialized<K, V> = {},
  ): KTable<K, V> {
    checkTable('reduce()', options)
    const aggregation = aggregationOf('reduce()', undefined, adder, subtractor)
    const { value } = this.#part
    return this.#aggregate('KTABLE-REDUCE-', aggregation, options, { value, row: value ?? options.value })
  }

  aggregate<VA>(
    initializer: () => VA,
    adder: (aggregate: VA, value: V, key: K) => Sync<VA> | null,
    subtractor: (aggregate: VA, value: V, key: K) => Sync<VA> | null,
    options: Named & Materialized<K, VA> = {},
  ): KTable<K, VA> {
    checkTable('aggregate()', options)
    checkFunction('aggregate()', 'initializer', initializer)
    const aggregation = aggregationOf('aggregate()', initializer, adder, subtractor)
    return this.#aggregate('KTABLE-AGGREGATE-', aggregation, options, { value: undefined, row: this.#part.value })
  }

  #aggregate<VA>(prefix: string, aggregation: TableAggregation, options: Options, serdes: Serdes): KTable<K, VA> {
    const givenName = givenStoreName(options)
    // The prefix of reduce's stores, too.
    const storeName = this.#dsl.storeName('KTABLE-AGGREGATE-', givenName, options.logging !== false)
    const key = this.#part.key ?? options.key
    const sinkName = this.#dsl.nodeName('KSTREAM-SINK-', options.name, '-sink')
    const sourceName = this.#dsl.nodeName('KSTREAM-SOURCE-', options.name, '-source')
    const name = this.#dsl.nodeName(prefix, options.name)
    const parent = this.#repartition(sinkName, sourceName, storeName, key, serdes.row)
    const spec = tableStore(name, storeName, options, { key, value: serdes.value })
    if (givenName === undefined && this.#part.givenName === undefined) {
      this.#dsl.generated.repartitionTopics.push(`${storeName}-repartition`)
    }
    const supply = new StoredTable(storeName, spec.historyRetentionMs)
    const node = this.#dsl.graph.add({
      kind: 'operation',
      name,
      parents: [parent.node],
      supplier: tableAggregateOperator(aggregation, supply),
      ownStores: () => [spec],
      otherStores: [],
      onProcessingError: options.onProcessingError,
    })
    return this.#dsl.table({
      name,
      node,
      key: spec.key,
      value: spec.value,
      sources: new Set([parent.name]),
      queryableStoreName: givenName,
      supply,
    })
  }

  #repartition(
    sinkName: string,
    name: string,
    storeName: string,
    key: AnySerde | undefined,
    row: AnySerde | undefined,
  ): { readonly node: NodeId; readonly name: string } {
    const shared = this.#sharedRepartition
    if (shared !== undefined && this.#part.givenName !== undefined) {
      this.#dsl.graph.renew(shared.node)
      return shared
    }
    const topic = `${this.#part.givenName ?? storeName}-repartition`
    const user = `repartition topic ${topic}`
    const keySerde = requireSerde(sinkName, user, 'key', key, ' of groupBy()')
    const value = changedSerde(requireSerde(sinkName, user, 'value', row, ' of groupBy()'))
    this.#part.regrouping.target ??= { topic, key: keySerde }
    const parents = [this.#part.node]
    const node = this.#dsl.graph.add({ kind: 'tableRepartition', name, sinkName, parents, topic, key: keySerde, value })
    this.#sharedRepartition = { node, name }
    return this.#sharedRepartition
  }
}

const counting: TableAggregation = {
  initialize: () => 0,
  add: (count) => (count as number) + 1,
  subtract: (count) => (count as number) - 1,
}

function aggregationOf(
  operator: string,
  initialize: (() => unknown) | undefined,
  adder: (aggregate: never, value: never, key: never) => unknown,
  subtractor: (aggregate: never, value: never, key: never) => unknown,
): TableAggregation {
  checkFunction(operator, 'adder', adder)
  checkFunction(operator, 'subtractor', subtractor)
  return {
    initialize,
    add: adder as TableAggregation['add'],
    subtract: subtractor as TableAggregation['subtract'],
  }
}
