/** KGroupedStream over the logical graph. Kafka Streams: KGroupedStreamImpl.java. */
import { int64Serde } from '../serde/number-serdes.ts'
import type { Named } from '../topology/options.ts'
import { aggregating, counting, reducing } from './aggregations.ts'
import { cogroupStream } from './cogrouped-kstream-impl.ts'
import type { DslBuilder, KGroupedStreamPart } from './dsl-builder.ts'
import { GroupedAggregation, plainTable } from './grouped-aggregation.ts'
import { isUnnamedMaterialized } from './materialized.ts'
import { checkTable } from './option-names.ts'
import type { Materialized, Sync } from './options.ts'
import { SessionWindowedKStreamImpl } from './session-windowed-kstream-impl.ts'
import type {
  CogroupedKStream,
  KGroupedStream,
  KTable,
  SessionWindowedKStream,
  TimeWindowedKStream,
} from './streams.ts'
import { TimeWindowedKStreamImpl } from './time-windowed-kstream-impl.ts'
import { checkWindows, type SessionWindows, type SlidingWindows, type TimeWindows } from './windows.ts'

export class KGroupedStreamImpl<K, V> implements KGroupedStream<K, V> {
  readonly #grouped: GroupedAggregation

  constructor(dsl: DslBuilder, part: KGroupedStreamPart) {
    this.#grouped = new GroupedAggregation(dsl, part)
  }

  count(options: Named & Materialized<K, number> = {}): KTable<K, number> {
    checkTable('count()', options)
    // Java once generated a store name here and still skips it, so that topologies keep their names.
    if (isUnnamedMaterialized(options)) this.#grouped.dsl.skipStoreName('KSTREAM-AGGREGATE-')
    return this.#grouped.build({
      prefix: 'KSTREAM-AGGREGATE-',
      aggregation: counting<K, V>(),
      options,
      value: int64Serde,
      makeTable: plainTable,
    })
  }

  reduce(
    reducer: (aggregate: NonNullable<V>, value: NonNullable<V>) => Sync<NonNullable<V>> | null,
    options: Named & Materialized<K, NonNullable<V>> = {},
  ): KTable<K, NonNullable<V>> {
    return this.#grouped.build({
      prefix: 'KSTREAM-REDUCE-',
      aggregation: reducing<K, V>(reducer),
      options: checkTable('reduce()', options),
      value: this.#grouped.part.value,
      input: options.value,
      makeTable: plainTable,
    })
  }

  aggregate<VA>(
    initializer: () => VA,
    aggregator: (aggregate: VA, value: NonNullable<V>, key: K) => Sync<VA> | null,
    options: Named & Materialized<K, VA> = {},
  ): KTable<K, VA> {
    return this.#grouped.build({
      prefix: 'KSTREAM-AGGREGATE-',
      aggregation: aggregating<K, V>(initializer, aggregator),
      options: checkTable('aggregate()', options),
      value: undefined,
      makeTable: plainTable,
    })
  }

  windowedBy(windows: TimeWindows | SlidingWindows): TimeWindowedKStream<K, V>
  windowedBy(windows: SessionWindows): SessionWindowedKStream<K, V>
  windowedBy(
    given: TimeWindows | SlidingWindows | SessionWindows,
  ): TimeWindowedKStream<K, V> | SessionWindowedKStream<K, V> {
    const windows = checkWindows(given)
    if (windows.kind === 'session') return new SessionWindowedKStreamImpl(this.#grouped, windows)
    return new TimeWindowedKStreamImpl(this.#grouped, windows)
  }

  cogroup<VA>(aggregator: (aggregate: VA, value: NonNullable<V>, key: K) => Sync<VA> | null): CogroupedKStream<K, VA> {
    return cogroupStream(this.#grouped.dsl, this.#grouped.part, aggregator)
  }
}
