/**
 * From a grouped stream to the table of an aggregation: names in Java's order, the repartition topic where the key has
 * changed, the store and the node. One object per grouping, because the aggregations of a grouping that was given a name
 * share its repartition topic. Kafka Streams: GroupedStreamAggregateBuilder.java.
 */
import type { OperatorSupplier } from '../processor/operator.ts'
import type { StoreSpec } from '../processor/store-builder.ts'
import type { AnySerde } from '../serde/serde.ts'
import type { Named } from '../topology/options.ts'
import type { DslBuilder, KGroupedStreamPart } from './dsl-builder.ts'
import type { NodeId } from './graph.ts'
import { givenStoreName, tableStore, type AnyMaterialized, type InheritedSerdes } from './materialized.ts'
import { aggregateOperator, type Aggregation } from './operators/aggregate.ts'
import { repartitionNode, type NewRepartition } from './repartition.ts'
import type { KTable } from './streams.ts'
import { StoredTable, type TableSupply } from './table-supply.ts'

export type AggregateOptions = Named & AnyMaterialized

/** A kind of table that an aggregation can make: with or without windows. */
export interface AggregateTable {
  readonly spec: StoreSpec
  readonly supply: TableSupply
  /** Of the table's keys, which may be windowed. */
  readonly key: AnySerde
  /** How long after its end a window takes records. */
  readonly graceMs?: number
  operator<K, V>(aggregation: Aggregation<K, V>): OperatorSupplier
}

export type MakeTable = (
  node: string,
  storeName: string,
  options: AggregateOptions,
  serdes: InheritedSerdes,
) => AggregateTable

export interface AggregateRequest<K, V> {
  readonly prefix: string
  readonly aggregation: Aggregation<K, V>
  readonly options: AggregateOptions
  /** Of the aggregate, unless the options give another. */
  readonly value: AnySerde | undefined
  /** Of the repartition topic, where the grouping does not know it. */
  readonly input?: AnySerde | undefined
  readonly makeTable: MakeTable
}

interface Parent {
  readonly node: NodeId
  readonly sources: ReadonlySet<string>
}

export class GroupedAggregation {
  readonly dsl: DslBuilder
  readonly part: KGroupedStreamPart
  #sharedRepartition: Parent | undefined

  constructor(dsl: DslBuilder, part: KGroupedStreamPart) {
    this.dsl = dsl
    this.part = part
  }

  build<K, V, KR, VR>({
    prefix,
    aggregation,
    options,
    value,
    input,
    makeTable,
  }: AggregateRequest<K, V>): KTable<KR, VR> {
    const givenName = givenStoreName(options)
    const storeName = this.dsl.storeName(prefix, givenName, options.logging !== false)
    const name = this.dsl.nodeName(prefix, options.name)
    const key = options.key ?? this.part.key
    const parent = this.part.repartitionRequired
      ? this.#repartition(storeName, givenName !== undefined, key, this.part.value ?? input)
      : this.part
    const table = makeTable(name, storeName, options, { key, value })
    const node = this.dsl.graph.add({
      kind: 'operation',
      name,
      parents: [parent.node],
      supplier: table.operator(aggregation),
      ownStores: () => [table.spec],
      otherStores: [],
      ...(table.graceMs !== undefined && { graceMs: table.graceMs }),
      onProcessingError: options.onProcessingError,
    })
    return this.dsl.table({
      name,
      node,
      key: table.key,
      value: table.spec.value,
      sources: parent.sources,
      queryableStoreName: givenName,
      supply: table.supply,
    })
  }

  #repartition(
    storeName: string,
    storeNameIsGiven: boolean,
    key: AnySerde | undefined,
    value: AnySerde | undefined,
  ): Parent {
    const request = groupRepartition(this.dsl, this.part, storeName, storeNameIsGiven, key, value)
    const shared = this.part.givenName === undefined ? undefined : this.#sharedRepartition
    if (shared !== undefined) {
      this.dsl.graph.renew(shared.node)
      return shared
    }
    this.#sharedRepartition = { node: this.dsl.graph.add(request), sources: new Set([request.name]) }
    return this.#sharedRepartition
  }
}

/** The topic has the name that was given with the grouping, else that of the store. */
export function groupRepartition(
  dsl: DslBuilder,
  { node, givenName, ...part }: KGroupedStreamPart,
  storeName: string,
  storeNameIsGiven: boolean,
  key: AnySerde | undefined,
  value: AnySerde | undefined,
): NewRepartition {
  return repartitionNode(dsl, {
    parent: node,
    base: givenName ?? storeName,
    baseIsGiven: givenName !== undefined || storeNameIsGiven,
    key: part.key ?? key,
    value,
    serdeHint: ' of groupBy() or groupByKey()',
  })
}

/** A table without windows. */
export function plainTable(
  node: string,
  storeName: string,
  options: AggregateOptions,
  serdes: InheritedSerdes,
): AggregateTable {
  const spec = tableStore(node, storeName, options, serdes)
  const supply = new StoredTable(storeName, spec.historyRetentionMs)
  return {
    spec,
    supply,
    key: spec.key as AnySerde,
    operator: (aggregation) => aggregateOperator(aggregation, supply),
  }
}
