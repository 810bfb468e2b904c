/** SessionWindowedKStream over the logical graph. Kafka Streams: SessionWindowedKStreamImpl.java. */
import { int64Serde } from '../serde/number-serdes.ts'
import type { Windowed } from '../serde/windowed.ts'
import { checkFunction } from '../topology/check-options.ts'
import type { Named } from '../topology/options.ts'
import { aggregating, counting, reducing } from './aggregations.ts'
import { checkEmitStrategy } from './emit-strategy.ts'
import type { GroupedAggregation, MakeTable } from './grouped-aggregation.ts'
import { isUnnamedMaterialized } from './materialized.ts'
import type { Merger } from './operators/aggregation-calls.ts'
import { checkTable } from './option-names.ts'
import type { Materialized, Sync } from './options.ts'
import type { KTable, SessionWindowedKStream } from './streams.ts'
import { sessionWindowedTable } from './windowed-table.ts'
import type { EmitStrategy, SessionWindows } from './windows.ts'

export class SessionWindowedKStreamImpl<K, V> implements SessionWindowedKStream<K, V> {
  readonly #grouped: GroupedAggregation
  readonly #windows: SessionWindows
  readonly #emit: EmitStrategy

  constructor(grouped: GroupedAggregation, windows: SessionWindows, emit: EmitStrategy = 'onWindowUpdate') {
    this.#grouped = grouped
    this.#windows = windows
    this.#emit = emit
  }

  count(options: Named & Materialized<K, number> = {}): KTable<Windowed<K>, number> {
    checkTable('count()', options)
    // As in KGroupedStreamImpl.
    if (isUnnamedMaterialized(options)) this.#grouped.dsl.skipStoreName('KSTREAM-AGGREGATE-')
    return this.#grouped.build({
      prefix: 'KSTREAM-AGGREGATE-',
      aggregation: counting<K, V>(),
      options,
      value: int64Serde,
      makeTable: this.#makeTable((one, two) => (one as number) + (two as number)),
    })
  }

  reduce(
    reducer: (aggregate: NonNullable<V>, value: V) => Sync<NonNullable<V>> | null,
    options: Named & Materialized<K, NonNullable<V>> = {},
  ): KTable<Windowed<K>, NonNullable<V>> {
    return this.#grouped.build({
      prefix: 'KSTREAM-REDUCE-',
      aggregation: reducing<K, V>(reducer),
      options: checkTable('reduce()', options),
      value: this.#grouped.part.value,
      input: options.value,
      makeTable: this.#makeTable((one, two) => (one === null ? two : reducer(one as never, two as never))),
    })
  }

  aggregate<VA>(
    initializer: () => VA,
    aggregator: (aggregate: VA, value: V, key: K) => Sync<VA> | null,
    merger: (one: VA, two: VA, key: K) => Sync<VA>,
    options: Named & Materialized<K, VA> = {},
  ): KTable<Windowed<K>, VA> {
    return this.#grouped.build({
      prefix: 'KSTREAM-AGGREGATE-',
      aggregation: aggregating<K, V>(initializer, aggregator),
      options: checkTable('aggregate()', options),
      value: undefined,
      makeTable: this.#makeTable(checkFunction('aggregate()', 'merger', merger) as Merger<never>),
    })
  }

  emitStrategy(strategy: EmitStrategy): SessionWindowedKStream<K, V> {
    return new SessionWindowedKStreamImpl(this.#grouped, this.#windows, checkEmitStrategy(strategy, this.#windows))
  }

  #makeTable(merger: Merger<never>): MakeTable {
    return sessionWindowedTable(this.#grouped.dsl.shape, this.#windows, this.#emit, merger)
  }
}
