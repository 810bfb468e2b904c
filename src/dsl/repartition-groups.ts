/**
 * Which repartition topics can be one: those that write the same records, because between them and the node that changed
 * the keys nothing changes a record. That node (or a merge of streams behind it) is their anchor.
 */
import type { GraphNode, NodeId, Operation, Repartition } from './graph.ts'
import { findUpwards, type Parents } from './graph-search.ts'

export interface RepartitionGroup {
  readonly anchor: GraphNode
  readonly repartitions: readonly Repartition[]
}

/**
 * Goes up from each repartition, as long as records pass unchanged and come from one node only.
 *
 * differs from Java (#merged-repartition-topics), which takes the nearest node that changes keys, wherever it is: behind
 * processors, joins with global tables and merged streams records are then written before they were changed, with the
 * wrong serde, or past the topic.
 */
export function repartitionGroups(nodes: readonly GraphNode[]): RepartitionGroup[] {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const groups = new Groups()
  for (const node of nodes) {
    if (!isMergeable(node)) continue
    const anchor = anchorOf(node, byId)
    if (anchor !== undefined) groups.add(anchor, node)
  }
  return groups.values()
}

function anchorOf(repartition: Repartition, byId: ReadonlyMap<NodeId, GraphNode>): GraphNode | undefined {
  let [parent, ...others] = repartition.parents
  while (parent !== undefined && others.length === 0) {
    const node = byId.get(parent)
    if (node?.kind !== 'operation') return undefined
    if (node.changes === 'key' || node.isMerge === true) return node
    if (node.changes !== 'nothing') return undefined
    ;[parent, ...others] = node.parents
  }
  return undefined
}

/** Java's choice (InternalStreamsBuilder.maybeAddNodeForOptimizationMetadata, maybeUpdateKeyChangingRepartitionNodeMap). */
export function javaRepartitionGroups(nodes: readonly GraphNode[]): RepartitionGroup[] {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents: Parents = (id) => byId.get(id)?.parents ?? []
  const is = (id: NodeId, matches: (operation: Operation) => boolean): boolean => {
    const node = byId.get(id)
    return node?.kind === 'operation' && matches(node)
  }
  const groups = new Groups()
  for (const node of nodes) {
    if (node.kind === 'operation' && node.changes === 'key') groups.open(node)
    if (!isMergeable(node)) continue
    const changer = findUpwards(node.id, parents, (id) =>
      is(id, ({ changes }) => changes === 'key' || changes === 'value'),
    )
    const keyChanger = findUpwards(node.id, parents, (id) => is(id, ({ changes }) => changes === 'key'))
    const anchor = keyChanger === undefined ? undefined : byId.get(keyChanger)
    if (anchor !== undefined && changer === keyChanger) groups.add(anchor, node)
  }
  const isBelow = (id: NodeId, upper: NodeId): boolean =>
    findUpwards(id, parents, (each) => [...parents(each)].includes(upper)) !== undefined
  groups.moveToMerges(
    nodes.filter(({ id }) => is(id, ({ isMerge }) => isMerge === true)),
    isBelow,
  )
  return groups.values()
}

function isMergeable(node: GraphNode): node is Repartition {
  return node.kind === 'repartition' && node.isMergeable
}

class Groups {
  readonly #byAnchor = new Map<GraphNode, Set<Repartition>>()

  open(anchor: GraphNode): Set<Repartition> {
    const present = this.#byAnchor.get(anchor) ?? new Set()
    this.#byAnchor.set(anchor, present)
    return present
  }

  add(anchor: GraphNode, repartition: Repartition): void {
    this.open(anchor).add(repartition)
  }

  /** A merge takes over the groups whose repartitions are all behind it. */
  moveToMerges(merges: readonly GraphNode[], isBelow: (id: NodeId, upper: NodeId) => boolean): void {
    const takenOver = merges.map((merge) =>
      [...this.#byAnchor].filter(
        ([anchor, repartitions]) =>
          [...repartitions].every(({ id }) => isBelow(id, merge.id)) && isBelow(merge.id, anchor.id),
      ),
    )
    merges.forEach((merge, i) => {
      const repartitions = takenOver[i]?.flatMap(([, each]) => [...each]) ?? []
      this.#byAnchor.set(merge, new Set(repartitions))
    })
    for (const [anchor] of takenOver.flat()) this.#byAnchor.delete(anchor)
  }

  values(): RepartitionGroup[] {
    return [...this.#byAnchor]
      .filter(([, repartitions]) => repartitions.size > 0)
      .map(([anchor, repartitions]) => ({ anchor, repartitions: [...repartitions] }))
  }
}
