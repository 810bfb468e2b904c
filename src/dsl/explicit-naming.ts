/**
 * `naming: 'explicit'` (KIP-1111): what has a generated name is an error that says which option names it, and proposes a
 * name. Names are proposed after the topics that the records come from and what is done with them.
 */
import { TopologyError } from '../errors/topology-error.ts'
import type { GeneratedNames } from './dsl-builder.ts'
import type { GraphNode, NodeId } from './graph.ts'

interface Maker {
  /** As its user writes it. */
  readonly operator: string
  readonly option: 'store' | 'name'
  /** The end of the proposed name. */
  readonly noun: string
}

interface Unnamed {
  /** `KSTREAM-AGGREGATE-STATE-STORE-0000000003`, its changelog, … */
  readonly names: string[]
  readonly maker: Maker
  /** The node whose records it holds, as far as there is one. */
  readonly node: GraphNode | undefined
}

const storeMakers: readonly (readonly [prefix: string, operator: string, option: Maker['option'], noun: string])[] = [
  ['COGROUPKSTREAM-AGGREGATE-', 'aggregate()', 'store', 'cogroup'],
  ['KSTREAM-AGGREGATE-', 'count() or aggregate()', 'store', 'aggregate'],
  ['KSTREAM-REDUCE-', 'reduce()', 'store', 'reduce'],
  ['KTABLE-AGGREGATE-', 'count(), reduce() or aggregate() of the grouped table', 'store', 'aggregate'],
  ['KSTREAM-TOTABLE-', 'toTable()', 'store', 'table'],
  ['KTABLE-FK-JOIN-SUBSCRIPTION-', 'the join on a foreign key', 'name', 'join'],
  ['KTABLE-FK-JOIN', 'the join on a foreign key', 'store', 'join'],
  ['KTABLE-SUPPRESS-', 'suppress()', 'name', 'suppress'],
  ['KSTREAM-JOINTHIS-', 'join() or leftJoin()', 'store', 'join'],
  ['KSTREAM-JOINOTHER-', 'join()', 'store', 'join'],
  ['KSTREAM-OUTERTHIS-', 'outerJoin()', 'store', 'join'],
  ['KSTREAM-OUTEROTHER-', 'leftJoin() or outerJoin()', 'store', 'join'],
  ['KSTREAM-OUTERSHARED-', 'leftJoin() or outerJoin()', 'store', 'join'],
  ['KSTREAM-JOIN-', 'join() with a table', 'name', 'join'],
  ['KSTREAM-LEFTJOIN-', 'leftJoin() with a table', 'name', 'join'],
]

/** `nodes`: all that was added, before it is optimised. */
export function checkNaming(generated: GeneratedNames, nodes: readonly GraphNode[]): void {
  const missing = [...unnamedStores(generated, nodes), ...unnamedTopics(generated, nodes)]
  if (missing.length === 0) return
  const proposals = new Proposals(nodes)
  const lines = missing.map(({ names, maker, node }) => {
    const name = proposals.propose(node, maker.noun)
    return `\n- ${names.join(', ')}: give ${maker.operator} the option '${maker.option}', for example { ${maker.option}: '${name}' }`
  })
  throw new TopologyError(
    'MILLRACE_NAME_MISSING',
    `naming is 'explicit', and these stores and topics have generated names, which change when operators before them do:${lines.join('')}`,
  )
}

/** With their changelogs and with the repartition topics that are named after them. Stores of one join are one entry. */
function unnamedStores(
  { stores, changelogs, repartitionTopics }: GeneratedNames,
  nodes: readonly GraphNode[],
): Unnamed[] {
  const buffers = changelogs.map((topic) => topic.replace(/-changelog$/, '')).filter((store) => !stores.includes(store))
  const entries: Unnamed[] = []
  for (const store of [...stores, ...buffers]) {
    const topics = [`${store}-changelog`, `${store}-repartition`].filter(
      (topic) => changelogs.includes(topic) || repartitionTopics.includes(topic),
    )
    const names = stores.includes(store) ? [store, ...topics] : topics
    const previous = entries.at(-1)
    if (isOfSameJoin(store) && previous !== undefined) previous.names.push(...names)
    else entries.push({ names, maker: makerOf(store), node: ownerOf(store, nodes) })
  }
  return entries
}

function makerOf(store: string): Maker {
  const known = storeMakers.find(([prefix]) => store.startsWith(prefix))
  if (known === undefined) return { operator: 'table()', option: 'store', noun: 'table' }
  const [, operator, option, noun] = known
  return { operator, option, noun }
}

/** The store of its left side comes first. */
function isOfSameJoin(store: string): boolean {
  return ['KSTREAM-JOINOTHER-', 'KSTREAM-OUTEROTHER-', 'KSTREAM-OUTERSHARED-'].some((prefix) =>
    store.startsWith(prefix),
  )
}

/** A table that nobody had to store yet is found by its topic. */
function ownerOf(store: string, nodes: readonly GraphNode[]): GraphNode | undefined {
  return (
    nodes.findLast((node) => storesOf(node).includes(store)) ??
    nodes.find((node) => node.kind === 'tableSource' && store.startsWith(`${node.topic}-STATE-STORE-`))
  )
}

/** Those that are not named after a store; both of a join are one entry. */
function unnamedTopics({ stores, repartitionTopics }: GeneratedNames, nodes: readonly GraphNode[]): Unnamed[] {
  const ofStores = new Set(stores.map((store) => `${store}-repartition`))
  const entries: Unnamed[] = []
  for (const topic of new Set(repartitionTopics.filter((each) => !ofStores.has(each)))) {
    const repartition = nodes.find((node) => node.kind === 'repartition' && node.topic === topic)
    const reader = nodes.findLast(({ parents }) => repartition !== undefined && parents.includes(repartition.id))
    const same = entries.find(({ node, maker }) => maker.noun === 'join' && node === reader)
    if (same === undefined) entries.push({ names: [topic], ...topicMaker(topic, repartition, reader) })
    else same.names.push(topic)
  }
  return entries
}

function topicMaker(
  topic: string,
  repartition: GraphNode | undefined,
  reader: GraphNode | undefined,
): Pick<Unnamed, 'maker' | 'node'> {
  if (topic.startsWith('KSTREAM-REPARTITION-')) {
    return { maker: { operator: 'repartition()', option: 'name', noun: 'repartition' }, node: repartition }
  }
  if (topic.startsWith('KSTREAM-TOTABLE-')) {
    return { maker: { operator: 'toTable()', option: 'name', noun: 'table' }, node: repartition }
  }
  const operator = reader === undefined ? 'the join' : `the join ${reader.name}`
  return { maker: { operator, option: 'name', noun: 'join' }, node: reader }
}

class Proposals {
  readonly #byId: ReadonlyMap<NodeId, GraphNode>
  readonly #taken = new Set<string>()

  constructor(nodes: readonly GraphNode[]) {
    this.#byId = new Map(nodes.map((node) => [node.id, node]))
    for (const node of nodes) {
      this.#taken.add(node.name)
      for (const store of storesOf(node)) this.#taken.add(store)
    }
  }

  /** After at most two of the topics that the records come from. */
  propose(node: GraphNode | undefined, noun: string): string {
    const topics = node === undefined ? [] : [...this.#topicsAbove(node, new Set())].slice(0, 2)
    const base = [...topics, noun]
      .join('-')
      .replaceAll(/[^a-zA-Z0-9._-]+/g, '-')
      .slice(0, 200)
    let name = base
    for (let n = 2; this.#taken.has(name); n++) name = `${base}-${n}`
    this.#taken.add(name)
    return name
  }

  #topicsAbove(node: GraphNode, visited: Set<NodeId>): Set<string> {
    if (visited.has(node.id)) return new Set()
    visited.add(node.id)
    const above = node.parents.flatMap((parent) => {
      const next = this.#byId.get(parent)
      return next === undefined ? [] : [...this.#topicsAbove(next, visited)]
    })
    return new Set([...topicsOf(node), ...above])
  }
}

function topicsOf(node: GraphNode): readonly string[] {
  if (node.kind === 'tableSource') return [node.topic]
  // One with a parent reads an internal topic.
  if (node.kind !== 'streamSource' || node.parents.length > 0) return []
  return node.source.topics instanceof RegExp ? [node.source.topics.source] : node.source.topics
}

function storesOf(node: GraphNode): string[] {
  if (node.kind === 'operation') return node.ownStores().map(({ name }) => name)
  if (node.kind === 'compound') return node.parts.flatMap((part) => part.ownStores().map(({ name }) => name))
  return node.kind === 'store' ? [node.spec.name] : []
}
