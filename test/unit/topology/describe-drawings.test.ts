import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Processor } from '../../../src/processor/processor.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { stores } from '../../../src/state/stores.ts'
import { drawingOf } from '../../../src/topology/drawing.ts'
import { place } from '../../../src/topology/drawing-layout.ts'
import { elided, escaped, textWidth, wordsWidth } from '../../../src/topology/svg-text.ts'
import { Topology } from '../../../src/topology/topology.ts'
import { shop } from '../../support/described-topologies.ts'

const strings = { key: serdes.string, value: serdes.string }
const nothing = (): Processor<string, string, never, never> => ({ process: () => undefined })

/** Names that would break out of texts, attributes and scripts. */
const hostile = `</script><script>alert("1")</script>'&\u0000\uD800`

function hostileTopology(): Topology {
  return new Topology()
    .addSource(hostile, 'in', strings)
    .addProcessor(`p ${hostile}`, nothing, hostile, { stores: [stores.keyValue('s', strings)] })
    .addSink('chosen', () => 'x', `p ${hostile}`, { ...strings, topicLabel: `label ${hostile}` })
}

describe('as Graphviz', () => {
  test('a topology has a cluster per sub-topology, its topics and its stores', () => {
    const topology = new Topology()
      .addSource('src', 'in', strings)
      .addProcessor('p', nothing, 'src', { stores: [stores.keyValue('s', strings)] })
      .addSink('k', 'out', 'p', strings)
    const dot = topology.describe().toDot()
    expect(dot.split('\n').filter((line) => line.includes('->'))).toEqual([
      '  "topic:in" -> "node:src"',
      '  "node:src" -> "node:p"',
      '  "node:p" -> "node:k"',
      '  "node:p" -> "store:s" [style=dashed, dir=none]',
      '  "node:k" -> "topic:out"',
    ])
    expect(dot).toContain('subgraph cluster_0 {')
    expect(dot).toContain('"store:s" [shape=cylinder, label="s\\nkey-value"')
  })

  test('names cannot leave their quotes', () => {
    const dot = new Topology().addSource('a"\\', 'in').describe().toDot()
    expect(dot).toContain('"node:a\\"\\\\" [label="a\\"\\\\\\nsource"')
  })
})

describe('as a picture', () => {
  test('a topology shows every node, every topic and every store once', async () => {
    const { subTopologies, stores: all, topics } = shop().describe().toJSON()
    const svg = await shop().describe().toSvg({ applicationId: 'shop' })
    const count = (name: string): number => svg.split(`data-name="${escaped(name)}"`).length - 1
    const named = [
      ...subTopologies.flatMap(({ nodes }) => nodes).map(({ name }) => name),
      ...all.map(({ name }) => name),
      ...topics.filter(({ kind }) => kind !== 'changelog').map(({ name }) => name),
    ]
    expect(named.length).toBeGreaterThan(40)
    expect(named.filter((name) => count(name) !== 1)).toEqual([])
    expect(svg).toContain('<title>Topology of shop</title>')
    expect(svg).toContain('Global store 1, on every instance')
    expect(svg).toContain('prefers-color-scheme: dark')
  })

  test('nothing lies on anything else, nothing outside of the picture, and nodes lie in their sub-topology', () => {
    const { cards, groups, width, height } = place(drawingOf(shop().describe().toJSON()))
    const overlaps = cards.flatMap((one, i) =>
      cards
        .slice(i + 1)
        .filter(
          (two) =>
            one.left < two.left + two.width &&
            two.left < one.left + one.width &&
            one.top < two.top + two.height &&
            two.top < one.top + one.height,
        )
        .map((two) => [one.name, two.name]),
    )
    expect(overlaps).toEqual([])
    for (const { left, top, ...size } of [...cards, ...groups]) {
      expect(left).toBeGreaterThanOrEqual(0)
      expect(top).toBeGreaterThanOrEqual(0)
      expect(left + size.width).toBeLessThanOrEqual(width)
      expect(top + size.height).toBeLessThanOrEqual(height)
    }
    for (const card of cards.filter(({ group }) => group !== undefined)) {
      const box = groups.find(({ id }) => id === card.group)
      expect(card.left).toBeGreaterThan(box?.left ?? Infinity)
      expect(card.left + card.width).toBeLessThan((box?.left ?? 0) + (box?.width ?? 0))
    }
  })

  test('texts fit on their cards', () => {
    const { cards } = drawingOf(shop().describe().toJSON())
    const tooWide = cards.filter(
      ({ title, words, width }) => Math.max(textWidth(title), wordsWidth(words)) + 34 > width,
    )
    expect(tooWide).toEqual([])
  })

  test('an empty topology is a picture too', async () => {
    expect(await new Topology().describe().toSvg()).toMatch(/^<svg [^>]+>[\s\S]*<\/svg>\n$/)
  })

  test('names are escaped, and cut where they are long', async () => {
    const svg = await hostileTopology().describe().toSvg()
    expect(svg).not.toContain('<script')
    expect(svg).not.toContain('\u0000')
    expect(svg).toContain('&lt;script&gt;')
    expect(elided('a'.repeat(30) + 'b'.repeat(30), 11)).toBe('aaaaa…bbbbb')
    expect(elided('short', 11)).toBe('short')
  })
})

describe('as a page', () => {
  test('it runs its own script only and loads nothing', async () => {
    const html = await hostileTopology().describe().toHtml({ applicationId: hostile })
    const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, script = '']) => script)
    expect(scripts).toHaveLength(1)
    const hash = createHash('sha256')
      .update(scripts[0] ?? '')
      .digest('base64')
    expect(html).toContain(`script-src 'sha256-${hash}'`)
    const styles = [...html.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, style = '']) => style)
    expect(styles).toHaveLength(2)
    for (const style of styles) {
      expect(html).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`)
    }
    expect(html).toContain("default-src 'none'")
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|src=|href=|url\((?!#)| style=| on\w+=/,
    )
  })

  test('its tables have every topic, store and node', async () => {
    const { subTopologies, stores: all, topics } = shop().describe().toJSON()
    const html = await shop().describe().toHtml()
    const names = [...topics, ...all, ...subTopologies.flatMap(({ nodes }) => nodes)].map(({ name }) => name)
    expect(names.filter((name) => !html.includes(`<tr data-find="${escaped(name)}"`))).toEqual([])
    expect(html).toContain('<li>orders, payments, customers</li>')
    expect(html).toContain('tumbling 1h, grace 5m, kept 1h 5m')
  })
})
