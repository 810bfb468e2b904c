/**
 * One side of a join of two streams. Inner: a record meets those of the other side whose time fits its window. Left and
 * outer: what meets none waits, in a store that both sides share, until its window has closed; what is due is emitted
 * before the matches of the record that makes it so. Kafka Streams: KStreamKStreamJoin.java and its LeftSide, RightSide.
 */
import { isThenable, refusePromise } from '../../processor/callback-result.ts'
import { nullReason } from '../../processor/drop-reason.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { KeyValueStore } from '../../processor/state-store.ts'
import type { JoinWindowStore } from '../../processor/window-store.ts'
import type { AnySerde } from '../../serde/serde.ts'
import type { JoinWindows } from '../windows.ts'
import type { WaitingBetween } from './join-expiry.ts'
import type { JoinTime, JoinTimes } from './join-time.ts'
import { UnmatchedRecords, type JoinSide, type UnmatchedEntry } from './unmatched-records.ts'

export type StreamJoiner = (left: unknown, right: unknown, key: unknown) => unknown

export interface StreamJoin {
  readonly windows: JoinWindows
  readonly joiner: StreamJoiner
  /** Undefined: an inner join. */
  readonly unmatched: UnmatchedOptions | undefined
}

export interface UnmatchedOptions {
  readonly storeName: string
  readonly key: AnySerde
  readonly left: AnySerde
  readonly right: AnySerde
  readonly times: JoinTimes
  /** Only a record with key and value, and with the highest time so far, makes others be emitted. */
  readonly asJava: boolean
}

export interface JoinSideOptions {
  readonly side: JoinSide
  readonly otherStore: string
  /** Records of this side that meet none have a result. */
  readonly outer: boolean
}

export function streamStreamJoinOperator(join: StreamJoin, side: JoinSideOptions): OperatorSupplier {
  return () => new StreamStreamJoinOperator(join, side)
}

class StreamStreamJoinOperator<K, V> implements Operator<K, V> {
  readonly #options: JoinSideOptions
  readonly #join: StreamJoin
  readonly #isLeft: boolean
  readonly #otherSide: JoinSide
  /** How far the window reaches back and forth, seen from this side. */
  readonly #beforeMs: number
  readonly #afterMs: number
  #context!: OperatorContext<K, unknown>
  #other!: JoinWindowStore<K, unknown>
  #unmatched: UnmatchedRecords<K> | undefined
  #time: JoinTime | undefined

  constructor(join: StreamJoin, options: JoinSideOptions) {
    const { beforeMs, afterMs } = join.windows
    this.#join = join
    this.#options = options
    this.#isLeft = options.side === 'left'
    this.#otherSide = this.#isLeft ? 'right' : 'left'
    this.#beforeMs = this.#isLeft ? beforeMs : afterMs
    this.#afterMs = this.#isLeft ? afterMs : beforeMs
  }

  init(context: OperatorContext<K, unknown>): void {
    this.#context = context
    this.#other = context.getStateStore(this.#options.otherStore)
    const { unmatched } = this.#join
    if (unmatched === undefined) return
    const store = context.getStateStore<KeyValueStore<Uint8Array, Uint8Array>>(unmatched.storeName)
    const topic = `${context.applicationId}-${unmatched.storeName}-changelog`
    this.#unmatched = new UnmatchedRecords(store, { ...unmatched, topic })
    this.#time = unmatched.times.of(this.#options.side, context, this.#other)
  }

  process(key: K, value: V): void {
    const { timestamp } = this.#context.record
    const isComplete = key !== null && key !== undefined && value !== null && value !== undefined
    if (this.#time !== undefined) this.#advance(this.#time, timestamp, isComplete)
    if (isComplete) this.#match(key, value, timestamp)
    else this.#processIncomplete(key, value)
  }

  /** A null key meets nobody, but in a left or outer join it has a result at once (KIP-962). A null value has none. */
  #processIncomplete(key: K, value: V): void {
    if (this.#options.outer && value !== null && value !== undefined) {
      this.#context.forward(key, this.#joined(value, null, key))
    } else {
      this.#context.dropRecord(nullReason(key))
    }
  }

  #match(key: K, value: V, timestamp: number): void {
    const { record } = this.#context
    const to = Math.max(0, timestamp + this.#afterMs)
    const others = this.#other.fetch(key, Math.max(0, timestamp - this.#beforeMs), to)
    let hasMatch = false
    while (others.next()) {
      const { start } = others
      hasMatch = true
      if (this.#time?.expiry.mayWait(this.#otherSide, start) === true) {
        this.#unmatched?.remove(this.#otherSide, key, start, record.headers)
      }
      const result = this.#joined(value, others.value, key)
      record.timestamp = Math.max(timestamp, start)
      this.#context.forward(key, result)
      record.timestamp = timestamp
    }
    others.close()
    if (!hasMatch && this.#options.outer) this.#wait(key, value, timestamp, to)
  }

  /** What is late already is emitted at once, also where grace would let a match come: it is what Java does. */
  #wait(key: K, value: V, timestamp: number, windowEnd: number): void {
    const { record } = this.#context
    const time = this.#time
    if (time === undefined || windowEnd < time.streamTime) {
      this.#context.forward(key, this.#joined(value, null, key))
      return
    }
    time.expiry.waits(this.#options.side, timestamp)
    this.#unmatched?.add(this.#options.side, key, timestamp, value, record.headers)
  }

  /**
   * differs from Java (#join-expiry): stream time that a record without key or value has brought forward, or that came
   * while the throttle held results back, is acted on with the next record, whichever it is. Java waits for one with key,
   * value and the highest time.
   */
  #advance(time: JoinTime, timestamp: number, isComplete: boolean): void {
    const { observedTime } = this.#context
    if (timestamp > observedTime.ms) observedTime.ms = timestamp
    // Not in init: after a rollback the stores may still be brought up to date then.
    if (!time.isStarted) time.start(this.#unmatched?.oldest() ?? Infinity)
    const { streamTime } = time
    const asJava = this.#join.unmatched?.asJava === true
    if (asJava && (!isComplete || timestamp !== streamTime)) return
    if (time.expiry.mayBeDue(this.#options.side, streamTime)) this.#emitDue(time, streamTime)
  }

  #emitDue(time: JoinTime, streamTime: number): void {
    const unmatched = this.#unmatched
    const now = this.#context.wallClockTime
    if (unmatched === undefined || now < time.nextEmitMs) return
    time.nextEmitMs = now + this.#context.emitIntervalMs
    const waiting: WaitingBetween = (from, to) => unmatched.entries(from, to)
    if (this.#join.unmatched?.asJava === true) this.#emitLikeJava(time, streamTime, unmatched, waiting)
    else time.expiry.emitDue(streamTime, waiting, (entry) => this.#emitAndRemove(unmatched, entry))
  }

  /**
   * differs from Java (#skipped-misses): removed first, because a joiner that fails, and is skipped, must not fail again
   * with every record that follows.
   */
  #emitAndRemove(unmatched: UnmatchedRecords<K>, entry: UnmatchedEntry): void {
    unmatched.removeEntry(entry)
    this.#emit(unmatched, entry)
  }

  /** Each is removed when the next one was emitted: both come again where that fails. */
  #emitLikeJava(time: JoinTime, streamTime: number, unmatched: UnmatchedRecords<K>, waiting: WaitingBetween): void {
    let emitted: UnmatchedEntry | undefined
    time.expiry.emitDue(streamTime, waiting, (entry) => {
      this.#emit(unmatched, entry)
      if (emitted !== undefined) unmatched.removeEntry(emitted)
      emitted = entry
    })
    if (emitted !== undefined) unmatched.removeEntry(emitted)
  }

  #emit(unmatched: UnmatchedRecords<K>, entry: UnmatchedEntry): void {
    const { record } = this.#context
    const recordTimestamp = record.timestamp
    const key = unmatched.keyOf(entry, record.headers)
    for (const value of unmatched.valuesOf(entry, record.headers)) {
      const result = entry.side === 'left' ? this.#call(value, null, key) : this.#call(null, value, key)
      record.timestamp = entry.timestamp
      this.#context.forward(key, result)
      record.timestamp = recordTimestamp
    }
  }

  #joined(own: unknown, other: unknown, key: K): unknown {
    return this.#isLeft ? this.#call(own, other, key) : this.#call(other, own, key)
  }

  #call(left: unknown, right: unknown, key: K): unknown {
    const result = this.#join.joiner(left, right, key)
    if (isThenable(result)) refusePromise(this.#context.nodeName, 'joiner', result)
    return result
  }
}
