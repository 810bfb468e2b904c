/**
 * Apache Kafka in containers as a Kafka for tests: one or three brokers by Testcontainers, which removes them when the
 * process ends (unless `TESTCONTAINERS_RYUK_DISABLED` is set; then `close` alone does).
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { TestingError } from '../errors/testing-error.ts'
import type { BrokerProperties } from './broker-properties.ts'
import { containerEngine, containerLogTail } from './container-engine.ts'
import type { ContainerEngine, EngineContainer } from './container-engine.ts'
import { internalAddress } from './container-environment.ts'
import { aliasOf, kitLabel, portLabel, removeContainer, startContainers } from './container-start.ts'
import type { BrokerContainer, ContainerStart } from './container-start.ts'
import type { BrokerFaults, KafkaCluster } from './kafka-cluster.ts'

export interface ContainerClusterOptions {
  readonly image: string
  readonly brokers: number
  readonly config: BrokerProperties
  /** `true`: one of its own. */
  readonly network: boolean | string
  readonly reuse: boolean
}

/** How long a broker may take to end before it is killed. */
const endPatienceSeconds = 20

export async function startContainerCluster(options: ContainerClusterOptions): Promise<KafkaCluster> {
  const engine = await containerEngine()
  if (options.reuse) return reusedCluster(engine, options)
  const network = await joinNetwork(engine, options)
  try {
    const start = { ...options, network: network?.name, keepAs: undefined }
    return clusterOf(await startContainers(engine, start), network, false)
  } catch (error) {
    await network?.leave()
    throw error
  }
}

interface JoinedNetwork {
  readonly name: string
  leave(): Promise<void>
}

/** Brokers find each other by their names in a network of their own, so three of them need one. */
async function joinNetwork(
  engine: ContainerEngine,
  { network, brokers }: ContainerClusterOptions,
): Promise<JoinedNetwork | undefined> {
  if (typeof network === 'string') return { name: network, leave: () => Promise.resolve() }
  if (!network && brokers === 1) return undefined
  const started = await new engine.library.Network().start()
  return { name: started.getName(), leave: async () => void (await started.stop()) }
}

function clusterOf(
  brokers: readonly BrokerContainer[],
  network: JoinedNetwork | undefined,
  isShared: boolean,
): KafkaCluster {
  const containerOf = (id: number): EngineContainer => {
    const broker = brokers.find((candidate) => candidate.id === id)
    if (broker === undefined) throw new Error(`there is no broker ${id}`)
    return broker.container
  }
  const addresses = brokers.map(({ host, hostPort }) => `${host}:${hostPort}`)
  return {
    kind: 'container',
    brokerIds: brokers.map(({ id }) => id),
    addresses,
    connection: { brokers: addresses },
    internalAddresses: network === undefined ? undefined : brokers.map(internalAddress),
    network: network?.name,
    isShared,
    faults: faultsOf(containerOf),
    adviceWhenSilent: brokers.some(({ host }) => host === 'localhost') ? adviceInContainer() : '',
    async checkAlive(ids) {
      for (const id of ids) await checkRunning(id, containerOf(id))
    },
    logTail: (id) => containerLogTail(containerOf(id)),
    async close() {
      if (isShared) return
      await Promise.all(brokers.map(({ container }) => removeContainer(container)))
      await network?.leave()
    },
  }
}

/** There, localhost is this container and not the engine's host; Testcontainers does not find that out with every engine. */
function adviceInContainer(): string {
  if (!existsSync('/.dockerenv')) return ''
  return "this process is in a container itself: set TESTCONTAINERS_HOST_OVERRIDE to the address of the engine's host, often 172.17.0.1"
}

async function checkRunning(id: number, container: EngineContainer): Promise<void> {
  const { State } = await container.inspect()
  if (State.Running) return
  throw new TestingError(
    'MILLRACE_TEST_KAFKA_START',
    `the container of broker ${id} ended with exit code ${State.ExitCode}; the end of its log:\n${await containerLogTail(container)}`,
  )
}

function faultsOf(containerOf: (id: number) => EngineContainer): BrokerFaults {
  return {
    async end(id) {
      await containerOf(id).stop({ t: endPatienceSeconds })
    },
    async kill(id) {
      await containerOf(id).kill({ signal: 'SIGKILL' })
      await containerOf(id).wait()
    },
    async start(id) {
      await containerOf(id).start()
    },
    async pause(id) {
      await containerOf(id).pause()
    },
    async resume(id) {
      await containerOf(id).unpause()
    },
  }
}

// --- one that stays -------------------------------------------------------------------------------------------------

/**
 * The same options give the same container, by its name: the engine lets only one have it, so that of several processes
 * one starts it and the others find it.
 */
async function reusedCluster(engine: ContainerEngine, options: ContainerClusterOptions): Promise<KafkaCluster> {
  const { image, brokers, config, network } = options
  if (brokers !== 1 || network !== false) {
    throw new TestingError(
      'MILLRACE_TEST_KAFKA_OPTION',
      'startKafka: reuse is for one broker without a network; leave out reuse, or brokers and network',
    )
  }
  const hash = createHash('sha256')
    .update(JSON.stringify([image, config, engine.host]))
    .digest('hex')
  const keepAs = `millrace-test-kafka-${hash.slice(0, 16)}`
  const found = await findKept(engine, keepAs)
  if (found !== undefined) return clusterOf([found], undefined, true)
  const start: ContainerStart = { image, brokers, config, network: undefined, keepAs }
  try {
    return clusterOf(await startContainers(engine, start), undefined, true)
  } catch (error) {
    const other = await findKept(engine, keepAs)
    if (other === undefined) throw error
    return clusterOf([other], undefined, true)
  }
}

/** Running, or running again; one that cannot run any more, because its port is taken, is removed. */
async function findKept(engine: ContainerEngine, name: string): Promise<BrokerContainer | undefined> {
  const { dockerode } = engine.runtime.container
  const kept = await dockerode.listContainers({ all: true, filters: { name: [`^/?${name}$`], label: [kitLabel] } })
  const [first] = kept
  if (first === undefined) return undefined
  const container = engine.container(first.Id)
  if (first.State === 'paused') await container.unpause()
  const isUp = first.State === 'running' || first.State === 'paused' || (await startAgain(container))
  if (!isUp) return undefined
  return { id: 1, alias: aliasOf(0, 1), host: engine.host, hostPort: Number(first.Labels[portLabel]), container }
}

async function startAgain(container: EngineContainer): Promise<boolean> {
  try {
    await container.start()
    return true
  } catch (error) {
    // Somebody else has started it meanwhile.
    if ((error as { readonly statusCode?: number }).statusCode === 304) return true
    await removeContainer(container)
    return false
  }
}
