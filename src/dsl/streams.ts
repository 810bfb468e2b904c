/**
 * The DSL's types: streams, tables and groups. One file, because each leads to the others.
 *
 * Callbacks take the value first, then the key, and are synchronous. Every operator returns a new object and leaves its
 * own unchanged; `name` in the options names its node.
 */
import type { FixedKeyProcessor, Processor, ValueTransformer } from '../processor/processor.ts'
import type { RecordMetadata } from '../processor/record.ts'
import type { Named, Processed, Produced } from '../topology/options.ts'
import type { Windowed } from '../serde/windowed.ts'
import type { Branches } from './branches.ts'
import type { GlobalKTable } from './global-ktable.ts'
import type {
  Grouped,
  Joined,
  Materialized,
  Printed,
  Repartitioned,
  StreamJoined,
  Suppression,
  Sync,
  TableJoined,
} from './options.ts'
import type { EmitStrategy, JoinWindows, SessionWindows, SlidingWindows, TimeWindows } from './windows.ts'

/**
 * A stream: records, each a fact of its own. Made by `StreamsBuilder#stream` and by operators; every operator gives a
 * new stream and leaves this one as it is. Callbacks take `(value, key)`, which is not Java's order, and are
 * synchronous. Null keys and values occur only where the types admit them. Kafka Streams: `KStream`.
 */
export interface KStream<K, V> {
  /** For the compiler, which names it first where keys differ; there is nothing in it. */
  readonly '~key'?: K
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
   * The supplier returns a new processor at each call. The types of what it forwards are those of its `init`; one without
   * `init` needs them here, or what follows is `unknown`. Key and serdes after it: as after `map`. Kafka Streams:
   * `KStream#process`.
   *
   * @example
   * orders.process(() => new Batches(), { stores: ['batches'] })
   * orders.process<string, number>(() => ({ process: (order) => console.log(order) }))
   */
  process<KR, VR>(supplier: () => Processor<K, V, KR, VR>, options?: Processed): KStream<KR, VR>
  /**
   * As `process`, for a processor that cannot change the key: no repartition topic follows from it. The type of what it
   * forwards is that of its `init`, too. Kafka Streams: `KStream#processValues`.
   */
  processValues<VR>(supplier: () => FixedKeyProcessor<K, V, VR>, options?: Processed): KStream<K, VR>
  /**
   * Cuts the stream into branches: every record goes to the first whose predicate is true. The name of the split is the
   * beginning of the names of its branches. Kafka Streams: `KStream#split`.
   *
   * @example
   * const branches = orders
   *   .split({ name: 'orders-' })
   *   .branch((order) => order.total > 1000, { name: 'large' })
   *   .defaultBranch({ name: 'other' })
   * branches.get('orders-large').to('large-orders')
   */
  split(options?: Named): BranchedKStream<K, V>
  /**
   * Looks every record up in a table under its key, as the table is when the record is processed; in a versioned table,
   * as it was at the record's time. Records without a partner are dropped, as are those whose key or value is null
   * (counted). Updates of the table join nothing; the result has the record's time and headers. Both topics need equal
   * partition counts; a stream whose key may have changed goes through a repartition topic. With `grace` records wait
   * for late updates of a versioned table. Kafka Streams: `KStream#join`.
   *
   * @example
   * clicks.join(users, (click, user) => ({ ...click, region: user.region }))
   */
  join<VO, VR>(
    table: KTable<NonNullable<K>, VO>,
    joiner: (left: NonNullable<V>, right: VO, key: K) => Sync<VR>,
    options?: Joined<K, V, VO>,
  ): KStream<K, VR>
  /**
   * Looks every record up in a global table, under the key that `mappedKey(value, key)` returns; records without a
   * partner, and those whose key or value is null (counted), are dropped. The key of the record itself may be null. No
   * topic needs to be partitioned as another; updates of the table join nothing. Kafka Streams: `KStream#join`.
   *
   * @example
   * orders.join(products, (order) => order.productId, (order, product) => ({ ...order, name: product.name }))
   */
  join<KO, VO, VR>(
    table: GlobalKTable<KO, VO>,
    mappedKey: (value: V, key: K) => KO | null,
    joiner: (left: NonNullable<V>, right: VO, key: K, mappedKey: KO) => Sync<VR>,
    options?: Named,
  ): KStream<K, VR>
  /**
   * Joins two streams: every pair of records of the same key whose times are within `windows`, with the later time.
   * Sides whose key may have changed are repartitioned; other topics need equal partition counts. A record with a null key
   * or value has no partner, and is dropped and counted. Kafka Streams: `KStream#join`.
   *
   * @example
   * views.join(clicks, (view, click) => ({ view, click }), joinWithin({ difference: '10m' }))
   */
  join<VO, VR>(
    other: KStream<K, VO>,
    joiner: (left: NonNullable<V>, right: NonNullable<VO>, key: K) => Sync<VR>,
    windows: JoinWindows,
    options?: StreamJoined<K, V, VO>,
  ): KStream<K, VR>
  /**
   * As `join`, and records without a partner in the table with null, those without a key too (KIP-962). Kafka Streams:
   * `KStream#leftJoin`.
   */
  leftJoin<VO, VR>(
    table: KTable<NonNullable<K>, VO>,
    joiner: (left: NonNullable<V>, right: VO | null, key: K) => Sync<VR>,
    options?: Joined<K, V, VO>,
  ): KStream<K, VR>
  /** As `join`, and records without a partner in the global table, or without a key for it, with null. */
  leftJoin<KO, VO, VR>(
    table: GlobalKTable<KO, VO>,
    mappedKey: (value: V, key: K) => KO | null,
    joiner: (left: NonNullable<V>, right: VO | null, key: K, mappedKey: KO | null) => Sync<VR>,
    options?: Named,
  ): KStream<K, VR>
  /**
   * As `join`, and records of this stream without a partner with null and their own time: with the first record of either
   * stream that comes when window and grace are over. A null key has no partner. Kafka Streams: `KStream#leftJoin`.
   */
  leftJoin<VO, VR>(
    other: KStream<K, VO>,
    joiner: (left: NonNullable<V>, right: NonNullable<VO> | null, key: K) => Sync<VR>,
    windows: JoinWindows,
    options?: StreamJoined<K, V, VO>,
  ): KStream<K, VR>
  /** As `leftJoin`, and records of the other stream without a partner, too. Kafka Streams: `KStream#outerJoin`. */
  outerJoin<VO, VR>(
    other: KStream<K, VO>,
    joiner: (left: NonNullable<V> | null, right: NonNullable<VO> | null, key: K) => Sync<VR>,
    windows: JoinWindows,
    options?: StreamJoined<K, V, VO>,
  ): KStream<K, VR>
}

/** The branches of a stream, in order; ended by `defaultBranch` or `noDefaultBranch`. Kafka Streams: `BranchedKStream`. */
export interface BranchedKStream<K, V> {
  /** The records for which `predicate(value, key)` is true, and no earlier one was. Kafka Streams: `BranchedKStream#branch`. */
  branch(predicate: (value: V, key: K) => boolean, options?: Branched<K, V>): BranchedKStream<K, V>
  /** All other records. Returns the branches by name. */
  defaultBranch(options?: Branched<K, V>): Branches<KStream<K, V>>
  /** Drops all other records. Returns the branches by name. */
  noDefaultBranch(): Branches<KStream<K, V>>
}

/**
 * Of one branch. `name` is added to that of `split`; without one it is the number of the branch, from 1 on, and 0 for the
 * default branch. Kafka Streams: `Branched`.
 *
 * @example
 * orders
 *   .split({ name: 'orders-' })
 *   .branch((order) => order.total > 1000, { name: 'large', withConsumer: (large) => large.to('large-orders') })
 *   .defaultBranch({ name: 'other' })
 *   .get('orders-other')
 */
export interface Branched<K, V> extends Named {
  /** Its result is in the map in place of the branch; null: neither is. */
  readonly withFunction?: (stream: KStream<K, V>) => AnyKStream | null
  /** Is given the branch, which is not in the map then. */
  readonly withConsumer?: (stream: KStream<K, V>) => void
}

/** A stream of any keys and values. */
export interface AnyKStream {
  split(options?: Named): object
}

/**
 * Records of one key belong together; what `groupByKey` and `groupBy` give. Records whose key or value is null are
 * dropped: counted, but a null key not in front of a repartition topic, as in Java. Each aggregation is a table of its
 * own, kept in a store with a changelog. Kafka Streams: `KGroupedStream`.
 */
export interface KGroupedStream<K, V> {
  /** For the compiler, which names it first where keys differ; there is nothing in it. */
  readonly '~key'?: K
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
  /**
   * Groups further by time: into windows of one size (`tumbling`, `hopping`), the one window of `unlimited`, or windows
   * around the records (`sliding`). Kafka Streams: `KGroupedStream#windowedBy`.
   *
   * @example
   * views.groupByKey().windowedBy(tumbling({ size: '1h', grace: '5m' })).count({ store: 'views-per-hour' })
   */
  windowedBy(windows: TimeWindows | SlidingWindows): TimeWindowedKStream<K, V>
  /**
   * Groups further into sessions: records of a key that follow each other within a gap. Kafka Streams:
   * `KGroupedStream#windowedBy`.
   *
   * @example
   * clicks.groupByKey().windowedBy(session({ gap: '30m' })).count({ store: 'clicks-per-visit' })
   */
  windowedBy(windows: SessionWindows): SessionWindowedKStream<K, V>
  /**
   * Begins an aggregation over several groups that share one aggregate per key: `cogroup` adds the others, `aggregate`
   * makes the table. Kafka Streams: `KGroupedStream#cogroup`.
   *
   * @example
   * orders.groupByKey()
   *   .cogroup((sum: number, order) => sum + order.total)
   *   .cogroup(refunds.groupByKey(), (sum, refund) => sum - refund.amount)
   *   .aggregate(() => 0, { store: 'balances', value: serdes.float64 })
   */
  cogroup<VA>(aggregator: (aggregate: VA, value: NonNullable<V>, key: K) => Sync<VA> | null): CogroupedKStream<K, VA>
}

/**
 * Records grouped by key and window; each aggregation is a table whose key is `{ key, window }`. A window takes records
 * until the time that this node has seen is its end plus the grace; what comes later is dropped and counted. A record
 * whose key is null is dropped, one whose value is null reaches the aggregator, as in Java, but not with sliding windows.
 * A result has the time of the latest record in it. Kafka Streams: `TimeWindowedKStream`.
 */
export interface TimeWindowedKStream<K, V> {
  /** How many records there were of each key and window. Kafka Streams: `TimeWindowedKStream#count`. */
  count(options?: Named & Materialized<K, number>): KTable<Windowed<K>, number>
  /** As `KGroupedStream#reduce`, per window. Kafka Streams: `TimeWindowedKStream#reduce`. */
  reduce(
    reducer: (aggregate: NonNullable<V>, value: V) => Sync<NonNullable<V>> | null,
    options?: Named & Materialized<K, NonNullable<V>>,
  ): KTable<Windowed<K>, NonNullable<V>>
  /**
   * As `KGroupedStream#aggregate`, per window. Kafka Streams: `TimeWindowedKStream#aggregate`.
   */
  aggregate<VA>(
    initializer: () => VA,
    aggregator: (aggregate: VA, value: V, key: K) => Sync<VA> | null,
    options?: Named & Materialized<K, VA>,
  ): KTable<Windowed<K>, VA>
  /**
   * When results are forwarded: at every update (`onWindowUpdate`, the default), or once, when the window has closed
   * (`onWindowClose`), which needs a later record. Kafka Streams: `TimeWindowedKStream#emitStrategy`.
   *
   * @example
   * readings.groupByKey().windowedBy(tumbling({ size: '1m' })).emitStrategy('onWindowClose').count()
   */
  emitStrategy(strategy: EmitStrategy): TimeWindowedKStream<K, V>
}

/**
 * Records grouped by key and session. A record that joins sessions deletes them, which those downstream get as null, and
 * makes a new one, whose window is from the first to the last record, both inclusive; its result has the time of the
 * last. What is said of late records and null at {@link TimeWindowedKStream} holds here too. Kafka Streams:
 * `SessionWindowedKStream`.
 */
export interface SessionWindowedKStream<K, V> {
  /** How many records there were in each session. Kafka Streams: `SessionWindowedKStream#count`. */
  count(options?: Named & Materialized<K, number>): KTable<Windowed<K>, number>
  /**
   * As `KGroupedStream#reduce`, per session; the reducer also makes one of two sessions. Kafka Streams:
   * `SessionWindowedKStream#reduce`.
   */
  reduce(
    reducer: (aggregate: NonNullable<V>, value: V) => Sync<NonNullable<V>> | null,
    options?: Named & Materialized<K, NonNullable<V>>,
  ): KTable<Windowed<K>, NonNullable<V>>
  /**
   * As `KGroupedStream#aggregate`, per session. `merger(one, two, key)` makes one aggregate of two: first of the initial
   * one and that of a session, then of the result and that of the next; the record's value is added at the end. Kafka
   * Streams: `SessionWindowedKStream#aggregate`.
   */
  aggregate<VA>(
    initializer: () => VA,
    aggregator: (aggregate: VA, value: V, key: K) => Sync<VA> | null,
    merger: (one: VA, two: VA, key: K) => Sync<VA>,
    options?: Named & Materialized<K, VA>,
  ): KTable<Windowed<K>, VA>
  /** As {@link TimeWindowedKStream.emitStrategy}; a session closes when its gap and the grace are over. */
  emitStrategy(strategy: EmitStrategy): SessionWindowedKStream<K, V>
}

/**
 * Rows of a table grouped by another key; what `KTable.groupBy` gives. A row that changes is taken out of its group before
 * it is put into one again, so each aggregation has one function for either. Rows travel through an internal topic;
 * groups that have no rows any more stay, unless the subtractor deletes them. Kafka Streams: `KGroupedTable`.
 */
export interface KGroupedTable<K, V> {
  /**
   * How many rows there are in each group, as a number (`serdes.int64`); 0 once the last one has left. Kafka Streams:
   * `KGroupedTable#count`.
   */
  count(options?: Named & Materialized<K, number>): KTable<K, number>
  /**
   * Combines the rows of a group into one value of the same type. The first row is the first aggregate. Null from either
   * function deletes. Kafka Streams: `KGroupedTable#reduce`.
   *
   * @example
   * accounts
   *   .groupBy((account) => [account.branch, account.balance], { key: serdes.string, value: serdes.float64 })
   *   .reduce((sum, balance) => sum + balance, (sum, balance) => sum - balance, { store: 'balances' })
   */
  reduce(
    adder: (aggregate: V, value: V) => Sync<V> | null,
    subtractor: (aggregate: V, value: V) => Sync<V> | null,
    options?: Named & Materialized<K, V>,
  ): KTable<K, V>
  /**
   * Combines the rows of a group into an aggregate of any type, which begins as what `initializer` returns. Adder and
   * subtractor take `(aggregate, value, key)`, while Java's take the key first; null from either deletes. Kafka Streams:
   * `KGroupedTable#aggregate`.
   */
  aggregate<VA>(
    initializer: () => VA,
    adder: (aggregate: VA, value: V, key: K) => Sync<VA> | null,
    subtractor: (aggregate: VA, value: V, key: K) => Sync<VA> | null,
    options?: Named & Materialized<K, VA>,
  ): KTable<K, VA>
}

/**
 * Several grouped streams that share one aggregate per key. Their topics need equal partition counts, after the
 * repartitioning of those whose keys have changed. Kafka Streams: `CogroupedKStream`.
 */
export interface CogroupedKStream<K, VA> {
  /** Adds a grouping, with the aggregator of its values. Kafka Streams: `CogroupedKStream#cogroup`. */
  cogroup<V>(
    grouped: KGroupedStream<K, V>,
    aggregator: (aggregate: VA, value: NonNullable<V>, key: K) => Sync<VA> | null,
  ): CogroupedKStream<K, VA>
  /**
   * The table of the aggregates; `name` is what the names of its nodes begin with. Kafka Streams:
   * `CogroupedKStream#aggregate`.
   */
  aggregate(initializer: () => VA, options?: Named & Materialized<K, VA>): KTable<K, VA>
  /** Groups further by time. Kafka Streams: `CogroupedKStream#windowedBy`. */
  windowedBy(windows: TimeWindows | SlidingWindows): TimeWindowedCogroupedKStream<K, VA>
  /** Groups further into sessions of activity. Kafka Streams: `CogroupedKStream#windowedBy`. */
  windowedBy(windows: SessionWindows): SessionWindowedCogroupedKStream<K, VA>
}

/** Several grouped streams that share one aggregate per key and window. Kafka Streams: `TimeWindowedCogroupedKStream`. */
export interface TimeWindowedCogroupedKStream<K, VA> {
  /** The table of the aggregates. Kafka Streams: `TimeWindowedCogroupedKStream#aggregate`. */
  aggregate(initializer: () => VA, options?: Named & Materialized<K, VA>): KTable<Windowed<K>, VA>
}

/**
 * Several grouped streams that share one aggregate per key and session. Kafka Streams:
 * `SessionWindowedCogroupedKStream`.
 */
export interface SessionWindowedCogroupedKStream<K, VA> {
  /** The table of the aggregates; `merger` as in {@link SessionWindowedKStream.aggregate}. */
  aggregate(
    initializer: () => VA,
    merger: (one: VA, two: VA, key: K) => Sync<VA>,
    options?: Named & Materialized<K, VA>,
  ): KTable<Windowed<K>, VA>
}

/**
 * A table: the latest value per key. A null value deletes the key, and is never given to `filter`, `filterNot` and
 * `mapValues`. Updates of one key between two commits may be merged into one (`StreamsConfig.cacheMaxBytes`). Kafka
 * Streams: `KTable`.
 */
export interface KTable<K, V> {
  /** For the compiler, which names it first where keys differ; there is nothing in it. */
  readonly '~key'?: K
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
  /**
   * Replaces the value of every key by what a transformer of yours returns, which may use the stores that the option
   * `stores` names. It is called for deletes, too, with null, and again for the old value where something downstream
   * wants that. A join that looks up a table which is not stored asks another transformer, which has no access to those
   * stores: name a `store` for the result then. Kafka Streams: `KTable#transformValues`.
   *
   * @example
   * users.transformValues(() => new Enrich(), { stores: ['regions'], store: 'enriched', value: serdes.json<User>() })
   */
  transformValues<VR>(
    supplier: () => ValueTransformer<K, V, VR>,
    options?: Processed & Materialized<K, VR>,
  ): KTable<K, VR>
  /**
   * Holds updates back, one per key: until the window of the key closes, which gives its final result once, or for some
   * time after the first one. Time is that of the records: without new ones nothing is due. Kafka Streams:
   * `KTable#suppress`.
   *
   * @example
   * counts.suppress({ until: 'windowCloses' }).toStream().to('final-counts')
   * prices.suppress({ until: { timeLimit: '1m' }, maxRecords: 10_000 }).toStream().to('calm-prices')
   */
  suppress(suppression: Suppression): KTable<K, V>
  /**
   * Groups the rows by another key: `mapper(value, key)` returns the pair of group and row, through a repartition topic. A
   * row whose pair has a null is in no group. The option `name` names the topic, too. Kafka Streams: `KTable#groupBy`.
   *
   * @example
   * users.groupBy((user, id) => [user.country, id], { key: serdes.string, value: serdes.string }).count()
   */
  groupBy<KR, VR>(
    mapper: (value: V, key: K) => readonly [key: KR | null, value: VR | null],
    options?: Grouped<KR, VR>,
  ): KGroupedTable<KR, VR>
  /**
   * The pairs of rows of the same key, kept up to date from both sides. A key that loses its row on either side is
   * deleted, and so is one for which the joiner returns null. Both topics need equal partition counts. The result is
   * stored only where the option `store` names a store. Kafka Streams: `KTable#join`.
   *
   * @example
   * users.join(addresses, (user, address) => ({ ...user, address }))
   */
  join<VO, VR>(
    other: KTable<K, VO>,
    joiner: (left: V, right: VO) => Sync<VR> | null,
    options?: Named & Materialized<K, VR>,
  ): KTable<K, VR>
  /** As `join`, and every row of this table without a partner, with null. Kafka Streams: `KTable#leftJoin`. */
  leftJoin<VO, VR>(
    other: KTable<K, VO>,
    joiner: (left: V, right: VO | null) => Sync<VR> | null,
    options?: Named & Materialized<K, VR>,
  ): KTable<K, VR>
  /** As `join`, and the rows of either table without a partner, with null. Kafka Streams: `KTable#outerJoin`. */
  outerJoin<VO, VR>(
    other: KTable<K, VO>,
    joiner: (left: V | null, right: VO | null) => Sync<VR> | null,
    options?: Named & Materialized<K, VR>,
  ): KTable<K, VR>
  /**
   * Joins every row with the row of another table whose key `foreignKey(value, key)` returns, and keeps the result up to
   * date from both sides; a row for which it returns null has no result. The tables need not have equal partition counts:
   * two internal topics bring the rows together. Key serdes of both tables and their value serdes must be known. Kafka
   * Streams: `KTable#join` with a foreign key extractor.
   *
   * @example
   * orders.joinOn(customers, (order) => order.customerId, (order, customer) => ({ ...order, name: customer.name }))
   */
  joinOn<KO, VO, VR>(
    other: KTable<KO, VO>,
    foreignKey: (value: V, key: K) => KO | null,
    joiner: (left: V, right: VO) => Sync<VR> | null,
    options?: TableJoined<K, KO> & Materialized<K, VR>,
  ): KTable<K, VR>
  /**
   * As `joinOn`, and rows without a partner with null, also those for which `foreignKey` returns null. Kafka Streams:
   * `KTable#leftJoin` with a foreign key extractor.
   */
  leftJoinOn<KO, VO, VR>(
    other: KTable<KO, VO>,
    foreignKey: (value: V, key: K) => KO | null,
    joiner: (left: V, right: VO | null) => Sync<VR> | null,
    options?: TableJoined<K, KO> & Materialized<K, VR>,
  ): KTable<K, VR>
  /** The name that the table's store was given; undefined where it was given none. */
  readonly queryableStoreName: string | undefined
}
