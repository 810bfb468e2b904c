/** What a stream thread is given, and what it tells. */
import type { Clock } from '../common/clock.ts'
import type { FileSystem } from '../common/file-system.ts'
import type { Logger } from '../common/logger.ts'
import type { MetricsRegistry } from '../common/metrics.ts'
import type { Reaction } from '../errors/streams-error.ts'
import type { KafkaClient, OwnAssignment } from '../kafka/client/kafka-client.ts'
import type { GlobalStores } from '../processor/global-stores.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import type { CompiledTopology } from '../topology/topology-node.ts'
import type { RestoreProgress } from './changelog-reader.ts'
import type { RecordFailure } from './task/failure-handler.ts'
import type { InstanceIdentity } from './instance-identity.ts'
import type { ManagedTask } from './managed-task.ts'
import type { InputFigures, RestoreFigures } from './metrics/thread-metrics.ts'
import type { TaskEngines } from './task-engines.ts'
import type { TopicNames } from './topology-plan.ts'

export type ThreadState = 'CREATED' | 'STARTING' | 'REBALANCING' | 'RUNNING' | 'STOPPING' | 'DEAD'

export interface RebalanceEvent {
  readonly reason: string
  readonly assigned: readonly string[]
  readonly revoked: readonly string[]
  readonly durationMs: number
}

export interface ThreadListener {
  onState(from: ThreadState, to: ThreadState): void
  onRestore(progress: RestoreProgress): void
  onRebalance(event: RebalanceEvent): void
  /** An error that the thread recovered from. */
  onRecovered(error: Error, reaction: Reaction): void
  /** Something that is tried again until it succeeds, while all else goes on: a write of local state, a restore. */
  onRetried(error: unknown, taskId?: string): void
  /** A record that failed, whatever became of it. */
  onRecordFailure(failure: RecordFailure): void
}

/** What a thread has at the moment, for status. */
export interface ThreadView {
  /** As metrics show it. */
  readonly threadId: string
  readonly state: ThreadState
  /** Before the first commit: when the thread was made. */
  readonly lastCommitMs: number
  readonly tasks: readonly ManagedTask[]
  readonly inputs: readonly InputFigures[]
  readonly restores: readonly RestoreFigures[]
}

export interface ThreadOptions {
  readonly threadId: string
  readonly identity: InstanceIdentity
  readonly client: KafkaClient
  readonly topology: CompiledTopology
  readonly fingerprint: string
  readonly names: TopicNames
  readonly engines: TaskEngines
  /** Complete before the thread begins; undefined: the topology has none. */
  readonly globalStores?: GlobalStores | undefined
  readonly fileSystem: FileSystem
  /** What of earlier owners' state is on disk at the start. */
  readonly localTasks: readonly string[]
  readonly config: Readonly<StreamsConfig>
  readonly clock: Clock
  readonly metrics: MetricsRegistry
  /** What this client is called in metrics: `<application id>-<process id>`. */
  readonly clientId: string
  /** `host:port` of the instance's HTTP server, for the group's user data; undefined: none. */
  readonly http?: string | undefined
  readonly logger: Logger
  readonly listener: ThreadListener
}

export type Assigned = OwnAssignment
