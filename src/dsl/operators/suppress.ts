import type { Counter } from '../../common/metrics.ts'
import { StateError } from '../../errors/state-error.ts'
import { refuseResult } from '../../processor/callback-result.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import { moveTo, noSource } from '../../processor/record-context.ts'
import type { Change } from '../../processor/record.ts'
import type { BufferedChange, ChangeBuffer } from '../../processor/time-ordered-buffer.ts'
import type { Windowed } from '../../serde/windowed.ts'

export interface Suppressing {
  readonly bufferName: string
  /** After the time of the first update, or after the end of the window. */
  readonly waitMs: number
  /** Only the last result of a window is wanted, once; nobody has heard of one that was deleted meanwhile. */
  readonly isFinal: boolean
  readonly maxRecords: number
  readonly maxBytes: number
  readonly emitsEarly: boolean
}

/**
 * Holds the updates of a table back, one per key, until their time has come by the time that this node has seen. Kafka
 * Streams: KTableSuppressProcessorSupplier.java.
 */
export function suppressOperator(suppressing: Suppressing): OperatorSupplier {
  return () => new SuppressOperator(suppressing)
}

class SuppressOperator<K, V> implements Operator<K, Change<V>> {
  readonly #suppressing: Suppressing
  readonly #emit = (entry: BufferedChange<K, V>): void => this.#forward(entry)
  #context!: OperatorContext<K, Change<V>>
  #emitted!: Counter
  #buffer!: ChangeBuffer<K, V>

  constructor(suppressing: Suppressing) {
    this.#suppressing = suppressing
  }

  init(context: OperatorContext<K, Change<V>>): void {
    this.#context = context
    this.#emitted = context.emitCounter('suppression-emit')
    this.#buffer = context.getStateStore(this.#suppressing.bufferName)
  }

  process(key: K, change: Change<V>): void {
    const { record, observedTime } = this.#context
    if (record.timestamp > observedTime.ms) observedTime.ms = record.timestamp
    const buffer = this.#buffer
    buffer.put(this.#suppressing.isFinal ? this.#windowEnd(key) : record.timestamp, key, change)
    const dueMs = observedTime.ms - this.#suppressing.waitMs
    while (buffer.minTimeMs <= dueMs) buffer.evictFirst(this.#emit)
    if (!this.#isFull()) return
    if (!this.#suppressing.emitsEarly) this.#refuseMore()
    while (buffer.size > 0 && this.#isFull()) buffer.evictFirst(this.#emit)
  }

  /** In the context of the last update, as if it came only now. */
  #forward({ key, change, context, source }: BufferedChange<K, V>): void {
    if (change.newValue === null && this.#suppressing.isFinal) return
    this.#emitted.value++
    const { record } = this.#context
    const { topic, partition, offset, timestamp, headers, source: sourceBefore } = record
    moveTo(record, context.topic, context.partition, context.offset, context.timestamp, context.headers)
    record.source = source ?? noSource
    try {
      this.#context.forward(key, change)
    } finally {
      moveTo(record, topic, partition, offset, timestamp, headers)
      record.source = sourceBefore
    }
  }

  #windowEnd(key: K): number {
    const window = (key as Partial<Windowed<unknown>> | null)?.window
    if (window !== undefined) return window.end
    return refuseResult(
      this.#context.nodeName,
      'stream before suppress',
      "keys with windows, because it waits until 'windowCloses'",
      key,
    )
  }

  #isFull(): boolean {
    return this.#buffer.size > this.#suppressing.maxRecords || this.#buffer.byteLength > this.#suppressing.maxBytes
  }

  /** differs from Java (#full-buffers): no error policy is asked, since 'skip' would let the buffer grow without a limit. */
  #refuseMore(): never {
    const { name, size, byteLength } = this.#buffer
    const { maxRecords, maxBytes } = this.#suppressing
    throw new StateError(
      'MILLRACE_BUFFER_FULL',
      name,
      `the buffer ${name} of suppress is full: ${size} records (maxRecords: ${maxRecords}), ${byteLength} bytes (maxBytes: ${maxBytes}); raise the limit, or choose whenFull: 'emitEarly' where early results do no harm`,
    )
  }
}
