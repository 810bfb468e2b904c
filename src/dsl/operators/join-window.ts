import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { JoinWindowStore } from '../../processor/window-store.ts'

/**
 * Keeps one side of a stream-stream join, after it was joined: a record of the other side is to find it. A null value
 * leaves a tombstone in the changelog, as in Java. Kafka Streams: KStreamJoinWindow.java.
 */
export function joinWindowOperator(storeName: string): OperatorSupplier {
  return () => new JoinWindowOperator(storeName)
}

class JoinWindowOperator<K, V> implements Operator<K, V> {
  readonly #storeName: string
  #context!: OperatorContext<K, V>
  #store!: JoinWindowStore<K, V>

  constructor(storeName: string) {
    this.#storeName = storeName
  }

  init(context: OperatorContext<K, V>): void {
    this.#context = context
    this.#store = context.getStateStore(this.#storeName)
  }

  process(key: K, value: V): void {
    const { timestamp } = this.#context.record
    this.#context.forward(key, value)
    if (key !== null && key !== undefined) this.#store.put(key, value ?? null, timestamp)
  }
}
