/** Shows the application itself: its state, who it is, its topology. */
import type { MetricDefinition, MetricsRegistry, Tags } from '../../common/metrics.ts'
import { packageVersion } from '../../common/version.ts'
import { streamsStates, type StreamsState } from '../streams-events.ts'
import type { ThreadState } from '../thread-options.ts'
import { clientMetrics } from './catalogue.ts'

export interface ClientLook {
  readonly applicationId: string
  readonly fingerprint: string
  readonly describe: () => string
  readonly state: () => StreamsState
  /** Undefined before it is connected. */
  readonly processId: () => string | undefined
  readonly thread: () => ThreadState | undefined
  readonly failedThreads: () => number
}

/** A label that is longer would be stored with every sample; the fingerprint is there in any case. */
const descriptionMaxLength = 8192

export function showClient(registry: MetricsRegistry, look: ClientLook): void {
  const { applicationId, fingerprint } = look
  const ownTags = (): Tags => {
    const processId = look.processId()
    if (processId === undefined) return { 'application-id': applicationId }
    return {
      'process-id': processId,
      'application-id': applicationId,
      'client-id': clientIdOf(applicationId, processId),
    }
  }
  const show = (definition: MetricDefinition, value: () => number, more: () => Tags = () => ({})): void => {
    registry.observeAll(definition, () => [{ tags: { ...ownTags(), ...more() }, value: value() }])
  }
  const always = (): number => 1
  show(clientMetrics.clientState, () => streamsStates.indexOf(look.state()))
  show(clientMetrics.state, always, () => ({ state: look.state() }))
  show(clientMetrics.aliveThreads, () => (isAlive(look.thread()) ? 1 : 0))
  show(clientMetrics.failedThreads, look.failedThreads)
  show(clientMetrics.version, always, () => ({ version: packageVersion() }))
  show(clientMetrics.applicationId, always)
  let description: string | undefined
  show(clientMetrics.topologyDescription, always, () => {
    description ??= look.describe()
    const isShort = description.length <= descriptionMaxLength
    return { 'topology-fingerprint': fingerprint, ...(isShort && { 'topology-description': description }) }
  })
}

/** As Kafka Streams names a client; threads and consumers are called after it. */
export function clientIdOf(applicationId: string, processId: string): string {
  return `${applicationId}-${processId}`
}

function isAlive(state: ThreadState | undefined): boolean {
  return state === 'STARTING' || state === 'REBALANCING' || state === 'RUNNING'
}
