/**
 * Of the doctor: whether this machine and the cluster agree on the time. The controller's clock is the only one that can
 * be read without writing anything; those of the brokers are the business of who runs them.
 */
import type { Clock } from '../../common/clock.ts'
import { StreamsError } from '../../errors/streams-error.ts'
import type { KafkaClient } from '../../kafka/client/kafka-client.ts'
import type { Check, Finding } from './doctor.ts'

export interface ClockOptions {
  /** Undefined: no brokers are configured. */
  readonly client: KafkaClient | undefined
  readonly clock: Clock
}

export function clockChecks({ client, clock }: ClockOptions): Check[] {
  if (client === undefined) return []
  return [{ id: 'clock', title: 'clock', needs: ['connection'], run: () => clockCheck(client, clock) }]
}

/** More than machines differ that are kept in time. */
const warnFromMs = 5000
/** Kafka's default of `message.timestamp.after.max.ms`. */
const refusedFromMs = 3_600_000

async function clockCheck(client: KafkaClient, clock: Clock): ReturnType<Check['run']> {
  const askedMs = clock.now()
  const told = await client.admin.cluster.controllerTime().catch(forbiddenOrThrow)
  if (told === 'forbidden') return { skipped: 'the controller may not be asked for its time: Describe on the cluster' }
  if (told === undefined)
    return { skipped: 'the cluster does not tell the time: it does from Kafka 3.3 on, with KRaft' }
  // It looked at its clock somewhere between the two.
  const answeredMs = clock.now()
  const aheadMs = Math.max(0, askedMs - told.nowMs)
  const behindMs = Math.max(0, told.nowMs - answeredMs)
  return findingOf(told.controllerId, { aheadMs, behindMs, withinMs: answeredMs - askedMs })
}

async function forbiddenOrThrow(error: unknown): Promise<'forbidden'> {
  if (error instanceof StreamsError && error.code === 'MILLRACE_KAFKA_AUTHORIZATION') return 'forbidden'
  throw error
}

interface Skew {
  /** At least so much is this machine ahead, or behind. */
  readonly aheadMs: number
  readonly behindMs: number
  /** How exactly it could be measured. */
  readonly withinMs: number
}

function findingOf(controllerId: number, { aheadMs, behindMs, withinMs }: Skew): Finding {
  const skewMs = Math.max(aheadMs, behindMs)
  if (skewMs < warnFromMs) {
    const bound = Math.ceil((skewMs + withinMs + 1) / 10) * 10
    return {
      status: 'ok',
      detail: `this machine and the controller (node ${controllerId}) differ by less than ${bound} ms`,
    }
  }
  const direction = aheadMs > 0 ? 'ahead of' : 'behind'
  const detail = `this machine is ${(skewMs / 1000).toFixed(1)} s ${direction} the controller (node ${controllerId})`
  const fix = 'let both take their time from NTP; which of them is wrong, another machine tells'
  if (aheadMs < refusedFromMs) {
    return {
      status: 'warn',
      detail: `${detail}: retention, punctuations by the clock and lag in seconds are off by that`,
      fix,
    }
  }
  return {
    status: 'fail',
    detail: `${detail}: records with its time are refused (message.timestamp.after.max.ms)`,
    fix,
  }
}
