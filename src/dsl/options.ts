/** Options of the DSL's operators; see also src/topology/options.ts. */
import type { Duration } from '../common/duration.ts'
import type { StoreBuilder } from '../processor/store-builder.ts'
import type { Serde } from '../serde/serde.ts'
import type { StreamPartitioner } from '../processor/stream-partitioner.ts'
import type { Named, Produced } from '../topology/options.ts'

/** What a callback may return: anything but a promise. */
export type Sync<R> = R extends PromiseLike<unknown> ? PromiseRefused : R

/** What the compiler names where a callback returns a promise. */
export interface PromiseRefused {
  readonly '~error': 'callbacks are synchronous; do the asynchronous work before the record is produced or after it is consumed'
}

/**
 * How a table is stored. With `store` it can be queried under that name, and its changelog topic is
 * `<application id>-<store>-changelog`; without it the name is generated, and depends on the operators before it.
 *
 * Any other field without `store` is Java's `Materialized` without a name, which matters for generated names in `count`
 * only. A builder as `store` stands for Java's store supplier: its name, kind, persistence, retention and window size
 * count; `key`, `value`, `caching` and `logging` given here win over the builder's.
 */
export interface Materialized<K, V> {
  /** A name, or a builder of `stores` that stands for the store. */
  readonly store?: string | StoreBuilder
  /** Default: the serde that the key came with. */
  readonly key?: Serde<K>
  /** Default: the serde that the value came with; a value that a callback made has none. */
  readonly value?: Serde<V>
  /** Collects updates of a key until the next commit; default true. */
  readonly caching?: boolean
  /** Whether there is a changelog, and its additional topic configuration; default true. */
  readonly logging?: boolean | { readonly config: Readonly<Record<string, string>> }
  /** Of a windowed table: how long its windows are kept, at least as long as they can change. Default: so long. */
  readonly retention?: Duration
}

/** `name` names the node and the repartition topic, if there is one. */
export interface Grouped<K, V> extends Named {
  /** Of the repartition topic and the store. Default: the serde that the key came with. */
  readonly key?: Serde<K>
  /** Of the repartition topic. Default: the serde that the value came with. */
  readonly value?: Serde<V>
}

/** `name` is the base of the topic's name. */
export interface Repartitioned<K, V> extends Produced<K, V> {
  /** Default: as many as the largest topic that feeds it. */
  readonly partitions?: number
}

/** Of `print`. Kafka Streams: `Printed`. */
export interface Printed<K, V> extends Named {
  /** Begins every line; default: the name of the stream's node. */
  readonly label?: string
  /** Default: standard output. */
  readonly to?: (line: string) => void
  /** Default: `key, value`. */
  readonly format?: (value: V, key: K) => string
}

/**
 * Of a join of a stream with a table. `name` names its node, its repartition topic and its buffer. The serdes are those
 * of the stream, for where it is repartitioned or waits; `otherValue` has no effect, as in Java. Kafka Streams: `Joined`.
 */
export interface Joined<K, V, VO> extends Named {
  /** Default: the serde that the key of the stream came with. */
  readonly key?: Serde<K>
  /** Default: the serde that the value of the stream came with. */
  readonly value?: Serde<V>
  /** Has no effect, as in Java: the table has its serdes. */
  readonly otherValue?: Serde<VO>
  /**
   * How long a record waits, in stream time, for late updates of the table, which must be versioned and keep at least
   * as long a history (KIP-923). Records that are still later are joined at once. Default: none waits.
   */
  readonly grace?: Duration
}

/**
 * Of a join of two streams. `name` names its nodes and repartition topics. The builders of `thisStore` and `otherStore`
 * need the retention before + after + grace, the window size before + after, and `retainDuplicates`; whether they are
 * logged is up to them, not to `logging`. Kafka Streams: `StreamJoined`.
 */
export interface StreamJoined<K, V, VO> extends Named {
  /** Of both sides. Default: the serde that the key came with. */
  readonly key?: Serde<K>
  /** Of this stream. Default: the serde that its value came with. */
  readonly value?: Serde<V>
  /** Of the other stream. Default: the serde that its value came with. */
  readonly otherValue?: Serde<VO>
  /** The base of the names of the join's stores, and so of their changelog topics. */
  readonly store?: string
  /** A window store in place of the one for this stream. */
  readonly thisStore?: StoreBuilder
  /** A window store in place of the one for the other stream. */
  readonly otherStore?: StoreBuilder
  /** Whether the stores have changelogs; default true. */
  readonly logging?: boolean
}

/**
 * Of a foreign-key join: how the topics of the two tables are partitioned, where it is not by the bytes of the key;
 * `partitioner` that of this table, `otherPartitioner` that of the other one. They are given keys only, and choose one
 * partition. Kafka Streams: `TableJoined`.
 */
export interface TableJoined<K, KO> extends Named {
  /** How the topic of this table is partitioned; default: by the bytes of the key. */
  readonly partitioner?: StreamPartitioner<K, unknown>
  /** How the topic of the other table is partitioned; default: by the bytes of the key. */
  readonly otherPartitioner?: StreamPartitioner<KO, unknown>
}

/**
 * Until when `suppress` holds updates back. A buffer that is full gives up its oldest record (`emitEarly`, the default
 * with a `timeLimit`) or ends the application (`shutDown`, always so until `windowCloses`, whose results are final);
 * without a limit it is never full. `maxRecords` counts keys, `maxBytes` counts as Java does. Kafka Streams:
 * `Suppressed`.
 */
export type Suppression = Named & {
  /** So many keys may wait; default: any number. */
  readonly maxRecords?: number
  /** So many bytes may wait; default: any number. */
  readonly maxBytes?: number
  /** Whether the buffer has a changelog; default true. */
  readonly logging?: boolean
} & (
    | { readonly until: 'windowCloses' }
    | { readonly until: { readonly timeLimit: Duration }; readonly whenFull?: 'emitEarly' | 'shutDown' }
  )
