/**
 * The DSL's types: streams, tables and groups. One file, because each leads to the others.
 *
 * Callbacks take the value first, then the key, and are synchronous. Every operator returns a new object and leaves its
 * own unchanged; `name` in the options names its node.
 */
import type { FixedKeyProcessor, Processor } from '../processor/processor.ts'
import type { RecordMetadata } from '../processor/record.ts'
import type { Named, Processed, Produced } from '../topology/options.ts'
import type { Grouped, Materialized, Printed, Repartitioned, Sync } from './options.ts'

/** Records, each a fact of its own. */
export interface KStream<K, V> {
  filter<VR extends V>(predicate: (value: V, key: K) => value is VR, options?: Named): KStream<K, VR>
  filter(predicate: (value: V, key: K) => boolean, options?: Named): KStream<K, V>
  filterNot(predicate: (value: V, key: K) => boolean, options?: Named): KStream<K, V>
  map<KR, VR>(mapper: (value: V, key: K) => readonly [key: KR, value: Sync<VR>], options?: Named): KStream<KR, VR>
  flatMap<KR, VR>(
    mapper: (value: V, key: K) => Iterable<readonly [key: KR, value: VR]>,
    options?: Named,
  ): KStream<KR, VR>
  mapValues<VR>(mapper: (value: V, key: K) => Sync<VR>, options?: Named): KStream<K, VR>
  flatMapValues<VR>(mapper: (value: V, key: K) => Iterable<VR>, options?: Named): KStream<K, VR>
  /** Changes the key: a grouping, table or join after it goes through a repartition topic. */
  selectKey<KR>(mapper: (value: V, key: K) => Sync<KR>, options?: Named): KStream<KR, V>
  /** Looks at every record; for side effects, which are repeated when a record is processed again. */
  peek<R>(action: (value: V, key: K) => Sync<R>, options?: Named): KStream<K, V>
  forEach<R>(action: (value: V, key: K) => Sync<R>, options?: Named): void
  print(options?: Printed<K, V>): void
  /** Both streams as one; records of different topics are in no particular order. */
  merge(other: KStream<K, V>, options?: Named): KStream<K, V>
  /** Through a topic of the application, partitioned by the current key. */
  repartition(options?: Repartitioned<K, V> | Repartitioned<NonNullable<K>, NonNullable<V>>): KStream<K, V>
  /** A null value is written as a tombstone with any serde. */
  to(
    topic: string | ((value: V, key: K, context: RecordMetadata) => string),
    options?: Produced<NonNullable<K>, NonNullable<V>>,
  ): void
  /** The latest value per key. It is stored when it is named, or when something downstream has to look it up. */
  toTable(options?: Named & Materialized<NonNullable<K>, NonNullable<V>>): KTable<NonNullable<K>, NonNullable<V>>
  groupByKey(
    options?: Grouped<NonNullable<K>, V> | Grouped<NonNullable<K>, NonNullable<V>>,
  ): KGroupedStream<NonNullable<K>, V>
  groupBy<KR>(
    mapper: (value: V, key: K) => Sync<KR>,
    options?: Grouped<NonNullable<KR>, V> | Grouped<NonNullable<KR>, NonNullable<V>>,
  ): KGroupedStream<NonNullable<KR>, V>
  process<KR, VR>(supplier: () => Processor<K, V, KR, VR>, options?: Processed): KStream<KR, VR>
  processValues<VR>(supplier: () => FixedKeyProcessor<K, V, VR>, options?: Processed): KStream<K, VR>
}

/** Records of one key belong together; what groupByKey and groupBy give. Null keys and values are dropped: counted, but not
 * counted in front of a repartition topic, as in Java. */
export interface KGroupedStream<K, V> {
  count(options?: Named & Materialized<K, number>): KTable<K, number>
  /** The first value of a key is its first aggregate; null deletes. */
  reduce(
    reducer: (aggregate: NonNullable<V>, value: NonNullable<V>) => Sync<NonNullable<V>> | null,
    options?: Named & Materialized<K, NonNullable<V>>,
  ): KTable<K, NonNullable<V>>
  /** A null result deletes; the next record of that key begins with `initializer` again. */
  aggregate<VA>(
    initializer: () => VA,
    aggregator: (aggregate: VA, value: NonNullable<V>, key: K) => Sync<VA> | null,
    options?: Named & Materialized<K, VA>,
  ): KTable<K, VA>
}

/** The latest value per key; null deletes. */
export interface KTable<K, V> {
  filter(predicate: (value: V, key: K) => boolean, options?: Named & Materialized<K, V>): KTable<K, V>
  filterNot(predicate: (value: V, key: K) => boolean, options?: Named & Materialized<K, V>): KTable<K, V>
  mapValues<VR>(mapper: (value: V, key: K) => Sync<VR> | null, options?: Named & Materialized<K, VR>): KTable<K, VR>
  /** Every update as a record; a delete has the value null. */
  toStream<KR>(mapper: (value: V | null, key: K) => Sync<KR>, options?: Named): KStream<KR, V | null>
  toStream(options?: Named): KStream<K, V | null>
  /** Undefined when the table is not stored under a name that was given. */
  readonly queryableStoreName: string | undefined
}
