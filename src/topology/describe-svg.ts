/**
 * A topology as a picture: sub-topologies as boxes, topics between them, stores on the nodes that use them. It loads
 * nothing and runs nothing; every text in it is escaped.
 */
import type { TopologyJson } from './description.ts'
import { cardHeight, chipHeight, chipInset, drawingOf, iconBand, type Card, type Chip, type Group } from './drawing.ts'
import { place, type Box, type PlacedDrawing, type Point } from './drawing-layout.ts'
import { iconOf } from './svg-icons.ts'
import { svgStyle } from './svg-style.ts'
import { escaped, wordsWidth } from './svg-text.ts'

const legend: readonly (readonly [kind: Card['kind'], icon: string, words: string])[] = [
  ['topic', 'topic', 'topic'],
  ['internal-topic', 'topic', 'internal topic'],
  ['source', 'source', 'source'],
  ['processor', 'map', 'operator'],
  ['stateful', 'aggregate', 'operator with state'],
  ['sink', 'sink', 'sink'],
]
const legendGap = 60
const legendHeight = 44

export function describeSvg(topology: TopologyJson): string {
  const drawing = place(drawingOf(topology))
  const width = Math.max(drawing.width, legendWidth())
  const height = drawing.height + legendHeight
  const title = escaped(`Topology${topology.applicationId === undefined ? '' : ` of ${topology.applicationId}`}`)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
<title>${title}</title>
<style>${svgStyle}</style>
<defs><marker id="mr-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="mr-arrow" d="M0 0.5L8 4 0 7.5z"/></marker></defs>
<rect class="mr-paper" width="${width}" height="${height}"/>
<g transform="translate(${number((width - drawing.width) / 2)} 0)">
${bodyOf(drawing)}
</g>
${legendOf(drawing.height)}
</svg>
`
}

function bodyOf({ groups, links, cards }: PlacedDrawing): string {
  return [
    ...groups.map(groupOf),
    ...links.map(({ points, isUse, from, to }) => linkOf(points, isUse, from, to)),
    // Over the links, which may cross them.
    ...groups.map(groupTitle),
    ...cards.map(cardOf),
  ].join('\n')
}

function groupOf({ left, top, width, height }: Box): string {
  return `<rect class="mr-group" x="${number(left)}" y="${number(top)}" width="${number(width)}" height="${number(height)}" rx="12"/>`
}

function groupTitle({ left, top, title }: Group & Box): string {
  return `<text class="mr-group-title" x="${number(left + 14)}" y="${number(top + 22)}">${escaped(title)}</text>`
}

/** Straight where it can be, round at the corners. */
function linkOf(points: readonly Point[], isUse: boolean, from: string, to: string): string {
  const [first, ...rest] = points
  const last = rest.at(-1)
  if (first === undefined || last === undefined) return ''
  const curves = rest.slice(0, -1).map((point, i) => {
    const next = rest[i + 1] ?? last
    const end = i === rest.length - 2 ? last : { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 }
    return `Q${at(point)} ${at(end)}`
  })
  const line = curves.length === 0 ? `L${at(last)}` : curves.join('')
  const marker = isUse ? '' : ' marker-end="url(#mr-arrow)"'
  return `<path class="mr-link${isUse ? ' mr-use' : ''}" data-from="${escaped(from)}" data-to="${escaped(to)}" d="M${at(first)}${line}"${marker}/>`
}

function cardOf(card: Card & Box): string {
  const { kind, icon, title, words, tip, name, chips, left, top, width, height } = card
  const radius = kind === 'topic' || kind === 'internal-topic' ? cardHeight / 2 : 8
  const isTwoLines = words !== ''
  return `<g class="mr-card mr-${kind}" data-name="${escaped(name)}" data-id="${escaped(card.id)}" transform="translate(${number(left)} ${number(top)})"><title>${escaped(tip)}</title>
<rect class="mr-face" width="${number(width)}" height="${number(height)}" rx="${radius}"/>
<path class="mr-band" d="${band(radius, chips.length > 0)}"/>
<path class="mr-icon" transform="translate(${radius > 8 ? 11 : 9} ${cardHeight / 2 - 8})" d="${iconOf(icon)}"/>
<text class="mr-title" x="${iconBand + 8}" y="${isTwoLines ? 19 : 27}">${escaped(title)}</text>
${isTwoLines ? `<text class="mr-words" x="${iconBand + 8}" y="34">${escaped(words)}</text>` : ''}
${chips.map((chip, i) => chipCard(chip, i, width)).join('')}</g>`
}

/** The left end of a card, behind its icon. */
function band(radius: number, hasChips: boolean): string {
  const r = radius - 0.6
  const [top, bottom] = [0.6, cardHeight - 0.6]
  const foot = hasChips
    ? `L${iconBand} ${bottom}H0.6`
    : `L${iconBand} ${bottom}H${0.6 + r}A${r} ${r} 0 0 1 0.6 ${bottom - r}`
  return `M${0.6 + r} ${top}H${iconBand}${foot}V${top + r}A${r} ${r} 0 0 1 ${0.6 + r} ${top}z`
}

function chipCard({ name, words, fullName }: Chip, index: number, width: number): string {
  const top = cardHeight + index * (chipHeight + chipInset)
  return `<g class="mr-chip" data-name="${escaped(fullName)}" transform="translate(${chipInset} ${top})"><rect width="${number(width - 2 * chipInset)}" height="${chipHeight}" rx="5"/><path class="mr-icon" transform="translate(8 10)" d="${iconOf('store')}"/><text class="mr-title" x="32" y="15">${escaped(name)}</text><text class="mr-words" x="32" y="29">${escaped(words)}</text></g>
`
}

function legendOf(top: number): string {
  let left = 24
  const entries = legend.map(([kind, icon, words]) => {
    const radius = kind.endsWith('topic') ? 12 : 6
    const entry = `<g class="mr-card mr-${kind}" transform="translate(${number(left)} ${top})"><rect class="mr-face" width="24" height="24" rx="${radius}"/><path class="mr-icon" transform="translate(5 5) scale(.875)" d="${iconOf(icon)}"/><text class="mr-words" x="31" y="16">${words}</text></g>`
    left += wordsWidth(words) + legendGap
    return entry
  })
  return `<g>${entries.join('\n')}</g>`
}

function legendWidth(): number {
  return Math.ceil(legend.reduce((width, [, , words]) => width + wordsWidth(words) + legendGap, 24))
}

function at({ x, y }: Point): string {
  return `${number(x)} ${number(y)}`
}

function number(value: number): string {
  return String(Math.round(value * 10) / 10)
}
