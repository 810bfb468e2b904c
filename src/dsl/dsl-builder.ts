/**
 * What all streams and tables of one StreamsBuilder share: the logical graph, the one counter behind generated names,
 * and how streams and tables are made. It is the source of truth for names: equal programs give equal names, which are
 * Java's. It never looks at records. Kafka Streams: InternalStreamsBuilder.java, NamedInternal.java.
 */
import { TopologyError } from '../errors/topology-error.ts'
import { checkName } from '../topology/names.ts'
import type { TopologyShape } from '../topology/topology-shape.ts'
import { LogicalGraph, type NodeId } from './graph.ts'
import type { Regrouping } from './operators/table-regroup.ts'
import type { GlobalKTable } from './global-ktable.ts'
import type { KGroupedStream, KGroupedTable, KStream, KTable } from './streams.ts'
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

export interface KGroupedTablePart extends StreamPart {
  /** Given with groupBy; names the internal topic. */
  readonly givenName: string | undefined
  readonly regrouping: Regrouping
}

export interface GlobalKTablePart {
  readonly storeName: string
  readonly queryableStoreName: string | undefined
  readonly key: AnySerde
  readonly value: AnySerde
}

/** Streams make tables and tables make streams; given from outside, because modules must not import in a circle. */
export interface Factories {
  stream<K, V>(dsl: DslBuilder, part: KStreamPart): KStream<K, V>
  grouped<K, V>(dsl: DslBuilder, part: KGroupedStreamPart): KGroupedStream<K, V>
  table<K, V>(dsl: DslBuilder, part: KTablePart): KTable<K, V>
  groupedTable<K, V>(dsl: DslBuilder, part: KGroupedTablePart): KGroupedTable<K, V>
}

/** Internal resources whose names were generated; an error when naming is explicit. */
export interface GeneratedNames {
  readonly changelogs: string[]
  readonly stores: string[]
  readonly repartitionTopics: string[]
}

export interface OtherParts {
  readonly stream?: KStreamPart | undefined
  readonly grouped?: KGroupedStreamPart | undefined
  readonly table?: KTablePart | undefined
  readonly globalTable?: GlobalKTablePart | undefined
}

const kindNames: Readonly<Record<keyof OtherParts, string>> = {
  stream: 'stream',
  grouped: 'grouped stream',
  table: 'table',
  globalTable: 'global table',
}

export class DslBuilder {
  /** What of the configuration decides how operators work, `compatibility` above all. */
  readonly shape: TopologyShape
  readonly graph: LogicalGraph = new LogicalGraph()
  /** Names of source nodes whose topics are joined. */
  readonly copartitioned: (readonly string[])[] = []
  /** By the name of a node: what it does, in Java's words (`key-select`). */
  readonly operators: Map<string, string> = new Map()
  readonly generated: GeneratedNames = { changelogs: [], stores: [], repartitionTopics: [] }
  readonly #factories: Factories
  /** What stands behind the objects that users hold. */
  readonly #streams = new WeakMap<object, KStreamPart>()
  readonly #groups = new WeakMap<object, KGroupedStreamPart>()
  readonly #tables = new WeakMap<object, KTablePart>()
  readonly #globalTables = new WeakMap<object, GlobalKTablePart>()
  #index = 0

  constructor(factories: Factories, shape: TopologyShape) {
    this.#factories = factories
    this.shape = shape
  }

  /** Explicit names use up an index too, so that naming one node does not rename the others. */
  nodeName(prefix: string, given?: string, suffix = ''): string {
    const generated = prefix + this.#nextIndex()
    if (given === undefined) return this.#noted(prefix, generated)
    checkName(given)
    return this.#noted(prefix, suffix === '' ? given : checkName(given + suffix))
  }

  /** Where a given name uses up no index. */
  givenNodeName(prefix: string, given: string): string {
    return this.#noted(prefix, checkName(given))
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
    const stream = this.#factories.stream<K, V>(this, part)
    this.#streams.set(stream, part)
    return stream
  }

  grouped<K, V>(part: KGroupedStreamPart): KGroupedStream<K, V> {
    const grouped = this.#factories.grouped<K, V>(this, part)
    this.#groups.set(grouped, part)
    return grouped
  }

  table<K, V>(part: KTablePart): KTable<K, V> {
    const table = this.#factories.table<K, V>(this, part)
    this.#tables.set(table, part)
    return table
  }

  groupedTable<K, V>(part: KGroupedTablePart): KGroupedTable<K, V> {
    return this.#factories.groupedTable(this, part)
  }

  globalTable<K, V>(part: GlobalKTablePart): GlobalKTable<K, V> {
    const table: GlobalKTable<K, V> = { '~kind': 'globalTable', queryableStoreName: part.queryableStoreName }
    this.#globalTables.set(table, part)
    return table
  }

  /** What a user gave as another stream or table; all undefined where it is none of this builder. */
  partsOf(other: unknown): OtherParts {
    if (typeof other !== 'object' || other === null) return {}
    return {
      stream: this.#streams.get(other),
      grouped: this.#groups.get(other),
      table: this.#tables.get(other),
      globalTable: this.#globalTables.get(other),
    }
  }

  /** `operator` as its user writes it: `merge()`. */
  require<P extends keyof OtherParts>(operator: string, kind: P, other: unknown): NonNullable<OtherParts[P]> {
    const part = this.partsOf(other)[kind]
    if (part !== undefined) return part
    throw new TopologyError(
      'MILLRACE_OPTION_INVALID',
      `${operator}: the other ${kindNames[kind]} is not one of this StreamsBuilder; make both with the same builder`,
    )
  }

  /** The topics behind both need equal partition counts (AbstractStream.ensureCopartitionWith). Returns all sources. */
  copartition(one: StreamPart, other: StreamPart): ReadonlySet<string> {
    const sources = new Set([...one.sources, ...other.sources])
    this.copartitioned.push([...sources])
    return sources
  }

  #noted(prefix: string, name: string): string {
    const operator = operatorOf(prefix)
    if (operator !== '') this.operators.set(name, operator)
    return name
  }

  #nextIndex(): string {
    return String(this.#index++).padStart(10, '0')
  }
}

/** `KSTREAM-KEY-SELECT-` is `key-select`, `KTABLE-SOURCE-` is `table-source`, `COGROUPKSTREAM-MERGE-` is `cogroup-merge`. */
function operatorOf(prefix: string): string {
  return prefix
    .replace(/^KSTREAM-/, '')
    .replace(/^KTABLE-/, 'TABLE-')
    .replace(/^COGROUPKSTREAM-/, 'COGROUP-')
    .replace(/-$/, '')
    .toLowerCase()
}
