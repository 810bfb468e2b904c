/**
 * The logical graph: what the user wrote, as immutable nodes. The DSL appends, the optimiser makes other graphs of it,
 * `writeTopology` turns it into a topology. Kafka Streams: GraphNode.java and its subclasses.
 */
import type { ErrorPolicy } from '../processor/error-policy.ts'
import type { OperatorSupplier } from '../processor/operator.ts'
import type { StoreSpec } from '../processor/store-builder.ts'
import type { StreamPartitioner } from '../processor/stream-partitioner.ts'
import type { AnySerde } from '../serde/serde.ts'
import { capturePlace, type DefinitionPlace } from '../topology/definition-place.ts'
import type { GlobalStore, SinkNode, SourceNode } from '../topology/topology-node.ts'

export type NodeId = number

interface BaseNode {
  readonly id: NodeId
  readonly parents: readonly NodeId[]
  /** Nodes whose parents are written are written by ascending priority, which gives sub-topologies their numbers. */
  readonly priority: number
  readonly name: string
  /** The user's call. */
  readonly place: DefinitionPlace
  /** A left or outer join, which wants records without a key too (KIP-962): repartition topics above it carry them. */
  readonly wantsNullKeys?: boolean | undefined
}

export interface StreamSource extends BaseNode {
  readonly kind: 'streamSource'
  readonly source: Omit<SourceNode, 'kind' | 'name'>
}

/** A source and the table that its topic is; the node's name is that of the table's processor. */
export interface TableSource extends BaseNode {
  readonly kind: 'tableSource'
  readonly source: SourceNode
  readonly topic: string
  readonly supplier: OperatorSupplier
  /** Asked when the topology is written: something downstream may have demanded the store. */
  readonly store: () => StoreSpec | undefined
  readonly onProcessingError: ErrorPolicy | undefined
}

export interface Operation extends BaseNode {
  readonly kind: 'operation'
  readonly supplier: OperatorSupplier
  /** Stores that come with the operator, asked when the topology is written. */
  readonly ownStores: () => readonly StoreSpec[]
  /** What becomes of records that it forwards; undefined: anything. Topologies are optimised by it. */
  readonly changes?: 'nothing' | 'value' | 'key' | undefined
  /** Streams come together here. */
  readonly isMerge?: boolean | undefined
  /** Of a windowed aggregation: how long after its end a window takes records; what suppress waits for. */
  readonly graceMs?: number
  /** Stores that were added elsewhere. */
  readonly otherStores: readonly string[]
  readonly onProcessingError: ErrorPolicy | undefined
}

/**
 * Several processors that are written together, as Java does with joins. The node's name is that of the last one, whose
 * results its children get.
 */
export interface Compound extends BaseNode {
  readonly kind: 'compound'
  readonly parts: readonly CompoundPart[]
  /** Of a join of two streams: what it becomes when both are one. */
  readonly selfJoin?: SelfJoinForm | undefined
}

/** One window and one processor instead of two windows and three processors (KIP-862). */
export interface SelfJoinForm {
  readonly thisWindow: NodeId
  readonly otherWindow: NodeId
  readonly part: CompoundPart
}

export interface CompoundPart {
  readonly name: string
  /** Earlier parts by their names; numbers are indices of the compound's own parents. */
  readonly parents: readonly (string | number)[]
  readonly supplier: OperatorSupplier
  readonly ownStores: () => readonly StoreSpec[]
  readonly otherStores: () => readonly string[]
  readonly onProcessingError: ErrorPolicy | undefined
}

/**
 * A filter for null keys (open where a join downstream wants them), a sink, an internal topic and a source that reads
 * it; the node's name is the source's.
 */
export interface Repartition extends BaseNode {
  readonly kind: 'repartition'
  readonly filterName: string
  readonly sinkName: string
  readonly topic: string
  readonly partitions: number | undefined
  readonly key: AnySerde
  readonly value: AnySerde
  readonly partitioner: StreamPartitioner<never, never> | undefined
  readonly onProductionError: ErrorPolicy | undefined
  /** False: asked for with repartition(), and never optimised away. */
  readonly isMergeable: boolean
}

/**
 * The internal topic of a grouped table, between a sink and a source; the node's name is the source's. Unlike any other it
 * has no filter in front, and is never merged. Kafka Streams: GroupedTableOperationRepartitionNode.java.
 */
export interface TableRepartition extends BaseNode {
  readonly kind: 'tableRepartition'
  readonly sinkName: string
  readonly topic: string
  readonly key: AnySerde
  /** Of changes. */
  readonly value: AnySerde
}

export interface Sink extends BaseNode {
  readonly kind: 'sink'
  readonly sink: Omit<SinkNode, 'kind' | 'name' | 'parents'>
  /** It writes to an internal topic, which the application creates; the source that reads it is a node of its own. */
  readonly createsTopic?: boolean
}

export interface AddedStore extends BaseNode {
  readonly kind: 'store'
  readonly spec: StoreSpec
}

/** A topic and the store that every instance fills from it; nothing can come after it. */
export interface GlobalSource extends BaseNode {
  readonly kind: 'globalSource'
  readonly global: GlobalStore
}

export type GraphNode =
  StreamSource | TableSource | GlobalSource | Operation | Compound | Repartition | TableRepartition | Sink | AddedStore

/** A node before the graph has given it an id, a priority and its place. */
export type NewNode = GraphNode extends infer N
  ? N extends GraphNode
    ? Omit<N, 'id' | 'priority' | 'place'>
    : never
  : never

export class LogicalGraph {
  readonly #nodes: GraphNode[] = []
  #priority = 0

  add(node: NewNode): NodeId {
    const id = this.#nodes.length
    this.#nodes.push({ ...node, id, priority: this.#priority++, place: capturePlace() })
    return id
  }

  /** As if the node were added only now: Kafka Streams does so with a repartition node that is used again. */
  renew(id: NodeId): void {
    const node = this.#nodes[id]
    if (node !== undefined) this.#nodes[id] = { ...node, priority: this.#priority++ }
  }

  nodes(): readonly GraphNode[] {
    return [...this.#nodes]
  }
}
