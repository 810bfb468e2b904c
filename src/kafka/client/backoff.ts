import type { Clock } from '../../common/clock.ts'
import { sleep } from '../../common/clock.ts'
import type { Random } from '../../common/random.ts'
import type { Logger } from '../../common/logger.ts'
import { KafkaError } from '../../errors/kafka-error.ts'
import { reactionOf } from '../../errors/streams-error.ts'

export interface BackoffRange {
  readonly firstMs: number
  readonly maxMs: number
}

/** For what a broker needs some time for: elections, loading, a broker that restarts. */
export const defaultBackoff: BackoffRange = { firstMs: 50, maxMs: 1000 }

/** Doubling from `firstMs` to `maxMs`, with 20 % of chance so that clients do not come in step. */
export function backoffMs(range: BackoffRange, attempt: number, random: Random): number {
  const exact = Math.min(range.firstMs * 2 ** Math.min(attempt, 16), range.maxMs)
  return exact * (0.8 + 0.4 * random.next())
}

export interface RetryContext {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Aborted when the client closes: then nothing waits any longer. */
  readonly closing: AbortSignal
}

export interface RetryOptions {
  /** For the message when time runs out: "the end offsets of orders-3". */
  readonly what: string
  readonly timeoutMs: number
  readonly backoff?: BackoffRange
  /** Called before waiting; its range replaces `backoff` for this fault. */
  readonly onFault?: (error: unknown) => BackoffRange | undefined
}

/** An outage is told after so long, and again every so often. */
const firstWarningMs = 3000
const nextWarningMs = 10_000

/**
 * Calls `attempt` until it succeeds, throws what is not `retriable`, or the time is up: then the last fault is the cause
 * of a KafkaError that is itself retriable, since nothing else is known.
 */
export async function retrying<T>(context: RetryContext, options: RetryOptions, attempt: () => Promise<T>): Promise<T> {
  const { clock, random, closing } = context
  const began = clock.now()
  const deadline = began + options.timeoutMs
  let warnAt = began + firstWarningMs
  for (let attempts = 0; ; attempts++) {
    throwIfClosed(closing)
    try {
      return await attempt()
    } catch (error) {
      throwIfClosed(closing)
      if (reactionOf(error) !== 'retriable') throw error
      const range = options.onFault?.(error) ?? options.backoff ?? defaultBackoff
      const delayMs = backoffMs(range, attempts, random)
      if (clock.now() + delayMs > deadline) throw exhausted(options, attempts + 1, error)
      if (clock.now() >= warnAt) {
        context.logger.warn(
          { err: error, sinceMs: clock.now() - began, timeoutMs: options.timeoutMs },
          `${options.what}: still trying`,
        )
        warnAt = clock.now() + nextWarningMs
      }
      await sleep(clock, delayMs, closing)
    }
  }
}

export function throwIfClosed(closing: AbortSignal): void {
  if (closing.aborted) throw clientClosed()
}

export function clientClosed(): KafkaError {
  return new KafkaError('MILLRACE_CLIENT_CLOSED', 'The Kafka client was closed while a request was under way.')
}

function exhausted({ what, timeoutMs }: RetryOptions, attempts: number, cause: unknown): KafkaError {
  const last = cause instanceof Error ? cause.message : String(cause)
  return new KafkaError(
    'MILLRACE_KAFKA_RETRIES_EXHAUSTED',
    `${what}: no success in ${timeoutMs} ms and ${attempts} attempts. The last one: ${last}`,
    {
      cause,
      reaction: 'retriable',
      ...(cause instanceof KafkaError && cause.kafkaCode !== undefined ? { kafkaCode: cause.kafkaCode } : {}),
    },
  )
}
