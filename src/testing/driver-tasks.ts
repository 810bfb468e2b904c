/**
 * The tasks of a test driver: it makes them for the topics that are known, once more when a pattern finds new ones, and
 * gives every record to the one that reads it. A thread and its group do this in production.
 */
import type { Clock } from '../common/clock.ts'
import type { MetricsRegistry } from '../common/metrics.ts'
import { topicPartitionKey } from '../common/topic-partition.ts'
import { TestingError } from '../errors/testing-error.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import { GlobalTask, globalTaskId } from '../runtime/task/global-task.ts'
import { QueueOrder } from '../runtime/task/queue-order.ts'
import { StreamTask } from '../runtime/task/stream-task.ts'
import { hasPatternSource, planTopology, TopicNames, type SubTopologyPlan } from '../runtime/topology-plan.ts'
import type { MemoryEngine } from '../state/memory-engine.ts'
import type { CompiledTopology } from '../topology/topology-node.ts'
import type { DriverProgress } from './driver-progress.ts'
import type { DriverRecord, DriverTopic, DriverTopics } from './driver-topics.ts'

/** What tasks of a driver have in common. */
export interface DriverSetting {
  readonly compiled: CompiledTopology
  readonly config: Omit<StreamsConfig, 'kafka'>
  readonly engine: MemoryEngine
  readonly progress: DriverProgress
  readonly topics: DriverTopics
  readonly metrics: MetricsRegistry
  readonly clock: Clock
  /** As Java's driver: there is one task, also before a pattern has found a topic. */
  readonly isOneTask: boolean
}

export class DriverTasks {
  /** Over all tasks, because Java's driver processes the whole topology as one task. */
  readonly order: QueueOrder = new QueueOrder()
  /** Fills the global stores; undefined: there are none. */
  readonly global: GlobalTask | undefined
  readonly #setting: DriverSetting
  readonly #names: TopicNames
  readonly #tasks = new Map<string, StreamTask>()
  readonly #globalTopics: ReadonlySet<string>
  /** Topics that match a pattern, as far as the test or the topology named them. */
  readonly #matched = new Map<string, RegExp>()
  readonly #patterns: readonly RegExp[]
  #planned = false

  constructor(setting: DriverSetting) {
    const { compiled, config } = setting
    this.#setting = setting
    this.#names = new TopicNames(compiled, config.applicationId)
    this.#patterns = compiled.subTopologies.flatMap(({ nodes }) =>
      nodes.flatMap((node) => (node.kind === 'source' && node.topics instanceof RegExp ? [node.topics] : [])),
    )
    this.global = makeGlobalTask(setting)
    this.#globalTopics = new Set(compiled.globalStores.map(({ topic }) => topic))
  }

  /** Before the first record. What a pattern matches is known only when the test has named its topics. */
  begin(): void {
    if (!hasPatternSource(this.#setting.compiled)) this.#plan()
  }

  get all(): Iterable<StreamTask> {
    return this.#tasks.values()
  }

  get isEmpty(): boolean {
    return this.#tasks.size === 0
  }

  /** For who looks at tasks before the test has named any topic. */
  ensurePlanned(): void {
    if (!this.#planned) this.#plan()
  }

  /** Refuses a topic that nothing reads. */
  ensureRead(topic: DriverTopic): void {
    const { name, readers } = topic
    const isRead = (): boolean => readers.length > 0 || this.#globalTopics.has(name)
    if (!isRead() && !this.#match(name)) this.#plan()
    if (!isRead() && !this.#matched.has(name)) this.#refuseTopic(name)
  }

  /** Gives a record to the task that reads it; a record of a topic that nobody reads stays where it is. */
  give(record: DriverRecord, { name, readers }: DriverTopic): void {
    const { progress } = this.#setting
    if (this.#globalTopics.has(name)) {
      progress.noteGiven(record)
      return this.global?.add(record)
    }
    // Only a pattern can find its readers later than the driver was made.
    if (readers.length === 0 && this.#patterns.length > 0 && (this.#match(name) || !this.#planned)) this.#plan()
    if (readers.length === 0) return
    const { partition } = record
    const task = readers[partition]
    if (task === undefined) {
      throw new TestingError(
        'MILLRACE_TEST_PARTITION_UNKNOWN',
        `topic ${name} has ${readers.length} partitions, and the record is for partition ${partition}; give the driver partitions: { '${name}': n }`,
      )
    }
    progress.noteGiven(record)
    task.add(record)
  }

  /** The store in each of the tasks that have it, or the global one. */
  stores(name: string): unknown[] {
    const global = this.global?.store(name)
    if (global !== undefined) return [global]
    this.ensurePlanned()
    return [...this.#tasks.values()].flatMap((task) => {
      const store = task.store(name)
      return store === undefined ? [] : [store]
    })
  }

  close(): void {
    for (const task of this.#tasks.values()) task.close()
    this.#tasks.clear()
    this.global?.close()
  }

  /** As after a sudden end: new tasks in the place of those that are there, which go on where they were committed. */
  restart(waiting: readonly DriverRecord[]): void {
    for (const task of this.#tasks.values()) task.close({ abruptly: true })
    this.#tasks.clear()
    this.#setting.topics.forgetReaders()
    this.#restartGlobal(waiting)
    if (this.#planned) this.#plan()
  }

  #restartGlobal(waiting: readonly DriverRecord[]): void {
    const task = this.global
    if (task === undefined) return
    task.rollback()
    task.initialize()
    // Those that were processed are put again, which changes nothing.
    for (const { topic, partition, offset } of waiting.toReversed()) {
      if (this.#globalTopics.has(topic)) task.resume(topic, partition, offset)
    }
  }

  #match(topic: string): boolean {
    if (this.#matched.has(topic)) return true
    // Anchored, as Kafka does it.
    const pattern = this.#patterns.find(({ source, flags }) => new RegExp(`^(?:${source})$`, flags).test(topic))
    if (pattern === undefined) return false
    // Java's driver counts the records of all topics that one pattern matches as if they were of one topic.
    const [first] = [...this.#matched].find(([, by]) => by === pattern) ?? []
    const { config, topics } = this.#setting
    if (first !== undefined && config.compatibility === 'java') topics.topic(topic).shareOffsets(topics.topic(first))
    this.#matched.set(topic, pattern)
    return true
  }

  /** Makes the tasks for the topics that are known, and gives those that are there topics that are new. */
  #plan(): void {
    const { compiled, topics, isOneTask } = this.#setting
    this.#planned = true
    const plan = planTopology({
      topology: compiled,
      names: this.#names,
      partitionCount: (topic) => topics.partitionCount(topic),
      existingTopics: [...this.#matched.keys()],
      replicationFactor: 1,
      unfedPartitions: 1,
    })
    for (const { name, partitions } of plan.internalTopics) topics.topic(name).partitionCount = partitions
    for (const subPlan of plan.subTopologies) {
      const count = isOneTask ? 1 : subPlan.partitionCount
      for (let partition = 0; partition < count; partition++) this.#planTask(subPlan, partition)
    }
  }

  #planTask(plan: SubTopologyPlan, partition: number): void {
    const { topics: all, progress } = this.#setting
    const taskId = `${plan.subTopology.id}_${partition}`
    const inputs = new Map(
      [...plan.inputTopics].map(([source, topics]) => [
        source,
        topics.filter((topic) => partition < all.partitionCount(topic)),
      ]),
    )
    const existing = this.#tasks.get(taskId)
    const task = existing ?? this.#makeTask(plan, taskId, partition, inputs)
    this.#tasks.set(taskId, task)
    for (const [source, topics] of inputs) {
      for (const topic of topics) {
        const { readers } = all.topic(topic)
        if (readers[partition] !== undefined) continue
        readers[partition] = task
        if (existing !== undefined) task.addInput(source, topic)
        const { offset = 0, metadata } = progress.position(topic, partition)
        task.resume(topicPartitionKey(topic, partition), offset, metadata)
      }
    }
  }

  #makeTask(
    { subTopology }: SubTopologyPlan,
    taskId: string,
    partition: number,
    inputTopics: ReadonlyMap<string, readonly string[]>,
  ): StreamTask {
    const { compiled, config, engine, topics, clock, metrics } = this.#setting
    const { applicationId, logger } = config
    const task = new StreamTask({
      taskId,
      partition,
      applicationId,
      topology: subTopology,
      repartitionTopics: new Set(compiled.repartitionTopics.map(({ name }) => name)),
      topicName: (unprefixed) => `${applicationId}-${unprefixed}`,
      inputTopics,
      sink: topics,
      globalStores: this.global,
      state: engine.openNow(taskId),
      config,
      clock,
      metrics,
      logger,
      queueOrder: this.order,
    })
    task.initialize()
    return task
  }

  #refuseTopic(topic: string): never {
    const names = [...this.#setting.topics.readTopics, ...this.#globalTopics].toSorted().join(', ')
    throw new TestingError(
      'MILLRACE_TEST_TOPIC_UNKNOWN',
      `the topology does not read a topic '${topic}'; it reads: ${names === '' ? 'none' : names}`,
    )
  }
}

function makeGlobalTask({ compiled, config, engine, clock, metrics }: DriverSetting): GlobalTask | undefined {
  const { globalStores } = compiled
  if (globalStores.length === 0) return undefined
  const { applicationId, logger, compatibility } = config
  const task = new GlobalTask({
    stores: globalStores,
    applicationId,
    state: engine.openNow(globalTaskId),
    // Java's driver goes on after what a global source cannot read, whatever the configuration says of it.
    config: compatibility === 'java' ? { ...config, onDeserializationError: 'skip' } : config,
    clock,
    metrics,
    logger,
  })
  task.initialize()
  return task
}
