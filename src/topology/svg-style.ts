/** The colours and fonts of drawings, for light and dark surroundings. Generic fonts only: a picture may load nothing. */

interface Palette {
  readonly paper: string
  readonly card: string
  readonly group: string
  readonly groupLine: string
  readonly text: string
  readonly quiet: string
  readonly link: string
  readonly kinds: Readonly<Record<string, readonly [line: string, tint: string]>>
}

const light: Palette = {
  paper: '#ffffff',
  card: '#ffffff',
  group: '#f6f8fb',
  groupLine: '#d5dce6',
  text: '#16202e',
  quiet: '#5b6b80',
  link: '#8794a8',
  kinds: {
    source: ['#2563eb', '#dbe7fe'],
    processor: ['#64748b', '#e8edf3'],
    stateful: ['#7c3aed', '#ebe4fd'],
    sink: ['#0d8a7d', '#d3f3ee'],
    topic: ['#b45309', '#fdeccb'],
    'internal-topic': ['#b45309', '#fdf5e6'],
    store: ['#7c3aed', '#ebe4fd'],
  },
}

const dark: Palette = {
  paper: '#0e141c',
  card: '#17202c',
  group: '#121a24',
  groupLine: '#2c3a4d',
  text: '#e6edf5',
  quiet: '#9aabc0',
  link: '#67778c',
  kinds: {
    source: ['#6ea0ff', '#1c3157'],
    processor: ['#8fa1b8', '#263243'],
    stateful: ['#b294ff', '#332560'],
    sink: ['#3fc9b8', '#11403c'],
    topic: ['#f0a94a', '#46300f'],
    'internal-topic': ['#f0a94a', '#2e2617'],
    store: ['#b294ff', '#332560'],
  },
}

const names = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
const words = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

export const svgStyle: string = `
.mr-title { font: 600 12px ${names} }
.mr-words { font: 11px ${words} }
.mr-group-title { font: 600 12px ${words}; letter-spacing: .02em; paint-order: stroke; stroke-width: 5px; stroke-linejoin: round }
.mr-link { fill: none; stroke-width: 1.3 }
.mr-use { stroke-dasharray: 2 3 }
.mr-card rect, .mr-chip rect { stroke-width: 1.2 }
.mr-internal-topic > .mr-face { stroke-dasharray: 4 3 }
.mr-icon { fill: none; stroke-width: 1.4; stroke-linecap: round; stroke-linejoin: round }
${coloured(light)}
@media (prefers-color-scheme: dark) {
${coloured(dark)}
}
`

function coloured({ paper, card, group, groupLine, text, quiet, link, kinds }: Palette): string {
  const rules = Object.entries(kinds).map(
    ([kind, [line, tint]]) =>
      `.mr-${kind} > .mr-face { stroke: ${line} } .mr-${kind} > .mr-band { fill: ${tint}; stroke: none } .mr-${kind} > .mr-icon { stroke: ${line} }`,
  )
  return [
    `.mr-paper { fill: ${paper} }`,
    `.mr-face { fill: ${card} }`,
    `.mr-group-title { stroke: ${group} }`,
    `.mr-group { fill: ${group}; stroke: ${groupLine} }`,
    `.mr-title { fill: ${text} } .mr-words, .mr-group-title { fill: ${quiet} }`,
    `.mr-link { stroke: ${link} } .mr-arrow { fill: ${link} }`,
    ...rules,
    `.mr-chip rect { fill: ${kinds['store']?.[1] ?? ''}; stroke: none } .mr-chip .mr-icon { stroke: ${kinds['store']?.[0] ?? ''} }`,
  ].join('\n')
}
