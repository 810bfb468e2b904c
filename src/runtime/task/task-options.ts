/** What a task is given, and what it hands to the thread at a commit. */
import type { Clock } from '../../common/clock.ts'
import type { Logger } from '../../common/logger.ts'
import type { MetricsRegistry } from '../../common/metrics.ts'
import type { GlobalStores } from '../../processor/global-stores.ts'
import type { RecordSink } from '../../processor/record-sink.ts'
import type { StreamsConfig } from '../../processor/streams-config.ts'
import type { TaskState } from '../../state/state-engine.ts'
import type { SubTopology } from '../../topology/topology-node.ts'
import type { RecordFailure } from './failure-handler.ts'
import type { QueueOrder } from './queue-order.ts'

/** What a task needs of the configuration. The byte budgets are this task's share. */
export type TaskConfig = Pick<
  StreamsConfig,
  | 'maxTaskIdleMs'
  | 'emitIntervalMs'
  | 'processingGuarantee'
  | 'compatibility'
  | 'cacheMaxBytes'
  | 'uncommittedMaxBytes'
  | 'timestampExtractor'
  | 'onDeserializationError'
  | 'onProcessingError'
  | 'onProductionError'
>

export interface TaskOptions {
  /** `<subtopology>_<partition>`. */
  readonly taskId: string
  readonly partition: number
  readonly applicationId: string
  readonly topology: SubTopology
  /** Repartition topics of the whole topology by their names without the application id. */
  readonly repartitionTopics: ReadonlySet<string>
  /** The broker's name of a repartition topic or changelog: with the application id. */
  readonly topicName: (unprefixed: string, kind: 'repartition' | 'changelog') => string
  /** By source node: the topics that it reads and that have this task's partition, with the broker's names. */
  readonly inputTopics: ReadonlyMap<string, readonly string[]>
  readonly sink: RecordSink
  /** Undefined: the topology has none. */
  readonly globalStores?: GlobalStores | undefined
  readonly state: TaskState
  readonly config: TaskConfig
  readonly clock: Clock
  readonly metrics: MetricsRegistry
  /** Of the thread that runs the task, as metrics show it; undefined: none. */
  readonly threadId?: string | undefined
  /** Told of every record that failed, whatever becomes of it. */
  readonly onRecordFailure?: ((failure: RecordFailure) => void) | undefined
  readonly logger: Logger
  /** Of the records of several tasks that are processed as if they were one; undefined: the task has its own. */
  readonly queueOrder?: QueueOrder
}

export interface TaskChangelog {
  readonly store: string
  /** The form of its entries in the engine. */
  readonly layout: string
  /** The broker's name. */
  readonly topic: string
  readonly partition: number
  /** A source topic that serves as the changelog: nothing is written to it, restore stops at the committed offset. */
  readonly isSource: boolean
}

export interface TaskPosition {
  readonly offset: number
  /** Java's encoding of the partition time. */
  readonly metadata: string
}
