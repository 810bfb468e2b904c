/** Whether a document is the status of an instance, as far as commands look into it. Fields that are not known may be there. */
import type { StreamsStatus } from '../runtime/streams-status.ts'

type Form = (value: unknown) => boolean

const text: Form = (value) => typeof value === 'string'
const number: Form = (value) => Number.isFinite(value)

const orNull =
  (form: Form): Form =>
  (value) =>
    value === null || form(value)

/** Or not there at all. */
const optional =
  (form: Form): Form =>
  (value) =>
    value === undefined || orNull(form)(value)

const listOf =
  (form: Form): Form =>
  (value) =>
    Array.isArray(value) && value.every(form)

const objectOf =
  (fields: Readonly<Record<string, Form>>): Form =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(fields).every(([name, form]) => form((value as Readonly<Record<string, unknown>>)[name]))

const error = objectOf({
  at: text,
  code: orNull(text),
  message: orNull(text),
  taskId: optional(text),
  topic: optional(text),
  partition: optional(number),
  offset: optional(number),
  action: optional(text),
})

const status = objectOf({
  schemaVersion: (value) => value === 1,
  applicationId: text,
  state: text,
  uptimeMs: number,
  threads: listOf(objectOf({ taskIds: listOf(text) })),
  tasks: objectOf({ running: number, restoring: number, assigned: number }),
  restore: objectOf({ remaining: number, etaMs: orNull(number) }),
  lag: orNull(number),
  lastCommitAgeMs: orNull(number),
  errors: objectOf({
    total: number,
    last: orNull(error),
  }),
  process: objectOf({ rssBytes: number, eventLoopDelayP99Ms: number }),
})

export function isStreamsStatus(document: unknown): document is StreamsStatus {
  return status(document)
}
