/**
 * Timestamps of records as people write them: milliseconds since 1970, or ISO 8601. `tail` writes them so that `send` reads
 * the same again. It must never guess: a time without a zone is refused.
 */
import { CliError } from '../errors/cli-error.ts'

const isoPattern = String.raw`\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?`
const millisecondsPattern = String.raw`\d{1,16}`
const patterns = [new RegExp(`^${isoPattern}`), new RegExp(`^${millisecondsPattern}`)]
/** The longest there is: `2026-11-02T10:00:00.000000000+00:00`. */
const textMaxLength = 35
/** The last one with a year of four digits. */
const isoMaxMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const expected = 'milliseconds since 1970 or an ISO 8601 time with its zone, such as 2026-11-02T10:00:00Z'

export interface TimedLine {
  readonly timestamp: number
  /** What comes after the separator. */
  readonly rest: Buffer
}

/** A line that begins with a time and the separator. The separator may be in the time as well. */
export function timedLine(line: Buffer, separator: Buffer): TimedLine {
  const start = line.toString('latin1', 0, textMaxLength)
  for (const pattern of patterns) {
    const [text] = pattern.exec(start) ?? []
    if (text === undefined) continue
    const end = text.length + separator.length
    if (!line.subarray(text.length, end).equals(separator)) continue
    const timestamp = timestampOf(text)
    if (timestamp !== undefined) return { timestamp, rest: line.subarray(end) }
  }
  throw new Error(`it does not begin with ${expected}, and '${separator.toString()}' (--timestamps)`)
}

/** Of the option `--timestamp`. */
export function givenTimestamp(text: string): number {
  const timestamp = patterns.some((pattern) => pattern.exec(text)?.[0] === text) ? timestampOf(text) : undefined
  if (timestamp !== undefined) return timestamp
  throw new CliError('MILLRACE_USAGE', `--timestamp takes ${expected}, not '${text}'`)
}

export function timestampText(timestamp: number): string {
  return timestamp >= 0 && timestamp <= isoMaxMs ? new Date(timestamp).toISOString() : String(timestamp)
}

/** Undefined: there is no such time, or a record cannot have it. */
function timestampOf(text: string): number | undefined {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)/.exec(text) ?? []
  if (year === undefined) return Number.isSafeInteger(Number(text)) ? Number(text) : undefined
  // Date.parse takes the 30th of February for the 2nd of March.
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  const isDate = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
  const timestamp = isDate ? Date.parse(text) : Number.NaN
  return timestamp >= 0 ? timestamp : undefined
}
