/** KGroupedStream over the logical graph. Kafka Streams: KGroupedStreamImpl.java, GroupedStreamAggregateBuilder.java. */
import type { AnySerde } from '../serde/serde.ts'
import { int64Serde } from '../serde/number-serdes.ts'
import type { Named } from '../topology/options.ts'
import type { DslBuilder, KGroupedStreamPart } from './dsl-builder.ts'
import type { NodeId } from './graph.ts'
import { givenStoreName, isUnnamedMaterialized, tableStore, type AnyMaterialized } from './materialized.ts'
import { aggregateOperator, type Aggregation } from './operators/aggregate.ts'
import { checkTable } from './option-names.ts'
import type { Materialized, Sync } from './options.ts'
import { repartitionNode } from './repartition.ts'
import type {
  CogroupedKStream,
  KGroupedStream,
  KTable,
  SessionWindowedKStream,
  TimeWindowedKStream,
} from './streams.ts'
import { StoredTable } from './table-supply.ts'
import { cogroupStream, windowBySession, windowByTime } from './windowed-streams.ts'
import type { SessionWindows, SlidingWindows, TimeWindows } from './windows.ts'

type Options = Named & AnyMaterialized

export class KGroupedStreamImpl<K, V> implements KGroupedStream<K, V> {
  readonly #dsl: DslBuilder
  readonly #part: KGroupedStreamPart
  /** Shared by the aggregations of one grouping that was given a name. */
  #sharedRepartition: { readonly node: NodeId; readonly name: string } | undefined

  constructor(dsl: DslBuilder, part: KGroupedStreamPart) {
    this.#dsl = dsl
    this.#part = part
  }

  count(options: Named & Materialized<K, number> = {}): KTable<K, number> {
    checkTable('count()', options)
    // Java once generated a store name here and still skips it, so that topologies keep their names.
    if (isUnnamedMaterialized(options)) this.#dsl.skipStoreName('KSTREAM-AGGREGATE-')
    const aggregation = { initialize: () => 0, aggregate: increment, callback: 'count', readsValue: false }
    return this.#aggregate('KSTREAM-AGGREGATE-', aggregation, options, { value: int64Serde })
  }

  reduce(
    reducer: (aggregate: NonNullable<V>, value: NonNullable<V>) => Sync<NonNullable<V>> | null,
    options: Named & Materialized<K, NonNullable<V>> = {},
  ): KTable<K, NonNullable<V>> {
    checkTable('reduce()', options)
    const aggregate = reducer as Aggregation<K, V>['aggregate']
    const aggregation = { initialize: undefined, aggregate, callback: 'reducer' }
    const input = this.#part.value ?? options.value
    return this.#aggregate('KSTREAM-REDUCE-', aggregation, options, { value: this.#part.value, input })
  }

  aggregate<VA>(
    initializer: () => VA,
    aggregator: (aggregate: VA, value: NonNullable<V>, key: K) => Sync<VA> | null,
    options: Named & Materialized<K, VA> = {},
  ): KTable<K, VA> {
    checkTable('aggregate()', options)
    const aggregate = aggregator as Aggregation<K, V>['aggregate']
    const aggregation = { initialize: initializer, aggregate, callback: 'aggregator' }
    return this.#aggregate('KSTREAM-AGGREGATE-', aggregation, options, { value: undefined })
  }

  windowedBy(windows: TimeWindows | SlidingWindows): TimeWindowedKStream<K, V>
  windowedBy(windows: SessionWindows): SessionWindowedKStream<K, V>
  windowedBy(
    windows: TimeWindows | SlidingWindows | SessionWindows,
  ): TimeWindowedKStream<K, V> | SessionWindowedKStream<K, V> {
    if (windows.kind === 'session') return windowBySession(this.#dsl, this.#part, windows)
    return windowByTime(this.#dsl, this.#part, windows)
  }

  cogroup<VA>(aggregator: (aggregate: VA, value: NonNullable<V>, key: K) => Sync<VA> | null): CogroupedKStream<K, VA> {
    return cogroupStream(this.#dsl, this.#part, aggregator)
  }

  /** `serdes.value` is the aggregate's unless the options give another; `serdes.input` the repartition topic's. */
  #aggregate<VA>(
    prefix: string,
    aggregation: Aggregation<K, V>,
    options: Options,
    serdes: { readonly value: AnySerde | undefined; readonly input?: AnySerde | undefined },
  ): KTable<K, VA> {
    const givenName = givenStoreName(options)
    const storeName = this.#dsl.storeName(prefix, givenName, options.logging !== false)
    const name = this.#dsl.nodeName(prefix, options.name)
    const key = options.key ?? this.#part.key
    const parent = this.#part.repartitionRequired
      ? this.#repartition(storeName, givenName !== undefined, key, serdes.input ?? this.#part.value)
      : this.#part
    const spec = tableStore(name, storeName, options, { key, value: serdes.value })
    const supply = new StoredTable(storeName, spec.historyRetentionMs)
    const node = this.#dsl.graph.add({
      kind: 'operation',
      name,
      parents: [parent.node],
      supplier: aggregateOperator(aggregation, supply),
      ownStores: () => [spec],
      otherStores: [],
      onProcessingError: options.onProcessingError,
    })
    return this.#dsl.table({
      name,
      node,
      key: spec.key,
      value: spec.value,
      sources: parent.sources,
      queryableStoreName: givenName,
      supply,
    })
  }

  #repartition(
    storeName: string,
    storeNameIsGiven: boolean,
    key: AnySerde | undefined,
    value: AnySerde | undefined,
  ): { readonly node: NodeId; readonly sources: ReadonlySet<string> } {
    const { givenName } = this.#part
    const request = repartitionNode(this.#dsl, {
      parent: this.#part.node,
      base: givenName ?? storeName,
      baseIsGiven: givenName !== undefined || storeNameIsGiven,
      key: this.#part.key ?? key,
      value,
      serdeHint: ' of groupBy() or groupByKey()',
    })
    const shared = givenName === undefined ? undefined : this.#sharedRepartition
    if (shared !== undefined) {
      this.#dsl.graph.renew(shared.node)
      return { node: shared.node, sources: new Set([shared.name]) }
    }
    const node = this.#dsl.graph.add(request)
    this.#sharedRepartition = { node, name: request.name }
    return { node, sources: new Set([request.name]) }
  }
}

function increment(count: unknown): number {
  return (count as number) + 1
}
