/**
 * A stream joined with itself over one store: the results of the join over two, in the same order (KIP-862). Kafka
 * Streams: KStreamKStreamSelfJoin.java.
 */
import { isThenable, refusePromise } from '../../processor/callback-result.ts'
import { nullReason } from '../../processor/drop-reason.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { JoinWindowStore } from '../../processor/window-store.ts'
import type { JoinWindows } from '../windows.ts'
import type { StreamJoiner } from './stream-stream-join.ts'

export interface SelfJoin {
  readonly windows: JoinWindows
  readonly joiner: StreamJoiner
  readonly storeName: string
  readonly kind: 'inner' | 'left' | 'outer'
  readonly asJava: boolean
}

export function selfJoinOperator(join: SelfJoin): OperatorSupplier {
  return () => new SelfJoinOperator(join)
}

class SelfJoinOperator<K, V> implements Operator<K, V> {
  readonly #join: SelfJoin
  /** A record that is later has no result with itself: the join over two stores would not find it either. */
  readonly #maxLatenessMs: number
  #context!: OperatorContext<K, unknown>
  #store!: JoinWindowStore<K, V>

  constructor(join: SelfJoin) {
    const { beforeMs, afterMs, graceMs } = join.windows
    const retentionMs = beforeMs + afterMs + graceMs
    this.#join = join
    // differs from Java (#self-joins): where one more millisecond is within the store's retention, Java already leaves the
    // result out.
    this.#maxLatenessMs = join.asJava ? retentionMs - 2 : retentionMs
  }

  init(context: OperatorContext<K, unknown>): void {
    this.#context = context
    this.#store = context.getStateStore(this.#join.storeName)
  }

  process(key: K, value: V): void {
    if (key === null || key === undefined || value === null || value === undefined) {
      this.#processIncomplete(key, value)
      return
    }
    const { timestamp } = this.#context.record
    const { beforeMs, afterMs } = this.#join.windows
    const time = this.#advance(timestamp)
    this.#asLeft(key, value, timestamp - beforeMs, timestamp + afterMs)
    const joinsItself = timestamp >= time - this.#maxLatenessMs
    this.#asRight(key, value, timestamp - afterMs, timestamp + beforeMs, joinsItself)
  }

  /** differs from Java (#self-joins): what is too late goes by the store, whose time goes on with null values, too. */
  #advance(timestamp: number): number {
    if (!this.#join.asJava) return Math.max(timestamp, this.#store.observedStreamTime)
    const { observedTime } = this.#context
    if (timestamp > observedTime.ms) observedTime.ms = timestamp
    return observedTime.ms
  }

  /** differs from Java (#self-joins): without a key a left or outer join has results (KIP-962), optimised or not. */
  #processIncomplete(key: K, value: V): void {
    const { kind, asJava } = this.#join
    if (kind === 'inner' || asJava || value === null || value === undefined) {
      this.#context.dropRecord(nullReason(key))
      return
    }
    this.#context.forward(key, this.#call(value, null, key))
    if (kind === 'outer') this.#context.forward(key, this.#call(null, value, key))
  }

  #asLeft(key: K, value: V, from: number, to: number): void {
    const others = this.#store.fetch(key, Math.max(0, from), Math.max(0, to))
    while (others.next()) this.#forward(key, value, others.value, others.start)
    others.close()
  }

  /** With itself it comes where its own time is in order. */
  #asRight(key: K, value: V, from: number, to: number, joinsItself: boolean): void {
    const { timestamp } = this.#context.record
    const others = this.#store.fetch(key, Math.max(0, from), Math.max(0, to))
    let isOpen = joinsItself
    while (others.next()) {
      const { start } = others
      if (isOpen && timestamp < start) {
        isOpen = false
        this.#forward(key, value, value, timestamp)
      }
      this.#forward(key, others.value, value, start)
    }
    others.close()
    if (isOpen) this.#forward(key, value, value, timestamp)
  }

  #forward(key: K, left: unknown, right: unknown, otherTimestamp: number): void {
    const { record } = this.#context
    const { timestamp } = record
    const result = this.#call(left, right, key)
    record.timestamp = Math.max(timestamp, otherTimestamp)
    this.#context.forward(key, result)
    record.timestamp = timestamp
  }

  #call(left: unknown, right: unknown, key: K): unknown {
    const result = this.#join.joiner(left, right, key)
    if (isThenable(result)) refusePromise(this.#context.nodeName, 'joiner', result)
    return result
  }
}
