/** From what was built to its description as data: the order is Java's, the facts are all that tools ask for. */
import type { StoreSpec } from '../processor/store-builder.ts'
import type { AnySerde } from '../serde/serde.ts'
import { copartitionGroups } from './compile.ts'
import { placeText } from './definition-place.ts'
import { orderNodes, type SizedNode } from './describe-order.ts'
import { describeTopics } from './describe-topics.ts'
import type { NodeDescription, StoreDescription, SubTopologyDescription, TopologyJson } from './description.ts'
import { copiedHashSetOrder, hashSetOrder } from './java-order.ts'
import { isGeneratedName } from './names.ts'
import { groupNodes, type NodeGroup } from './sub-topologies.ts'
import type { TopologyDefinition } from './topology-builder.ts'
import type { SinkNode, SourceNode } from './topology-node.ts'

export function describeJson(definition: TopologyDefinition): TopologyJson {
  const subTopologies = groupNodes(definition).map((group) => describeGroup(group, definition))
  const stores = describeStores(definition, subTopologies)
  return {
    version: 1,
    subTopologies,
    stores,
    topics: describeTopics(definition, subTopologies, stores),
    repartitionTopics: definition.repartitionTopics.map(({ name, partitions }) => ({
      name,
      partitions: partitions ?? null,
    })),
    copartitionGroups: copartitionGroups(definition).map((group) => group.map(String)),
  }
}

export function serdeNames(
  key: AnySerde | undefined,
  value: AnySerde | undefined,
): Pick<NodeDescription, 'keySerde' | 'valueSerde'> {
  return {
    ...(key !== undefined && { keySerde: key.name }),
    ...(value !== undefined && { valueSerde: value.name }),
  }
}

function describeGroup({ id, nodes }: NodeGroup, definition: TopologyDefinition): SubTopologyDescription {
  const isGlobal = nodes.some(({ name }) => definition.globalStores.has(name))
  return {
    id,
    kind: isGlobal ? 'global-store' : 'sub-topology',
    nodes: orderNodes(nodes).map((node) => describeNode(node, definition)),
  }
}

function describeNode({ node, predecessors, successors }: SizedNode, definition: TopologyDefinition): NodeDescription {
  const { name } = node
  const origin = definition.origins.get(name)
  const place = placeText(origin?.place)
  const common = {
    name,
    naming: isGeneratedName(name) ? 'generated' : 'given',
    ...(origin?.operator !== undefined && { operator: origin.operator }),
  } as const
  const links = {
    predecessors: namesOf(predecessors),
    successors: namesOf(successors),
    ...(place !== undefined && { place }),
  }
  switch (node.kind) {
    case 'source':
      return { kind: 'source', ...common, ...sourceFacts(node), ...links }
    case 'processor': {
      const stores = copiedHashSetOrder(hashSetOrder(node.stores))
      return { kind: 'processor', ...common, stores, ...links }
    }
    case 'sink':
      return { kind: 'sink', ...common, ...sinkTopic(node), ...serdeNames(node.key, node.value), ...links }
  }
}

function namesOf(nodes: Iterable<SizedNode>): string[] {
  return [...nodes].map(({ node }) => node.name)
}

function sourceFacts({ topics, key, value, offsetReset }: SourceNode): Partial<NodeDescription> {
  return {
    ...(topics instanceof RegExp ? { pattern: topics.source } : { topics: copiedHashSetOrder(topics) }),
    ...serdeNames(key, value),
    ...(offsetReset !== undefined && { offsetReset }),
  }
}

function sinkTopic({ topic, topicLabel }: SinkNode): Pick<NodeDescription, 'topic' | 'topicLabel'> {
  if (typeof topic === 'string') return { topic }
  return { topicLabel: topicLabel ?? (topic.name === '' ? 'function' : topic.name) }
}

function describeStores(
  definition: TopologyDefinition,
  subTopologies: readonly SubTopologyDescription[],
): StoreDescription[] {
  const globals = [...definition.globalStores.values()].map(({ spec, topic, processor }) => ({
    ...storeFacts(spec),
    changelogTopic: topic,
    changelogIsSource: true,
    isGlobal: true,
    subTopology: subTopologyOf(processor.name, subTopologies),
    nodes: [processor.name],
  }))
  const locals = [...definition.stores.values()].map((spec) => {
    const sourceTopic = definition.sourceChangelogs.get(spec.name)
    const users = definition.nodes.filter((node) => node.kind === 'processor' && node.stores.includes(spec.name))
    return {
      ...storeFacts(spec),
      changelogTopic: sourceTopic ?? (spec.logging ? `${spec.name}-changelog` : null),
      changelogIsSource: sourceTopic !== undefined,
      isGlobal: false,
      subTopology: users[0] === undefined ? null : subTopologyOf(users[0].name, subTopologies),
      nodes: users.map(({ name }) => name),
    }
  })
  return [...locals, ...globals]
}

function subTopologyOf(node: string, subTopologies: readonly SubTopologyDescription[]): number | null {
  return subTopologies.find(({ nodes }) => nodes.some(({ name }) => name === node))?.id ?? null
}

type StoreFacts = Omit<StoreDescription, 'changelogTopic' | 'changelogIsSource' | 'isGlobal' | 'subTopology' | 'nodes'>

function storeFacts(spec: StoreSpec): StoreFacts {
  const retentionMs = spec.historyRetentionMs ?? spec.retentionMs
  return {
    name: spec.name,
    naming: isGeneratedName(spec.name) ? 'generated' : 'given',
    kind: spec.kind,
    persistent: spec.persistent ?? null,
    caching: spec.caching,
    ...serdeNames(spec.key, spec.value),
    ...(retentionMs !== undefined && { retentionMs }),
    ...(spec.windowSizeMs !== undefined && { windowSizeMs: spec.windowSizeMs }),
    ...(spec.retainDuplicates === true && { retainDuplicates: true }),
    ...(spec.timeOrdered === true && { timeOrdered: true }),
    ...(spec.maxEntries !== undefined && { maxEntries: spec.maxEntries }),
    ...(spec.windows !== undefined && { windows: spec.windows }),
    ...(spec.buffer !== undefined && { buffer: spec.buffer }),
  }
}
