/** Searches in the logical graph, in Java's order: InternalStreamsBuilder.findParentNodeMatching. */
import type { NodeId } from './graph.ts'

export type Parents = (id: NodeId) => Iterable<NodeId>

/** The node itself or one above it; each parent in turn with everything above it. */
export function findUpwards(start: NodeId, parents: Parents, matches: (id: NodeId) => boolean): NodeId | undefined {
  const visited = new Set<NodeId>()
  const find = (id: NodeId): NodeId | undefined => {
    if (matches(id)) return id
    // What was searched once has no match.
    if (visited.has(id)) return undefined
    visited.add(id)
    for (const parent of parents(id)) {
      const found = find(parent)
      if (found !== undefined) return found
    }
    return undefined
  }
  return find(start)
}
