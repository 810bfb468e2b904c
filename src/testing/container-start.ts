/**
 * Starts one container per broker, with a port that is known before: the broker tells it to clients, and keeps it over a
 * restart. Whatever fails, no container is left behind.
 */
import type { WaitStrategy } from 'testcontainers'
import { systemRandom } from '../common/random.ts'
import { TestingError } from '../errors/testing-error.ts'
import type { BrokerProperties } from './broker-properties.ts'
import { startAdvice } from './container-advice.ts'
import { containerLogTail } from './container-engine.ts'
import type { ContainerEngine, EngineContainer } from './container-engine.ts'
import { brokerEnvironment, hostListenerPort } from './container-environment.ts'
import type { ContainerBroker } from './container-environment.ts'
import { freePorts } from './free-ports.ts'

export interface ContainerStart {
  readonly image: string
  readonly brokers: number
  readonly config: BrokerProperties
  /** The name of the network to be in; undefined: none but the engine's own. */
  readonly network: string | undefined
  /** It stays when this process ends, and has this name. */
  readonly keepAs: string | undefined
}

export interface BrokerContainer extends ContainerBroker {
  readonly container: EngineContainer
}

const startAttempts = 5
/** On every container of the test kit, for whoever wants to find or remove them. */
export const kitLabel = 'millrace.test-kafka'
export const portLabel = 'millrace.test-kafka.port'
const startLabel = 'millrace.test-kafka.start'
const portTaken = /port is already allocated|address already in use|ports are not available/i

export async function startContainers(engine: ContainerEngine, start: ContainerStart): Promise<BrokerContainer[]> {
  for (let attempt = 1; ; attempt++) {
    const startId = systemRandom.uuid()
    const brokers = await layOut(engine, start.brokers)
    const results = await Promise.allSettled(brokers.map((broker) => startOne(engine, start, broker, brokers, startId)))
    const failure = results.find((result) => result.status === 'rejected')
    if (failure === undefined) return results.flatMap((r) => (r.status === 'fulfilled' ? [r.value] : []))
    const log = await removeAll(engine, startId)
    // Only this machine's ports were looked at, and the engine may be on another.
    if (attempt < startAttempts && portTaken.test(String(failure.reason))) continue
    throw await notStarted(engine, start.image, failure.reason, log)
  }
}

export function aliasOf(index: number, brokers: number): string {
  return brokers === 1 ? 'kafka' : `kafka-${index + 1}`
}

async function layOut(engine: ContainerEngine, count: number): Promise<ContainerBroker[]> {
  const ports = await freePorts(count)
  return ports.map((hostPort, index) => ({
    id: index + 1,
    alias: aliasOf(index, count),
    host: engine.host,
    hostPort,
  }))
}

async function startOne(
  engine: ContainerEngine,
  { image, config, network, keepAs }: ContainerStart,
  broker: ContainerBroker,
  all: readonly ContainerBroker[],
  startId: string,
): Promise<BrokerContainer> {
  const container = new engine.library.GenericContainer(image)
    .withHostname(broker.alias)
    .withEnvironment(brokerEnvironment(broker, all, config))
    .withExposedPorts({ container: hostListenerPort, host: broker.hostPort })
    .withLabels({ [kitLabel]: String(broker.id), [portLabel]: String(broker.hostPort), [startLabel]: startId })
    .withWaitStrategy(noWait)
    .withAutoCleanup(keepAs === undefined)
  if (network !== undefined) container.withNetworkMode(network).withNetworkAliases(broker.alias)
  if (keepAs !== undefined) container.withName(keepAs)
  const started = await container.start()
  return { ...broker, container: engine.container(started.getId()) }
}

/** Testcontainers' own strategies are satisfied before a broker answers; readiness is asked for in Kafka's protocol. */
const noWait: WaitStrategy = {
  waitUntilReady: () => Promise.resolve(),
  withStartupTimeout: () => noWait,
  isStartupTimeoutSet: () => false,
  getStartupTimeout: () => 0,
}

/** What a start has left, by its label; returns what the containers wrote last. */
async function removeAll(engine: ContainerEngine, startId: string): Promise<string> {
  const { dockerode } = engine.runtime.container
  const left = await dockerode.listContainers({ all: true, filters: { label: [`${startLabel}=${startId}`] } })
  const containers = left.map(({ Id }) => engine.container(Id))
  const logs = await Promise.all(containers.map(containerLogTail))
  await Promise.all(containers.map(removeContainer))
  return logs.join('\n').trim()
}

/** Also one that runs or is paused; one that is gone is no error. */
export async function removeContainer(container: EngineContainer): Promise<void> {
  await container.unpause().catch(() => undefined)
  await container.remove({ force: true, v: true }).catch((error: unknown) => {
    if ((error as { readonly statusCode?: number }).statusCode !== 404) throw error
  })
}

async function notStarted(engine: ContainerEngine, image: string, cause: unknown, log: string): Promise<TestingError> {
  const reason = (cause instanceof Error ? cause.message : String(cause)).trim()
  const end = log === '' ? '' : `; the end of its log:\n${log}`
  const isThere = await engine.runtime.image.exists(engine.library.ImageName.fromString(image)).catch(() => true)
  return new TestingError(
    'MILLRACE_TEST_KAFKA_START',
    `a container of the image '${image}' did not start: ${reason}${startAdvice(reason, image, isThere)}${end}`,
    { cause },
  )
}
