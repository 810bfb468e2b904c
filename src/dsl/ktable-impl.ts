/** KTable over the logical graph. Kafka Streams: KTableImpl.java. */
import type { OperatorSupplier } from '../processor/operator.ts'
import type { AnySerde } from '../serde/serde.ts'
import type { Named } from '../topology/options.ts'
import type { DslBuilder, KTablePart } from './dsl-builder.ts'
import { givenStoreName, tableStore, type AnyMaterialized } from './materialized.ts'
import { tableFilter, tableFilterOperator } from './operators/table-filter.ts'
import { tableMapValues, tableMapValuesOperator } from './operators/table-map-values.ts'
import { toStreamOperator } from './operators/to-stream.ts'
import { checkNamed, checkTable } from './option-names.ts'
import type { Materialized, Sync } from './options.ts'
import type { KStream, KTable } from './streams.ts'
import type { DerivedTable } from './table-supply.ts'

type Options = Named & AnyMaterialized

export class KTableImpl<K, V> implements KTable<K, V> {
  readonly #dsl: DslBuilder
  readonly #part: KTablePart

  constructor(dsl: DslBuilder, part: KTablePart) {
    this.#dsl = dsl
    this.#part = part
  }

  get queryableStoreName(): string | undefined {
    return this.#part.queryableStoreName
  }

  filter(predicate: (value: V, key: K) => boolean, options: Named & Materialized<K, V> = {}): KTable<K, V> {
    return this.#filter(predicate, true, checkTable('filter()', options))
  }

  filterNot(predicate: (value: V, key: K) => boolean, options: Named & Materialized<K, V> = {}): KTable<K, V> {
    return this.#filter(predicate, false, checkTable('filterNot()', options))
  }

  mapValues<VR>(
    mapper: (value: V, key: K) => Sync<VR> | null,
    options: Named & Materialized<K, VR> = {},
  ): KTable<K, VR> {
    const table = tableMapValues(this.#part.supply, givenStoreName(checkTable('mapValues()', options)), mapper)
    return this.#derived('KTABLE-MAPVALUES-', table, tableMapValuesOperator(table), options, undefined)
  }

  toStream<KR>(mapper: (value: V | null, key: K) => Sync<KR>, options?: Named): KStream<KR, V | null>
  toStream(options?: Named): KStream<K, V | null>
  toStream<KR>(
    first?: ((value: V | null, key: K) => Sync<KR>) | Named,
    second?: Named,
  ): KStream<K, V | null> | KStream<KR, V | null> {
    return typeof first === 'function' ? this.#toStream(second).selectKey(first) : this.#toStream(first)
  }

  #toStream(options: Named = {}): KStream<K, V | null> {
    const name = this.#dsl.nodeName('KTABLE-TOSTREAM-', checkNamed('toStream()', options).name)
    const { key, value, sources } = this.#part
    const node = this.#dsl.graph.add({
      kind: 'operation',
      name,
      parents: [this.#part.node],
      supplier: toStreamOperator,
      ownStores: () => [],
      otherStores: [],
      onProcessingError: options.onProcessingError,
    })
    return this.#dsl.stream({ name, node, key, value, sources, repartitionRequired: false })
  }

  #filter(
    predicate: (value: V, key: K) => boolean,
    wanted: boolean,
    options: Named & Materialized<K, V>,
  ): KTable<K, V> {
    const table = tableFilter(this.#part.supply, givenStoreName(options), predicate, wanted)
    return this.#derived('KTABLE-FILTER-', table, tableFilterOperator(table), options, this.#part.value)
  }

  #derived<VR>(
    prefix: string,
    table: DerivedTable,
    supplier: OperatorSupplier,
    options: Options,
    inheritedValue: AnySerde | undefined,
  ): KTable<K, VR> {
    const name = this.#dsl.nodeName(prefix, options.name)
    const key = options.key ?? this.#part.key
    const value = options.value ?? inheritedValue
    const { storeName } = table
    const ownStores = storeName === undefined ? [] : [tableStore(name, storeName, options, { key, value })]
    const node = this.#dsl.graph.add({
      kind: 'operation',
      name,
      parents: [this.#part.node],
      supplier,
      ownStores: () => ownStores,
      otherStores: [],
      onProcessingError: options.onProcessingError,
    })
    const { sources } = this.#part
    return this.#dsl.table({ name, node, key, value, sources, queryableStoreName: storeName, supply: table })
  }
}
