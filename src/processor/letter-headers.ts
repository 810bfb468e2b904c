/**
 * The headers that a dead letter has behind those of its record: what went wrong and where (KIP-1034), and what Java's
 * letters lack. Who sends a letter again counts that in `retries`, which is then a header of the record.
 */
export const letterHeader = {
  exception: '__streams.errors.exception',
  message: '__streams.errors.message',
  stacktrace: '__streams.errors.stacktrace',
  topic: '__streams.errors.topic',
  partition: '__streams.errors.partition',
  offset: '__streams.errors.offset',
  node: '__millrace.errors.node',
  code: '__millrace.errors.code',
} as const

/** How often `millrace dlq retry` has sent this record: decimal digits. */
export const retriesHeader = '__millrace.retries'
