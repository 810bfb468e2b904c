/**
 * When a Kafka is ready: each broker names all brokers, and a transaction can be begun. A broker whose port is open, or
 * that answers some request, may be neither: containers accept connections before their process listens, and coordinators
 * load after the first answer.
 */
import { sleep, systemClock } from '../common/clock.ts'
import { TestingError } from '../errors/testing-error.ts'
import type { KafkaConnection } from '../processor/streams-config.ts'
import { connectKafka } from '../runtime/connect-kafka.ts'
import { keptAlive } from './kept-alive.ts'
import { liveBrokers } from './live-brokers.ts'

const pollMs = 50
const transactionTimeoutMs = 1000

export interface Readiness {
  /** `host:port` of the brokers that are asked. */
  readonly addresses: readonly string[]
  /** How many brokers each of them must name. */
  readonly brokers: number
  /** Undefined: transactions are not asked for, since too few brokers are up for them. */
  readonly connection: KafkaConnection | undefined
  readonly timeoutMs: number
  /** Rejects when there is nothing to wait for any more. */
  readonly check: () => Promise<void>
  /** What to do when nobody answers; may be empty. */
  readonly advice: string
  /** What the brokers wrote last. */
  readonly logTail: () => Promise<string>
}

export function untilReady(readiness: Readiness): Promise<void> {
  const deadlineMs = systemClock.now() + readiness.timeoutMs
  return keptAlive(async () => {
    for (const address of readiness.addresses) await untilNamed(address, readiness, deadlineMs)
    if (readiness.connection !== undefined) await untilTransactional(readiness.connection, readiness, deadlineMs)
  })
}

async function untilNamed(address: string, readiness: Readiness, deadlineMs: number): Promise<void> {
  const colon = address.lastIndexOf(':')
  const [host, port] = [address.slice(0, colon), Number(address.slice(colon + 1))]
  for (;;) {
    const found = await liveBrokers(host, port).catch((error: unknown) => String(error))
    if (typeof found === 'number' && found >= readiness.brokers) return
    const what =
      typeof found === 'number'
        ? `${address} names ${found} of ${readiness.brokers} brokers`
        : `${address} does not answer (${found})${readiness.advice === '' ? '' : `; ${readiness.advice}`}`
    await readiness.check()
    if (systemClock.now() > deadlineMs) throw await notReady(readiness, what)
    await sleep(systemClock, pollMs)
  }
}

/** FindCoordinator and InitProducerId for a transactional id, which only a complete cluster answers. */
async function untilTransactional(
  connection: KafkaConnection,
  readiness: Readiness,
  deadlineMs: number,
): Promise<void> {
  const client = connectKafka({ kafka: connection, applicationId: 'millrace-test-kit' })
  const timeout = new AbortController()
  const timedOut = sleep(systemClock, Math.max(0, deadlineMs - systemClock.now()), timeout.signal).then(async () => {
    if (!timeout.signal.aborted) throw await notReady(readiness, 'no transaction can be begun')
  })
  try {
    const begun = client
      .connect()
      .then(() => client.fenceProducers(['millrace-test-kit'], { transactionTimeoutMs }))
      .catch(async (cause: unknown) => {
        throw await notReady(readiness, `no transaction can be begun: ${String(cause)}`, cause)
      })
    await Promise.race([begun, timedOut])
  } finally {
    timeout.abort()
    await client.close()
  }
}

async function notReady(readiness: Readiness, what: string, cause?: unknown): Promise<TestingError> {
  const log = await readiness.logTail()
  return new TestingError(
    'MILLRACE_TEST_KAFKA_START',
    `Kafka was not ready within ${readiness.timeoutMs} ms: ${what}${log === '' ? '' : `; the end of its log:\n${log}`}`,
    { cause },
  )
}
