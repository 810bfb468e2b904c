/** Rows as aligned columns: two blanks between, numbers to the right, no frames, so that `awk` and eyes both read it. */
import { stripVTControlCharacters } from 'node:util'
import { styled } from './style.ts'
import type { Style } from './style.ts'
import { fittedWidths, gapWidth } from './table-fit.ts'
import type { FittedColumn } from './table-fit.ts'
import { terminalWidth } from './wrap.ts'

export interface Column<R> extends FittedColumn {
  readonly title: string
  readonly value: (row: R) => string | number | null | undefined
  readonly align?: 'left' | 'right'
  readonly style?: (row: R) => Style | undefined
}

export interface TableOptions {
  /** Undefined: nothing is cut. */
  readonly widthMax?: number | undefined
}

const nothing = '-'

/** Ends with a line end; empty for no rows. Which columns did not fit is said below. */
export function tableText<R>(
  columns: readonly Column<R>[],
  rows: readonly R[],
  { widthMax = terminalWidth() }: TableOptions = {},
): string {
  if (rows.length === 0) return ''
  const cells = rows.map((row) => columns.map(({ value }) => cellText(value(row))))
  const natural = columns.map(({ title }, at) =>
    Math.max(title.length, ...cells.map((line) => widthOf(line[at] ?? ''))),
  )
  const widths = widthMax === undefined ? natural : fittedWidths(columns, natural, widthMax)
  const shown = columns.flatMap((column, at) => {
    const width = widths[at]
    return width === undefined ? [] : [{ column, at, width }]
  })
  const line = (texts: readonly string[], style: (column: Column<R>) => Style | undefined): string =>
    shown
      .map(({ column, at, width }, place) => {
        const blanks = place === shown.length - 1 && column.align !== 'right' ? 0 : width
        return styledCell(column, style(column), fittedText(column, texts[at] ?? '', width), blanks)
      })
      .join(' '.repeat(gapWidth))
      .trimEnd()
  const head = line(
    columns.map(({ title }) => title),
    () => 'quiet',
  )
  const body = rows.map((row, index) => line(cells[index] ?? [], (column) => column.style?.(row)))
  const leftOut = columns.filter((_, at) => widths[at] === undefined).map(({ title }) => title)
  const note = leftOut.length === 0 ? [] : [styled('quiet', `(too narrow for ${leftOut.join(', ')})`)]
  return `${[head, ...body, ...note].join('\n')}\n`
}

function cellText(value: string | number | null | undefined): string {
  if (value === null || value === undefined || value === '') return nothing
  return typeof value === 'number' ? value.toLocaleString('en') : printable(value)
}

/** Control characters of foreign text would move the cursor. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- those are what is replaced
  return stripVTControlCharacters(text).replaceAll(/[\u0000-\u001F\u007F-\u009F]/g, ' ')
}

function fittedText({ flexible }: FittedColumn, text: string, width: number): string {
  if (widthOf(text) <= width) return text
  const kept = Math.max(0, width - 1)
  if (flexible !== 'middle') return `${headOf(text, kept)}…`
  const tail = Math.floor(kept / 2)
  return `${headOf(text, kept - tail)}…${tailOf(text, tail)}`
}

/** As much of it as fits: a wide character may leave a cell empty. */
function headOf(text: string, width: number): string {
  let head = ''
  for (const character of text) {
    if (widthOf(head) + widthOf(character) > width) break
    head += character
  }
  return head
}

function tailOf(text: string, width: number): string {
  let tail = ''
  for (const character of Array.from(text).toReversed()) {
    if (widthOf(tail) + widthOf(character) > width) break
    tail = `${character}${tail}`
  }
  return tail
}

function styledCell(
  { align }: Pick<Column<unknown>, 'align'>,
  style: Style | undefined,
  text: string,
  width: number,
): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)))
  const painted = style === undefined ? text : styled(style, text)
  return align === 'right' ? `${blanks}${painted}` : `${painted}${blanks}`
}

/** Of what a terminal shows: East Asian wide characters and emoji take two cells. */
function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += isWide(character.codePointAt(0) ?? 0) ? 2 : 1
  return width
}

function isWide(code: number): boolean {
  return (
    code >= 0x1100 &&
    (code <= 0x115f ||
      (code >= 0x2e80 && code <= 0xa4cf) ||
      (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0xfe30 && code <= 0xfe6f) ||
      (code >= 0xff00 && code <= 0xff60) ||
      (code >= 0xffe0 && code <= 0xffe6) ||
      (code >= 0x1f300 && code <= 0x1faff) ||
      (code >= 0x20000 && code <= 0x3fffd))
  )
}
