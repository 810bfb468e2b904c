/** Where everything is in a picture. The only file that uses dagre, which is loaded when a picture is asked for. */
import { Graph, layout } from '@dagrejs/dagre'
import type { Card, Drawing, Group, Link } from './drawing.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Box {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

export interface PlacedDrawing {
  readonly width: number
  readonly height: number
  readonly cards: readonly (Card & Box)[]
  readonly groups: readonly (Group & Box)[]
  readonly links: readonly (Link & { readonly points: readonly Point[] })[]
}

const margin = 24
const groupPadding = 16
const groupTitle = 26

interface Placed extends Point {
  readonly width: number
  readonly height: number
}

export function place(drawing: Drawing): PlacedDrawing {
  const graph = new Graph({ compound: true, multigraph: true })
  graph.setGraph({ rankdir: 'TB', nodesep: 28, ranksep: 34, edgesep: 14, marginx: margin, marginy: margin })
  graph.setDefaultEdgeLabel(() => ({}))
  const groupsWithCards = drawing.groups.filter(({ id }) => drawing.cards.some(({ group }) => group === id))
  for (const { id } of groupsWithCards) graph.setNode(`group:${id}`, {})
  for (const { id, width, height, group } of drawing.cards) {
    graph.setNode(id, { width, height })
    if (group !== undefined) graph.setParent(id, `group:${group}`)
  }
  for (const { from, to } of drawing.links) graph.setEdge(from, to)
  layout(graph)
  const cards = drawing.cards.map((card) => ({ ...card, ...boxOf(graph.node(card.id) as Placed) }))
  const groups = groupsWithCards.map((group) => ({
    ...group,
    ...around(
      cards.filter((card) => card.group === group.id),
      group.title,
    ),
  }))
  const links = drawing.links.map((link) => ({
    ...link,
    points: (graph.edge(link.from, link.to) as { readonly points: readonly Point[] }).points,
  }))
  return shifted(cards, groups, links)
}

function boxOf({ x, y, width, height }: Placed): Box {
  return { left: x - width / 2, top: y - height / 2, width, height }
}

function around(boxes: readonly Box[], title: string): Box {
  const left = Math.min(...boxes.map((box) => box.left)) - groupPadding
  const top = Math.min(...boxes.map((box) => box.top)) - groupPadding - groupTitle
  const right = Math.max(...boxes.map((box) => box.left + box.width)) + groupPadding
  const bottom = Math.max(...boxes.map((box) => box.top + box.height)) + groupPadding
  return { left, top, width: Math.max(right - left, title.length * 8 + 2 * groupPadding), height: bottom - top }
}

/** So that everything is within the picture. */
function shifted(
  cards: PlacedDrawing['cards'],
  groups: PlacedDrawing['groups'],
  links: PlacedDrawing['links'],
): PlacedDrawing {
  const boxes: readonly Box[] = [...cards, ...groups]
  const points = links.flatMap((link) => link.points)
  const dx = margin - Math.min(margin, ...boxes.map(({ left }) => left), ...points.map(({ x }) => x))
  const dy = margin - Math.min(margin, ...boxes.map(({ top }) => top), ...points.map(({ y }) => y))
  const move = <B extends Box>(box: B): B => ({ ...box, left: box.left + dx, top: box.top + dy })
  return {
    width: Math.ceil(
      Math.max(0, ...boxes.map(({ left, width }) => left + width), ...points.map(({ x }) => x)) + dx + margin,
    ),
    height: Math.ceil(
      Math.max(0, ...boxes.map(({ top, height }) => top + height), ...points.map(({ y }) => y)) + dy + margin,
    ),
    cards: cards.map(move),
    groups: groups.map(move),
    links: links.map((link) => ({ ...link, points: link.points.map(({ x, y }) => ({ x: x + dx, y: y + dy })) })),
  }
}
