/**
 * Which nodes form a sub-topology: those that are connected, by edges or by sharing a store. Numbered in the order of
 * their first node, global stores included (InternalTopologyBuilder.makeNodeGroups).
 */
import type { TopologyDefinition } from './topology-builder.ts'
import type { TopologyNode } from './topology-node.ts'

export interface NodeGroup {
  readonly id: number
  readonly nodes: readonly TopologyNode[]
}

export function groupNodes(definition: TopologyDefinition): NodeGroup[] {
  const groups = new Groups()
  for (const node of definition.nodes) {
    groups.add(node.name)
    if (node.kind !== 'source') for (const parent of node.parents) groups.unite(node.name, parent)
    if (node.kind === 'processor') for (const store of node.stores) groups.unite(node.name, storeKey(store))
  }
  const members = new Map<string, TopologyNode[]>()
  for (const node of definition.nodes) {
    const root = groups.root(node.name)
    const group = members.get(root)
    if (group === undefined) members.set(root, [node])
    else group.push(node)
  }
  return [...members.values()].map((nodes, id) => ({ id, nodes }))
}

/** Stores are members too, under a name that no node can have by accident. */
function storeKey(store: string): string {
  return `\0store ${store}`
}

/** Disjoint sets. */
class Groups {
  readonly #parents = new Map<string, string>()

  add(name: string): void {
    if (!this.#parents.has(name)) this.#parents.set(name, name)
  }

  unite(one: string, two: string): void {
    this.#parents.set(this.root(one), this.root(two))
  }

  root(name: string): string {
    this.add(name)
    let current = name
    for (;;) {
      const parent = this.#parents.get(current) ?? current
      if (parent === current) return current
      // Path halving keeps later walks short.
      this.#parents.set(current, this.#parents.get(parent) ?? parent)
      current = parent
    }
  }
}
