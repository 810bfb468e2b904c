/** KTable over the logical graph. Kafka Streams: KTableImpl.java. */
import { checkFunction } from '../topology/check-options.ts'
import type { OperatorSupplier } from '../processor/operator.ts'
import type { ValueTransformer } from '../processor/processor.ts'
import type { AnySerde } from '../serde/serde.ts'
import type { Named, Processed } from '../topology/options.ts'
import type { DslBuilder, KTablePart } from './dsl-builder.ts'
import { joinOnForeignKey } from './joins/foreign-key-join.ts'
import { joinTables } from './joins/table-table-join.ts'
import { groupTable } from './kgrouped-table-impl.ts'
import { givenStoreName, historyRetention, tableStore, type AnyMaterialized } from './materialized.ts'
import { tableFilter, tableFilterOperator } from './operators/table-filter.ts'
import { tableMapValues, tableMapValuesOperator } from './operators/table-map-values.ts'
import { toStreamOperator } from './operators/to-stream.ts'
import { checkNamed, checkTable } from './option-names.ts'
import type { Grouped, Materialized, Suppression, Sync, TableJoined } from './options.ts'
import type { KGroupedTable, KStream, KTable } from './streams.ts'
import { suppressTable } from './suppress.ts'
import type { DerivedTable } from './table-supply.ts'
import { transformTableValues } from './transform-table-values.ts'

type Options = Named & AnyMaterialized
type Joiner = (left: never, right: never) => unknown

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
    return this.#filter(checkFunction('filter()', 'predicate', predicate), true, checkTable('filter()', options))
  }

  filterNot(predicate: (value: V, key: K) => boolean, options: Named & Materialized<K, V> = {}): KTable<K, V> {
    return this.#filter(checkFunction('filterNot()', 'predicate', predicate), false, checkTable('filterNot()', options))
  }

  mapValues<VR>(
    mapper: (value: V, key: K) => Sync<VR> | null,
    options: Named & Materialized<K, VR> = {},
  ): KTable<K, VR> {
    const table = tableMapValues(
      this.#part.supply,
      givenStoreName(checkTable('mapValues()', options)),
      checkFunction('mapValues()', 'mapper', mapper),
      historyRetention(options),
    )
    return this.#derived('KTABLE-MAPVALUES-', table, tableMapValuesOperator(table), options, undefined)
  }

  transformValues<VR>(
    supplier: () => ValueTransformer<K, V, VR>,
    options: Processed & Materialized<K, VR> = {},
  ): KTable<K, VR> {
    return transformTableValues(this.#dsl, this.#part, supplier, options)
  }

  suppress(suppression: Suppression): KTable<K, V> {
    return suppressTable(this.#dsl, this.#part, suppression)
  }

  groupBy<KR, VR>(
    mapper: (value: V, key: K) => readonly [key: KR | null, value: VR | null],
    options: Grouped<KR, VR> = {},
  ): KGroupedTable<KR, VR> {
    return groupTable(this.#dsl, this.#part, mapper, options)
  }

  join<VO, VR>(other: KTable<K, VO>, joiner: Joiner, options: Named & Materialized<K, VR> = {}): KTable<K, VR> {
    return this.#join('join()', other, 'inner', joiner, options)
  }

  leftJoin<VO, VR>(other: KTable<K, VO>, joiner: Joiner, options: Named & Materialized<K, VR> = {}): KTable<K, VR> {
    return this.#join('leftJoin()', other, 'left', joiner, options)
  }

  outerJoin<VO, VR>(other: KTable<K, VO>, joiner: Joiner, options: Named & Materialized<K, VR> = {}): KTable<K, VR> {
    return this.#join('outerJoin()', other, 'outer', joiner, options)
  }

  joinOn<KO, VO, VR>(
    other: KTable<KO, VO>,
    foreignKey: (value: V, key: K) => KO | null,
    joiner: Joiner,
    options: TableJoined<K, KO> & Materialized<K, VR> = {},
  ): KTable<K, VR> {
    const right = this.#dsl.require('joinOn()', 'table', other)
    return joinOnForeignKey(this.#dsl, this.#part, right, 'inner', foreignKey, joiner, options)
  }

  leftJoinOn<KO, VO, VR>(
    other: KTable<KO, VO>,
    foreignKey: (value: V, key: K) => KO | null,
    joiner: Joiner,
    options: TableJoined<K, KO> & Materialized<K, VR> = {},
  ): KTable<K, VR> {
    const right = this.#dsl.require('leftJoinOn()', 'table', other)
    return joinOnForeignKey(this.#dsl, this.#part, right, 'left', foreignKey, joiner, options)
  }

  #join<VO, VR>(
    operator: string,
    other: KTable<K, VO>,
    kind: 'inner' | 'left' | 'outer',
    joiner: Joiner,
    options: Options,
  ): KTable<K, VR> {
    const right = this.#dsl.require(operator, 'table', other)
    return joinTables(this.#dsl, this.#part, right, kind, joiner, checkTable(operator, options))
  }

  toStream<KR>(mapper: (value: V | null, key: K) => Sync<KR>, options?: Named): KStream<KR, V | null>
  toStream(options?: Named): KStream<K, V | null>
  toStream<KR>(
    first?: ((value: V | null, key: K) => Sync<KR>) | Named,
    second?: Named,
  ): KStream<K, V | null> | KStream<KR, V | null> {
    if (typeof first !== 'function') return this.#toStream(first)
    const { onProcessingError } = second ?? {}
    // As in Java only the first of the two nodes has the name; what may fail is the other one.
    return this.#toStream(second).selectKey(first, onProcessingError === undefined ? {} : { onProcessingError })
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
    const table = tableFilter(this.#part.supply, givenStoreName(options), predicate, wanted, historyRetention(options))
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
