/**
 * A whole topology as one sub-topology, which is how Java's test driver runs it: with one task, so that stream time,
 * punctuations and the order in which caches are flushed are those of all sub-topologies together. Every topic has one
 * partition then, whatever `repartition` asks for.
 */
import type { CompiledTopology } from '../topology/topology-node.ts'

export function asOneSubTopology(topology: CompiledTopology): CompiledTopology {
  const { subTopologies, repartitionTopics, nodeNames } = topology
  if (subTopologies.length === 0) return topology
  const nodes = new Map(subTopologies.flatMap((part) => part.nodes.map((node) => [node.name, node])))
  const whole = {
    id: 0,
    nodes: nodeNames.flatMap((name) => nodes.get(name) ?? []),
    stores: subTopologies.flatMap(({ stores }) => stores),
  }
  return {
    ...topology,
    subTopologies: [whole],
    repartitionTopics: repartitionTopics.map(({ name }) => ({ name, partitions: 1 })),
  }
}
