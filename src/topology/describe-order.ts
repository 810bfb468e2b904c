/** In which order Java describes the nodes of a sub-topology, and the parents and children of each. */
import { hashSetOrder, JavaTreeSet } from './java-order.ts'
import type { TopologyNode } from './topology-node.ts'

/** InternalTopologyBuilder.AbstractNode: the sets are ordered by `size`, which grows while they are filled. */
export interface SizedNode {
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
export function orderNodes(nodes: readonly TopologyNode[]): SizedNode[] {
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
