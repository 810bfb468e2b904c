/**
 * What may be seen of a running instance from outside, without touching it: status documents for programs, and whether it
 * is alive and ready. The HTTP server has nothing else to work with.
 */
import type { Clock } from '../common/clock.ts'
import { availableMemoryBytes } from '../common/memory.ts'
import type { MetricsRegistry } from '../common/metrics.ts'
import type { ProcessMonitor } from '../common/process-monitor.ts'
import { packageVersion } from '../common/version.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import type { TopologyDescription } from '../topology/describe.ts'
import type { CompiledTopology } from '../topology/topology-node.ts'
import type { RestoreProgress } from './changelog-reader.ts'
import type { ErrorLog } from './error-log.ts'
import type { StreamsState } from './streams-events.ts'
import type { ManagedTask } from './managed-task.ts'
import { threadMetrics } from './metrics/catalogue.ts'
import type { InputFigures, RestoreFigures } from './metrics/thread-metrics.ts'
import type {
  ErrorsStatus,
  GlobalStoreStatus,
  PartitionStatus,
  RestoreSummary,
  StreamsStatus,
  TasksStatus,
  TaskStatus,
  ThreadStatus,
  TopologyStatus,
} from './streams-status.ts'
import type { ThreadView } from './thread-options.ts'

export interface InstanceViewOptions {
  readonly config: Readonly<StreamsConfig>
  readonly topology: CompiledTopology
  readonly describe: () => TopologyDescription
  readonly fingerprint: string
  readonly clock: Clock
  readonly startedAtMs: number
  readonly registry: MetricsRegistry
  readonly monitor: ProcessMonitor
  readonly errors: ErrorLog
  readonly state: () => StreamsState
  readonly isPaused: () => boolean
  readonly processId: () => string | undefined
  readonly thread: () => ThreadView | undefined
}

export class InstanceView {
  readonly #options: InstanceViewOptions
  /** `host:port` of the HTTP server, for whoever lists the instances of the group; set while it listens. */
  http: string | undefined
  readonly #globalProgress = new Map<string, RestoreProgress>()

  constructor(options: InstanceViewOptions) {
    this.#options = options
  }

  get state(): StreamsState {
    return this.#options.state()
  }

  get monitor(): ProcessMonitor {
    return this.#options.monitor
  }

  /** Every task that it has takes records, and so does the application. */
  get isReady(): boolean {
    const tasks = this.#options.thread()?.tasks ?? []
    return this.state === 'RUNNING' && tasks.every(({ status }) => status === 'running')
  }

  noteGlobalProgress(progress: RestoreProgress): void {
    this.#globalProgress.set(progress.store, progress)
  }

  status(): StreamsStatus {
    const { config, clock, startedAtMs, fingerprint, errors, isPaused, processId } = this.#options
    const nowMs = clock.now()
    const thread = this.#options.thread()
    const tasks = thread?.tasks ?? []
    const count = (status: ManagedTask['status']): number => tasks.filter((task) => task.status === status).length
    return {
      schemaVersion: 1,
      applicationId: config.applicationId,
      processId: processId() ?? null,
      state: this.state,
      version: packageVersion(),
      startedAt: new Date(startedAtMs).toISOString(),
      uptimeMs: Math.max(0, nowMs - startedAtMs),
      processingGuarantee: config.processingGuarantee,
      topologyFingerprint: fingerprint,
      isPaused: isPaused(),
      threads: thread === undefined ? [] : [this.#thread(thread)],
      tasks: { running: count('running'), restoring: count('restoring'), assigned: count('assigned') },
      restore: summary(thread?.restores ?? [], nowMs),
      lag: lagOf(thread?.inputs ?? []),
      lastCommitAgeMs: thread === undefined ? null : Math.max(0, nowMs - thread.lastCommitMs),
      globalStores: this.#globalStores(),
      errors: { total: errors.total, last: errors.last ?? null },
      process: this.#process(),
    }
  }

  tasks(): TasksStatus {
    const { config, clock } = this.#options
    const thread = this.#options.thread()
    const nowMs = clock.now()
    const ofTask = ({ taskId }: { readonly taskId: string }): string => taskId
    const inputs = Map.groupBy(thread?.inputs ?? [], ofTask)
    const restores = Map.groupBy(thread?.restores ?? [], ofTask)
    const tasks = thread?.tasks.map((managed): TaskStatus => {
      const { id } = managed.task
      return taskStatus(managed, thread.threadId, inputs.get(id) ?? [], restores.get(id) ?? [], nowMs)
    })
    return { schemaVersion: 1, applicationId: config.applicationId, tasks: tasks ?? [] }
  }

  topology(): TopologyStatus {
    const { config, fingerprint } = this.#options
    const description = this.#options.describe()
    return {
      schemaVersion: 1,
      applicationId: config.applicationId,
      topologyFingerprint: fingerprint,
      text: description.toString(),
      topology: description.toJSON(),
    }
  }

  errors(): ErrorsStatus {
    const { config, errors } = this.#options
    return {
      schemaVersion: 1,
      applicationId: config.applicationId,
      total: errors.total,
      leftOut: errors.leftOut,
      errors: errors.recent(),
    }
  }

  #thread({ threadId, state, tasks, lastCommitMs }: ThreadView): ThreadStatus {
    const ratio = (name: string): number => this.#options.registry.get(name, { 'thread-id': threadId }) ?? 0
    return {
      threadId,
      state,
      taskIds: tasks.map(({ task }) => task.id),
      lastCommitAt: new Date(lastCommitMs).toISOString(),
      processRatio: ratio(threadMetrics.processRatio.name),
      pollRatio: ratio(threadMetrics.pollRatio.name),
      punctuateRatio: ratio(threadMetrics.punctuateRatio.name),
      commitRatio: ratio(threadMetrics.commitRatio.name),
    }
  }

  #globalStores(): GlobalStoreStatus[] {
    return this.#options.topology.globalStores.map(({ spec, topic }) => {
      const { restored = 0, total = 0, done = false } = this.#globalProgress.get(spec.name) ?? {}
      return { name: spec.name, topic, restored, total, done }
    })
  }

  #process(): StreamsStatus['process'] {
    const { monitor } = this.#options
    const { rss, heapUsed } = process.memoryUsage()
    return {
      pid: process.pid,
      nodeVersion: process.version,
      rssBytes: rss,
      memoryLimitBytes: availableMemoryBytes(),
      heapUsedBytes: heapUsed,
      eventLoopDelayP99Ms: monitor.loopDelay.p99Ms,
      eventLoopUtilization: monitor.loopUtilization,
    }
  }
}

function taskStatus(
  { task, status }: ManagedTask,
  threadId: string,
  inputs: readonly InputFigures[],
  restores: readonly RestoreFigures[],
  nowMs: number,
): TaskStatus {
  return {
    taskId: task.id,
    threadId,
    state: status,
    partitions: inputs.map(partitionStatus),
    restore: restores.map((restore) => {
      const { store, topic, partition, restored, total } = restore
      return { store, topic, partition, restored, total, ...summary([restore], nowMs) }
    }),
    stores: task.storeFigures.map(({ name, kind, keys, held }) => {
      return { name, kind, entries: keys, heldRecords: held?.records ?? null }
    }),
    inputBufferBytes: task.bufferedBytes,
    cacheBytes: task.cacheBytes,
    uncommittedBytes: task.uncommittedBytes + task.frozenBytes,
  }
}

function partitionStatus(input: InputFigures): PartitionStatus {
  const { topic, partition, position, committed, highWatermark, lastStableOffset, lag, isPaused } = input
  return {
    topic,
    partition,
    position: position ?? null,
    committed: committed ?? null,
    highWatermark: highWatermark ?? null,
    lastStableOffset: lastStableOffset ?? null,
    lag: lag ?? null,
    isPaused,
  }
}

/** Replays go on beside each other: the slowest one is the end. */
function summary(restores: readonly RestoreFigures[], nowMs: number): RestoreSummary {
  const remaining = restores.reduce((sum, restore) => sum + restore.remaining, 0)
  if (remaining === 0) return { remaining, etaMs: 0 }
  const etas = restores.map(({ total, remaining: left, beganMs }) => (left / (total - left)) * (nowMs - beganMs))
  const etaMs = Math.max(...etas)
  return { remaining, etaMs: Number.isFinite(etaMs) ? Math.round(Math.max(0, etaMs)) : null }
}

function lagOf(inputs: readonly InputFigures[]): number | null {
  const lags = inputs.flatMap(({ lag }) => lag ?? [])
  return lags.length === 0 ? null : lags.reduce((sum, lag) => sum + lag, 0)
}
