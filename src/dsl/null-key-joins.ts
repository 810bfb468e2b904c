/**
 * Which repartition topics carry records without a key: those with a left or outer join anywhere downstream, which gives
 * such records a result (KIP-962). All others drop them. Kafka Streams: NodesWithRelaxedNullKeyJoinDownstream.java.
 */
import type { GraphNode, NodeId } from './graph.ts'

export function nodesAboveNullKeyJoins(nodes: ReadonlyMap<NodeId, GraphNode>): ReadonlySet<NodeId> {
  const above = new Set<NodeId>()
  const open = [...nodes.values()].filter(({ wantsNullKeys }) => wantsNullKeys === true)
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const id of node.parents) {
      if (above.has(id)) continue
      above.add(id)
      const parent = nodes.get(id)
      if (parent !== undefined) open.push(parent)
    }
  }
  return above
}
