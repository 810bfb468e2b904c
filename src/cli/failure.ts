/**
 * How commands end. Exit codes are stable: 0 ok · 1 unexpected error · 2 usage, configuration, or input that does not
 * fit · 3 a check failed · 4 a precondition does not hold (a topic is missing, another topology runs, nobody confirmed) ·
 * 5 no connection, or access refused · 6 time-out · 7 done in part · 8 differences found · 130 interrupted.
 */
import { StreamsError } from '../errors/streams-error.ts'
import { TopologyError, topologyErrors } from '../errors/topology-error.ts'
import { placeText } from '../topology/definition-place.ts'

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof StreamsError)) return 1
  const found = exitCodes.find(({ codes }) => codes.some((code) => error.code === code || isFamily(code, error.code)))
  return found?.exitCode ?? 1
}

/** A code, or a family of them: `MILLRACE_CONFIG_*`. */
const exitCodes: readonly { readonly exitCode: number; readonly codes: readonly string[] }[] = [
  {
    exitCode: 4,
    codes: [
      'MILLRACE_SOURCE_TOPIC_MISSING',
      'MILLRACE_SINK_TOPIC_MISSING',
      'MILLRACE_TOPICS_NOT_COPARTITIONED',
      'MILLRACE_INTERNAL_TOPIC_MISCONFIGURED',
      'MILLRACE_TOPOLOGY_MISMATCH',
      'MILLRACE_OFFSET_RESET_NONE',
      'MILLRACE_CHANGELOG_BEHIND_STATE',
      'MILLRACE_OFFSETS_BEHIND_STATE',
      'MILLRACE_DUPLICATE_INSTANCE',
      'MILLRACE_STATE_DIR_*',
      'MILLRACE_STATE_SLOT_LOST',
      'MILLRACE_TOPIC_DELETED',
      'MILLRACE_TOPIC_RECREATED',
      'MILLRACE_TOPIC_UNKNOWN',
      'MILLRACE_GROUP_ACTIVE',
      'MILLRACE_HTTP_ADDRESS',
      'MILLRACE_RESET_REFUSED',
      'MILLRACE_PRECONDITION',
      'MILLRACE_CONFIRMATION',
    ],
  },
  {
    exitCode: 2,
    codes: [
      'MILLRACE_MODULE_*',
      'MILLRACE_NO_BROKERS',
      'MILLRACE_USAGE',
      'MILLRACE_INPUT_INVALID',
      'MILLRACE_CONFIG_*',
      'MILLRACE_TOPOLOGY_*',
      ...Object.keys(topologyErrors),
    ],
  },
  {
    exitCode: 5,
    codes: [
      'MILLRACE_CONNECTION_*',
      'MILLRACE_INSTANCE_UNREACHABLE',
      'MILLRACE_NOT_KAFKA',
      'MILLRACE_TLS_FAILED',
      'MILLRACE_SASL_FAILED',
      'MILLRACE_KAFKA_UNREACHABLE',
      'MILLRACE_KAFKA_RETRIES_EXHAUSTED',
      'MILLRACE_KAFKA_AUTHORIZATION',
    ],
  },
  { exitCode: 3, codes: ['MILLRACE_CHECK_FAILED'] },
  { exitCode: 6, codes: ['MILLRACE_TIMEOUT', 'MILLRACE_COMMAND_TIMEOUT'] },
  { exitCode: 7, codes: ['MILLRACE_PARTIAL'] },
  { exitCode: 8, codes: ['MILLRACE_DIFFERENT'] },
]

function isFamily(pattern: string, code: string): boolean {
  return pattern.endsWith('*') && code.startsWith(pattern.slice(0, -1))
}

/** What a person needs: what happened, the user's own frames where it was the user's code, and where to read more. */
export function describeFailure(error: unknown, verbose: boolean): string {
  if (verbose && error instanceof Error) return `error: ${error.stack ?? error.message}${causes(error)}`
  if (!(error instanceof StreamsError)) return `error: ${messageOf(error)}${userFrames(error)}`
  const frames = error.cause === undefined ? definedAt(error) : userFrames(error.cause)
  return `error: ${error.message}${frames}\n       more: millrace explain ${error.code}; --verbose shows the stack`
}

/** The user's line that a topology is refused for. */
function definedAt(error: StreamsError): string {
  const place = error instanceof TopologyError ? placeText(error) : undefined
  return place === undefined ? '' : `\n    at ${place}`
}

/** The same for programs, with `-o json`: one line, `docs/schemas/error.schema.json`. */
export function failureDocument(error: unknown, verbose: boolean): string {
  const isOurs = error instanceof StreamsError
  return JSON.stringify({
    schemaVersion: 1,
    error: {
      code: isOurs ? error.code : 'MILLRACE_UNEXPECTED',
      message: isOurs ? error.message : messageOf(error),
      exitCode: exitCodeOf(error),
      docs: 'docs/errors.md',
      details: detailsOf(error),
      ...(verbose && error instanceof Error && { stack: `${error.stack ?? ''}${causes(error)}` }),
    },
  })
}

const factNames = ['taskId', 'topic', 'partition', 'offset', 'storeName', 'node', 'key']

/** The typed facts that errors carry. */
function detailsOf(error: unknown): object {
  if (!(error instanceof StreamsError)) return {}
  const facts = Object.entries(error).filter(([name, value]) => factNames.includes(name) && typeof value !== 'object')
  return Object.fromEntries(facts)
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
