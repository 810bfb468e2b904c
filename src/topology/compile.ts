/** From what was built to what runs: sub-topologies with their stores and changelogs, internal topics, co-partitioning. */
import { TopologyError } from '../errors/topology-error.ts'
import type { StoreSpec } from '../processor/store-builder.ts'
import { groupNodes, type NodeGroup } from './sub-topologies.ts'
import type { TopologyDefinition } from './topology-builder.ts'
import type { CompiledTopology, SubTopology, TopologyStore } from './topology-node.ts'

export function compileTopology(definition: TopologyDefinition): CompiledTopology {
  const isGlobal = ({ nodes }: NodeGroup): boolean => nodes.some(({ name }) => definition.globalStores.has(name))
  return {
    nodeNames: definition.nodes.map(({ name }) => name),
    // Global stores have numbers too, which no task has.
    subTopologies: groupNodes(definition)
      .filter((group) => !isGlobal(group))
      .map((group) => subTopology(group, definition)),
    globalStores: [...definition.globalStores.values()],
    repartitionTopics: definition.repartitionTopics,
    copartitionGroups: copartitionGroups(definition),
  }
}

function subTopology({ id, nodes }: NodeGroup, definition: TopologyDefinition): SubTopology {
  const names = new Set(nodes.flatMap((node) => (node.kind === 'processor' ? node.stores : [])))
  const stores = [...names].flatMap((name) => {
    const spec = definition.stores.get(name)
    return spec === undefined ? [] : [topologyStore(spec, definition.sourceChangelogs.get(name))]
  })
  return { id, nodes, stores }
}

function topologyStore(spec: StoreSpec, sourceTopic: string | undefined): TopologyStore {
  if (sourceTopic !== undefined) return { spec, changelogTopic: sourceTopic, changelogIsSource: true }
  return { spec, changelogTopic: spec.logging ? `${spec.name}-changelog` : undefined, changelogIsSource: false }
}

/** Groups that share a topic are one (InternalTopologyBuilder.copartitionGroups). */
export function copartitionGroups(definition: TopologyDefinition): (string | RegExp)[][] {
  const groups: Set<string | RegExp>[] = []
  for (const sources of definition.copartitionedSources) {
    const topics = new Set(sources.flatMap((source) => topicsOf(definition, source)))
    const overlapping = groups.filter((group) => [...topics].some((topic) => group.has(topic)))
    for (const group of overlapping) groups.splice(groups.indexOf(group), 1)
    groups.push(new Set([...overlapping.flatMap((group) => [...group]), ...topics]))
  }
  return groups.map((group) => [...group])
}

function topicsOf(definition: TopologyDefinition, source: string): readonly (string | RegExp)[] {
  const node = definition.nodes.find(({ name }) => name === source)
  if (node?.kind !== 'source') return []
  return node.topics instanceof RegExp ? [node.topics] : node.topics
}

/** Repartition topics of one group that were given unequal counts can never fit (validateCopartition). */
export function checkCopartitioning(definition: TopologyDefinition): void {
  const given = new Map(definition.repartitionTopics.map(({ name, partitions }) => [name, partitions]))
  for (const group of copartitionGroups(definition)) {
    const counts = group.map((topic) => (topic instanceof RegExp ? undefined : given.get(topic)))
    if (counts.includes(undefined) || new Set(counts).size <= 1) continue
    const found = group.map((topic, i) => `${String(topic)} (${counts[i]})`).join(', ')
    throw new TopologyError(
      'MILLRACE_PARTITIONS_CONFLICT',
      `these repartition topics are joined and need the same number of partitions: ${found}; give repartition() equal counts`,
    )
  }
}
