/**
 * What both sides of a left or outer stream-stream join share in a task: stream time, and what is due when. Stream time is
 * the higher of the observed times of both nodes, which survive rollback and restart; the rest is found again in the
 * store. Kafka Streams: KStreamImplJoin.TimeTracker, which is lost with the task.
 */
import type { ObservedTime, OperatorContext } from '../../processor/operator.ts'
import type { JoinExpiry } from './join-expiry.ts'
import type { JoinSide } from './unmatched-records.ts'

export class JoinTime {
  readonly expiry: JoinExpiry
  /** False: what waits from before, in the store, is not looked up yet. */
  isStarted = false
  /** With `emitIntervalMs`: the wall-clock time before which nothing more is emitted. */
  nextEmitMs = 0
  readonly #observed: Partial<Record<JoinSide, ObservedTime>> = {}

  constructor(expiry: JoinExpiry) {
    this.expiry = expiry
  }

  get streamTime(): number {
    return Math.max(this.#observed.left?.ms ?? -1, this.#observed.right?.ms ?? -1)
  }

  knows(side: JoinSide): boolean {
    return this.#observed[side] !== undefined
  }

  observe(side: JoinSide, time: ObservedTime): void {
    this.#observed[side] = time
  }
}

/** Of one join of the topology: one `JoinTime` per task, and a new one for operators that are made anew. */
export class JoinTimes {
  readonly #byTask = new WeakMap<object, JoinTime>()
  readonly #makeExpiry: () => JoinExpiry

  constructor(makeExpiry: () => JoinExpiry) {
    this.#makeExpiry = makeExpiry
  }

  of(
    side: JoinSide,
    { record, observedTime }: Pick<OperatorContext<never, never>, 'record' | 'observedTime'>,
  ): JoinTime {
    // The record context is what a task has one of. A side that is there already belongs to operators of before.
    const present = this.#byTask.get(record)
    const time = present === undefined || present.knows(side) ? new JoinTime(this.#makeExpiry()) : present
    this.#byTask.set(record, time)
    time.observe(side, observedTime)
    return time
  }
}
