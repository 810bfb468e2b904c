import { StreamsError } from './streams-error.ts'
import type { StreamsErrorOptions } from './streams-error.ts'

/** What can be wrong with bytes from or for Kafka: messages (`src/kafka/protocol`) and record batches (`records`). */
export const protocolErrors = {
  MILLRACE_MESSAGE_MALFORMED:
    'Bytes that claim to be a Kafka message are not one: cut off, or a length that cannot be.',
  MILLRACE_MESSAGE_NOT_ENCODABLE:
    'A value does not fit its field of a Kafka message, or the version has no such field.',
  MILLRACE_MESSAGE_VERSION: 'A message was asked for in a version for which there is no definition.',
  MILLRACE_BATCH_MALFORMED: 'A record batch is cut off or contradicts itself.',
  MILLRACE_BATCH_CORRUPT: 'The checksum of a record batch does not match its bytes.',
  MILLRACE_BATCH_FORMAT: 'A record batch is of a format (magic 0 or 1) or a compression that is not supported.',
  MILLRACE_BATCH_TOO_LARGE: 'A record batch is, or decompresses to, more than the bound.',
} as const

export type ProtocolErrorCode = keyof typeof protocolErrors

export class ProtocolError extends StreamsError {
  declare readonly code: ProtocolErrorCode

  constructor(code: ProtocolErrorCode, message: string, options: StreamsErrorOptions = {}) {
    super(code, message, options)
  }
}
