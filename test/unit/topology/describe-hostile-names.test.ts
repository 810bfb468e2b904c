/** Whatever names a topology has, a drawing of it has the same elements, and nothing that runs. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Processor } from '../../../src/processor/processor.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { stores } from '../../../src/state/stores.ts'
import { Topology } from '../../../src/topology/topology.ts'

const strings = { key: serdes.string, value: serdes.string }
const nothing = (): Processor<string, string, never, never> => ({ process: () => undefined })

function described(name: string): ReturnType<Topology['describe']> {
  return new Topology()
    .addSource(`${name}1`, 'in', strings)
    .addProcessor(`${name}2`, nothing, `${name}1`, { stores: [stores.keyValue('s', strings)] })
    .addSink(`${name}3`, () => 'x', `${name}2`, { ...strings, topicLabel: `${name}4` })
    .describe()
}

const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 5 }),
  fc.constantFrom(
    '<script>',
    '</script>',
    '"',
    "'",
    '`',
    '&#34;',
    '&',
    '-->',
    ']]>',
    '\n',
    '\r',
    '\t',
    '\u2028',
    '\\',
    '\\N',
  ),
  fc.constantFrom(
    '"]',
    '"]\n  click node0 "javascript:alert(1)"\n',
    '#quot;',
    '%%{init: {}}%%',
    '", URL="javascript:1',
    '\u0000',
  ),
  fc.constantFrom(
    ' onload=alert(1) ',
    'javascript:alert(1)',
    '<img src=x onerror=alert(1)>',
    '</title>',
    '<!--',
    '${1}',
  ),
)
const hostile = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join(''))

/** Names of elements and of their attributes, in order. What is left between them is text. */
function skeleton(markup: string): { readonly elements: readonly string[]; readonly text: string } {
  const elements: string[] = []
  const inert = markup.replaceAll(/<(style|script)>[\s\S]*?<\/\1>/g, '')
  const text = inert.replaceAll(
    /<(!?\/?[a-z][a-z0-9]*)((?: [a-zA-Z-]+(?:="[^"<>]*")?)*)\/?>/g,
    (_, element: string, rest: string) => {
      const attributes = [...rest.matchAll(/ ([a-zA-Z-]+)(?:="[^"]*")?/g)].map(([, attribute = '']) => attribute)
      elements.push([element, ...attributes].join(' '))
      return ''
    },
  )
  return { elements, text }
}

const plain = described('plain')

describe('A hostile name', () => {
  it('adds nothing to a picture or a page', async () => {
    const [svg, html] = [skeleton(await plain.toSvg()).elements.length, skeleton(await plain.toHtml()).elements]
    await fc.assert(
      fc.asyncProperty(hostile, async (name) => {
        const description = described(name)
        const picture = skeleton(await description.toSvg())
        const page = skeleton(await description.toHtml({ applicationId: name }))
        expect(picture.elements).toHaveLength(svg)
        expect(page.elements).toEqual(html)
        expect(picture.text + page.text).not.toMatch(/[<>"]/)
      }),
      { numRuns: 100 },
    )
  })

  it('begins no statement in Mermaid or Graphviz', () => {
    const lines = (text: string): number => text.split(/[\n\r]/).length
    const quotes = (text: string): number => text.replaceAll(/\\./gs, '').split('"').length
    fc.assert(
      fc.property(hostile, (name) => {
        const description = described(name)
        expect([lines(description.toMermaid()), quotes(description.toMermaid())]).toEqual([
          lines(plain.toMermaid()),
          quotes(plain.toMermaid()),
        ])
        expect([lines(description.toDot()), quotes(description.toDot())]).toEqual([
          lines(plain.toDot()),
          quotes(plain.toDot()),
        ])
      }),
    )
  })
})
