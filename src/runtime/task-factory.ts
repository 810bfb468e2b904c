/** Makes the tasks of a thread: what a task id means in this topology, its state opened, its topics by name. */
import type { Clock } from '../common/clock.ts'
import type { Logger } from '../common/logger.ts'
import type { MetricsRegistry } from '../common/metrics.ts'
import type { TopicPartition } from '../common/topic-partition.ts'
import type { GlobalStores } from '../processor/global-stores.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import { hasEntriesOf, type TaskState } from '../state/state-engine.ts'
import { storeLayout } from '../state/store-layout.ts'
import type { CompiledTopology, SubTopology } from '../topology/topology-node.ts'
import { deadLetterTopics } from './dead-letter-topics.ts'
import { markerRefreshMaxMs } from './managed-task.ts'
import type { ManagedTask } from './managed-task.ts'
import type { RecordCollector } from './record-collector.ts'
import type { TaskEngines } from './task-engines.ts'
import { StreamTask } from './task/stream-task.ts'
import type { TaskOptions } from './task/task-options.ts'
import type { TopicNames } from './topology-plan.ts'

export interface TaskFactoryOptions {
  readonly topology: CompiledTopology
  readonly names: TopicNames
  readonly engines: TaskEngines
  readonly globalStores?: GlobalStores | undefined
  readonly collector: RecordCollector
  readonly config: Readonly<StreamsConfig>
  readonly clock: Clock
  readonly metrics: MetricsRegistry
  /** Of the thread, as metrics show it. */
  readonly threadId?: string | undefined
  readonly onRecordFailure?: TaskOptions['onRecordFailure']
  readonly logger: Logger
}

export class TaskFactory {
  readonly #options: TaskFactoryOptions

  constructor(options: TaskFactoryOptions) {
    this.#options = options
  }

  async open(taskId: string, partitions: readonly TopicPartition[]): Promise<ManagedTask> {
    const { engines, logger } = this.#options
    const subTopology = this.#subTopology(taskId)
    const { state, directory } = await engines.open(taskId, subTopology)
    if (state.damage !== undefined) {
      logger.warn(
        { taskId, directory },
        `state on disk was damaged; the changelogs replace what is missing: ${state.damage}`,
      )
    }
    for (const store of unusedStores(subTopology, state)) {
      logger.warn(
        { taskId, directory, store },
        `the state of store '${store}' is not used any more: this task has no store of that name in the topology as it is now, and a store under a new name begins without it. It stays on disk until the directory of the task is removed, and its changelog stays on the brokers`,
      )
    }
    return {
      task: this.#task(taskId, subTopology, state, this.inputTopics(taskId, partitions)),
      state,
      directory,
      unlogged: subTopology.stores.flatMap(({ spec, changelogTopic }) =>
        changelogTopic === undefined ? [spec.name] : [],
      ),
      layouts: Object.fromEntries(subTopology.stores.map(({ spec }) => [spec.name, storeLayout(spec)])),
      status: 'assigned',
      frozen: 'none',
      isUnwritten: false,
      markerRefreshMs: markerRefreshMaxMs,
      startOffsets: new Map(),
      halt: undefined,
      outOfRange: new Map(),
    }
  }

  /** By source node, those of the task's partition that were assigned with it. */
  inputTopics(taskId: string, partitions: readonly TopicPartition[]): Map<string, readonly string[]> {
    const partition = partitionOf(taskId)
    const mine = new Set(partitions.filter((input) => input.partition === partition).map(({ topic }) => topic))
    const inputs = this.#options.names.inputTopics(this.#subTopology(taskId), [...mine])
    return new Map([...inputs].map(([source, topics]) => [source, topics.filter((topic) => mine.has(topic))]))
  }

  /** All that the tasks write to, as far as it can be known before they run. */
  outputTopics(taskIds: readonly string[]): string[] {
    const { topology, names, config } = this.#options
    const ids = new Set(taskIds.map(subTopologyIdOf))
    const topics = topology.subTopologies
      .filter(({ id }) => ids.has(id))
      .flatMap((subTopology) => [
        ...names.changelogs(subTopology).flatMap(({ topic, isSource }) => (isSource ? [] : [topic])),
        ...subTopology.nodes.flatMap((node) =>
          node.kind === 'sink' && typeof node.topic === 'string' ? [names.onBroker(node.topic)] : [],
        ),
        ...deadLetterTopics(subTopology, config),
      ])
    return [...new Set(topics)]
  }

  #task(
    taskId: string,
    subTopology: SubTopology,
    state: TaskState,
    inputTopics: ReadonlyMap<string, readonly string[]>,
  ): StreamTask {
    const { config, topology, collector, clock, metrics, logger, globalStores, threadId, onRecordFailure } =
      this.#options
    return new StreamTask({
      taskId,
      partition: partitionOf(taskId),
      applicationId: config.applicationId,
      topology: subTopology,
      repartitionTopics: new Set(topology.repartitionTopics.map(({ name }) => name)),
      topicName: (unprefixed) => `${config.applicationId}-${unprefixed}`,
      inputTopics,
      sink: collector,
      globalStores,
      state,
      config,
      clock,
      metrics,
      threadId,
      onRecordFailure,
      logger,
    })
  }

  #subTopology(taskId: string): SubTopology {
    const wanted = subTopologyIdOf(taskId)
    const subTopology = this.#options.topology.subTopologies.find(({ id }) => id === wanted)
    if (subTopology === undefined)
      throw new Error(`task ${taskId}: there is no sub-topology ${wanted} (please report this)`)
    return subTopology
  }
}

/** A store that was renamed begins empty, which nobody should have to find out from its results. */
function unusedStores({ stores }: SubTopology, state: TaskState): string[] {
  const used = new Set(stores.map(({ spec }) => spec.name))
  const written = Object.keys(state.marker?.layouts ?? {})
  return written.filter((store) => !used.has(store) && hasEntriesOf(state, store))
}

function subTopologyIdOf(taskId: string): number {
  return Number(taskId.slice(0, taskId.indexOf('_')))
}

function partitionOf(taskId: string): number {
  return Number(taskId.slice(taskId.indexOf('_') + 1))
}
