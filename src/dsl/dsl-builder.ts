/**
 * What all streams and tables of one StreamsBuilder share: the logical graph, the one counter behind generated names,
 * and how streams and tables are made. It is the source of truth for names: equal programs give equal names, which are
 * Java's. It never looks at records. Kafka Streams: InternalStreamsBuilder.java, NamedInternal.java.
 */
import { checkName } from '../topology/names.ts'
import { LogicalGraph, type NodeId } from './graph.ts'
import type { KGroupedStream, KStream, KTable } from './streams.ts'
import type { TableSupply } from './table-supply.ts'
import type { AnySerde } from '../serde/serde.ts'

/** What an operator needs to know of the stream that it is applied to. */
export interface StreamPart {
  readonly name: string
  readonly node: NodeId
  /** Undefined: a callback made the key or value, so nobody knows its serde. */
  readonly key: AnySerde | undefined
  readonly value: AnySerde | undefined
  /** The source nodes behind it, for co-partitioning. */
  readonly sources: ReadonlySet<string>
}

export interface KStreamPart extends StreamPart {
  /** The key has changed since the records were partitioned. */
  readonly repartitionRequired: boolean
}

export interface KGroupedStreamPart extends KStreamPart {
  /** Given with groupBy or groupByKey; names the repartition topic. */
  readonly givenName: string | undefined
}

export interface KTablePart extends StreamPart {
  readonly queryableStoreName: string | undefined
  readonly supply: TableSupply
}

/** Streams make tables and tables make streams; given from outside, because modules must not import in a circle. */
export interface Factories {
  stream<K, V>(dsl: DslBuilder, part: KStreamPart): KStream<K, V>
  grouped<K, V>(dsl: DslBuilder, part: KGroupedStreamPart): KGroupedStream<K, V>
  table<K, V>(dsl: DslBuilder, part: KTablePart): KTable<K, V>
}

/** Internal resources whose names were generated; an error when naming is explicit. */
export interface GeneratedNames {
  readonly changelogs: string[]
  readonly stores: string[]
  readonly repartitionTopics: string[]
}

export class DslBuilder {
  readonly graph: LogicalGraph = new LogicalGraph()
  readonly generated: GeneratedNames = { changelogs: [], stores: [], repartitionTopics: [] }
  readonly #factories: Factories
  #index = 0

  constructor(factories: Factories) {
    this.#factories = factories
  }

  /** Explicit names use up an index too, so that naming one node does not rename the others. */
  nodeName(prefix: string, given?: string, suffix = ''): string {
    const generated = prefix + this.#nextIndex()
    if (given === undefined) return generated
    checkName(given)
    return suffix === '' ? given : checkName(given + suffix)
  }

  /** A given store name uses up no index. */
  storeName(prefix: string, given: string | undefined, logged = true): string {
    if (given !== undefined) return given
    const name = this.skipStoreName(prefix)
    this.generated.stores.push(name)
    if (logged) this.generated.changelogs.push(`${name}-changelog`)
    return name
  }

  /** Uses up an index, where Java once generated a name that it no longer needs. */
  skipStoreName(prefix: string): string {
    return `${prefix}STATE-STORE-${this.#nextIndex()}`
  }

  stream<K, V>(part: KStreamPart): KStream<K, V> {
    return this.#factories.stream(this, part)
  }

  grouped<K, V>(part: KGroupedStreamPart): KGroupedStream<K, V> {
    return this.#factories.grouped(this, part)
  }

  table<K, V>(part: KTablePart): KTable<K, V> {
    return this.#factories.table(this, part)
  }

  #nextIndex(): string {
    return String(this.#index++).padStart(10, '0')
  }
}
