import { StreamsError, type StreamsErrorOptions } from './streams-error.ts'

export const serdeErrors = {
  MILLRACE_SERDE_INVALID_BYTES: 'the bytes of a key or value are not valid under its serde',
  MILLRACE_SERDE_INVALID_VALUE: 'a key or value does not fit the serde that it meets',
  MILLRACE_SERDE_UNSAFE_INTEGER: 'an int64 lies beyond 2^53, where a JavaScript number is not exact',
  MILLRACE_SERDE_SCHEMA_MISMATCH: 'a JSON value does not satisfy its schema',
  MILLRACE_SERDE_SCHEMA_ASYNC: 'a schema validates asynchronously, which a serde cannot wait for',
} as const

/** What a serde says about a value or bytes; whoever calls the serde adds node, partition and offset. */
export class SerdeError extends StreamsError {
  declare readonly code: keyof typeof serdeErrors
  readonly serde: string
  readonly topic: string | undefined

  constructor(
    code: keyof typeof serdeErrors,
    serde: string,
    topic: string | undefined,
    message: string,
    options?: StreamsErrorOptions,
  ) {
    super(code, message, options)
    this.serde = serde
    this.topic = topic
  }
}
