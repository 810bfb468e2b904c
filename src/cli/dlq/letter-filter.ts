/** Which letters are meant: the conditions that `ls`, `show` and `retry` take. */
import { systemClock } from '../../common/clock.ts'
import { parseDuration } from '../../common/duration.ts'
import { CliError } from '../../errors/cli-error.ts'
import { codeOf } from '../error-catalogue.ts'
import type { Provenance } from './letter.ts'

export interface FilterOptions {
  readonly node?: string
  readonly code?: string
  readonly exception?: string
  readonly message?: string
  readonly source?: string
  readonly since?: string
  readonly partition?: number
  readonly offset?: number
}

export interface LetterFilter {
  /** Milliseconds since the epoch. */
  readonly sinceMs: number | undefined
  readonly partition: number | undefined
  readonly offset: number | undefined
  matches(timestamp: number, provenance: () => Provenance): boolean
}

/** All conditions hold. Throws a CliError where one is none. */
export function letterFilter(options: FilterOptions, nowMs: number = systemClock.now()): LetterFilter {
  const { node, exception, message, source, partition, offset } = options
  if (offset !== undefined && partition === undefined) {
    throw new CliError('MILLRACE_USAGE', '--offset says which letter of a partition: give --partition, too')
  }
  const code = options.code === undefined ? undefined : codeOf(options.code)
  const sinceMs = options.since === undefined ? undefined : timeOf(options.since, nowMs)
  const conditions: ((letter: Provenance) => boolean)[] = []
  if (node !== undefined) conditions.push((letter) => letter.node === node)
  // Of letters of other programs the code may be any word.
  if (code !== undefined) conditions.push((letter) => letter.code === code || letter.code === options.code)
  if (exception !== undefined) conditions.push((letter) => letter.exception === exception)
  if (message !== undefined) conditions.push((letter) => letter.message?.includes(message) === true)
  if (source !== undefined) conditions.push((letter) => letter.topic === source)
  return {
    sinceMs,
    partition,
    offset,
    matches(timestamp, provenance) {
      if (sinceMs !== undefined && timestamp < sinceMs) return false
      if (conditions.length === 0) return true
      const letter = provenance()
      return conditions.every((holds) => holds(letter))
    },
  }
}

/** `2h`: so long ago; else a date or a time as ISO 8601 writes it. */
function timeOf(text: string, nowMs: number): number {
  const agoMs = parseDuration(text)
  if (agoMs !== undefined && agoMs >= 0) return nowMs - agoMs
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(time)) return time
  throw new CliError(
    'MILLRACE_USAGE',
    `--since takes how long ago (30m, 2h, 7d) or a time (2026-01-31, 2026-01-31T08:00:00Z), not '${text}'`,
  )
}
