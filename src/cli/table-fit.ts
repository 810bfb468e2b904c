/** How wide the columns of a table are where the terminal is narrower than they: some are cut, then some are left out. */

export interface FittedColumn {
  /** Cut with `…` where the terminal is too narrow: `true` at its end, `'middle'` for names, whose ends tell them apart. */
  readonly flexible?: boolean | 'middle'
  /** What is left of a flexible column at least; default: 12. */
  readonly widthMin?: number
  /** Left out where cutting is not enough: 1 goes first, then 2; what has none always stays. */
  readonly expendable?: number
}

export const gapWidth = 2
const defaultWidthMin = 12

/** A width for each column, undefined for one that is left out. `natural` is what it would take to cut nothing. */
export function fittedWidths(
  columns: readonly FittedColumn[],
  natural: readonly number[],
  widthMax: number,
): readonly (number | undefined)[] {
  const widths: (number | undefined)[] = [...natural]
  const expendable = columns
    .map(({ expendable: rank }, at) => ({ rank, at }))
    .filter((one): one is { rank: number; at: number } => one.rank !== undefined)
    .toSorted((one, other) => one.rank - other.rank)
  for (let excess = missing(widths, widthMax); excess > 0; excess = missing(widths, widthMax)) {
    const isEnough = slackOf(columns, widths) >= excess
    const next = isEnough ? undefined : expendable.shift()
    if (next !== undefined) widths[next.at] = undefined
    else return cut(columns, widths, excess)
  }
  return widths
}

function missing(widths: readonly (number | undefined)[], widthMax: number): number {
  const shown = widths.filter((width) => width !== undefined)
  return shown.reduce((sum, width) => sum + width, 0) + gapWidth * (shown.length - 1) - widthMax
}

function slack({ flexible = false, widthMin = defaultWidthMin }: FittedColumn, width: number | undefined): number {
  return flexible === false || width === undefined ? 0 : Math.max(0, width - widthMin)
}

function slackOf(columns: readonly FittedColumn[], widths: readonly (number | undefined)[]): number {
  return columns.reduce((sum, column, at) => sum + slack(column, widths[at]), 0)
}

/** Prose first: half a sentence says more than half a name. */
function cut(
  columns: readonly FittedColumn[],
  widths: readonly (number | undefined)[],
  excess: number,
): readonly (number | undefined)[] {
  const fitted = [...widths]
  let left = excess
  for (const kind of [true, 'middle'] as const) {
    for (const [at, column] of columns.entries()) {
      const width = fitted[at]
      if (column.flexible !== kind || width === undefined) continue
      const taken = Math.min(left, slack(column, width))
      fitted[at] = width - taken
      left -= taken
    }
  }
  return fitted
}
