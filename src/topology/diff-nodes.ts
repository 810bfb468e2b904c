/** Nodes of two versions. Nothing that outlives a process is named after a node, so none of these changes does harm. */
import type { NodeDescription } from './description.ts'
import type { DescriptionGraph } from './description-graph.ts'
import type { TopologyChange } from './diff-model.ts'
import { nameStem } from './names.ts'

const safe = { subject: 'node', verdict: 'safe' } as const

export function diffNodes(before: DescriptionGraph, after: DescriptionGraph): TopologyChange[] {
  const [old, now] = [[...before.nodes()], [...after.nodes()]]
  const removed = old.filter(({ name }) => after.node(name) === undefined)
  const added = now.filter(({ name }) => before.node(name) === undefined)
  const renumbered = pair(removed, added, ({ name, naming, operator }) =>
    naming === 'generated' ? `${operator ?? ''} ${nameStem(name)}` : undefined,
  )
  const isPaired = (node: NodeDescription): boolean => renumbered.some((two) => two.includes(node))
  const [stillRemoved, stillAdded] = [removed, added].map((list) => list.filter((node) => !isPaired(node)))
  const renamed = pair(stillRemoved ?? [], stillAdded ?? [], shape)
  const newNames = new Map([...renumbered, ...renamed].map(([was, node]) => [was.name, node.name]))
  const isNew = (node: NodeDescription): boolean => ![...renumbered, ...renamed].some((two) => two.includes(node))
  return [
    ...removed.filter(isNew).map((node) => nodeChange('node-removed', node, 'is gone')),
    ...added.filter(isNew).map((node) => nodeChange('node-added', node, 'is new')),
    ...renamed.map(([was, node]) => ({
      ...nodeChange('node-renamed', node, `was ${was.name}`),
      before: was.name,
      after: node.name,
    })),
    ...renumberedChange(renumbered),
    ...rewired(before, after, newNames),
  ]
}

function nodeChange(
  rule: 'node-removed' | 'node-added' | 'node-renamed',
  node: NodeDescription,
  what: string,
): TopologyChange {
  return { ...safe, rule, name: node.name, message: `${node.kind} ${node.name} ${what}` }
}

type Pair = readonly [was: NodeDescription, node: NodeDescription]

/** Those of equal `likeness`, in their order; undefined: like nothing. */
function pair(
  removed: readonly NodeDescription[],
  added: readonly NodeDescription[],
  likeness: (node: NodeDescription) => string | undefined,
): Pair[] {
  const open = [...added]
  return removed.flatMap((was): Pair[] => {
    const like = likeness(was)
    const at = like === undefined ? -1 : open.findIndex((node) => likeness(node) === like)
    const [node] = at === -1 ? [] : open.splice(at, 1)
    return node === undefined ? [] : [[was, node]]
  })
}

function shape({ kind, operator, topics, pattern, topic, topicLabel, stores }: NodeDescription): string {
  return JSON.stringify([kind, operator, topics, pattern, topic, topicLabel, stores])
}

function renumberedChange(renumbered: readonly Pair[]): TopologyChange[] {
  const [first] = renumbered
  if (first === undefined) return []
  const [was, node] = first
  const others = renumbered.length === 1 ? '' : `, and ${renumbered.length - 1} more`
  return [
    {
      ...safe,
      rule: 'nodes-renumbered',
      name: node.name,
      message: `generated names have other numbers: ${was.name} is ${node.name}${others}; metrics and logs have the new ones`,
      before: renumbered.map(([{ name }]) => name).join(', '),
      after: renumbered.map(([, { name }]) => name).join(', '),
    },
  ]
}

function rewired(
  before: DescriptionGraph,
  after: DescriptionGraph,
  newNames: ReadonlyMap<string, string>,
): TopologyChange[] {
  return [...before.nodes()].flatMap((was) => {
    const node = after.node(newNames.get(was.name) ?? was.name)
    if (node === undefined) return []
    const old = was.predecessors.map((name) => newNames.get(name) ?? name).toSorted()
    const now = node.predecessors.toSorted()
    if (old.join('\n') === now.join('\n') && was.operator === node.operator) return []
    const doing =
      was.operator === node.operator
        ? ''
        : ` and does ${node.operator ?? 'process'} instead of ${was.operator ?? 'process'}`
    const message = `${node.kind} ${node.name} gets records from ${now.join(', ') || 'its topics'}${old.join('\n') === now.join('\n') ? '' : ` instead of ${old.join(', ') || 'topics'}`}${doing}`
    return [{ ...safe, rule: 'node-rewired', name: node.name, message, before: old.join(', '), after: now.join(', ') }]
  })
}
