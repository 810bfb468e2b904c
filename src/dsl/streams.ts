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

/**
 * A stream: records, each a fact of its own. Made by `StreamsBuilder#stream` and by operators; every operator gives a
 * new stream and leaves this one as it is. Callbacks take `(value, key)`, which is not Java's order, and are
 * synchronous. Null keys and values occur only where the types admit them. Kafka Streams: `KStream`.
 */
export interface KStream<K, V> {
  /**
   * Keeps the records for which `predicate(value, key)` is true; a type guard narrows the value. Kafka Streams:
   * `KStream#filter`.
   */
  filter<VR extends V>(predicate: (value: V, key: K) => value is VR, options?: Named): KStream<K, VR>
  /** Keeps the records for which `predicate(value, key)` is true. Kafka Streams: `KStream#filter`. */
  filter(predicate: (value: V, key: K) => boolean, options?: Named): KStream<K, V>
  /** Drops the records for which `predicate(value, key)` is true. Kafka Streams: `KStream#filterNot`. */
  filterNot(predicate: (value: V, key: K) => boolean, options?: Named): KStream<K, V>
  /**
   * Replaces key and value of every record with the pair `[key, value]` that `mapper(value, key)` returns. The serdes
   * of both are unknown from here on, and a grouping or table after it goes through a repartition topic: where the key
   * stays, use `mapValues`. Kafka Streams: `KStream#map`, which returns a `KeyValue`.
   *
   * @example
   * orders.map((order) => [order.customer, order.total])
   */
  map<KR, VR>(mapper: (value: V, key: K) => readonly [key: KR, value: Sync<VR>], options?: Named): KStream<KR, VR>
  /**
   * Makes of every record as many as `mapper(value, key)` returns pairs `[key, value]`, in an array or as a generator;
   * none drops it. What is said of the key and the serdes at `map` holds here too. Kafka Streams: `KStream#flatMap`.
   */
  flatMap<KR, VR>(
    mapper: (value: V, key: K) => Iterable<readonly [key: KR, value: VR]>,
    options?: Named,
  ): KStream<KR, VR>
  /**
   * Replaces the value of every record with what `mapper(value, key)` returns; the key and the partitioning stay. The
   * new value's serde is unknown: what needs it, such as `to`, is given it. Kafka Streams: `KStream#mapValues`.
   *
   * @example
   * lines.mapValues((line) => line.length).to('lengths', { value: serdes.int32 })
   */
  mapValues<VR>(mapper: (value: V, key: K) => Sync<VR>, options?: Named): KStream<K, VR>
  /**
   * Makes of every record one for each value that `mapper(value, key)` returns, all under its key; none drops it. A
   * string counts as its characters. Kafka Streams: `KStream#flatMapValues`.
   *
   * @example
   * lines.flatMapValues((line) => line.split(' '))
   */
  flatMapValues<VR>(mapper: (value: V, key: K) => Iterable<VR>, options?: Named): KStream<K, VR>
  /**
   * Gives every record the key that `mapper(value, key)` returns. A grouping or table after it goes through a
   * repartition topic, where a record whose key is null is dropped. Kafka Streams: `KStream#selectKey`.
   */
  selectKey<KR>(mapper: (value: V, key: K) => Sync<KR>, options?: Named): KStream<KR, V>
  /**
   * Calls `action(value, key)` for every record and passes it on. For side effects, which are repeated when a record is
   * processed again after a failure. Kafka Streams: `KStream#peek`.
   */
  peek<R>(action: (value: V, key: K) => Sync<R>, options?: Named): KStream<K, V>
  /** As `peek`, at the end of a stream. Kafka Streams: `KStream#foreach`. */
  forEach<R>(action: (value: V, key: K) => Sync<R>, options?: Named): void
  /** Writes a line `[label]: key, value` for every record to standard output. Kafka Streams: `KStream#print`. */
  print(options?: Printed<K, V>): void
  /**
   * The records of both streams as one; those of different topics are in no particular order. A serde stays known where
   * it is the same on both sides. Kafka Streams: `KStream#merge`.
   */
  merge(other: KStream<K, V>, options?: Named): KStream<K, V>
  /**
   * Writes the records to a topic of the application, partitioned by their current key, and reads them from there. One
   * whose key is null is dropped, and not counted, as in Java. Kafka Streams: `KStream#repartition`.
   */
  repartition(options?: Repartitioned<K, V> | Repartitioned<NonNullable<K>, NonNullable<V>>): KStream<K, V>
  /**
   * Writes the records to a topic: the one named, or the one that a function of `(value, key, context)` names for each.
   * A serde that is not given is the one that the key or value came with. A null value is written as a tombstone with
   * any serde, and a null key as none. Kafka Streams: `KStream#to`.
   *
   * @example
   * counts.toStream().to('word-counts', { key: serdes.string, value: serdes.int64 })
   */
  to(
    topic: string | ((value: V, key: K, context: RecordMetadata) => string),
    options?: Produced<NonNullable<K>, NonNullable<V>>,
  ): void
  /**
   * The latest value per key; a null value deletes, a record without a key is dropped. The table is stored when its
   * store is named, or when something downstream has to look it up. Kafka Streams: `KStream#toTable`.
   */
  toTable(options?: Named & Materialized<NonNullable<K>, NonNullable<V>>): KTable<NonNullable<K>, NonNullable<V>>
  /**
   * Groups the records by the key that they have, for an aggregation; through a repartition topic only where the key
   * may have changed before. Kafka Streams: `KStream#groupByKey`.
   */
  groupByKey(
    options?: Grouped<NonNullable<K>, V> | Grouped<NonNullable<K>, NonNullable<V>>,
  ): KGroupedStream<NonNullable<K>, V>
  /**
   * Groups the records by the key that `mapper(value, key)` returns, through a repartition topic; one whose new key is
   * null is dropped. The serde of the new key is not known and is given here. Kafka Streams: `KStream#groupBy`.
   *
   * @example
   * words.groupBy((word) => word, { key: serdes.string, value: serdes.string }).count({ store: 'counts' })
   */
  groupBy<KR>(
    mapper: (value: V, key: K) => Sync<KR>,
    options?: Grouped<NonNullable<KR>, V> | Grouped<NonNullable<KR>, NonNullable<V>>,
  ): KGroupedStream<NonNullable<KR>, V>
  /**
   * Gives every record to a processor of yours, which may use stores, timers and headers, and forwards what it likes.
   * The supplier returns a new processor at each call. Key and serdes after it: as after `map`. Kafka Streams:
   * `KStream#process`.
   */
  process<KR, VR>(supplier: () => Processor<K, V, KR, VR>, options?: Processed): KStream<KR, VR>
  /**
   * As `process`, for a processor that cannot change the key: no repartition topic follows from it. Kafka Streams:
   * `KStream#processValues`.
   */
  processValues<VR>(supplier: () => FixedKeyProcessor<K, V, VR>, options?: Processed): KStream<K, VR>
}

/**
 * Records of one key belong together; what `groupByKey` and `groupBy` give. Records whose key or value is null are
 * dropped: counted, but a null key not in front of a repartition topic, as in Java. Each aggregation is a table of its
 * own, kept in a store with a changelog. Kafka Streams: `KGroupedStream`.
 */
export interface KGroupedStream<K, V> {
  /** How many records there were of each key, as a number (`serdes.int64`). Kafka Streams: `KGroupedStream#count`. */
  count(options?: Named & Materialized<K, number>): KTable<K, number>
  /**
   * Combines the values of a key into one of the same type: the first value is the first aggregate, each further one
   * goes through `reducer(aggregate, value)`. A null result deletes. Kafka Streams: `KGroupedStream#reduce`.
   *
   * @example
   * readings.groupByKey().reduce((highest, reading) => Math.max(highest, reading), { store: 'highest' })
   */
  reduce(
    reducer: (aggregate: NonNullable<V>, value: NonNullable<V>) => Sync<NonNullable<V>> | null,
    options?: Named & Materialized<K, NonNullable<V>>,
  ): KTable<K, NonNullable<V>>
  /**
   * Combines the values of a key into an aggregate of any type, which begins as what `initializer` returns.
   * `aggregator` takes `(aggregate, value, key)`, while Java's takes the key first. A null result deletes; the next
   * record of that key begins with `initializer` again. The serde of the aggregate is the option `value`. Kafka
   * Streams: `KGroupedStream#aggregate`.
   *
   * @example
   * orders.groupByKey().aggregate(() => 0, (sum, order) => sum + order.total, { store: 'sums', value: serdes.float64 })
   */
  aggregate<VA>(
    initializer: () => VA,
    aggregator: (aggregate: VA, value: NonNullable<V>, key: K) => Sync<VA> | null,
    options?: Named & Materialized<K, VA>,
  ): KTable<K, VA>
}

/**
 * A table: the latest value per key. A null value deletes the key, and is never given to `filter`, `filterNot` and
 * `mapValues`. Updates of one key between two commits may be merged into one (`StreamsConfig.cacheMaxBytes`). Kafka
 * Streams: `KTable`.
 */
export interface KTable<K, V> {
  /**
   * Keeps the keys for which `predicate(value, key)` is true; one whose new value does not fit is deleted. Kafka
   * Streams: `KTable#filter`.
   */
  filter(predicate: (value: V, key: K) => boolean, options?: Named & Materialized<K, V>): KTable<K, V>
  /** Keeps the keys for which `predicate(value, key)` is false. Kafka Streams: `KTable#filterNot`. */
  filterNot(predicate: (value: V, key: K) => boolean, options?: Named & Materialized<K, V>): KTable<K, V>
  /**
   * Replaces the value of every key with what `mapper(value, key)` returns; null deletes the key. Kafka Streams:
   * `KTable#mapValues`.
   */
  mapValues<VR>(mapper: (value: V, key: K) => Sync<VR> | null, options?: Named & Materialized<K, VR>): KTable<K, VR>
  /**
   * Every update as a record, a delete with the value null, under the key that `mapper(value, key)` returns. Kafka
   * Streams: `KTable#toStream`.
   */
  toStream<KR>(mapper: (value: V | null, key: K) => Sync<KR>, options?: Named): KStream<KR, V | null>
  /** Every update as a record; a delete has the value null. Kafka Streams: `KTable#toStream`. */
  toStream(options?: Named): KStream<K, V | null>
  /** The name that the table's store was given; undefined where it was given none. */
  readonly queryableStoreName: string | undefined
}
