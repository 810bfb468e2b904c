/**
 * The contract between the DSL's operators and the task that runs them. An operator gets key and value as arguments;
 * everything else about the record (timestamp, headers, where it came from) is in `context.record`, one object per task.
 * No operator is ever asynchronous, none keeps a record, and none makes an object that it can avoid.
 */
import type { Duration } from '../common/duration.ts'
import type { Counter } from '../common/metrics.ts'
import type { DropReason } from './drop-reason.ts'
import type { RecordContext } from './record-context.ts'
import type { PunctuationType, Cancellable } from './processor-context.ts'

export interface Operator<K, V, KR = unknown, VR = unknown> {
  /** False: of the value it asks only whether it is null, so that its text need not be read. Default: true. */
  readonly readsValue?: boolean
  /**
   * True: what it forwards is the record that it was given, and no copy. Only dead letters ask for it, and only with
   * `compatibility: 'java'` (failure-handler.ts).
   */
  readonly forwardsItsRecord?: boolean
  /** Once per life of the task's processors: after creation, and again on a new object after a rollback. */
  init?(context: OperatorContext<KR, VR>): void
  process(key: K, value: V): void
  close?(): void
}

/** Makes a new operator per task; a supplier that returns the same object twice is an error. */
export type OperatorSupplier = () => Operator<never, never>

/** The highest timestamp of the records that a node has seen; -1 before the first. */
export interface ObservedTime {
  ms: number
}

/** Kafka Streams: ProcessorMetadata.java, where the last emitted window close of each store is kept. */
export interface ProcessorMetadata {
  get(name: string): number | undefined
  set(name: string, value: number): void
}

/** What a node's operator can do. One object per node and task. */
export interface OperatorContext<KR, VR> {
  readonly nodeName: string
  readonly applicationId: string
  readonly taskId: string
  /** The partition number of the task. */
  readonly partition: number
  readonly record: RecordContext
  /** Undefined while no record is processed (in `init`). */
  readonly hasRecord: boolean
  /** Highest timestamp of the records that the task has taken; -1 before the first. */
  readonly streamTime: number
  readonly wallClockTime: number
  /** `StreamsConfig.emitIntervalMs`: the least time between two emissions of held-back results, by the wall clock. */
  readonly emitIntervalMs: number
  /** False: after a failure records are processed again over state that may have them already (`at_least_once`). */
  readonly isExactlyOnce: boolean
  /** To every child, in order, depth first. */
  forward(key: KR, value: VR): void
  /** To the child of that name; an error when there is none. */
  forwardTo(child: string, key: KR, value: VR): void
  /** A store that is connected to this node; an error that names node and store otherwise. */
  getStateStore<S>(name: string): S
  schedule(
    interval: Duration,
    type: PunctuationType,
    punctuate: (timestamp: number) => void,
    start?: number,
  ): Cancellable
  /** Asks for a commit soon. */
  requestCommit(): void
  /** The time that this node has seen. One object per node, committed with the task's state and restored with it. */
  readonly observedTime: ObservedTime
  /** Numbers that are committed in the metadata of the task's input offsets, by name; as Java does. */
  readonly metadata: ProcessorMetadata
  /** Counts the current record in `dropped-records-total` and, rate-limited, logs where it was and why. */
  dropRecord(reason: DropReason): void
  /** What counts results that were held back until now: the same object each time. */
  emitCounter(kind: 'suppression-emit' | 'emit-final'): Counter
}
