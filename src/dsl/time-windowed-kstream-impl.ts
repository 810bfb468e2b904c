/** TimeWindowedKStream over the logical graph. Kafka Streams: TimeWindowedKStreamImpl.java, SlidingWindowedKStreamImpl.java. */
import { int64Serde } from '../serde/number-serdes.ts'
import type { Windowed } from '../serde/windowed.ts'
import type { Named } from '../topology/options.ts'
import { aggregating, counting, reducing } from './aggregations.ts'
import { checkEmitStrategy } from './emit-strategy.ts'
import type { GroupedAggregation } from './grouped-aggregation.ts'
import { isUnnamedMaterialized } from './materialized.ts'
import { checkTable } from './option-names.ts'
import type { Materialized, Sync } from './options.ts'
import type { KTable, TimeWindowedKStream } from './streams.ts'
import { timeWindowedTable } from './windowed-table.ts'
import type { EmitStrategy, SlidingWindows, TimeWindows } from './windows.ts'

export class TimeWindowedKStreamImpl<K, V> implements TimeWindowedKStream<K, V> {
  readonly #grouped: GroupedAggregation
  readonly #windows: TimeWindows | SlidingWindows
  readonly #emit: EmitStrategy

  constructor(
    grouped: GroupedAggregation,
    windows: TimeWindows | SlidingWindows,
    emit: EmitStrategy = 'onWindowUpdate',
  ) {
    this.#grouped = grouped
    this.#windows = windows
    this.#emit = emit
  }

  count(options: Named & Materialized<K, number> = {}): KTable<Windowed<K>, number> {
    checkTable('count()', options)
    // As in KGroupedStreamImpl; sliding windows came later and never generated the name.
    if (this.#windows.kind === 'time' && isUnnamedMaterialized(options)) {
      this.#grouped.dsl.skipStoreName('KSTREAM-AGGREGATE-')
    }
    return this.#grouped.build({
      prefix: 'KSTREAM-AGGREGATE-',
      aggregation: counting<K, V>(),
      options,
      value: int64Serde,
      makeTable: this.#makeTable,
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
      makeTable: this.#makeTable,
    })
  }

  aggregate<VA>(
    initializer: () => VA,
    aggregator: (aggregate: VA, value: V, key: K) => Sync<VA> | null,
    options: Named & Materialized<K, VA> = {},
  ): KTable<Windowed<K>, VA> {
    return this.#grouped.build({
      prefix: 'KSTREAM-AGGREGATE-',
      aggregation: aggregating<K, V>(initializer, aggregator),
      options: checkTable('aggregate()', options),
      value: undefined,
      makeTable: this.#makeTable,
    })
  }

  emitStrategy(strategy: EmitStrategy): TimeWindowedKStream<K, V> {
    return new TimeWindowedKStreamImpl(this.#grouped, this.#windows, checkEmitStrategy(strategy, this.#windows))
  }

  get #makeTable(): ReturnType<typeof timeWindowedTable> {
    return timeWindowedTable(this.#grouped.dsl.shape, this.#windows, this.#emit)
  }
}
