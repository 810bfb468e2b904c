import { StreamsError } from './streams-error.ts'
import type { StreamsErrorOptions } from './streams-error.ts'

/** Connections: what the socket, TLS or SASL said. Whether the request arrived is unknown unless the code says so. */
export const transportErrors = {
  MILLRACE_CONNECTION_REFUSED: 'Nothing listens at the broker address, or its name does not resolve.',
  MILLRACE_CONNECTION_TIMEOUT: 'A broker address did not accept the connection in time.',
  MILLRACE_CONNECTION_LOST: 'A broker closed the connection while a request was under way.',
  MILLRACE_REQUEST_TIMEOUT: 'A broker did not answer a request in time; its connection was closed.',
  MILLRACE_NOT_KAFKA: 'What answers at a broker address does not speak the Kafka protocol.',
  MILLRACE_TLS_FAILED: 'TLS with a broker could not be set up, or only one side expects it.',
  MILLRACE_SASL_FAILED: 'A broker refused the SASL credentials or the mechanism.',
  MILLRACE_CONNECTION_CLOSED: 'A request was made on a connection that this process had closed.',
} as const

export type TransportErrorCode = keyof typeof transportErrors

export interface TransportErrorOptions extends StreamsErrorOptions {
  /** `host:port`. */
  readonly broker: string
}

export class TransportError extends StreamsError {
  declare readonly code: TransportErrorCode
  readonly broker: string

  constructor(code: TransportErrorCode, message: string, options: TransportErrorOptions) {
    super(code, message, { reaction: reactions[code], ...options })
    this.broker = options.broker
  }
}

const reactions = {
  MILLRACE_CONNECTION_REFUSED: 'retriable',
  MILLRACE_CONNECTION_TIMEOUT: 'retriable',
  MILLRACE_CONNECTION_LOST: 'retriable',
  MILLRACE_REQUEST_TIMEOUT: 'retriable',
  MILLRACE_NOT_KAFKA: 'fatal',
  MILLRACE_TLS_FAILED: 'fatal',
  MILLRACE_SASL_FAILED: 'fatal',
  MILLRACE_CONNECTION_CLOSED: 'retriable',
} as const

/** The client: what a broker's answer, or the lack of one, means. */
export const kafkaErrors = {
  MILLRACE_KAFKA_UNREACHABLE: 'No broker of the cluster could be reached.',
  MILLRACE_KAFKA_REQUEST_FAILED: 'A broker refused a request with an error code that trying again does not cure.',
  MILLRACE_KAFKA_RETRIES_EXHAUSTED: 'A request met errors that pass, but did not succeed within its time.',
  MILLRACE_KAFKA_VERSION: 'A broker does not offer a request, or not in a version that is needed here.',
  MILLRACE_KAFKA_AUTHORIZATION: 'The principal may not do this on that topic, group, transactional id or cluster.',
  MILLRACE_OFFSET_OUT_OF_RANGE: 'A partition does not hold the offset that was to be read: older records were deleted.',
  MILLRACE_PRODUCER_FENCED: 'Another producer has taken over the transactional id, or the transaction timed out.',
  MILLRACE_MEMBER_FENCED: 'The group member is no longer part of the generation for which it acts.',
  MILLRACE_TRANSACTION_ABORTABLE: 'A transaction can no longer be committed; it is aborted and done again.',
  MILLRACE_TRANSACTION_OUTCOME_UNKNOWN: 'A commit was requested, and whether it happened could not be learned.',
  MILLRACE_DELIVERY_TIMEOUT: 'Records were not acknowledged within the delivery time-out.',
  MILLRACE_RECORD_REFUSED: 'A broker refused records: too large, or damaged, or with a timestamp it does not admit.',
  MILLRACE_GROUP_UNUSABLE: 'The group cannot be joined: another protocol, a duplicate instance id, or a limit.',
  MILLRACE_GROUP_ACTIVE: 'What was asked for needs a group without members, and it has some.',
  MILLRACE_CLIENT_CLOSED: 'The Kafka client was closed.',
} as const

export type KafkaErrorCode = keyof typeof kafkaErrors

export interface KafkaErrorOptions extends StreamsErrorOptions {
  /** Kafka's own error code and its name, where a broker answered with one. */
  readonly kafkaCode?: number
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
}

export class KafkaError extends StreamsError {
  declare readonly code: KafkaErrorCode
  readonly kafkaCode: number | undefined
  readonly topic: string | undefined
  readonly partition: number | undefined
  readonly offset: number | undefined

  constructor(code: KafkaErrorCode, message: string, options: KafkaErrorOptions = {}) {
    super(code, message, options)
    this.kafkaCode = options.kafkaCode
    this.topic = options.topic
    this.partition = options.partition
    this.offset = options.offset
  }
}
