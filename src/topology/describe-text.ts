/** Byte for byte Java's `Topology#describe().toString()`. It must never say more: people and tools compare the texts. */
import type { NodeDescription, SubTopologyDescription, TopologyJson } from './description.ts'

export function describeText({ subTopologies }: TopologyJson): string {
  return `Topologies:\n ${subTopologies.map((part) => `  ${subTopologyText(part)}`).join('')}`
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
