/**
 * How commands end. Exit codes are stable: 0 ok · 1 unexpected error · 2 usage or configuration · 4 a precondition does
 * not hold (a topic is missing, another topology runs) · 5 no connection, or access refused · 6 time-out · 130
 * interrupted.
 */
import { StreamsError } from '../errors/streams-error.ts'

export const exitCodes: Readonly<Record<string, number>> = {
  MILLRACE_MODULE_NOT_FOUND: 2,
  MILLRACE_MODULE_INVALID: 2,
  MILLRACE_NO_BROKERS: 2,
  MILLRACE_USAGE: 2,
  MILLRACE_SOURCE_TOPIC_MISSING: 4,
  MILLRACE_SINK_TOPIC_MISSING: 4,
  MILLRACE_TOPICS_NOT_COPARTITIONED: 4,
  MILLRACE_INTERNAL_TOPIC_MISCONFIGURED: 4,
  MILLRACE_TOPOLOGY_MISMATCH: 4,
  MILLRACE_OFFSET_RESET_NONE: 4,
  MILLRACE_CHANGELOG_BEHIND_STATE: 4,
  MILLRACE_TIMEOUT: 6,
}

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof StreamsError)) return 1
  const code = exitCodes[error.code]
  if (code !== undefined) return code
  if (error.code.startsWith('MILLRACE_CONFIG_') || error.code.startsWith('MILLRACE_TOPOLOGY_')) return 2
  if (/_(CONNECT|CONNECTION|TRANSPORT|AUTHENTICATION|AUTHORIZATION|TLS|NOT_KAFKA|UNREACHABLE)/.test(error.code))
    return 5
  return 1
}

/** What a person needs: what happened, the user's own frames where it was the user's code, and where to read more. */
export function describeFailure(error: unknown, verbose: boolean): string {
  if (verbose && error instanceof Error) return `error: ${error.stack ?? error.message}${causes(error)}`
  if (!(error instanceof StreamsError)) return `error: ${messageOf(error)}${userFrames(error)}`
  const frames = error.cause === undefined ? '' : userFrames(error.cause)
  return `error: ${error.message}${frames}\n       ${error.code}: docs/errors.md explains it; --verbose shows the stack`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

function causes(error: Error): string {
  return error.cause instanceof Error
    ? `\ncaused by: ${error.cause.stack ?? error.cause.message}${causes(error.cause)}`
    : ''
}

/** Stack frames outside of packages and of Node: where the user has to look. */
function userFrames(error: unknown): string {
  if (!(error instanceof Error)) return ''
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !/node_modules|node:|\/millrace\/(dist|src)\/|[/\\]dist[/\\]/.test(line))
    .slice(0, 3)
  return frames.length === 0 ? '' : `\n${frames.join('\n')}`
}
