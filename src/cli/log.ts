/** The runtime's log on stderr: a line each, JSON with `--log-format json`; debug only with `--verbose`. */
import { jsonLogger } from '../common/json-logger.ts'
import type { Logger } from '../common/logger.ts'
import { redact } from '../common/redact.ts'
import { oneLine } from './printable.ts'
import { say } from './terminal.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const
type Level = (typeof levels)[number]

export interface LogOptions {
  readonly verbose?: boolean
  readonly logFormat?: 'text' | 'json'
}

/**
 * For a command that runs an application. Text is for who watches: warnings, and no errors, which the command tells itself.
 * JSON is for what collects logs, and complete: every event from `info` on.
 */
export function commandLogger({ verbose = false, logFormat = 'text' }: LogOptions): Logger {
  if (logFormat === 'json') return jsonLogger({ level: verbose ? 'debug' : 'info' })
  return stderrLogger(verbose ? 'debug' : 'warn')
}

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
  const pairs = Object.entries(withoutSecrets(facts)).flatMap(([name, value]: [string, unknown]) =>
    hidden.has(name) || value === undefined ? [] : [`${name}=${show(value)}`],
  )
  return pairs.length === 0 ? '' : ` (${oneLine(pairs.join(', '))})`
}

/** Errors are shown by their message alone. */
function withoutSecrets(facts: object): object {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]: [string, unknown]) => [
      name,
      value instanceof Error ? value : Object.values(redact({ [name]: value }) as object)[0],
    ]),
  )
}

function show(value: unknown): string {
  // Some have a line for each broker.
  if (value instanceof Error) return value.message.replaceAll(/\s*\n\s*/g, ' ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
