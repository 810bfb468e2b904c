/** Questions about a described topology that only its graph answers: what feeds a node, across repartition topics. */
import type { NodeDescription, StoreDescription, TopicDescription, TopologyJson } from './description.ts'

/** What a store gets its records from. */
export interface Feed {
  /** Users' topics and patterns, sorted; those behind repartition topics too. */
  readonly topics: readonly string[]
  /** What nodes do between them and the store, without names; sorted, since branches have no order. */
  readonly operators: readonly string[]
  /** A repartition topic is the last topic before the store, on some path. */
  readonly isRepartitioned: boolean
}

export class DescriptionGraph {
  readonly topology: TopologyJson
  readonly #nodes: ReadonlyMap<string, NodeDescription>
  readonly #topics: ReadonlyMap<string, TopicDescription>
  readonly #subTopologyOf: ReadonlyMap<string, number>

  constructor(topology: TopologyJson) {
    this.topology = topology
    const nodes = topology.subTopologies.flatMap((part) => part.nodes)
    this.#nodes = new Map(nodes.map((node) => [node.name, node]))
    this.#topics = new Map(topology.topics.map((topic) => [topic.name, topic]))
    this.#subTopologyOf = new Map(
      topology.subTopologies.flatMap(({ id, nodes: members }) => members.map(({ name }) => [name, id] as const)),
    )
  }

  node(name: string): NodeDescription | undefined {
    return this.#nodes.get(name)
  }

  nodes(): Iterable<NodeDescription> {
    return this.#nodes.values()
  }

  topic(name: string): TopicDescription | undefined {
    return this.#topics.get(name)
  }

  subTopologyOf(node: string): number | undefined {
    return this.#subTopologyOf.get(node)
  }

  isRepartition(topic: string): boolean {
    return this.#topics.get(topic)?.kind === 'repartition'
  }

  /** The nodes that write to a store; joins that look rows up in it are among its nodes, but after them. */
  writersOf({ nodes }: StoreDescription): readonly string[] {
    const [first] = nodes
    const owner = first === undefined ? undefined : this.node(first)
    if (owner?.operator !== 'cogroup-aggregate') return nodes.slice(0, 1)
    return nodes.filter((name) => this.node(name)?.operator === owner.operator)
  }

  feedOf(store: StoreDescription): Feed {
    const writers = this.writersOf(store)
    const above = this.above(writers)
    const near = this.above(writers, false).flatMap((node) => node.topics ?? [])
    const topics = above.flatMap((node) => [
      ...(node.topics ?? []),
      ...(node.pattern === undefined ? [] : [`/${node.pattern}/`]),
    ])
    return {
      topics: unique(topics.filter((topic) => !this.isRepartition(topic))),
      // Plumbing that comes and goes with names is left out.
      operators: above
        .flatMap(({ operator = 'processor', kind }) =>
          kind === 'processor' && operator !== 'repartition-filter' ? operator : [],
        )
        .toSorted(),
      isRepartitioned: near.some((topic) => this.isRepartition(topic)),
    }
  }

  /** The nodes themselves and all that they get records from. */
  above(names: readonly string[], acrossTopics = true): NodeDescription[] {
    return this.#reach(names, (node) => [
      ...node.predecessors,
      ...(acrossTopics ? (node.topics ?? []).flatMap((topic) => this.#internalWriters(topic)) : []),
    ])
  }

  /** The nodes themselves and all that get records from them. */
  below(names: readonly string[]): NodeDescription[] {
    return this.#reach(names, (node) => [
      ...node.successors,
      ...(node.topic !== undefined && this.isRepartition(node.topic) ? (this.topic(node.topic)?.readBy ?? []) : []),
    ])
  }

  #internalWriters(topic: string): readonly string[] {
    return this.isRepartition(topic) ? (this.topic(topic)?.writtenBy ?? []) : []
  }

  #reach(names: readonly string[], next: (node: NodeDescription) => readonly string[]): NodeDescription[] {
    const found = new Map<string, NodeDescription>()
    const open = [...names]
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      const node = this.#nodes.get(name)
      if (node === undefined || found.has(name)) continue
      found.set(name, node)
      open.push(...next(node))
    }
    return [...found.values()]
  }
}

export function unique(names: Iterable<string>): string[] {
  return [...new Set(names)].toSorted()
}
