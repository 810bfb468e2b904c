/** A task over engine and sink in memory, for tests that drive it as a thread would. */
import type { Clock } from '../../src/common/clock.ts'
import { silentLogger } from '../../src/common/logger.ts'
import { MetricsRegistry } from '../../src/common/metrics.ts'
import { keyView, type RecordSet } from '../../src/processor/record-set.ts'
import { timestampExtractors } from '../../src/processor/timestamp-extractors.ts'
import type { TaskConfig } from '../../src/runtime/task/task-options.ts'
import { StreamTask } from '../../src/runtime/task/stream-task.ts'
import { MemoryEngine } from '../../src/state/memory-engine.ts'
import { emptyMarker, type TaskState } from '../../src/state/state-engine.ts'
import { DriverTopics, type DriverRecord } from '../../src/testing/driver-topics.ts'
import type { SourceNode } from '../../src/topology/topology-node.ts'
import type { Topology } from '../../src/topology/topology.ts'

export interface TaskFixture {
  readonly task: StreamTask
  readonly state: TaskState
  readonly metrics: MetricsRegistry
  readonly clock: { nowMs: number }
  /** Makes the next record of a topic and adds it. */
  add(topic: string, key: string | Buffer | null, value: string | null, timestamp: number): void
  /** What was written since the last call, as `topic key=value@timestamp`. */
  written(): string[]
  /** The keys of it, as hex. */
  writtenKeys(): string[]
  /** Topics become known, and who waits for them sends. */
  resolve(missing?: readonly string[]): void
  /** Flush, freeze and engine commit; returns the offsets. */
  commit(): Record<string, number>
}

export interface FixtureOptions {
  readonly config?: Partial<TaskConfig>
  readonly state?: TaskState
  /** Topics that are not known until `resolve`. */
  readonly unknown?: string[]
  /** Stands in front of the sink: throw to fail. */
  readonly onAppend?: (topic: string) => void
  readonly partitions?: Readonly<Record<string, number>>
}

export function taskFixture(topology: Topology, options: FixtureOptions = {}): TaskFixture {
  const [subTopology] = topology.compile().subTopologies
  if (subTopology === undefined) throw new Error('the topology is empty')
  const clock = { nowMs: 0 }
  const waiting: { readonly topic: string; readonly send: (missing: Error | undefined) => void }[] = []
  const metrics = new MetricsRegistry()
  const topics = new DriverTopics()
  topics.open(options.partitions ?? {}, () => undefined)
  const state = options.state ?? new MemoryEngine().openNow('0_0')
  const sources = subTopology.nodes.filter((node): node is SourceNode => node.kind === 'source')
  const task = new StreamTask({
    taskId: '0_0',
    partition: 0,
    applicationId: 'app',
    topology: subTopology,
    repartitionTopics: new Set(),
    topicName: (name) => `app-${name}`,
    inputTopics: new Map(sources.map(({ name, topics: read }) => [name, read as readonly string[]])),
    sink: {
      partitionCount: (topic) => (options.unknown?.includes(topic) ? undefined : topics.partitionCount(topic)),
      whenKnown: (topic, _bytes, send) => void waiting.push({ topic, send }),
      append: (topic, ...rest) => {
        options.onAppend?.(topic)
        topics.append(topic, ...rest)
      },
    },
    state,
    config: {
      maxTaskIdleMs: 0,
      compatibility: 'none',
      processingGuarantee: 'exactly_once',
      emitIntervalMs: 0,
      cacheMaxBytes: 0,
      uncommittedMaxBytes: 1e9,
      timestampExtractor: timestampExtractors.failOnInvalid,
      onDeserializationError: 'fail',
      onProcessingError: 'fail',
      onProductionError: 'fail',
      ...options.config,
    },
    clock: fixedClock(clock),
    metrics,
    logger: silentLogger,
  })
  task.initialize()
  return {
    task,
    state,
    metrics,
    clock,
    add(topic, key, value, timestamp) {
      task.add(topics.make(topics.topic(topic), 0, bytes(key), bytes(value), timestamp, []))
    },
    written: () => topics.takeLog().map(describeRecord),
    writtenKeys: () => topics.takeLog().map((record) => keyView(record)?.toString('hex') ?? 'null'),
    resolve(missing = []) {
      options.unknown?.splice(0)
      for (const { topic, send } of waiting.splice(0)) {
        send(missing.includes(topic) ? new Error(`no topic ${topic}`) : undefined)
      }
    },
    commit() {
      task.flush(Infinity)
      const positions = task.positions(() => undefined)
      task.commitEngineNow(task.freeze(positions), emptyMarker)
      return Object.fromEntries([...positions].map(([partition, { offset }]) => [partition, offset]))
    },
  }
}

/** A set of no records, as a fetch returns it where only control records were. */
export function emptySet(topic: string, nextOffset: number, recordCount: number = 0): RecordSet {
  return {
    topic,
    partition: 0,
    recordCount,
    byteLength: 0,
    nextOffset,
    highWatermark: -1,
    cursor: () => ({
      next: () => false,
      offset: -1,
      timestamp: -1,
      buffer: Buffer.alloc(0),
      keyStart: 0,
      keyLength: -1,
      valueStart: 0,
      valueLength: -1,
      headers: () => [],
    }),
  }
}

function fixedClock(clock: { nowMs: number }): Clock {
  return { now: () => clock.nowMs, setTimer: () => ({ cancel: () => undefined }), yieldTurn: () => Promise.resolve() }
}

function bytes(text: string | Buffer | null): Buffer | null {
  return typeof text === 'string' ? Buffer.from(text) : text
}

function describeRecord(record: DriverRecord): string {
  const { topic, partition, buffer, keyStart, keyLength, valueStart, valueLength, timestamp } = record
  const text = (start: number, length: number): string =>
    length < 0 ? 'null' : buffer.toString('utf8', start, start + length)
  const place = partition === 0 ? topic : `${topic}-${partition}`
  return `${place} ${text(keyStart, keyLength)}=${text(valueStart, valueLength)}@${timestamp}`
}
