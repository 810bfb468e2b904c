import { describe, expect, it } from 'vitest'
import { tableText } from '../../../src/cli/table.ts'
import type { Column } from '../../../src/cli/table.ts'

interface Row {
  readonly topic: string
  readonly lag: number
  readonly owner: string
}

const columns: readonly Column<Row>[] = [
  { title: 'TOPIC', value: ({ topic }) => topic, flexible: 'middle', widthMin: 11 },
  { title: 'LAG', value: ({ lag }) => lag, align: 'right' },
  { title: 'OWNER', value: ({ owner }) => owner, flexible: true, widthMin: 8, expendable: 1 },
]
const rows: readonly Row[] = [
  { topic: 'application-counts-changelog', lag: 12_345, owner: 'the one in Frankfurt' },
  { topic: 'input', lag: 0, owner: '' },
]

function widest(text: string): number {
  return Math.max(...text.split('\n').map((line) => line.length))
}

describe('a table', () => {
  it('is cut nowhere where its width is not limited', () => {
    expect(tableText(columns, rows, { widthMax: undefined })).toBe(
      [
        'TOPIC                            LAG  OWNER',
        'application-counts-changelog  12,345  the one in Frankfurt',
        'input                              0  -',
        '',
      ].join('\n'),
    )
  })

  it('has its prose cut first, at the end', () => {
    const text = tableText(columns, rows, { widthMax: 50 })
    expect(text).toContain('application-counts-changelog  12,345  the one in …\n')
    expect(widest(text)).toBe(50)
  })

  it('has its names cut then, in the middle', () => {
    const text = tableText(columns, rows, { widthMax: 36 })
    expect(text).toContain('applicati…changelog'.slice(0, 5))
    expect(text).toMatch(/^applica.*….*gelog +12,345 {2}the one…$/m)
    expect(widest(text)).toBe(36)
  })

  it('leaves a column out where cutting is not enough, and says so', () => {
    const text = tableText(columns, rows, { widthMax: 25 })
    expect(text).toMatch(/^TOPIC +LAG$/m)
    expect(text).toMatch(/\n\(too narrow for OWNER\)\n$/)
    expect(widest(text)).toBe(25)
  })

  it('is wider than the terminal where nothing more can go', () => {
    expect(widest(tableText(columns, rows, { widthMax: 5 }))).toBeGreaterThan(5)
  })

  it('cuts wide characters where they fit', () => {
    const wide: readonly Column<string>[] = [{ title: 'T', value: (text) => text, flexible: true, widthMin: 4 }]
    expect(tableText(wide, ['注文注文注文'], { widthMax: 8 })).toBe('T\n注文注…\n')
  })
})
