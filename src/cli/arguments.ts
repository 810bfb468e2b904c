/** What commander makes of an option's text; a wrong one is a usage error that names the option. */
import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../common/duration.ts'

/** Milliseconds, of `500ms`, `30s`, `2m`. */
export function durationMs(text: string): number {
  const found = parseDuration(text)
  if (found !== undefined && found > 0) return found
  throw new InvalidArgumentError('It takes a number with its unit: 500ms, 30s, 2m, 1h, 2d.')
}

/** A whole number from `min` to `max`. */
export function integerFrom(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const found = Number(text)
    if (text.trim() !== '' && Number.isSafeInteger(found) && found >= min && found <= max) return found
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
    throw new InvalidArgumentError(`It takes a whole number ${range}.`)
  }
}
