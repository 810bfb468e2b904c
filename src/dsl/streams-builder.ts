/**
 * The entry to the DSL: streams and tables of topics, and in the end the topology. Kafka Streams: StreamsBuilder.java.
 * It reads of the configuration only what shapes a topology, and never the application id: names of internal topics get
 * it when the topology runs.
 */
import type { Processor } from '../processor/processor.ts'
import type { StoreBuilder } from '../processor/store-builder.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import { bytesSerde } from '../serde/basic-serdes.ts'
import { nullable, type Serde } from '../serde/serde.ts'
import { checkCopartitioning } from '../topology/compile.ts'
import { checkOptions, consumedOptions } from '../topology/check-options.ts'
import { toOffsetReset, toTopics, type Consumed, type Topics } from '../topology/options.ts'
import { topologyShape } from '../topology/topology-shape.ts'
import { specOf, Topology } from '../topology/topology.ts'
import type { SourceNode } from '../topology/topology-node.ts'
import { DslBuilder, type Factories } from './dsl-builder.ts'
import { checkNaming } from './explicit-naming.ts'
import { KGroupedStreamImpl } from './kgrouped-stream-impl.ts'
import { KGroupedTableImpl } from './kgrouped-table-impl.ts'
import { KStreamImpl } from './kstream-impl.ts'
import { KTableImpl } from './ktable-impl.ts'
import { givenStoreName, historyRetention, tableStore } from './materialized.ts'
import { tableSourceOperator } from './operators/table-source.ts'
import { optimize } from './optimizer.ts'
import { tableOptions } from './option-names.ts'
import type { Materialized } from './options.ts'
import { addGlobalStore, makeGlobalTable } from './global-tables.ts'
import type { GlobalKTable } from './global-ktable.ts'
import type { KStream, KTable } from './streams.ts'
import { SourceTable } from './table-supply.ts'
import { writeTopology } from './write-topology.ts'

type Bytes = Uint8Array | null

const factories: Factories = {
  stream: (dsl, part) => new KStreamImpl(dsl, part),
  grouped: (dsl, part) => new KGroupedStreamImpl(dsl, part),
  table: (dsl, part) => new KTableImpl(dsl, part),
  groupedTable: (dsl, part) => new KGroupedTableImpl(dsl, part),
}

/**
 * Where a topology begins: streams and tables of topics, and in the end `build`. Kafka Streams: `StreamsBuilder`.
 *
 * @example
 * const builder = new StreamsBuilder()
 * const lines = builder.stream('lines', { value: serdes.string })
 * lines.mapValues((line) => line.trim()).to('trimmed', { value: serdes.string })
 * const topology = builder.build()
 */
export class StreamsBuilder {
  readonly #dsl: DslBuilder

  /** `topologyOptimization`, `naming` and `compatibility` count. */
  constructor(config: Partial<StreamsConfig> = {}) {
    this.#dsl = new DslBuilder(factories, topologyShape(config))
  }

  /**
   * The records of one or several topics. A null key or value is an error unless its serde is `nullable`. Kafka
   * Streams: `StreamsBuilder#stream`.
   */
  stream<K, V>(
    topics: Topics,
    options: Consumed<K, V> & { readonly key: Serde<K>; readonly value: Serde<V> },
  ): KStream<K, V>
  /**
   * The records of one or several topics, with keys as bytes or null; a null value is an error unless its serde is
   * `nullable`.
   */
  stream<V>(topics: Topics, options: Consumed<Bytes, V> & { readonly value: Serde<V> }): KStream<Bytes, V>
  /**
   * The records of one or several topics, with values as bytes or null; a null key is an error unless its serde is
   * `nullable`.
   */
  stream<K>(topics: Topics, options: Consumed<K, Bytes> & { readonly key: Serde<K> }): KStream<K, Bytes>
  /** The records of one or several topics, keys and values as bytes or null. */
  stream(topics: Topics, options?: Consumed<Bytes, Bytes>): KStream<Bytes, Bytes>
  stream<K, V>(topics: Topics, options: Consumed<K, V> = {}): KStream<K, V> {
    const name = this.#dsl.nodeName('KSTREAM-SOURCE-', checkOptions('stream()', options, consumedOptions).name)
    const key = options.key ?? nullable(bytesSerde)
    const value = options.value ?? nullable(bytesSerde)
    const node = this.#dsl.graph.add({
      kind: 'streamSource',
      name,
      parents: [],
      source: { ...sourceOptions(name, options), topics: toTopics(name, topics), key, value, admitsNull: false },
    })
    return this.#dsl.stream({ name, node, key, value, sources: new Set([name]), repartitionRequired: false })
  }

  /**
   * A topic as the latest value per key; null deletes, records without a key are dropped and counted. It is stored when
   * its store is named, or when something downstream has to look it up. Kafka Streams: `StreamsBuilder#table`.
   */
  table<K = Uint8Array, V = Uint8Array>(
    topic: string,
    options: Consumed<K, V> & Omit<Materialized<K, V>, 'key' | 'value'> = {},
  ): KTable<K, V> {
    const givenName = givenStoreName(checkOptions('table()', options, tableOptions))
    const storeName = this.#dsl.storeName(`${topic}-`, givenName, options.logging !== false)
    const sourceName = this.#dsl.nodeName('KSTREAM-SOURCE-', options.name, '-source')
    const name = this.#dsl.nodeName('KTABLE-SOURCE-', options.name)
    const key = options.key ?? bytesSerde
    const value = options.value ?? bytesSerde
    const spec = tableStore(name, storeName, options, { key, value })
    const supply = new SourceTable(storeName, givenName !== undefined, historyRetention(options))
    const node = this.#dsl.graph.add({
      kind: 'tableSource',
      name,
      parents: [],
      topic,
      source: {
        kind: 'source',
        name: sourceName,
        ...sourceOptions(sourceName, options),
        topics: toTopics(sourceName, topic),
        key,
        value,
        admitsNull: true,
      },
      supplier: tableSourceOperator(supply),
      store: () => (supply.isStored ? spec : undefined),
      onProcessingError: options.onProcessingError,
    })
    const sources = new Set([sourceName])
    return this.#dsl.table({ name, node, key, value, sources, queryableStoreName: givenName, supply })
  }

  /**
   * A topic as a table that every instance holds completely, whatever its partitions. Null deletes, records without a key
   * are dropped and counted. It is always stored, on the disk of every instance where `StreamsConfig.store` says so, and
   * has no changelog: its topic is that. Kafka Streams: `StreamsBuilder#globalTable`.
   *
   * @example
   * const products = builder.globalTable('products', { key: serdes.string, value: serdes.json<Product>() })
   */
  globalTable<K = Uint8Array, V = Uint8Array>(
    topic: string,
    options: Consumed<K, V> & Omit<Materialized<K, V>, 'key' | 'value'> = {},
  ): GlobalKTable<K, V> {
    return makeGlobalTable(this.#dsl, topic, options)
  }

  /**
   * A store that every instance fills from a whole topic, whatever its partitions: `supplier` makes the processor that is
   * given the records, and keeps of them in the store what it wants; it cannot forward. Every other processor reads the
   * store by its name, without being connected to it, and none but this one writes to it. Where the store has to be
   * filled again, the processor is given the records again, those without a key left out. Kafka Streams:
   * `StreamsBuilder#addGlobalStore`.
   *
   * @example
   * builder.addGlobalStore(stores.keyValue('rates', strings), 'rates', strings, () => new KeepRates())
   */
  addGlobalStore<K, V>(
    store: StoreBuilder,
    topic: string,
    options: Consumed<K, V>,
    supplier: () => Processor<K, V, never, never>,
  ): this {
    addGlobalStore(this.#dsl, store, topic, options, supplier)
    return this
  }

  /** A store for processors, which name it in their `stores` option. */
  addStateStore(store: StoreBuilder): this {
    const spec = specOf(store)
    this.#dsl.graph.add({ kind: 'store', name: spec.name, parents: [], spec })
    return this
  }

  /** The topology of everything that was made so far; what contradicts itself is an error. */
  build(): Topology {
    const { naming, topologyOptimization } = this.#dsl.shape
    const added = this.#dsl.graph.nodes()
    if (naming === 'explicit') checkNaming(this.#dsl.generated, added)
    const { nodes, replacedSources } = optimize(added, this.#dsl.shape)
    const topology = writeTopology(nodes, {
      reuseSourceTopics: topologyOptimization.includes('reuseSourceTopics'),
      operators: this.#dsl.operators,
    })
    for (const sources of this.#dsl.copartitioned) {
      topology.copartition([...new Set(sources.map((source) => replacedSources.get(source) ?? source))])
    }
    checkCopartitioning(topology.definition())
    return new Topology(topology, this.#dsl.shape)
  }
}

function sourceOptions<K, V>(
  name: string,
  { timestampExtractor, offsetReset, onDeserializationError }: Consumed<K, V>,
): Pick<SourceNode, 'timestampExtractor' | 'offsetReset' | 'onDeserializationError'> {
  return { timestampExtractor, offsetReset: toOffsetReset(name, offsetReset), onDeserializationError }
}
