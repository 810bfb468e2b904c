/**
 * How a stored table tells its children of an update: a cached store through its flush listener, an uncached one at
 * once. Kafka Streams: TimestampedTupleForwarder.java, TimestampedCacheFlushListener.java.
 */
import type { OperatorContext } from '../../processor/operator.ts'
import type { Change } from '../../processor/record.ts'
import type { TableStore, Written } from '../../processor/state-store.ts'

export class TableForwarder<K, V> {
  readonly #context: OperatorContext<K, Change<V>>
  readonly #sendOldValues: boolean
  readonly #cached: boolean

  constructor(context: OperatorContext<K, Change<V>>, store: TableStore<K, V>, sendOldValues: boolean) {
    this.#context = context
    this.#sendOldValues = sendOldValues
    this.#cached = store.cached
    if (this.#cached) {
      store.onFlush((key, change, timestamp) => this.#forward(key, change, timestamp), sendOldValues)
    }
  }

  /** Nothing for a cached store: the flush will. Nothing either for what the store did not keep. */
  updated(key: K, newValue: V | null, oldValue: V | null, timestamp: number, written: Written): void {
    if (this.#cached || written === 'refused') return
    const isLatest = written === 'latest'
    this.#forward(key, { newValue, oldValue: this.#sendOldValues ? oldValue : null, isLatest }, timestamp)
  }

  #forward(key: K, change: Change<V>, timestamp: number): void {
    const { record } = this.#context
    const recordTimestamp = record.timestamp
    record.timestamp = timestamp
    this.#context.forward(key, change)
    record.timestamp = recordTimestamp
  }
}
