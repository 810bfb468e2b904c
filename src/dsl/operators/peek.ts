import { isThenable, refusePromise } from '../../processor/callback-result.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'

type Action<K, V> = (value: V, key: K) => unknown

/** Calls `action` and forwards the record; without children (forEach, print) that is all. */
export function peekOperator<K, V>(action: Action<K, V>, callback: string): OperatorSupplier {
  return () => new PeekOperator(action, callback)
}

class PeekOperator<K, V> implements Operator<K, V> {
  readonly forwardsItsRecord = true
  readonly #action: Action<K, V>
  readonly #callback: string
  #context!: OperatorContext<K, V>

  constructor(action: Action<K, V>, callback: string) {
    this.#action = action
    this.#callback = callback
  }

  init(context: OperatorContext<K, V>): void {
    this.#context = context
  }

  process(key: K, value: V): void {
    const result = this.#action(value, key)
    if (isThenable(result)) refusePromise(this.#context.nodeName, this.#callback, result)
    this.#context.forward(key, value)
  }
}
