/** Rows as aligned columns: two blanks between, numbers to the right, no frames, so that `awk` and eyes both read it. */
import { stripVTControlCharacters } from 'node:util'
import { styled } from './style.ts'
import type { Style } from './style.ts'

export interface Column<R> {
  readonly title: string
  readonly value: (row: R) => string | number | null | undefined
  readonly align?: 'left' | 'right'
  readonly style?: (row: R) => Style | undefined
  /** Cut with `…` where the terminal is too narrow; at most one column of a table. */
  readonly flexible?: boolean
}

export interface TableOptions {
  /** Undefined: nothing is cut. */
  readonly widthMax?: number | undefined
}

const nothing = '-'
const cutMin = 8

/** Ends with a line end; empty for no rows. */
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
  const widths = fitted(columns, natural, widthMax)
  const line = (texts: readonly string[], style: (at: number) => Style | undefined): string =>
    columns
      .map(({ align }, at) => styledCell(style(at), texts[at] ?? '', widths[at] ?? 0, align, at === columns.length - 1))
      .join('  ')
      .trimEnd()
  const head = line(
    columns.map(({ title }) => title),
    () => 'quiet',
  )
  const body = rows.map((row, index) => line(cells[index] ?? [], (at) => columns[at]?.style?.(row)))
  return `${[head, ...body].join('\n')}\n`
}

/** Of standard output; undefined where it is no terminal, or one that does not say its width (0). */
export function terminalWidth(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns || undefined : undefined
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

function styledCell(
  style: Style | undefined,
  text: string,
  width: number,
  align: Column<unknown>['align'],
  isLast: boolean,
): string {
  const shown =
    widthOf(text) > width
      ? `${Array.from(text)
          .slice(0, width - 1)
          .join('')}…`
      : text
  const blanks = ' '.repeat(Math.max(0, width - widthOf(shown)))
  const painted = style === undefined ? shown : styled(style, shown)
  if (align === 'right') return `${blanks}${painted}`
  return isLast ? painted : `${painted}${blanks}`
}

function fitted<R>(columns: readonly Column<R>[], natural: readonly number[], widthMax: number | undefined): number[] {
  const widths = [...natural]
  const total = natural.reduce((sum, width) => sum + width, 0) + 2 * (columns.length - 1)
  const flexible = columns.findIndex((column) => column.flexible === true)
  if (widthMax === undefined || total <= widthMax || flexible < 0) return widths
  const own = natural[flexible] ?? 0
  widths[flexible] = Math.max(Math.min(own, cutMin), own - (total - widthMax))
  return widths
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
