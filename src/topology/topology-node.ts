/**
 * The nodes of a topology as plain data: what the builders write, the description prints and the runtime instantiates.
 * Topic names of repartition topics and changelogs are without the application id, which is known only at run time.
 */
import type { ErrorPolicy } from '../processor/error-policy.ts'
import type { OperatorSupplier } from '../processor/operator.ts'
import type { RecordMetadata } from '../processor/record.ts'
import type { StoreSpec } from '../processor/store-builder.ts'
import type { StreamPartitioner } from '../processor/stream-partitioner.ts'
import type { TimestampExtractor } from '../processor/timestamp-extractor.ts'
import type { AnySerde } from '../serde/serde.ts'

export type OffsetReset = 'earliest' | 'latest' | 'none' | { readonly byDurationMs: number }

export interface SourceNode {
  readonly kind: 'source'
  readonly name: string
  readonly topics: readonly string[] | RegExp
  /** Undefined: `nullable(serdes.bytes)`. */
  readonly key?: AnySerde | undefined
  readonly value?: AnySerde | undefined
  /** Tables, global ones too, and internal topics take null keys and values with any serde. */
  readonly admitsNull: boolean
  readonly timestampExtractor?: TimestampExtractor | undefined
  readonly offsetReset?: OffsetReset | undefined
  readonly onDeserializationError?: ErrorPolicy | undefined
}

export interface ProcessorNode {
  readonly kind: 'processor'
  readonly name: string
  readonly parents: readonly string[]
  readonly supplier: OperatorSupplier
  readonly stores: readonly string[]
  readonly onProcessingError?: ErrorPolicy | undefined
}

export type TopicName = (value: never, key: never, context: RecordMetadata) => string

export interface SinkNode {
  readonly kind: 'sink'
  readonly name: string
  readonly parents: readonly string[]
  readonly topic: string | TopicName
  /** How a sink whose topic is a function is described. */
  readonly topicLabel?: string | undefined
  readonly key?: AnySerde | undefined
  readonly value?: AnySerde | undefined
  readonly partitioner?: StreamPartitioner<never, never> | undefined
  /**
   * Windowed keys are partitioned by the key without its window, as `KStream#to` does. Repartition topics and sinks of
   * the Processor API take the whole key, as in Java (StreamSinkNode.java).
   */
  readonly partitionsByInnerKey?: boolean
  readonly onProductionError?: ErrorPolicy | undefined
}

export type TopologyNode = SourceNode | ProcessorNode | SinkNode

export interface RepartitionTopic {
  /** Without the application id: `counts-repartition`. */
  readonly name: string
  /** Undefined: as many as the largest of the topics that feed it. */
  readonly partitions: number | undefined
}

export interface TopologyStore {
  readonly spec: StoreSpec
  /** Without the application id: `counts-changelog`; a source topic (as it is) where that serves as the changelog. */
  readonly changelogTopic: string | undefined
  readonly changelogIsSource: boolean
}

/** A connected part of the topology: what one task runs. Nodes are in topological order, which is that of insertion. */
export interface SubTopology {
  readonly id: number
  readonly nodes: readonly TopologyNode[]
  readonly stores: readonly TopologyStore[]
}

/** A store that every instance fills from a whole topic; its source and processor run outside of tasks. */
export interface GlobalStore {
  readonly source: SourceNode
  readonly processor: ProcessorNode
  readonly spec: StoreSpec
  readonly topic: string
  /**
   * Where the store has to be filled from the start, its processor is given every record again. False: the processor
   * only keeps what the topic has, so the records are put as they are (GlobalStateManagerImpl's reprocessState).
   */
  readonly restoredByProcessor: boolean
}

/** Everything that the runtime needs of a topology; `Topology#compile` makes it. */
export interface CompiledTopology {
  /** What it was built with; undefined: by hand, which decides nothing. */
  readonly compatibility?: 'none' | 'java' | undefined
  /** Names of all nodes in the order of insertion, over all sub-topologies. */
  readonly nodeNames: readonly string[]
  readonly subTopologies: readonly SubTopology[]
  readonly globalStores: readonly GlobalStore[]
  readonly repartitionTopics: readonly RepartitionTopic[]
  /** Topics that must have equal partition counts: names without the application id, and patterns of sources. */
  readonly copartitionGroups: readonly (readonly (string | RegExp)[])[]
}
