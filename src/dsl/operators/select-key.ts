import { isThenable, refusePromise } from '../../processor/callback-result.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'

type Mapper<K, V> = (value: V, key: K) => unknown

/** The same value under another key; also groupBy's. Kafka Streams: KStreamImpl.internalSelectKey. */
export function selectKeyOperator<K, V>(mapper: Mapper<K, V>): OperatorSupplier {
  return () => new SelectKeyOperator(mapper)
}

class SelectKeyOperator<K, V> implements Operator<K, V> {
  readonly #mapper: Mapper<K, V>
  #context!: OperatorContext<unknown, V>

  constructor(mapper: Mapper<K, V>) {
    this.#mapper = mapper
  }

  init(context: OperatorContext<unknown, V>): void {
    this.#context = context
  }

  process(key: K, value: V): void {
    const newKey = this.#mapper(value, key)
    if (isThenable(newKey)) refusePromise(this.#context.nodeName, 'key selector', newKey)
    this.#context.forward(newKey, value)
  }
}
