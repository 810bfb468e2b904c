/**
 * What `/livez` and `/readyz` say. Alive is a process that need not be killed: its event loop turns, and the application
 * has not failed. Kafka has no part in it, or an outage would have every instance restarted. Ready is an instance whose
 * tasks all take records.
 */
import type { InstanceView } from '../runtime/instance-view.ts'
import type { StreamsState } from '../runtime/streams-events.ts'
import type { StreamsStatus } from '../runtime/streams-status.ts'

export interface HealthDocument {
  readonly schemaVersion: 1
  readonly status: 'live' | 'ready' | 'failed' | 'blocked' | 'notReady'
}

export interface ReadinessDocument extends HealthDocument {
  readonly state: StreamsState
  readonly tasks: StreamsStatus['tasks']
  readonly restore: StreamsStatus['restore']
  readonly lastCommitAgeMs: number | null
  readonly lag: number | null
}

export interface Health<D extends HealthDocument = HealthDocument> {
  readonly isWell: boolean
  readonly document: D
}

/**
 * So late on average over half a minute or more: not a long pause, but a loop that does not come round. A loop that stands
 * still answers nobody, and the probe times out.
 */
const blockedMs = 1000

export function liveness(view: InstanceView): Health {
  const isFailed = view.state === 'ERROR' || view.state === 'PENDING_ERROR'
  const isBlocked = view.monitor.loopDelay.meanMs >= blockedMs
  const status = isFailed ? 'failed' : isBlocked ? 'blocked' : 'live'
  return { isWell: !isFailed && !isBlocked, document: { schemaVersion: 1, status } }
}

export function readiness(view: InstanceView): Health<ReadinessDocument> {
  const { isWell, document } = readinessAlone(view)
  const { state, tasks, restore, lastCommitAgeMs, lag } = view.status()
  return { isWell, document: { ...document, state, tasks, restore, lastCommitAgeMs, lag } }
}

/** For whoever may ask as often as they like: it costs nothing, and tells nothing else. */
export function readinessAlone({ isReady }: Pick<InstanceView, 'isReady'>): Health {
  return { isWell: isReady, document: { schemaVersion: 1, status: isReady ? 'ready' : 'notReady' } }
}
