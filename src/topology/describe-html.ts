/**
 * A topology as one page that needs nothing else: the picture, tables of nodes, stores and topics, a search. It loads
 * nothing, and its policy lets only its own style and script run, whatever names a topology has.
 */
import { createHash } from 'node:crypto'
import type { NodeDescription, StoreDescription, TopicDescription, TopologyJson } from './description.ts'
import { describeSvg } from './describe-svg.ts'
import { describeText } from './describe-text.ts'
import { operatorText, serdesText, storeText } from './describe-words.ts'
import { pageScript, pageStyle } from './html-assets.ts'
import { svgStyle } from './svg-style.ts'
import { escaped } from './svg-text.ts'

export function describeHtml(topology: TopologyJson): string {
  const title = topology.applicationId ?? 'Topology'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${hashOf(pageStyle)} ${hashOf(svgStyle)}; script-src ${hashOf(pageScript)}; base-uri 'none'; form-action 'none'">
<title>${escaped(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<header><h1>${escaped(title)}</h1><span class="facts">${factsOf(topology)}</span><output></output><input type="search" placeholder="Search (/)" aria-label="Search nodes, stores and topics"><button type="button">Fit</button></header>
<div class="picture">
${describeSvg(topology)}</div>
<main>
${tables(topology)}
<h2>As text</h2>
<details><summary>Kafka Streams' description</summary><pre>${escaped(describeText(topology))}</pre></details>
</main>
<script>${pageScript}</script>
</body>
</html>
`
}

function hashOf(content: string): string {
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`
}

function factsOf({ subTopologies, stores, topics }: TopologyJson): string {
  const nodes = subTopologies.flatMap((part) => part.nodes)
  return [
    counted(subTopologies.length, 'sub-topology', 'sub-topologies'),
    counted(nodes.length, 'node', 'nodes'),
    counted(stores.length, 'store', 'stores'),
    counted(topics.length, 'topic', 'topics'),
  ].join(', ')
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}

function tables(topology: TopologyJson): string {
  const { subTopologies, stores, topics, copartitionGroups } = topology
  return [
    table(
      'Topics',
      ['Name', 'Kind', 'Key → value', 'Partitions', 'Written by', 'Read by', 'Created with'],
      topics,
      topicRow,
    ),
    table('Stores', ['Name', 'Kind', 'Key → value', 'Changelog', 'Sub-topology', 'Used by'], stores, storeRow),
    table(
      'Nodes',
      ['Name', 'Does', 'Sub-topology', 'From', 'To', 'Defined at'],
      subTopologies.flatMap(({ id, nodes }) => nodes.map((node) => ({ id, node }))),
      ({ id, node }) => nodeRow(node, id),
    ),
    copartitionGroups.length === 0
      ? ''
      : `<h2>Equal partition counts</h2><ul>${copartitionGroups.map((group) => `<li>${group.map(escaped).join(', ')}</li>`).join('')}</ul>`,
  ].join('\n')
}

/** The first cell is the name that the row is found by. */
function table<R>(
  title: string,
  heads: readonly string[],
  rows: readonly R[],
  cells: (row: R) => readonly string[],
): string {
  if (rows.length === 0) return ''
  const lines = rows.map((row) => {
    const [name = '', ...rest] = cells(row).map(escaped)
    return `<tr data-find="${name}" tabindex="0"><td class="name">${name}</td>${rest.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
  })
  return `<h2>${title}</h2><div class="scroll"><table><thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead><tbody>
${lines.join('\n')}
</tbody></table></div>`
}

function topicRow(topic: TopicDescription): string[] {
  const { name, kind, keySerde, valueSerde, partitions, writtenBy, readBy, config = {} } = topic
  const settings = Object.entries(config).map(([key, value]) => `${key}=${value}`)
  return [
    name,
    kind,
    serdesText(keySerde, valueSerde),
    partitions === null ? '' : String(partitions),
    writtenBy.join(', '),
    readBy.join(', '),
    settings.join(', '),
  ]
}

function storeRow(store: StoreDescription): string[] {
  const { name, keySerde, valueSerde, changelogTopic, subTopology, nodes } = store
  return [
    name,
    storeText(store),
    serdesText(keySerde, valueSerde),
    changelogTopic ?? 'none',
    subTopology === null ? 'none' : String(subTopology),
    nodes.join(', '),
  ]
}

function nodeRow(node: NodeDescription, subTopology: number): string[] {
  const { name, predecessors, successors, topics, pattern, topic, topicLabel, place } = node
  const from = [...predecessors, ...(topics ?? []), ...(pattern === undefined ? [] : [pattern])]
  const to = [...successors, ...(topic === undefined ? [] : [topic]), ...(topicLabel === undefined ? [] : [topicLabel])]
  return [name, operatorText(node), String(subTopology), from.join(', '), to.join(', '), place ?? '']
}
