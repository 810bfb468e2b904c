/**
 * What an instance tells of itself: the documents of `KafkaStreams#status` and of the HTTP server. Plain data, made for
 * JSON; a field that is null is not known. Their schemas are in `docs/schemas`; a change that breaks readers raises
 * `schemaVersion`.
 */
import type { TopologyJson } from '../topology/description.ts'
import type { ErrorEntry, LeftOut } from './error-log.ts'
import type { StreamsState } from './streams-events.ts'
import type { ThreadState } from './thread-options.ts'

export interface StreamsStatus {
  readonly schemaVersion: 1
  readonly applicationId: string
  /** Of the instance: the same from one start to the next on one state directory. Null before it is connected. */
  readonly processId: string | null
  readonly state: StreamsState
  /** Of millrace. */
  readonly version: string
  /** ISO 8601: when the KafkaStreams object was made. */
  readonly startedAt: string
  readonly uptimeMs: number
  readonly processingGuarantee: 'exactly_once' | 'at_least_once'
  /** Equal for instances that may share tasks. */
  readonly topologyFingerprint: string
  readonly isPaused: boolean
  readonly threads: readonly ThreadStatus[]
  readonly tasks: { readonly running: number; readonly restoring: number; readonly assigned: number }
  readonly restore: RestoreSummary
  /** Records of all input partitions that are not processed yet; null where it is not known of any. */
  readonly lag: number | null
  /** Since the last commit, or since the thread began. */
  readonly lastCommitAgeMs: number | null
  readonly globalStores: readonly GlobalStoreStatus[]
  readonly errors: { readonly total: number; readonly last: ErrorEntry | null }
  readonly process: ProcessStatus
}

export interface ThreadStatus {
  readonly threadId: string
  readonly state: ThreadState
  readonly taskIds: readonly string[]
  readonly lastCommitAt: string
  /** Shares of the time of the last 30 to 60 seconds; what is missing to 1 is idle or elsewhere. */
  readonly processRatio: number
  readonly pollRatio: number
  readonly punctuateRatio: number
  readonly commitRatio: number
}

export interface RestoreSummary {
  /** Offsets that are left to replay. */
  readonly remaining: number
  /** By the pace until now; null where there is none yet, 0 where nothing is left. */
  readonly etaMs: number | null
}

export interface GlobalStoreStatus {
  readonly name: string
  readonly topic: string
  readonly restored: number
  readonly total: number
  readonly done: boolean
}

export interface ProcessStatus {
  readonly pid: number
  readonly nodeVersion: string
  readonly rssBytes: number
  readonly memoryLimitBytes: number
  readonly heapUsedBytes: number
  readonly eventLoopDelayP99Ms: number
  readonly eventLoopUtilization: number
}

export interface TasksStatus {
  readonly schemaVersion: 1
  readonly applicationId: string
  readonly tasks: readonly TaskStatus[]
}

export interface TaskStatus {
  readonly taskId: string
  readonly threadId: string
  /** `assigned`: opened, and nothing compared yet; `restoring`: its changelogs are replayed; `running`. */
  readonly state: 'assigned' | 'restoring' | 'running'
  readonly partitions: readonly PartitionStatus[]
  readonly restore: readonly TaskRestoreStatus[]
  readonly stores: readonly StoreStatus[]
  readonly inputBufferBytes: number
  readonly cacheBytes: number
  readonly uncommittedBytes: number
}

export interface PartitionStatus {
  readonly topic: string
  readonly partition: number
  readonly position: number | null
  readonly committed: number | null
  readonly highWatermark: number | null
  readonly lastStableOffset: number | null
  readonly lag: number | null
  /** Not fetched, because enough of it is buffered. */
  readonly isPaused: boolean
}

export interface TaskRestoreStatus extends RestoreSummary {
  readonly store: string
  readonly topic: string
  readonly partition: number
  readonly restored: number
  readonly total: number
}

export interface StoreStatus {
  readonly name: string
  readonly kind: string
  /** As of the last commit. */
  readonly entries: number
  /** Results that a buffer of suppress holds back; null for other stores. */
  readonly heldRecords: number | null
}

export interface TopologyStatus {
  readonly schemaVersion: 1
  readonly applicationId: string
  readonly topologyFingerprint: string
  /** As Kafka Streams describes it. */
  readonly text: string
  readonly topology: TopologyJson
}

export interface ErrorsStatus {
  readonly schemaVersion: 1
  readonly applicationId: string
  /** Of all that were ever listed; at most 100 are told, of each sort the newest. */
  readonly total: number
  /** Of these, by kind, what is not told any more. */
  readonly leftOut: LeftOut
  /** The newest first. */
  readonly errors: readonly ErrorEntry[]
}
