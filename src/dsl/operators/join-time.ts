/**
 * What both sides of a left or outer stream-stream join share in a task: stream time, and what is due when. Stream time is
 * the higher of the observed times of both nodes, which survive rollback and restart; the rest is found again in the
 * store. differs from Java (#what-survives): KStreamImplJoin.TimeTracker is lost with the task.
 */
import type { ObservedTime, OperatorContext } from '../../processor/operator.ts'
import type { JoinExpiry } from './join-expiry.ts'
import type { JoinSide } from './unmatched-records.ts'

/** That of one side's records, as far as it tells time. */
export interface SideStore {
  readonly observedStreamTime: number
}

export class JoinTime {
  readonly expiry: JoinExpiry
  /** False: what the stores know from before is not looked up yet. */
  isStarted = false
  /** With `emitIntervalMs`: the wall-clock time before which nothing more is emitted. */
  nextEmitMs = 0
  readonly #observed: Partial<Record<JoinSide, ObservedTime>> = {}
  readonly #stores: SideStore[] = []

  constructor(expiry: JoinExpiry) {
    this.expiry = expiry
  }

  get streamTime(): number {
    return Math.max(this.#observed.left?.ms ?? -1, this.#observed.right?.ms ?? -1)
  }

  knows(side: JoinSide): boolean {
    return this.#observed[side] !== undefined
  }

  /** `store`: of the records of the other side. */
  observe(side: JoinSide, time: ObservedTime, store: SideStore): void {
    this.#observed[side] = time
    this.#stores.push(store)
  }

  /** Stores that were restored from their changelogs know a time where the nodes know none. */
  start(oldest: number): void {
    this.isStarted = true
    this.expiry.start(oldest)
    for (const time of [this.#observed.left, this.#observed.right]) {
      for (const { observedStreamTime } of this.#stores) {
        if (time !== undefined && observedStreamTime > time.ms) time.ms = observedStreamTime
      }
    }
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
    store: SideStore,
  ): JoinTime {
    // The record context is what a task has one of. A side that is there already belongs to operators of before.
    const present = this.#byTask.get(record)
    const time = present === undefined || present.knows(side) ? new JoinTime(this.#makeExpiry()) : present
    this.#byTask.set(record, time)
    time.observe(side, observedTime, store)
    return time
  }
}
