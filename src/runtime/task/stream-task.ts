import type { TopicPartitionKey } from '../../common/topic-partition.ts'
import type { RecordSet } from '../../processor/record-set.ts'
import type { Batch, Marker } from '../../state/state-engine.ts'
import type { TaskChangelog, TaskOptions, TaskPosition } from './task-options.ts'

/** What a commit hands over: the batch for the engine, and what the marker says about it. */
export interface FrozenOverlay extends Batch {
  readonly isEmpty: boolean
  readonly streamTimes: Readonly<Record<string, number>>
  readonly counters: Readonly<Record<string, number>>
}

/** Signatures first; the bodies follow. */
export declare class StreamTask {
  constructor(options: TaskOptions)
  readonly id: string
  readonly partition: number
  readonly inputPartitions: readonly TopicPartitionKey[]
  readonly changelogs: readonly TaskChangelog[]
  initialize(): void
  resume(partition: TopicPartitionKey, offset: number, metadata: string | undefined): void
  add(set: RecordSet): void
  bufferedRecords(partition: TopicPartitionKey): number
  readonly bufferedBytes: number
  /** Records on the broker that were not added yet (by the last stable offset); 0: caught up. */
  noteLag(partition: TopicPartitionKey, lag: number): void
  process(deadlineMs: number): number
  punctuateWallClock(): boolean
  readonly commitRequested: boolean
  readonly commitNeeded: boolean
  /** An overlay or cache is over its budget. */
  readonly commitDue: boolean
  readonly uncommittedBytes: number
  readonly cacheBytes: number
  flush(deadlineMs: number): boolean
  positions(fetchPosition: (partition: TopicPartitionKey) => number | undefined): Map<TopicPartitionKey, TaskPosition>
  freeze(): FrozenOverlay
  commitEngine(frozen: FrozenOverlay, marker: Marker): Promise<void>
  /** The committed offsets, once the transaction ended: what `commitNeeded` compares with. */
  committed(positions: ReadonlyMap<TopicPartitionKey, TaskPosition>): void
  /** `keepFrozen`: its transaction succeeded, so it is committed data that the engine has yet to take. */
  rollback(options?: { readonly keepFrozen?: boolean }): void
  restore(store: string, set: RecordSet, marker: Marker): Promise<number>
  /** The public view of a store, for queries; undefined when the task has none of that name. */
  store(name: string): unknown
  close(): void
}
