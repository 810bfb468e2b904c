import { isThenable, refusePromise } from '../../processor/callback-result.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'

/** Forwards the records for which `predicate` is `wanted`. Kafka Streams: KStreamFilter.java. */
export function filterOperator<K, V>(predicate: (value: V, key: K) => unknown, wanted: boolean): OperatorSupplier {
  return () => new FilterOperator(predicate, wanted)
}

class FilterOperator<K, V> implements Operator<K, V> {
  readonly forwardsItsRecord = true
  readonly #predicate: (value: V, key: K) => unknown
  readonly #wanted: boolean
  #context!: OperatorContext<K, V>

  constructor(predicate: (value: V, key: K) => unknown, wanted: boolean) {
    this.#predicate = predicate
    this.#wanted = wanted
  }

  init(context: OperatorContext<K, V>): void {
    this.#context = context
  }

  process(key: K, value: V): void {
    const result = this.#predicate(value, key)
    if (isThenable(result)) refusePromise(this.#context.nodeName, 'predicate', result)
    if (Boolean(result) === this.#wanted) this.#context.forward(key, value)
  }
}
