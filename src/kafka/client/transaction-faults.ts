/** What the lack of an answer means for a transaction, and how soon its requests are tried again. */
import { KafkaError, TransportError } from '../../errors/kafka-error.ts'
import { reactionOf } from '../../errors/streams-error.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import type { BackoffRange } from './backoff.ts'
import { kafkaCodeOf } from './kafka-faults.ts'

/** These come only after the request may have reached the broker. */
const doubtfulCodes: readonly string[] = [
  'MILLRACE_REQUEST_TIMEOUT',
  'MILLRACE_CONNECTION_LOST',
  'MILLRACE_CONNECTION_CLOSED',
]

export function isDoubtful(error: unknown): boolean {
  return causesOf(error).some((at) => at instanceof TransportError && doubtfulCodes.includes(at.code))
}

/** The broker does not speak the versions that the protocol of this transaction needs. */
export function isVersionFault(error: unknown): boolean {
  return causesOf(error).some((at) => at instanceof KafkaError && at.code === 'MILLRACE_KAFKA_VERSION')
}

/** Under protocol v1: whether it was executed decides the new epoch that ends the transaction, and nothing else does. */
export async function neverRepeated<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!isDoubtful(error)) throw error
    throw abortable(`${what}: no answer came, so it may still be executed.`, error)
  }
}

/** What was retried until the time was up ends the transaction, not the producer. */
export async function abortableInTheEnd<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (reactionOf(error) === 'retriable') throw abortable(`${what} did not succeed in time.`, error)
    throw error
  }
}

/** The cluster went back to the old protocol in the middle of the transaction. */
export function protocolGone(cause: unknown): KafkaError {
  return abortable('The transaction began with protocol v2, which a broker does not speak any more.', cause)
}

export function unknownOutcome(what: string, cause: unknown): KafkaError {
  const kafkaCode = kafkaCodeOf(cause)
  return new KafkaError(
    'MILLRACE_TRANSACTION_OUTCOME_UNKNOWN',
    `${what}: whether it happened is not known. State is replayed from its changelog. ${wordsOf(cause)}`,
    { cause, reaction: 'unknown-outcome', ...(kafkaCode === undefined ? {} : { kafkaCode }) },
  )
}

export function transactionAborted(): KafkaError {
  return new KafkaError('MILLRACE_TRANSACTION_ABORTABLE', 'The transaction was aborted meanwhile.', {
    reaction: 'abortable',
  })
}

/** The markers of the transaction before are still being written: over in milliseconds (KAFKA-5482). */
const markersBackoff: BackoffRange = { firstMs: 1, maxMs: 20 }
/** A coordinator that moves is found or loaded in milliseconds as a rule, in seconds after a crash. */
const coordinatorBackoff: BackoffRange = { firstMs: 2, maxMs: 500 }

export function transactionBackoff(error: unknown): BackoffRange | undefined {
  switch (kafkaCodeOf(error)) {
    case errorCodes.CONCURRENT_TRANSACTIONS:
      return markersBackoff
    case errorCodes.NOT_COORDINATOR:
    case errorCodes.COORDINATOR_NOT_AVAILABLE:
    case errorCodes.COORDINATOR_LOAD_IN_PROGRESS:
      return coordinatorBackoff
    default:
      return undefined
  }
}

function abortable(words: string, cause: unknown): KafkaError {
  return new KafkaError('MILLRACE_TRANSACTION_ABORTABLE', `${words} ${wordsOf(cause)}`, {
    cause,
    reaction: 'abortable',
  })
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

function causesOf(error: unknown): Error[] {
  const causes: Error[] = []
  for (let at = error; at instanceof Error; at = at.cause) causes.push(at)
  return causes
}
