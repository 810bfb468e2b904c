/**
 * Runs a topology in the calling thread, without Kafka: the tasks are those of production, topics are lists, the state is
 * in memory. It is the source of truth for nothing; it must never let a record wait: when `pipeInput` returns, all that
 * the record causes has happened, through repartition topics and back into source topics, and is committed. Here is what a
 * test calls; the tasks are in driver-tasks.ts, what is committed in driver-commits.ts.
 */
import { tmpdir } from 'node:os'
import type { Clock } from '../common/clock.ts'
import { parseDuration, type Duration } from '../common/duration.ts'
import { noHeaders } from '../common/headers.ts'
import { MetricsRegistry } from '../common/metrics.ts'
import { TestingError } from '../errors/testing-error.ts'
import type { ValueAndTimestamp } from '../processor/record.ts'
import type { SessionStore } from '../processor/session-store.ts'
import type { KeyValueStore } from '../processor/state-store.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import type { VersionedStore } from '../processor/versioned-store.ts'
import type { WindowStore } from '../processor/window-store.ts'
import { asBuilt, checkPartialConfig, configDefaults } from '../runtime/streams-config.ts'
import type { StreamTask } from '../runtime/task/stream-task.ts'
import type { Serde } from '../serde/serde.ts'
import { MemoryEngine } from '../state/memory-engine.ts'
import { requireTopology } from '../topology/require-topology.ts'
import type { Topology } from '../topology/topology.ts'
import { DriverCommits } from './driver-commits.ts'
import { metricOf } from './driver-metrics.ts'
import { DriverProgress } from './driver-progress.ts'
import { DriverStoreAccess } from './driver-store-access.ts'
import { DriverTasks } from './driver-tasks.ts'
import { DriverTopics } from './driver-topics.ts'
import { asOneSubTopology } from './one-sub-topology.ts'
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
  readonly #engine: MemoryEngine
  readonly #progress: DriverProgress
  readonly #topics: DriverTopics
  readonly #metrics = new MetricsRegistry()
  readonly #tasks: DriverTasks
  readonly #commits: DriverCommits
  readonly #stores: DriverStoreAccess
  #now: number
  #stopped: { readonly reason: string; readonly cause?: unknown; readonly isFinal?: boolean } | undefined

  constructor(topology: Topology, config: Partial<StreamsConfig> & TopologyTestDriverOptions = {}) {
    const { initialWallClockTime, partitions = {}, continueFrom, ...streamsConfig } = config
    checkPartialConfig(streamsConfig)
    const before = continueFrom === undefined ? newHistory() : continueFrom.#handOver()
    this.#engine = before.engine
    this.#progress = before.progress
    this.#topics = before.topics
    this.#now = initialWallClockTime ?? before.now
    const defaults = configDefaults(streamsConfig.processingGuarantee ?? 'exactly_once', tmpdir())
    requireTopology(topology, 'TopologyTestDriver')
    const compiled = topology.compile(streamsConfig)
    // A driver never waits for records that may come: nothing comes but what the test pipes.
    const complete = { applicationId: 'topology-test-driver', ...defaults, ...streamsConfig, maxTaskIdleMs: -1 }
    const completed = asBuilt(complete, compiled)
    const isOneTask = runsAsOneTask(completed, partitions)
    const setting = {
      isOneTask,
      compiled: isOneTask ? asOneSubTopology(compiled) : compiled,
      config: completed,
      engine: this.#engine,
      progress: this.#progress,
      topics: this.#topics,
      metrics: this.#metrics,
      clock: driverClock(() => this.#now),
    }
    this.#tasks = new DriverTasks(setting)
    this.#commits = new DriverCommits(setting, this.#tasks)
    this.#stores = new DriverStoreAccess(setting, this.#tasks)
    this.#topics.open(partitions, (record, topic) => this.#tasks.give(record, topic))
    this.#tasks.begin()
  }

  /** A topic that the topology reads; another one is an error. */
  createInputTopic<K, V>(topic: string, key: Serde<K>, value: Serde<V>): TestInputTopic<K, V> {
    const target = this.#topics.topic(topic)
    this.#tasks.ensureRead(target)
    const pipe: Pipe = (keyPart, valuePart, { timestamp = this.#now, headers = noHeaders, partition }) => {
      this.#requireRunning()
      const chosen = partition ?? target.partitionOf(keyPart)
      this.#tasks.give(this.#topics.make(target, chosen, keyPart, valuePart, timestamp, headers), target)
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
    // What was scheduled before any topic was named is due as well.
    this.#tasks.ensurePlanned()
    this.#now += ms
    try {
      for (const task of this.#tasks.all) {
        task.punctuateWallClock()
        this.#commits.commit(task)
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
    return this.#stores.keyValue(name)
  }

  /** Of a table or of `stores.timestampedKeyValue`. */
  timestampedKeyValueStore<K, V>(name: string): KeyValueStore<K, ValueAndTimestamp<V>> {
    return this.#stores.timestampedKeyValue(name)
  }

  /** Of a store with timestamps its values without them. */
  windowStore<K, V>(name: string): WindowStore<K, V> {
    return this.#stores.window(name)
  }

  /** Of a windowed aggregation. */
  timestampedWindowStore<K, V>(name: string): WindowStore<K, ValueAndTimestamp<V>> {
    return this.#stores.timestampedWindow(name)
  }

  /** Of an aggregation of sessions or of `stores.session`. */
  sessionStore<K, V>(name: string): SessionStore<K, V> {
    return this.#stores.session(name)
  }

  /** Of a versioned table or of `stores.versioned`. */
  versionedStore<K, V>(name: string): VersionedStore<K, V> {
    return this.#stores.versioned(name)
  }

  /**
   * The sum over all tasks; the names are Java's: `dropped-records-total`. With `tags` only what has them:
   * `driver.metric('dropped-records-total', { reason: 'processing' })`. A name, tag or value that there cannot be is an
   * error, MILLRACE_TEST_METRIC_UNKNOWN, which lists those that there are.
   */
  metric(name: string, tags: Readonly<Record<string, string>> = {}): number {
    this.#tasks.ensurePlanned()
    // Nobody may have named a topic that a pattern matches, so that there is nobody who counts.
    return metricOf(this.#metrics, name, tags, this.#tasks.isEmpty)
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
    this.#commitOrUndo()
    const waiting = this.#progress.takeWaiting(this.#topics.abort())
    this.#stopped = undefined
    this.#tasks.restart(waiting)
    for (const record of waiting) this.#tasks.give(record, this.#topics.topic(record.topic))
    this.#run()
  }

  /** Closes the processors; the driver takes no more input. What was produced can still be read. */
  close(): void {
    if (this.#stopped?.isFinal === true) return
    if (this.#stopped === undefined) this.#commits.commitAll()
    this.#tasks.close()
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
  #commitOrUndo(): void {
    if (this.#stopped === undefined) return this.#commits.commitAll()
    if (this.#progress.canUndo) return this.#commits.commitWithoutFailed()
    throw new TestingError(
      'MILLRACE_TEST_DRIVER_STOPPED',
      'a record failed, and after so many others what it did before that is not undone any more; make a new driver',
      { cause: this.#stopped.cause },
    )
  }

  /** Processes until nothing is left; after each record everything is committed. */
  #run(): void {
    const { order } = this.#tasks
    try {
      this.#commits.updateGlobalStores()
      for (let next = order.first(); next !== undefined; next = order.first()) {
        const task = this.#topics.topic(next.topic).readers[next.partition] as StreamTask
        task.process(Infinity, 1)
        this.#commits.commit(task)
      }
      this.#progress.noteDone()
    } catch (error) {
      this.#stop(error)
    }
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
