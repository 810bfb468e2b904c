/** The runtime's log on stderr: a line each, JSON with `--log-format json`; debug only with `--verbose`. */
import type { Logger } from '../common/logger.ts'
import { say } from './terminal.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const
type Level = (typeof levels)[number]

export function stderrLogger(level: Level): Logger {
  const write =
    (of: Level) =>
    (facts: object, message: string): void => {
      if (levels.indexOf(of) >= levels.indexOf(level)) say(`${of.padEnd(5)} ${message}${format(facts)}`)
    }
  // Errors are told once, by the command itself.
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('debug') }
}

/** The application and its process are the same on every line: left out for a person's eyes. */
const hidden = new Set(['applicationId', 'processId', 'thread'])

function format(facts: object): string {
  const pairs = Object.entries(facts).flatMap(([name, value]: [string, unknown]) =>
    hidden.has(name) || value === undefined ? [] : [`${name}=${show(value)}`],
  )
  return pairs.length === 0 ? '' : ` (${pairs.join(', ')})`
}

function show(value: unknown): string {
  if (value instanceof Error) return value.message
  return typeof value === 'string' ? value : JSON.stringify(value)
}
