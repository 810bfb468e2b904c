/** A task with what its thread knows of it. */
import type { TopicPartitionKey } from '../common/topic-partition.ts'
import type { TaskState } from '../state/state-engine.ts'
import type { StreamTask } from './task/stream-task.ts'

export const markerRefreshMaxMs = 3_600_000

export interface ManagedTask {
  readonly task: StreamTask
  readonly state: TaskState
  /** Where its state is; undefined where it is in memory only. */
  readonly directory: string | undefined
  /** Its stores without a changelog. */
  readonly unlogged: readonly string[]
  /** Of all its stores, by name: the form of their entries in the engine. */
  readonly layouts: Readonly<Record<string, string>>
  /** `assigned`: opened, and nothing was compared yet. `restoring`: its changelogs are being replayed; it gets no input. `running`: it has positions and takes records. */
  status: 'assigned' | 'restoring' | 'running'
  /** What is known of the frozen overlay: `uncommitted` until its transaction has ended in success. */
  frozen: 'none' | 'uncommitted' | 'committed'
  /** The engine did not take what was committed earlier; it is part of the frozen overlay still. */
  isUnwritten: boolean
  /**
   * The marker's time says how long ago the state was complete, by which removed tombstones are judged: an idle task
   * writes it anew after so long, a fraction of the time for which its changelogs keep tombstones.
   */
  markerRefreshMs: number
  /**
   * Where this owner began on partitions without a committed offset. A rollback goes back there: the reset policy must
   * never be evaluated twice, or `latest` would skip what was rolled back.
   */
  readonly startOffsets: Map<TopicPartitionKey, number>
  /** Committed offsets that the broker no longer has: until others are committed, `startOffsets` counts in their place. */
  readonly outOfRange: Map<TopicPartitionKey, number>
  /** A record that has failed: what comes before it is processed again and committed, then the thread fails with this. */
  halt: { readonly key: TopicPartitionKey; readonly offset: number; readonly error: Error } | undefined
}
