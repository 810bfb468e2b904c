/** A topology in Graphviz' language: nodes in a cluster per sub-topology, topics around them, stores beside who uses them. */
import type { NodeDescription, TopologyJson } from './description.ts'
import { operatorText, storeText, topicText } from './describe-words.ts'

export function describeDot(topology: TopologyJson): string {
  const lines = [
    `digraph ${quoted(topology.applicationId ?? 'topology')} {`,
    '  graph [rankdir=TB, fontname="Helvetica", fontsize=11, nodesep=0.35, ranksep=0.45]',
    '  node [shape=box, style="rounded,filled", fillcolor="#f8fafc", color="#64748b", fontname="Helvetica", fontsize=10]',
    '  edge [color="#64748b", arrowsize=0.7]',
    ...topology.topics.filter(({ kind }) => kind !== 'changelog').map((topic) => `  ${topicNode(topic)}`),
    ...patternTopics(topology).map((name) => `  ${externalNode(name)}`),
  ]
  for (const { id, kind, nodes } of topology.subTopologies) {
    const title = kind === 'global-store' ? `Global store ${id}` : `Sub-topology ${id}`
    lines.push(
      `  subgraph cluster_${id} {`,
      `    label=${quoted(title)}; labeljust=l; style="rounded"; color="#94a3b8"`,
    )
    lines.push(...nodes.map((node) => `    ${topologyNode(node)}`))
    const stores = topology.stores.filter(({ subTopology }) => subTopology === id)
    for (const store of stores) {
      const label = label2(store.name, storeText(store))
      lines.push(
        `    ${idOf('store', store.name)} [shape=cylinder, label=${label}, fillcolor="#ede9fe", color="#7c3aed"]`,
      )
    }
    lines.push('  }')
  }
  const links = topology.subTopologies.flatMap(({ nodes }) => nodes.flatMap((node) => linksOf(node, topology)))
  return [...lines, ...links.map((link) => `  ${link}`), '}'].join('\n') + '\n'
}

function topologyNode(node: NodeDescription): string {
  const isStateful = (node.stores ?? []).length > 0
  const colours = {
    source: 'fillcolor="#dbeafe", color="#2563eb"',
    processor: isStateful ? 'fillcolor="#f5f3ff", color="#7c3aed"' : '',
    sink: 'fillcolor="#ccfbf1", color="#0d9488"',
  }[node.kind]
  const attributes = [`label=${label2(node.name, operatorText(node))}`, colours].filter((each) => each !== '')
  return `${idOf('node', node.name)} [${attributes.join(', ')}]`
}

function topicNode(topic: TopologyJson['topics'][number]): string {
  const style = topic.kind === 'external' ? 'filled' : 'filled,dashed'
  const label = label2(topic.name, topicText(topic))
  return `${idOf('topic', topic.name)} [shape=cds, style=${quoted(style)}, label=${label}, fillcolor="#fef3c7", color="#b45309"]`
}

function externalNode(name: string): string {
  return `${idOf('topic', name)} [shape=cds, style="filled", label=${quoted(name)}, fillcolor="#fef3c7", color="#b45309"]`
}

/** What is read by a pattern, or written to as a function says. */
function patternTopics({ subTopologies }: TopologyJson): string[] {
  const names = subTopologies.flatMap(({ nodes }) =>
    nodes.flatMap(({ pattern, topicLabel }) => pattern ?? topicLabel ?? []),
  )
  return [...new Set(names)]
}

function linksOf(node: NodeDescription, { stores }: TopologyJson): string[] {
  const id = idOf('node', node.name)
  const sources = node.kind === 'source' ? (node.topics ?? [node.pattern ?? '']) : []
  const target = node.kind === 'sink' ? [node.topic ?? node.topicLabel ?? ''] : []
  const used = stores.filter(({ nodes }) => nodes.includes(node.name))
  return [
    ...sources.map((topic) => `${idOf('topic', topic)} -> ${id}`),
    ...node.successors.map((successor) => `${id} -> ${idOf('node', successor)}`),
    ...used.map(({ name }) => `${id} -> ${idOf('store', name)} [style=dashed, dir=none]`),
    ...target.map((topic) => `${id} -> ${idOf('topic', topic)}`),
  ]
}

/** Names of nodes, topics and stores may be equal. */
function idOf(kind: 'node' | 'topic' | 'store', name: string): string {
  return quoted(`${kind}:${name}`)
}

function label2(name: string, words: string): string {
  return quoted(`${name}\n${words}`)
}

function quoted(text: string): string {
  return `"${text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll(/\p{Cc}/gu, ' ')}"`
}
