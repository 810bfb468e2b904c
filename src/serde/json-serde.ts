/** JSON as UTF-8, checked against a Standard Schema when it is read. */
import { asBuffer } from '../common/bytes.ts'
import { SerdeError } from '../errors/serde-error.ts'
import { oncePer } from './once-per.ts'
import { refuseBytes, refuseValue } from './serde-checks.ts'
import type { Serde } from './serde.ts'
import type { StandardSchema } from './standard-schema.ts'

export function jsonSerde<T>(schema?: StandardSchema<T>): Serde<T> {
  return oncePer(bySchema, schema ?? anything, () => newJsonSerde(schema))
}

const bySchema = new WeakMap<object, unknown>()
const anything = {}

function newJsonSerde<T>(schema?: StandardSchema<T>): Serde<T> {
  return {
    name: 'json',
    serialize(value, topic) {
      const text = stringify(value, topic)
      return typeof text === 'string' ? Buffer.from(text) : refuseValue('json', topic, 'what JSON can express', value)
    },
    deserialize(bytes, topic) {
      const value = parse(bytes, topic)
      return schema === undefined ? (value as T) : validate(schema, value, topic)
    },
  }
}

function stringify(value: unknown, topic: string): string | undefined {
  try {
    return JSON.stringify(value)
  } catch (error) {
    throw new SerdeError(
      'MILLRACE_SERDE_INVALID_VALUE',
      'json',
      topic,
      `serde json cannot write a value for topic ${topic}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  }
}

function parse(bytes: Uint8Array, topic: string): unknown {
  try {
    return JSON.parse(asBuffer(bytes).toString()) as unknown
  } catch (error) {
    return refuseBytes('json', topic, 'they are not JSON', error)
  }
}

function validate<T>(schema: StandardSchema<T>, value: unknown, topic: string): T {
  const result = schema['~standard'].validate(value)
  const vendor = schema['~standard'].vendor
  if (isPromise(result)) {
    // Nobody waits for it: its rejection must not end the process.
    result.then(undefined, () => undefined)
    throw new SerdeError(
      'MILLRACE_SERDE_SCHEMA_ASYNC',
      'json',
      topic,
      `serde json for topic ${topic}: the ${vendor} schema validates asynchronously; use one without asynchronous checks, and make those in an operator`,
    )
  }
  const { value: valid, issues } = result as { value?: unknown; issues?: readonly Issue[] | undefined }
  if (issues !== undefined) {
    throw new SerdeError(
      'MILLRACE_SERDE_SCHEMA_MISMATCH',
      'json',
      topic,
      `serde json: a value of topic ${topic} does not satisfy its ${vendor} schema: ${describeIssues(issues)}; correct who writes the topic or the schema, or let onDeserializationError skip such records or send them elsewhere`,
    )
  }
  return valid as T
}

interface Issue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

const issuesShown = 5
/** Of the text of one; a path has the names of fields, which may be anything. */
const issueMaxLength = 300

function describeIssues(issues: readonly Issue[]): string {
  // Some schemas have arrays of their own kind, which do not map to plain ones.
  const shown = Array.from(issues)
    .slice(0, issuesShown)
    .map(({ message, path }) => {
      const at = Array.from(path ?? [], (part) => String(typeof part === 'object' ? part.key : part)).join('.')
      return `${at === '' ? 'the value' : shortened(at)}: ${shortened(message)}`
    })
  const more = issues.length - shown.length
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '')
}

function shortened(text: string): string {
  return text.length > issueMaxLength ? `${text.slice(0, issueMaxLength)}…` : text
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
