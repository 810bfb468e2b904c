/**
 * What a picture of a topology shows, before it has a place: cards for nodes with their stores on them, cards for topics
 * and for stores that several nodes share, and the links between them. Sizes come from the width that texts will have.
 */
import type { NodeDescription, StoreDescription, SubTopologyDescription, TopologyJson } from './description.ts'
import { operatorText, serdesText, storeText, topicText } from './describe-words.ts'
import { elided, textWidth, wordsWidth } from './svg-text.ts'

export type CardKind = 'source' | 'processor' | 'stateful' | 'sink' | 'topic' | 'internal-topic' | 'store'

/** One store on the card of the node that uses it. */
export interface Chip {
  readonly name: string
  readonly words: string
  readonly fullName: string
}

export interface Card {
  readonly id: string
  readonly kind: CardKind
  /** Of which `iconOf` knows the icon. */
  readonly icon: string
  /** In the font of names. */
  readonly title: string
  /** In the font of words, below the title; may be empty. */
  readonly words: string
  /** All that is known, for whoever points at it. */
  readonly tip: string
  /** What a search finds it by: the name of the node, topic or store. */
  readonly name: string
  readonly chips: readonly Chip[]
  /** The sub-topology; undefined: outside. */
  readonly group: number | undefined
  readonly width: number
  readonly height: number
}

export interface Link {
  readonly from: string
  readonly to: string
  /** Of a store: nothing flows, the node reads and writes it. */
  readonly isUse: boolean
}

export interface Group {
  readonly id: number
  readonly title: string
}

export interface Drawing {
  readonly cards: readonly Card[]
  readonly links: readonly Link[]
  readonly groups: readonly Group[]
}

export const cardHeight = 44
export const chipHeight = 36
export const chipInset = 6
export const iconBand = 34
const padding = 14
const titleMax = 46
const wordsMax = 60

export function drawingOf(topology: TopologyJson): Drawing {
  const shared = topology.stores.filter(({ nodes }) => nodes.length > 1)
  return {
    groups: topology.subTopologies.map(({ id, kind }) => ({
      id,
      title: kind === 'global-store' ? `Global store ${id}, on every instance` : `Sub-topology ${id}`,
    })),
    cards: [
      ...topology.topics.filter(({ kind }) => kind !== 'changelog').map(topicCard),
      ...foreignTopics(topology).map(foreignCard),
      ...topology.subTopologies.flatMap((part) => part.nodes.map((node) => nodeCard(node, part, topology))),
      ...shared.map(storeCard),
    ],
    links: [
      ...topology.subTopologies.flatMap(({ nodes }) => nodes.flatMap(linksOf)),
      ...shared.flatMap(({ name, nodes }) =>
        nodes.map((node) => ({ from: `node:${node}`, to: `store:${name}`, isUse: true })),
      ),
    ],
  }
}

function sized(card: Omit<Card, 'width' | 'height'>): Card {
  const chipsWidth = Math.max(0, ...card.chips.map(chipWidth))
  const text =
    Math.max(textWidth(card.title), wordsWidth(card.words)) + iconBand + padding + (card.icon === 'topic' ? 10 : 0)
  const chips = card.chips.length * (chipHeight + chipInset)
  return { ...card, width: Math.ceil(Math.max(120, text, chipsWidth + 2 * chipInset)), height: cardHeight + chips }
}

function chipWidth({ name, words }: Chip): number {
  return Math.max(textWidth(name), wordsWidth(words)) + 30 + padding
}

function nodeCard(node: NodeDescription, part: SubTopologyDescription, { stores }: TopologyJson): Card {
  const own = stores.filter(({ nodes }) => nodes.includes(node.name))
  const words = operatorText(node)
  // A generated name says less than what the node does.
  const [title, below] = node.naming === 'generated' ? [words, node.name] : [node.name, words]
  return sized({
    id: `node:${node.name}`,
    kind: node.kind === 'processor' && own.length > 0 ? 'stateful' : node.kind,
    icon: node.operator ?? node.kind,
    title: elided(title, titleMax),
    words: elided(title === below ? '' : below, wordsMax),
    tip: nodeTip(node, words),
    name: node.name,
    chips: own.filter(({ nodes }) => nodes.length === 1).map(chipOf),
    group: part.id,
  })
}

function nodeTip({ name, place, keySerde, valueSerde, kind }: NodeDescription, words: string): string {
  const serdes = kind === 'processor' ? undefined : serdesText(keySerde, valueSerde)
  return [name, words, serdes, place].filter((line) => line !== undefined).join('\n')
}

function chipOf(store: StoreDescription): Chip {
  return { name: elided(store.name, titleMax), words: elided(storeText(store), wordsMax), fullName: store.name }
}

function topicCard(topic: TopologyJson['topics'][number]): Card {
  return sized({
    id: `topic:${topic.name}`,
    kind: topic.kind === 'external' ? 'topic' : 'internal-topic',
    icon: 'topic',
    title: elided(topic.name, titleMax),
    words: elided(topicText(topic), wordsMax),
    tip: `${topic.name}\n${topicText(topic)}`,
    name: topic.name,
    chips: [],
    group: undefined,
  })
}

interface ForeignTopic {
  readonly name: string
  readonly words: string
}

/** What is read by a pattern, or written to as a function says. */
function foreignTopics({ subTopologies }: TopologyJson): ForeignTopic[] {
  const found = new Map<string, ForeignTopic>()
  for (const { pattern, topicLabel } of subTopologies.flatMap(({ nodes }) => nodes)) {
    if (pattern !== undefined) found.set(pattern, { name: pattern, words: 'topics by pattern' })
    if (topicLabel !== undefined) found.set(topicLabel, { name: topicLabel, words: 'chosen for each record' })
  }
  return [...found.values()]
}

function foreignCard({ name, words }: ForeignTopic): Card {
  return sized({
    id: `foreign:${name}`,
    kind: 'topic',
    icon: 'topic',
    title: elided(name, titleMax),
    words,
    tip: `${name}\n${words}`,
    name,
    chips: [],
    group: undefined,
  })
}

function storeCard(store: StoreDescription): Card {
  const { name, words } = chipOf(store)
  return sized({
    id: `store:${store.name}`,
    kind: 'store',
    icon: 'store',
    title: name,
    words,
    tip: `${store.name}\n${storeText(store)}`,
    name: store.name,
    chips: [],
    group: store.subTopology ?? undefined,
  })
}

function linksOf(node: NodeDescription): Link[] {
  const id = `node:${node.name}`
  const link = (from: string, to: string): Link => ({ from, to, isUse: false })
  return [
    ...(node.topics ?? []).map((topic) => link(`topic:${topic}`, id)),
    ...(node.pattern === undefined ? [] : [link(`foreign:${node.pattern}`, id)]),
    ...node.successors.map((successor) => link(id, `node:${successor}`)),
    ...(node.topic === undefined ? [] : [link(id, `topic:${node.topic}`)]),
    ...(node.topicLabel === undefined ? [] : [link(id, `foreign:${node.topicLabel}`)]),
  ]
}
