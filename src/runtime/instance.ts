/** Opens what one instance of an application has on its machine: its slot, its identity, its engines. */
import type { FileSystem } from '../common/file-system.ts'
import type { Logger } from '../common/logger.ts'
import { nodeFileSystem } from '../common/node-file-system.ts'
import type { Random } from '../common/random.ts'
import { StateDirectoryError } from '../errors/state-error.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import { LogEngine } from '../state/log-engine.ts'
import { MemoryEngine } from '../state/memory-engine.ts'
import type { CompiledTopology } from '../topology/topology-node.ts'
import { InstanceIdentity, slotInMemory } from './instance-identity.ts'
import { slotOpener } from './state-directory.ts'
import type { OpenSlot, StateSlot } from './state-slot.ts'
import { localTasks } from './task-directories.ts'
import { TaskEngines } from './task-engines.ts'

export interface InstanceOptions {
  readonly config: Readonly<StreamsConfig>
  readonly topology: CompiledTopology
  readonly startedAtMs: number
  /** Of the Kafka cluster that was reached. */
  readonly clusterId: string | undefined
  readonly random: Random
  readonly logger: Logger
  readonly fileSystem?: FileSystem | undefined
  readonly openSlot?: OpenSlot | undefined
}

export interface Instance {
  readonly identity: InstanceIdentity
  readonly engines: TaskEngines
  readonly fileSystem: FileSystem
  /** Tasks with state on disk. */
  readonly localTasks: readonly string[]
}

export async function openInstance(options: InstanceOptions): Promise<Instance> {
  const { config, startedAtMs, random, logger, fileSystem = nodeFileSystem } = options
  const startId = random.uuid()
  const slot = await takeSlot(options, fileSystem, startId)
  const identity = new InstanceIdentity({
    applicationId: config.applicationId,
    slot,
    startId,
    startedAtMs,
    isTransactional: config.processingGuarantee === 'exactly_once',
    isStatic: config.instanceId !== undefined,
    logger,
  })
  const { directory } = slot
  const engines = new TaskEngines({
    memory: new MemoryEngine(),
    persistent: new LogEngine({ fileSystem, logger }),
    directory,
    store: config.store,
  })
  return {
    identity,
    engines,
    fileSystem,
    localTasks: directory === undefined ? [] : await localTasks(directory, fileSystem),
  }
}

async function takeSlot(options: InstanceOptions, fileSystem: FileSystem, startId: string): Promise<StateSlot> {
  const { config, topology, startedAtMs, clusterId, random, logger } = options
  const stores = [...topology.subTopologies.flatMap((subTopology) => subTopology.stores), ...topology.globalStores]
  const keepsState = stores.some(({ spec }) => spec.persistent ?? config.store === 'persistent')
  // The broker in this process ends with it: there is nothing that a successor could go on with.
  if ('~kafka' in config.kafka && config.store === 'memory' && !keepsState) return slotInMemory(random.uuid())
  const open = options.openSlot ?? slotOpener(fileSystem)
  const { stateDir, applicationId } = config
  try {
    return await open({ stateDir, applicationId, startId, startedAtMs, clusterId, random, logger })
  } catch (error) {
    if (keepsState || !(error instanceof StateDirectoryError)) throw error
    logger.warn(
      { err: error },
      'the state directory cannot be used; nothing needs to be kept there, but after a crash the next start waits for the session time-out',
    )
    return slotInMemory(random.uuid())
  }
}
