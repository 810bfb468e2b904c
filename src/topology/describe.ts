/**
 * A topology for people and tools: `toString()` is byte for byte Java's `Topology#describe().toString()`, order of nodes
 * included; `toJSON()` and `toMermaid()` are ours. The text must never say more than Java's: people compare them.
 */
import { describeMermaid } from './describe-mermaid.ts'
import type { NodeDescription, StoreDescription, SubTopologyDescription, TopologyJson } from './description.ts'
import { copiedHashSetOrder, hashSetOrder, JavaTreeSet } from './java-order.ts'
import { groupNodes, type NodeGroup } from './sub-topologies.ts'
import type { TopologyDefinition } from './topology-builder.ts'
import type { SinkNode, SourceNode, TopologyNode } from './topology-node.ts'

export class TopologyDescription {
  readonly #json: TopologyJson

  constructor(definition: TopologyDefinition) {
    this.#json = {
      version: 1,
      subTopologies: groupNodes(definition).map((group) => describeGroup(group, definition)),
      stores: describeStores(definition),
      repartitionTopics: definition.repartitionTopics.map(({ name, partitions }) => ({
        name,
        partitions: partitions ?? null,
      })),
    }
  }

  toString(): string {
    return `Topologies:\n ${this.#json.subTopologies.map((part) => `  ${subTopologyText(part)}`).join('')}`
  }

  /** The same facts as data; `version` changes when a field's meaning does. */
  toJSON(): TopologyJson {
    return this.#json
  }

  /** A Mermaid flowchart with topics and stores. */
  toMermaid(): string {
    return describeMermaid(this.#json)
  }
}

function subTopologyText({ id, kind, nodes }: SubTopologyDescription): string {
  const text = nodes.map((node) => `    ${nodeText(node)}\n`).join('')
  if (kind === 'global-store') return `Sub-topology: ${id} for global store (will not generate tasks)\n${text}`
  return `Sub-topology: ${id}\n${text}\n`
}

function nodeText(node: NodeDescription): string {
  const successors = `\n      --> ${node.successors.join(', ') || 'none'}`
  const predecessors = `\n      <-- ${node.predecessors.join(', ') || 'none'}`
  if (node.kind === 'source') {
    const topics = node.pattern ?? `[${(node.topics ?? []).join(', ')}]`
    return `Source: ${node.name} (topics: ${topics})${successors}`
  }
  if (node.kind === 'processor') {
    return `Processor: ${node.name} (stores: [${(node.stores ?? []).join(', ')}])${successors}${predecessors}`
  }
  const topic = node.topic === undefined ? `extractor class: ${node.topicLabel ?? ''}` : `topic: ${node.topic}`
  return `Sink: ${node.name} (${topic})${predecessors}`
}

function describeStores(definition: TopologyDefinition): StoreDescription[] {
  const globals = [...definition.globalStores.values()].map(({ spec, topic }) => ({ spec, changelogTopic: topic }))
  const locals = [...definition.stores.values()].map((spec) => ({
    spec,
    changelogTopic: definition.sourceChangelogs.get(spec.name) ?? (spec.logging ? `${spec.name}-changelog` : null),
  }))
  return [...locals, ...globals].map(({ spec, changelogTopic }) => ({
    name: spec.name,
    kind: spec.kind,
    persistent: spec.persistent ?? null,
    caching: spec.caching,
    changelogTopic,
  }))
}

function describeGroup({ id, nodes }: NodeGroup, definition: TopologyDefinition): SubTopologyDescription {
  const isGlobal = nodes.some(({ name }) => definition.globalStores.has(name))
  return { id, kind: isGlobal ? 'global-store' : 'sub-topology', nodes: orderNodes(nodes).map(describeNode) }
}

/** InternalTopologyBuilder.AbstractNode: the sets are ordered by `size`, which grows while they are filled. */
interface SizedNode {
  readonly node: TopologyNode
  /** In the order of insertion: predecessors come before. */
  readonly index: number
  /** Of the tree below, counted once per path, as a Java int. */
  size: number
  readonly predecessors: JavaTreeSet<SizedNode>
  readonly successors: JavaTreeSet<SizedNode>
}

/** By size of the tree below, then by name (InternalTopologyBuilder.NodeComparator). */
function compareNodes(one: SizedNode, two: SizedNode): number {
  if (one === two) return 0
  if (one.size !== two.size) return (two.size - one.size) | 0
  return one.node.name < two.node.name ? -1 : 1
}

/** InternalTopologyBuilder.describeSubtopology. */
function orderNodes(nodes: readonly TopologyNode[]): SizedNode[] {
  const byName = new Map(nodes.map((node, index) => [node.name, sizedNode(node, index)]))
  const inJavaOrder = hashSetOrder(byName.keys()).map((name) => byName.get(name))
  for (const sized of inJavaOrder) {
    if (sized === undefined || sized.node.kind === 'source') continue
    for (const parent of sized.node.parents) {
      const predecessor = byName.get(parent)
      if (predecessor === undefined) continue
      sized.predecessors.add(predecessor)
      predecessor.successors.add(sized)
      grow(predecessor, sized.size)
    }
  }
  return [...byName.values()].toSorted(compareNodes)
}

function sizedNode(node: TopologyNode, index: number): SizedNode {
  return {
    node,
    index,
    size: 1,
    predecessors: new JavaTreeSet(compareNodes),
    successors: new JavaTreeSet(compareNodes),
  }
}

/**
 * Adds `delta` to the node and everything before it, once per path. Java walks every path, which streams that part and
 * merge again and again make too many to walk; here they are counted, from the last node to the first.
 */
function grow(node: SizedNode, delta: number): void {
  const paths = new Map([[node, 1]])
  const open = [node]
  for (let next = takeLast(open); next !== undefined; next = takeLast(open)) {
    const count = paths.get(next) ?? 0
    next.size = (next.size + Math.imul(delta, count)) | 0
    for (const predecessor of next.predecessors) {
      if (!paths.has(predecessor)) open.push(predecessor)
      paths.set(predecessor, ((paths.get(predecessor) ?? 0) + count) | 0)
    }
  }
}

/** Takes the node that was inserted last: by then all its successors among the others were taken. */
function takeLast(nodes: SizedNode[]): SizedNode | undefined {
  let last = 0
  nodes.forEach(({ index }, i) => {
    if (index > (nodes[last]?.index ?? 0)) last = i
  })
  return nodes.splice(last, 1)[0]
}

function describeNode({ node, predecessors, successors }: SizedNode): NodeDescription {
  const links = { predecessors: namesOf(predecessors), successors: namesOf(successors) }
  switch (node.kind) {
    case 'source':
      return { kind: 'source', name: node.name, ...sourceTopics(node), ...links }
    case 'processor': {
      const stores = copiedHashSetOrder(hashSetOrder(node.stores))
      return { kind: 'processor', name: node.name, stores, ...links }
    }
    case 'sink':
      return { kind: 'sink', name: node.name, ...sinkTopic(node), ...links }
  }
}

function namesOf(nodes: Iterable<SizedNode>): string[] {
  return [...nodes].map(({ node }) => node.name)
}

function sourceTopics({ topics }: SourceNode): Pick<NodeDescription, 'topics' | 'pattern'> {
  return topics instanceof RegExp ? { pattern: topics.source } : { topics: copiedHashSetOrder(topics) }
}

function sinkTopic({ topic, topicLabel }: SinkNode): Pick<NodeDescription, 'topic' | 'topicLabel'> {
  if (typeof topic === 'string') return { topic }
  return { topicLabel: topicLabel ?? (topic.name === '' ? 'function' : topic.name) }
}
