/** A topology as a Mermaid flowchart: nodes in a box per sub-topology, topics and stores around them. */
import type { NodeDescription, TopologyJson } from './description.ts'

export function describeMermaid(topology: TopologyJson): string {
  const ids = new Ids()
  const lines = ['flowchart TD']
  const links: string[] = []
  for (const { id, kind, nodes } of topology.subTopologies) {
    const title = kind === 'global-store' ? `Global store ${id}` : `Sub-topology ${id}`
    lines.push(`  subgraph sub${id}["${title}"]`)
    for (const node of nodes) lines.push(`    ${ids.of('node', node.name)}${shape(node)}`)
    lines.push('  end')
    for (const node of nodes) links.push(...linksOf(node, ids))
  }
  for (const { kind, name, id } of ids.drawn()) {
    if (kind === 'topic') lines.push(`  ${id}[/"${escape(name)}"/]`)
    if (kind === 'store') lines.push(`  ${id}[("${escape(name)}")]`)
  }
  return [...lines, ...links.map((link) => `  ${link}`)].join('\n') + '\n'
}

function shape(node: NodeDescription): string {
  const name = escape(node.name)
  return node.kind === 'processor' ? `["${name}"]` : `(["${name}"])`
}

function linksOf(node: NodeDescription, ids: Ids): string[] {
  const id = ids.of('node', node.name)
  const sources = node.kind === 'source' ? (node.topics ?? [node.pattern ?? '']) : []
  const target = node.kind === 'sink' ? [node.topic ?? node.topicLabel ?? ''] : []
  return [
    ...sources.map((topic) => `${ids.of('topic', topic)} --> ${id}`),
    ...node.successors.map((successor) => `${id} --> ${ids.of('node', successor)}`),
    ...(node.stores ?? []).map((store) => `${id} -.- ${ids.of('store', store)}`),
    ...target.map((topic) => `${id} --> ${ids.of('topic', topic)}`),
  ]
}

/** Mermaid's own ids: names of nodes, topics and stores may be equal and hold any character. */
class Ids {
  readonly #ids = new Map<string, { readonly kind: string; readonly name: string; readonly id: string }>()

  of(kind: 'node' | 'topic' | 'store', name: string): string {
    const key = `${kind} ${name}`
    const known = this.#ids.get(key)
    if (known !== undefined) return known.id
    const id = `${kind}${this.#ids.size}`
    this.#ids.set(key, { kind, name, id })
    return id
  }

  drawn(): Iterable<{ readonly kind: string; readonly name: string; readonly id: string }> {
    return this.#ids.values()
  }
}

/** Mermaid has `#…;` for what stands in quotes; a name that ended its line would begin a statement. */
function escape(text: string): string {
  return text
    .replaceAll(/\p{Cc}/gu, ' ')
    .replaceAll('#', '#35;')
    .replaceAll('&', '#amp;')
    .replaceAll('"', '#quot;')
    .replaceAll('<', '#lt;')
    .replaceAll('>', '#gt;')
}
