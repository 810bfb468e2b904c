/**
 * Runs a topology in the calling thread, without Kafka: the tasks are those of production, topics are lists, the state is
 * in memory. It is the source of truth for nothing; it must never let a record wait: when `pipeInput` returns, all that
 * the record causes has happened, through repartition topics and back into source topics, and is committed.
 */
import { tmpdir } from 'node:os'
import { assert } from '../common/assert.ts'
import type { Clock } from '../common/clock.ts'
import { parseDuration, type Duration } from '../common/duration.ts'
import { noHeaders } from '../common/headers.ts'
import { MetricsRegistry } from '../common/metrics.ts'
import { topicPartitionKey } from '../common/topic-partition.ts'
import { TestingError } from '../errors/testing-error.ts'
import type { ValueAndTimestamp } from '../processor/record.ts'
import type { SessionStore } from '../processor/session-store.ts'
import type { KeyValueStore } from '../processor/state-store.ts'
import type { StoreKind } from '../processor/store-builder.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import type { VersionedStore } from '../processor/versioned-store.ts'
import type { WindowStore } from '../processor/window-store.ts'
import { asBuilt, checkPartialConfig, configDefaults } from '../runtime/streams-config.ts'
import { GlobalTask, globalTaskId } from '../runtime/task/global-task.ts'
import { QueueOrder } from '../runtime/task/queue-order.ts'
import { StreamTask, type FrozenOverlay } from '../runtime/task/stream-task.ts'
import { hasPatternSource, planTopology, TopicNames, type SubTopologyPlan } from '../runtime/topology-plan.ts'
import type { Serde } from '../serde/serde.ts'
import { MemoryEngine } from '../state/memory-engine.ts'
import { emptyMarker } from '../state/state-engine.ts'
import type { Topology } from '../topology/topology.ts'
import type { CompiledTopology } from '../topology/topology-node.ts'
import { DriverKeyValueStore, plainValues, sameValues } from './driver-stores.ts'
import { DriverSessionStore, DriverVersionedStore, DriverWindowStore } from './driver-timed-stores.ts'
import { DriverProgress } from './driver-progress.ts'
import { asOneSubTopology } from './one-sub-topology.ts'
import { DriverTopics, type DriverRecord, type DriverTopic } from './driver-topics.ts'
import { rawRecord, TestInputTopic, TestOutputTopic, type Pipe, type RawRecord } from './test-topics.ts'

/** Beside the configuration, which the driver takes in the same object. */
export interface TopologyTestDriverOptions {
  /** Default 0; it moves only when told. */
  readonly initialWallClockTime?: number
  /** Partition counts by topic, with the names on the broker; default 1. */
  readonly partitions?: Readonly<Record<string, number>>
  /**
   * Goes on where that driver was: with its committed state and positions, its topics and its wall clock. It is closed,
   * if it was not. The topology is the same, or one whose stores belong to the same sub-topologies.
   *
   * @example
   * const restarted = new TopologyTestDriver(changedTopology, { ...config, continueFrom: driver })
   */
  readonly continueFrom?: TopologyTestDriver
}

/** What reads a store of each kind; nothing reads a buffer. */
const accessors: Readonly<Partial<Record<StoreKind, string>>> = {
  keyValue: 'keyValueStore, which has no timestamps',
  timestampedKeyValue: 'keyValueStore or timestampedKeyValueStore',
  window: 'windowStore, which has no timestamps',
  timestampedWindow: 'windowStore or timestampedWindowStore',
  session: 'sessionStore',
  versioned: 'versionedStore',
}

/** Nobody sees when uncommitted state moves into the engine, so it need not be after each of many records. */
const engineCommitBytes = 16 * 1024 * 1024

/** What outlives a driver. */
interface DriverHistory {
  readonly engine: MemoryEngine
  readonly progress: DriverProgress
  readonly topics: DriverTopics
  readonly now: number
}

function newHistory(): DriverHistory {
  return { engine: new MemoryEngine(), progress: new DriverProgress(), topics: new DriverTopics(), now: 0 }
}

/**
 * Runs a topology without Kafka, record by record: when `pipeInput` returns, everything that the record causes has
 * happened and is committed. Topics may have several partitions; the wall clock stands still until it is moved. Kafka
 * Streams: `TopologyTestDriver`.
 *
 * @example
 * const driver = new TopologyTestDriver(topology, { applicationId: 'app', partitions: { lines: 4 } })
 * const lines = driver.createInputTopic('lines', serdes.string, serdes.string)
 * const counts = driver.createOutputTopic('counts', serdes.string, serdes.int64)
 * lines.pipeInput({ key: 'a', value: 'to be or not to be', timestamp: 10 })
 * counts.readRecords() // [{ key: 'to', value: 1, timestamp: 10, headers: [], partition: 0 }, …]
 * driver.keyValueStore<string, number>('count-store').get('be') // 2
 */
export class TopologyTestDriver {
  readonly #compiled: CompiledTopology
  readonly #names: TopicNames
  readonly #config: Omit<StreamsConfig, 'kafka'>
  readonly #topics: DriverTopics
  readonly #metrics = new MetricsRegistry()
  readonly #engine: MemoryEngine
  readonly #progress: DriverProgress
  readonly #tasks = new Map<string, StreamTask>()
  /** Fills the global stores; undefined: there are none. */
  readonly #globalTask: GlobalTask | undefined
  readonly #globalTopics: ReadonlySet<string>
  /** Topics that match a pattern, as far as the test or the topology named them. */
  readonly #matched = new Map<string, RegExp>()
  readonly #patterns: readonly RegExp[]
  /** Over all tasks, because Java's driver processes the whole topology as one task. */
  readonly #order = new QueueOrder()
  readonly #clock: Clock
  #now: number
  #planned = false
  #stopped: { readonly reason: string; readonly cause?: unknown; readonly isFinal?: boolean } | undefined

  constructor(topology: Topology, config: Partial<StreamsConfig> & TopologyTestDriverOptions = {}) {
    const { initialWallClockTime, partitions = {}, continueFrom, ...streamsConfig } = config
    checkPartialConfig(streamsConfig)
    const before = continueFrom === undefined ? newHistory() : continueFrom.#handOver()
    this.#engine = before.engine
    this.#progress = before.progress
    this.#topics = before.topics
    this.#now = initialWallClockTime ?? before.now
    this.#clock = driverClock(() => this.#now)
    // A driver never waits for records that may come: nothing comes but what the test pipes.
    const defaults = configDefaults(streamsConfig.processingGuarantee ?? 'exactly_once', tmpdir())
    const complete = { applicationId: 'topology-test-driver', ...defaults, ...streamsConfig, maxTaskIdleMs: -1 }
    const compiled = topology.compile(streamsConfig)
    this.#config = asBuilt(complete, compiled)
    this.#compiled = runsAsOneTask(this.#config, partitions) ? asOneSubTopology(compiled) : compiled
    this.#names = new TopicNames(this.#compiled, this.#config.applicationId)
    this.#patterns = this.#compiled.subTopologies.flatMap(({ nodes }) =>
      nodes.flatMap((node) => (node.kind === 'source' && node.topics instanceof RegExp ? [node.topics] : [])),
    )
    this.#topics.open(partitions, (record, topic) => this.#route(record, topic))
    this.#globalTask = this.#makeGlobalTask()
    this.#globalTopics = new Set(this.#compiled.globalStores.map(({ topic }) => topic))
    // What a pattern matches is known only when the test has named its topics.
    if (!hasPatternSource(this.#compiled)) this.#plan()
  }

  /** A topic that the topology reads; another one is an error. */
  createInputTopic<K, V>(topic: string, key: Serde<K>, value: Serde<V>): TestInputTopic<K, V> {
    const target = this.#topics.topic(topic)
    const isRead = (): boolean => target.readers.length > 0 || this.#globalTopics.has(topic)
    if (!isRead() && !this.#match(topic)) this.#plan()
    if (!isRead() && !this.#matched.has(topic)) this.#refuseTopic(topic)
    const pipe: Pipe = (keyPart, valuePart, { timestamp = this.#now, headers = noHeaders, partition }) => {
      this.#requireRunning()
      const chosen = partition ?? target.partitionOf(keyPart)
      this.#route(this.#topics.make(target, chosen, keyPart, valuePart, timestamp, headers), target)
      this.#run()
    }
    return new TestInputTopic(topic, key, value, pipe)
  }

  /** Any topic, internal ones by their whole name. It has what `producedRecords` has not returned before. */
  createOutputTopic<K, V>(topic: string, key: Serde<K>, value: Serde<V>): TestOutputTopic<K, V> {
    return new TestOutputTopic(this.#topics.openForReading(topic), key, value)
  }

  /** Moves the wall clock at once and calls the punctuators that are due, each once. */
  advanceWallClockTime(by: Duration): void {
    this.#requireRunning()
    const ms = parseDuration(by)
    if (ms === undefined || ms < 0) {
      throw new TestingError(
        'MILLRACE_TEST_TIME_INVALID',
        `advanceWallClockTime was given ${String(by)}; it takes milliseconds of at least 0, or '10s'`,
      )
    }
    this.#now += ms
    try {
      for (const task of this.#tasks.values()) {
        task.punctuateWallClock()
        this.#commit(task)
      }
    } catch (error) {
      this.#stop(error)
    }
    this.#run()
  }

  /**
   * Everything that was produced on every topic since the last call, changelogs and repartitions included, in order. Output
   * topics that were created before keep what they have; what was returned here is not there for one that is created later.
   */
  producedRecords(): RawRecord[] {
    return this.#topics.takeLog().map(rawRecord)
  }

  /** Of a timestamped store its values without the timestamps. */
  keyValueStore<K, V>(name: string): KeyValueStore<K, V> {
    if (this.#kindOf(name) === 'keyValue') {
      return new DriverKeyValueStore(name, this.#parts<KeyValueStore<K, V>>(name, ['keyValue']), sameValues<V>())
    }
    const parts = this.#parts<KeyValueStore<K, ValueAndTimestamp<V>>>(name, ['timestampedKeyValue'])
    const view = plainValues<V>(() => this.#now)
    return new DriverKeyValueStore(name, parts, view)
  }

  /** Of a table or of `stores.timestampedKeyValue`. */
  timestampedKeyValueStore<K, V>(name: string): KeyValueStore<K, ValueAndTimestamp<V>> {
    const parts = this.#parts<KeyValueStore<K, ValueAndTimestamp<V>>>(name, ['timestampedKeyValue'])
    return new DriverKeyValueStore(name, parts, sameValues<ValueAndTimestamp<V>>())
  }

  /** Of a store with timestamps its values without them. */
  windowStore<K, V>(name: string): WindowStore<K, V> {
    if (this.#kindOf(name) === 'window') {
      return new DriverWindowStore(name, this.#parts<WindowStore<K, V>>(name, ['window']), sameValues<V>())
    }
    const parts = this.#parts<WindowStore<K, ValueAndTimestamp<V>>>(name, ['timestampedWindow'])
    const view = plainValues<V>(() => this.#now)
    return new DriverWindowStore(name, parts, view)
  }

  /** Of a windowed aggregation. */
  timestampedWindowStore<K, V>(name: string): WindowStore<K, ValueAndTimestamp<V>> {
    const parts = this.#parts<WindowStore<K, ValueAndTimestamp<V>>>(name, ['timestampedWindow'])
    return new DriverWindowStore(name, parts, sameValues<ValueAndTimestamp<V>>())
  }

  /** Of an aggregation of sessions or of `stores.session`. */
  sessionStore<K, V>(name: string): SessionStore<K, V> {
    return new DriverSessionStore(name, this.#parts<SessionStore<K, V>>(name, ['session']))
  }

  /** Of a versioned table or of `stores.versioned`. */
  versionedStore<K, V>(name: string): VersionedStore<K, V> {
    return new DriverVersionedStore(name, this.#parts<VersionedStore<K, V>>(name, ['versioned']))
  }

  /**
   * The sum over all tasks; the names are Java's: `dropped-records-total`. With `tags` only what has them:
   * `driver.metric('dropped-records-total', { reason: 'processing' })`.
   */
  metric(name: string, tags: Readonly<Record<string, string>> = {}): number {
    if (!this.#planned) this.#plan()
    const value = this.#metrics.get(name, tags)
    if (value !== undefined) return value
    if (this.#metrics.get(name) !== undefined) return 0
    // Nobody has named a topic that a pattern matches, so that there is nobody who counts.
    if (this.#tasks.size === 0) return 0
    const names = [...new Set([...this.#metrics].map((metric) => metric.name))].toSorted().join(', ')
    throw new TestingError('MILLRACE_TEST_METRIC_UNKNOWN', `nobody counts a metric '${name}'; there are: ${names}`)
  }

  /**
   * What a sudden end of the process does, and the start of the next one: whatever is not committed is lost, processors
   * are made anew (their `close` is not called), punctuations are scheduled anew, metrics begin at 0. Since every record
   * is committed before `pipeInput` returns, that is what processors hold in fields.
   *
   * After a record that failed: what it wrote and produced is gone, and it is processed again at once, with all that was
   * to follow from earlier ones. That may fail again. (Of the first 1,000 records; of a later one the effects are not
   * told from those of earlier ones any more, and this is an error.)
   *
   * @example
   * input.pipeInput({ key: 'a', value: 1 })
   * driver.crash()
   * input.pipeInput({ key: 'a', value: 2 }) // the stores still have what the first one did
   */
  crash(): void {
    if (this.#stopped?.isFinal === true) this.#requireRunning()
    this.#commitAll()
    const waiting = this.#progress.takeWaiting(this.#topics.abort())
    for (const task of this.#tasks.values()) task.close({ abruptly: true })
    this.#tasks.clear()
    this.#topics.forgetReaders()
    this.#stopped = undefined
    this.#restartGlobalTask(waiting)
    if (this.#planned) this.#plan()
    for (const record of waiting) this.#route(record, this.#topics.topic(record.topic))
    this.#run()
  }

  /** Closes the processors; the driver takes no more input. What was produced can still be read. */
  close(): void {
    if (this.#stopped?.isFinal === true) return
    const failed = this.#stopped !== undefined
    if (!failed) this.#commitAll()
    for (const task of this.#tasks.values()) task.close()
    this.#tasks.clear()
    this.#globalTask?.close()
    this.#stopped = { ...this.#stopped, reason: this.#stopped?.reason ?? 'it was closed', isFinal: true }
  }

  /** To the driver that goes on from here. */
  #handOver(): DriverHistory {
    if (this.#stopped?.cause !== undefined) this.#requireRunning()
    this.close()
    this.#topics.forgetReaders()
    return { engine: this.#engine, progress: this.#progress, topics: this.#topics, now: this.#now }
  }

  /** Everything that was committed goes into the engine, and nothing else. */
  #commitAll(): void {
    const failed = this.#stopped !== undefined
    if (failed && !this.#progress.canUndo) {
      throw new TestingError(
        'MILLRACE_TEST_DRIVER_STOPPED',
        'a record failed, and after so many others what it did before that is not undone any more; make a new driver',
        { cause: this.#stopped?.cause },
      )
    }
    for (const task of this.#tasks.values()) {
      if (failed) task.rollback({ keepFrozen: true, abruptly: true })
      this.#commitEngine(task, failed ? task.freeze() : this.#freeze(task))
    }
    if (!failed) this.#commitGlobalStores()
  }

  #restartGlobalTask(waiting: readonly DriverRecord[]): void {
    const task = this.#globalTask
    if (task === undefined) return
    task.rollback()
    task.initialize()
    // Those that were processed are put again, which changes nothing.
    for (const { topic, partition, offset } of waiting.toReversed()) {
      if (this.#globalTopics.has(topic)) task.resume(topic, partition, offset)
    }
  }

  /** Processes until nothing is left; after each record everything is committed. */
  #run(): void {
    try {
      this.#updateGlobalStores()
      for (let next = this.#order.first(); next !== undefined; next = this.#order.first()) {
        const task = this.#topics.topic(next.topic).readers[next.partition] as StreamTask
        task.process(Infinity, 1)
        this.#commit(task)
      }
      this.#progress.noteDone()
    } catch (error) {
      this.#stop(error)
    }
  }

  /** Also the state of the global stores, when a record has gone to one of their topics. */
  #commit(task: StreamTask): void {
    task.flush(Infinity)
    this.#updateGlobalStores()
    this.#topics.commit()
    if (task.uncommittedBytes + task.frozenBytes > engineCommitBytes) this.#commitEngine(task)
    else if (this.#progress.noteCommit()) this.#freeze(task)
  }

  /** What the task has done by now is told from what it does from now on. */
  #freeze(task: StreamTask): FrozenOverlay {
    const positions = task.positions(() => undefined)
    this.#progress.commit(positions)
    return task.freeze(positions)
  }

  #commitEngine(task: StreamTask, frozen: FrozenOverlay = this.#freeze(task)): void {
    const { streamTimes, counters } = frozen
    task.commitEngineNow(frozen, { ...emptyMarker, streamTimes, counters, committedAtMs: this.#now })
  }

  #updateGlobalStores(): void {
    if (this.#globalTask === undefined) return
    while (this.#globalTask.process(Infinity)) this.#commitGlobalStores()
    if (this.#progress.canUndo) this.#commitGlobalStores()
  }

  #commitGlobalStores(): void {
    const task = this.#globalTask
    const pending = task?.commit(task.freeze(), { ...emptyMarker, committedAtMs: this.#now })
    assert(pending === undefined, 'the engine commits at once')
  }

  /** Gives a record to the task that reads it; a record of a topic that nobody reads stays where it is. */
  #route(record: DriverRecord, { name, readers }: DriverTopic): void {
    if (this.#globalTopics.has(name)) {
      this.#progress.noteGiven(record)
      return this.#globalTask?.add(record)
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
    this.#progress.noteGiven(record)
    task.add(record)
  }

  #match(topic: string): boolean {
    if (this.#matched.has(topic)) return true
    // Anchored, as Kafka does it.
    const pattern = this.#patterns.find(({ source, flags }) => new RegExp(`^(?:${source})$`, flags).test(topic))
    if (pattern === undefined) return false
    // Java's driver counts the records of all topics that one pattern matches as if they were of one topic.
    const [first] = [...this.#matched].find(([, by]) => by === pattern) ?? []
    if (first !== undefined && this.#config.compatibility === 'java') {
      this.#topics.topic(topic).shareOffsets(this.#topics.topic(first))
    }
    this.#matched.set(topic, pattern)
    return true
  }

  /** Makes the tasks for the topics that are known, and gives those that are there topics that are new. */
  #plan(): void {
    this.#planned = true
    const plan = planTopology({
      topology: this.#compiled,
      names: this.#names,
      partitionCount: (topic) => this.#topics.partitionCount(topic),
      existingTopics: [...this.#matched.keys()],
      replicationFactor: 1,
      unfedPartitions: 1,
    })
    for (const { name, partitions } of plan.internalTopics) this.#topics.topic(name).partitionCount = partitions
    for (const subPlan of plan.subTopologies) {
      for (let partition = 0; partition < subPlan.partitionCount; partition++) this.#planTask(subPlan, partition)
    }
  }

  #planTask(plan: SubTopologyPlan, partition: number): void {
    const taskId = `${plan.subTopology.id}_${partition}`
    const inputs = new Map(
      [...plan.inputTopics].map(([source, topics]) => [
        source,
        topics.filter((topic) => partition < this.#topics.partitionCount(topic)),
      ]),
    )
    const existing = this.#tasks.get(taskId)
    const task = existing ?? this.#makeTask(plan, taskId, partition, inputs)
    this.#tasks.set(taskId, task)
    for (const [source, topics] of inputs) {
      for (const topic of topics) {
        const { readers } = this.#topics.topic(topic)
        if (readers[partition] !== undefined) continue
        readers[partition] = task
        if (existing !== undefined) task.addInput(source, topic)
        const { offset = 0, metadata } = this.#progress.position(topic, partition)
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
    const { applicationId } = this.#config
    const task = new StreamTask({
      taskId,
      partition,
      applicationId,
      topology: subTopology,
      repartitionTopics: new Set(this.#compiled.repartitionTopics.map(({ name }) => name)),
      topicName: (unprefixed) => `${applicationId}-${unprefixed}`,
      inputTopics,
      sink: this.#topics,
      globalStores: this.#globalTask,
      state: this.#engine.openNow(taskId),
      config: this.#config,
      clock: this.#clock,
      metrics: this.#metrics,
      logger: this.#config.logger,
      queueOrder: this.#order,
    })
    task.initialize()
    return task
  }

  #makeGlobalTask(): GlobalTask | undefined {
    const { globalStores } = this.#compiled
    if (globalStores.length === 0) return undefined
    const { applicationId, logger, compatibility } = this.#config
    // Java's driver goes on after what a global source cannot read, whatever the configuration says of it.
    const config =
      compatibility === 'java' ? { ...this.#config, onDeserializationError: 'skip' as const } : this.#config
    const task = new GlobalTask({
      stores: globalStores,
      applicationId,
      state: this.#engine.openNow(globalTaskId),
      config,
      clock: this.#clock,
      metrics: this.#metrics,
      logger,
    })
    task.initialize()
    return task
  }

  #kindOf(name: string): StoreKind {
    const { subTopologies, globalStores } = this.#compiled
    const stores = [...subTopologies.flatMap((subTopology) => subTopology.stores), ...globalStores]
    const store = stores.find(({ spec }) => spec.name === name)
    if (store !== undefined) return store.spec.kind
    const names = stores.map(({ spec }) => spec.name).join(', ')
    throw new TestingError(
      'MILLRACE_TEST_STORE_UNKNOWN',
      `the topology has no store '${name}'; it has: ${names === '' ? 'none' : names}`,
    )
  }

  /** The store in each of the tasks that have it, which is of one of those kinds. */
  #parts<S>(name: string, kinds: readonly StoreKind[]): S[] {
    const kind = this.#kindOf(name)
    if (!kinds.includes(kind)) {
      throw new TestingError(
        'MILLRACE_TEST_STORE_UNKNOWN',
        `store ${name} is of the kind ${kind}; read it with ${accessors[kind] ?? 'what its operator emits'}`,
      )
    }
    const global = this.#globalTask?.store(name)
    if (global !== undefined) return [global as S]
    if (!this.#planned) this.#plan()
    return [...this.#tasks.values()].flatMap((task) => {
      const store = task.store(name)
      return store === undefined ? [] : [store as S]
    })
  }

  #stop(error: unknown): never {
    this.#stopped = { reason: 'an earlier record failed', cause: error }
    throw error
  }

  #requireRunning(): void {
    if (this.#stopped === undefined) return
    const { reason, cause } = this.#stopped
    throw new TestingError(
      'MILLRACE_TEST_DRIVER_STOPPED',
      `the driver takes no more input: ${reason}; make a new one`,
      {
        cause,
      },
    )
  }

  #refuseTopic(topic: string): never {
    const names = [...this.#topics.readTopics, ...this.#globalTopics].toSorted().join(', ')
    throw new TestingError(
      'MILLRACE_TEST_TOPIC_UNKNOWN',
      `the topology does not read a topic '${topic}'; it reads: ${names === '' ? 'none' : names}`,
    )
  }
}

/** As Java's driver does, unless the test wants several partitions, which Java's driver has not. */
function runsAsOneTask(
  { compatibility }: Partial<StreamsConfig>,
  partitions: Readonly<Record<string, number>>,
): boolean {
  return compatibility === 'java' && Object.values(partitions).every((count) => count === 1)
}

function driverClock(now: () => number): Clock {
  return {
    now,
    setTimer: () => ({ cancel: () => undefined }),
    yieldTurn: () => Promise.resolve(),
  }
}
