/**
 * A topology: what the processor API adds to, what the DSL builds, and what the runtime, the description and the test
 * driver read. It is the only thing that DSL and runtime have in common; it never runs anything itself.
 */
import { TopologyError } from '../errors/topology-error.ts'
import type { Processor } from '../processor/processor.ts'
import type { RecordMetadata } from '../processor/record.ts'
import type { StoreBuilder, StoreSpec } from '../processor/store-builder.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import { checkOptions, consumedOptions, processedOptions, producedOptions } from './check-options.ts'
import { compileTopology } from './compile.ts'
import { TopologyDescription } from './describe.ts'
import { checkTopicName } from './names.ts'
import { toOffsetReset, toTopics, type Consumed, type Processed, type Produced, type Topics } from './options.ts'
import { processorOperator } from './processor-operator.ts'
import { TopologyBuilder } from './topology-builder.ts'
import type { CompiledTopology, ProcessorNode, SourceNode } from './topology-node.ts'
import { checkShape, type TopologyShape } from './topology-shape.ts'
import { wrapProcessors } from './wrap-processors.ts'

/**
 * Nodes and stores as data: what `StreamsBuilder#build` gives, or made by hand with the Processor API. Nodes are named
 * by who adds them; each `add…` returns the topology. Kafka Streams: `Topology`.
 *
 * @example
 * const topology = new Topology()
 *   .addSource('lines', 'text-lines', { value: serdes.string })
 *   .addProcessor('upper', () => new ToUpperCase(), 'lines')
 *   .addSink('out', 'upper-lines', 'upper', { value: serdes.string })
 */
export class Topology {
  readonly #builder: TopologyBuilder
  readonly #shape: TopologyShape | undefined

  /** Without arguments an empty one, to be filled with the processor API; `shape` is what the DSL built it with. */
  constructor(builder: TopologyBuilder = new TopologyBuilder(), shape?: TopologyShape) {
    this.#builder = builder
    this.#shape = shape
  }

  /** Reads topics, or all whose names match a pattern. Kafka Streams: `Topology#addSource`. */
  addSource<K, V>(name: string, topics: Topics, options: Consumed<K, V> = {}): this {
    this.#builder.addSource(sourceNode(name, topics, options))
    return this
  }

  /**
   * A processor of its own for each task: `supplier` returns a new one at each call. It is given what its parents
   * forward. Kafka Streams: `Topology#addProcessor`.
   */
  addProcessor<K, V, KR, VR>(
    name: string,
    supplier: () => Processor<K, V, KR, VR>,
    parents: string | readonly string[],
    options: Processed = {},
  ): this {
    const { builders, names } = splitStores(checkOptions(`addProcessor(${name})`, options, processedOptions).stores)
    for (const builder of builders) this.#builder.addStore(builder.spec)
    this.#builder.addProcessor({
      kind: 'processor',
      name,
      parents: toList(parents),
      supplier: processorOperator(name, supplier),
      stores: names,
      onProcessingError: options.onProcessingError,
    })
    return this
  }

  /**
   * Writes what its parents forward to a topic, or to the one that a function names for each record. Serdes are those
   * given; without one it takes bytes. Kafka Streams: `Topology#addSink`.
   */
  addSink<K, V>(
    name: string,
    topic: string | ((value: V, key: K, context: RecordMetadata) => string),
    parents: string | readonly string[],
    options: Produced<K, V> = {},
  ): this {
    checkOptions(`addSink(${name})`, options, producedOptions)
    if (typeof topic === 'string') checkTopicName(name, topic)
    this.#builder.addSink({
      kind: 'sink',
      name,
      parents: toList(parents),
      topic,
      topicLabel: options.topicLabel,
      key: options.key,
      value: options.value,
      partitioner: options.partitioner,
      onProductionError: options.onProductionError,
    })
    return this
  }

  /** A store for the processors that are named. Kafka Streams: `Topology#addStateStore`. */
  addStateStore(store: StoreBuilder, ...processors: string[]): this {
    this.#builder.addStore(specOf(store), processors)
    return this
  }

  /** The source topic is the store's changelog (KIP-813); only `processor` writes to the store. */
  addReadOnlyStateStore<K, V>(
    store: StoreBuilder,
    source: string,
    topic: string,
    processor: string,
    supplier: () => Processor<K, V, never, never>,
    options: Consumed<K, V> = {},
  ): this {
    const spec: StoreSpec = { ...specOf(store), logging: false }
    this.#builder.addSource(sourceNode(source, topic, { offsetReset: 'earliest', ...options }))
    this.#builder.addProcessor(this.#stateProcessor(processor, source, supplier))
    this.#builder.addStore(spec, [processor])
    this.#builder.useAsChangelog(topic, spec.name)
    return this
  }

  /**
   * A store that every instance fills from a whole topic with a processor of its own, and that every other processor
   * reads. See `StreamsBuilder.addGlobalStore`. Kafka Streams: `Topology#addGlobalStore`.
   */
  addGlobalStore<K, V>(
    store: StoreBuilder,
    source: string,
    topic: string,
    processor: string,
    supplier: () => Processor<K, V, never, never>,
    options: Consumed<K, V> = {},
  ): this {
    this.#builder.addGlobalStore({
      source: { ...sourceNode(source, topic, options), admitsNull: true },
      processor: this.#stateProcessor(processor, source, supplier),
      spec: { ...specOf(store), logging: false },
      topic,
      restoredByProcessor: true,
    })
    return this
  }

  /** Lets one more processor use stores that are there. */
  connectProcessorAndStateStores(processor: string, ...stores: string[]): this {
    if (stores.length === 0) {
      throw new TopologyError(
        'MILLRACE_STORE_UNKNOWN',
        `connectProcessorAndStateStores(${JSON.stringify(processor)}) names no store; name at least one`,
        { node: processor },
      )
    }
    for (const store of stores) this.#builder.connect(processor, store)
    return this
  }

  /** What `toString()` gives is the text of Java; there are JSON and Mermaid, too. */
  describe(): TopologyDescription {
    return new TopologyDescription(this.#builder.definition())
  }

  /**
   * For the runtime and the test driver. `config` is what the user gave to them: where it wants another shape than the
   * topology was built with, that is an error.
   */
  compile(config: Partial<StreamsConfig> = {}): CompiledTopology {
    if (this.#shape !== undefined) checkShape(this.#shape, config)
    const definition = this.#builder.definition()
    const wrapper = config.processorWrapper ?? this.#shape?.processorWrapper
    const compiled = compileTopology(wrapper === undefined ? definition : wrapProcessors(definition, wrapper))
    return { ...compiled, compatibility: this.#shape?.compatibility }
  }

  #stateProcessor<K, V>(name: string, source: string, supplier: () => Processor<K, V, never, never>): ProcessorNode {
    return { kind: 'processor', name, parents: [source], supplier: processorOperator(name, supplier), stores: [] }
  }
}

function sourceNode<K, V>(name: string, topics: Topics, options: Consumed<K, V>): SourceNode {
  checkOptions(`source ${name}`, options, consumedOptions)
  return {
    kind: 'source',
    name,
    topics: toTopics(name, topics),
    key: options.key,
    value: options.value,
    admitsNull: false,
    timestampExtractor: options.timestampExtractor,
    offsetReset: toOffsetReset(name, options.offsetReset),
    onDeserializationError: options.onDeserializationError,
  }
}

function toList(parents: string | readonly string[]): readonly string[] {
  return typeof parents === 'string' ? [parents] : [...parents]
}

/** Names of all stores, and the builders among them, which are to be added. */
export function splitStores(stores: readonly (string | StoreBuilder)[] = []): {
  readonly names: readonly string[]
  readonly builders: readonly StoreBuilder[]
} {
  const builders = stores.filter((store) => typeof store !== 'string')
  return { names: stores.map((store) => (typeof store === 'string' ? store : specOf(store).name)), builders }
}

export function specOf(store: StoreBuilder): StoreSpec {
  const spec = (store as { readonly spec?: StoreSpec } | undefined)?.spec
  if (spec !== undefined) return spec
  throw new TopologyError(
    'MILLRACE_OPTION_INVALID',
    `a store builder is made by stores.keyValue() or one of its siblings, found ${String(store)}`,
  )
}
