/**
 * The optimisation `mergeRepartitionTopics`: several repartition topics behind one node that changes keys become one,
 * right behind that node, under the name of the first. Kafka Streams: InternalStreamsBuilder.mergeRepartitionTopics.
 *
 * Two steps: which topics belong together (`repartition-groups.ts`), then the graph with one topic for each group.
 */
import { TopologyError } from '../errors/topology-error.ts'
import type { GraphNode, NodeId, Repartition } from './graph.ts'
import { findUpwards, type Parents } from './graph-search.ts'
import type { RepartitionGroup } from './repartition-groups.ts'

export interface MergedGraph {
  readonly nodes: readonly GraphNode[]
  /** Sources that are gone, and what is read instead: for co-partitioning. */
  readonly replacedSources: ReadonlyMap<string, string>
}

/** `refuses`: fail where Java does, instead of going on. */
export function mergeRepartitions(
  nodes: readonly GraphNode[],
  groups: readonly RepartitionGroup[],
  refuses: boolean,
): MergedGraph {
  const graph = new MergingGraph(nodes, refuses)
  for (const group of groups) graph.merge(group)
  return graph.result()
}

class MergingGraph {
  readonly #nodes: Map<NodeId, GraphNode>
  readonly #parents: Map<NodeId, Set<NodeId>>
  readonly #replacedSources = new Map<string, string>()
  readonly #refuses: boolean
  #nextId: number

  constructor(nodes: readonly GraphNode[], refuses: boolean) {
    this.#nodes = new Map(nodes.map((node) => [node.id, node]))
    this.#parents = new Map(nodes.map(({ id, parents }) => [id, new Set(parents)]))
    this.#refuses = refuses
    this.#nextId = Math.max(-1, ...this.#nodes.keys()) + 1
  }

  merge({ anchor, repartitions }: RepartitionGroup): void {
    const open = repartitions.filter(({ id }) => this.#nodes.has(id) || this.#refuses)
    const [first] = open
    if (first === undefined) return
    const id = this.#nextId++
    const merged: Repartition = { ...first, ...namesOf(first.topic), id, priority: anchor.priority, parents: [] }
    this.#parents.set(id, new Set())
    for (const repartition of open) this.#replace(repartition, anchor, merged)
    this.#nodes.set(id, merged)
    this.#parentsOf(id).add(anchor.id)
  }

  result(): MergedGraph {
    const nodes = [...this.#nodes.values()].map((node) => ({ ...node, parents: [...this.#parentsOf(node.id)] }))
    return { nodes, replacedSources: this.#replacedSources }
  }

  /** What lies between anchor and repartition comes behind the merged topic, and the repartition's children behind that. */
  #replace(repartition: Repartition, anchor: GraphNode, merged: Repartition): void {
    const { id } = repartition
    const isBehind = (node: NodeId): boolean => this.#parentsOf(node).has(anchor.id)
    // differs from Java (#merged-repartition-topics), which forgets that an earlier one may have moved the node already.
    const isMoved = (node: NodeId): boolean => !this.#refuses && this.#parentsOf(node).has(merged.id)
    const top = findUpwards(id, this.#parentsFor(), (node) => isBehind(node) || isMoved(node))
    if (top === undefined) refuseShared(repartition, anchor)
    this.#parentsOf(top).add(merged.id)
    this.#parentsOf(top).delete(anchor.id)
    const above = this.#parentsOf(id)
    for (const parents of this.#parents.values()) {
      if (!parents.has(id)) continue
      for (const parent of above) parents.add(parent)
      parents.delete(id)
    }
    this.#parents.delete(id)
    this.#nodes.delete(id)
    this.#replacedSources.set(repartition.name, merged.name)
  }

  #parentsFor(): Parents {
    return (id) => this.#parentsOf(id)
  }

  #parentsOf(id: NodeId): Set<NodeId> {
    return this.#parents.get(id) ?? new Set()
  }
}

/** Java makes them of the whole topic name, so they are never generated ones. */
function namesOf(topic: string): Pick<Repartition, 'name' | 'sinkName' | 'filterName'> {
  return { name: `${topic}-source`, sinkName: `${topic}-sink`, filterName: `${topic}-filter` }
}

function refuseShared({ topic }: Repartition, anchor: GraphNode): never {
  throw new TopologyError(
    'MILLRACE_OPTION_INVALID',
    `topologyOptimization 'mergeRepartitionTopics' with compatibility 'java': the repartition topic ${topic} shares an operator behind ${anchor.name} with another one, which Kafka Streams cannot merge; leave out the optimisation or the compatibility`,
    { node: anchor.name, topic },
  )
}
