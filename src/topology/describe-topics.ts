/** Every topic that a topology names: who writes and reads it, and what the application creates it with. */
import type { NodeDescription, StoreDescription, SubTopologyDescription, TopicDescription } from './description.ts'
import { changelogConfig, repartitionConfig } from './internal-topic-config.ts'
import { isGeneratedName } from './names.ts'
import type { TopologyDefinition } from './topology-builder.ts'

/** In the order of the nodes, changelogs after them. */
export function describeTopics(
  definition: TopologyDefinition,
  subTopologies: readonly SubTopologyDescription[],
  stores: readonly StoreDescription[],
): TopicDescription[] {
  const nodes = subTopologies.flatMap((part) => part.nodes)
  const names = new Set(nodes.flatMap((node) => node.topics ?? node.topic ?? []))
  return [
    ...[...names].map((name) => describeTopic(name, nodes, definition)),
    ...stores.flatMap((store) => describeChangelog(store, definition)),
  ]
}

function describeTopic(
  name: string,
  nodes: readonly NodeDescription[],
  definition: TopologyDefinition,
): TopicDescription {
  const writers = nodes.filter(({ topic }) => topic === name)
  const readers = nodes.filter(({ topics }) => topics?.includes(name) === true)
  const repartition = definition.repartitionTopics.find((topic) => topic.name === name)
  const [{ keySerde, valueSerde } = {}] = [...readers, ...writers] as readonly Partial<NodeDescription>[]
  return {
    name,
    kind: repartition === undefined ? 'external' : 'repartition',
    // A user's topic is never generated, whatever it looks like.
    naming: repartition !== undefined && isGeneratedName(name) ? 'generated' : 'given',
    writtenBy: writers.map((node) => node.name),
    readBy: readers.map((node) => node.name),
    ...(keySerde !== undefined && { keySerde }),
    ...(valueSerde !== undefined && { valueSerde }),
    partitions: repartition?.partitions ?? null,
    ...(repartition !== undefined && { config: repartitionConfig }),
  }
}

function describeChangelog(store: StoreDescription, definition: TopologyDefinition): TopicDescription[] {
  const { name, changelogTopic, changelogIsSource, keySerde, valueSerde, nodes, naming } = store
  const spec = definition.stores.get(name)
  if (changelogTopic === null || changelogIsSource || spec === undefined) return []
  return [
    {
      name: changelogTopic,
      kind: 'changelog',
      naming,
      writtenBy: nodes,
      readBy: [],
      store: name,
      ...(keySerde !== undefined && { keySerde }),
      ...(valueSerde !== undefined && { valueSerde }),
      partitions: null,
      config: changelogConfig(spec),
    },
  ]
}
