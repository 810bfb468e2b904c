/** When the windows above a node close. Kafka Streams: GraphGraceSearchUtil.java. */
import { TopologyError } from '../errors/topology-error.ts'
import type { GraphNode, NodeId } from './graph.ts'

/** How long after their end the windows that reach `start` take records: the longest of all parents, who all have some. */
export function findWindowGrace(nodes: readonly GraphNode[], start: NodeId, operator: string): number {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  return graceAt(byId, start, [], operator)
}

function graceAt(
  nodes: ReadonlyMap<NodeId, GraphNode>,
  id: NodeId,
  below: readonly string[],
  operator: string,
): number {
  const node = nodes.get(id)
  if (node?.kind === 'operation' && node.graceMs !== undefined) return node.graceMs
  const chain = node === undefined ? below : [node.name, ...below]
  const parents = node?.parents ?? []
  if (parents.length === 0) refuse(chain, operator)
  return Math.max(...parents.map((parent) => graceAt(nodes, parent, chain, operator)))
}

function refuse(chain: readonly string[], operator: string): never {
  throw new TopologyError(
    'MILLRACE_OPTION_INVALID',
    `${operator}: window close time is only defined for windowed computations, found ${chain.join(' -> ')}; group with windowedBy() before, or wait for a timeLimit`,
    { node: chain.at(-1) },
  )
}
