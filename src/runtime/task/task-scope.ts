import type { Clock } from '../../common/clock.ts'
import type { GlobalStores } from '../../processor/global-stores.ts'
import type { RecordSink } from '../../processor/record-sink.ts'
import type { TaskMetrics } from '../metrics/task-metrics.ts'
import type { TaskStores } from '../../state/task-stores.ts'
import type { DroppedRecords } from './dropped-records.ts'
import type { FailureHandler } from './failure-handler.ts'
import type { ObservedTimes } from './observed-times.ts'
import type { PunctuationQueue } from './punctuation-queue.ts'
import type { TaskConfig } from './task-options.ts'
import type { TaskRecordContext } from './task-record-context.ts'

/** What the nodes of a task share. One object per task; the task writes to it, nodes mostly read. */
export interface TaskScope {
  readonly taskId: string
  readonly applicationId: string
  readonly partition: number
  readonly config: TaskConfig
  readonly clock: Clock
  readonly record: TaskRecordContext
  readonly sink: RecordSink
  readonly stores: TaskStores
  readonly failures: FailureHandler
  readonly dropped: DroppedRecords
  readonly metrics: TaskMetrics
  /** What every processor may read; undefined: the topology has none. */
  readonly globalStores?: GlobalStores | undefined
  /** The task of the global stores, whose processors have no time of their own and so no punctuations. */
  readonly isGlobal?: boolean | undefined
  readonly streamPunctuations: PunctuationQueue<PunctuatedNode>
  readonly wallClockPunctuations: PunctuationQueue<PunctuatedNode>
  readonly observedTimes: ObservedTimes
  /** What the processors keep in the committed offsets. See offset-metadata.ts. */
  readonly metadata: Map<string, number>
  /** The highest timestamp of the records taken; -1 before the first. */
  streamTime: number
  hasRecord: boolean
  commitRequested: boolean
}

/** A node in the chain: depth first, one synchronous call per child. */
export interface TaskNode {
  readonly name: string
  /** Key and value may be views that end with the call. */
  readonly keepsNothing?: boolean
  /** False: as in {@link Operator.readsValue}. */
  readonly readsValue?: boolean
  process(key: unknown, value: unknown): void
}

export interface PunctuatedNode extends TaskNode {
  punctuate(timestamp: number, punctuate: (timestamp: number) => unknown): void
}
