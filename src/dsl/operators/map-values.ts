import { isThenable, refusePromise } from '../../processor/callback-result.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'

type Mapper<K, V> = (value: V, key: K) => unknown

/** Another value under the same key. Kafka Streams: KStreamMapValues.java. */
export function mapValuesOperator<K, V>(mapper: Mapper<K, V>): OperatorSupplier {
  return () => new MapValuesOperator(mapper)
}

class MapValuesOperator<K, V> implements Operator<K, V> {
  readonly #mapper: Mapper<K, V>
  #context!: OperatorContext<K, unknown>

  constructor(mapper: Mapper<K, V>) {
    this.#mapper = mapper
  }

  init(context: OperatorContext<K, unknown>): void {
    this.#context = context
  }

  process(key: K, value: V): void {
    const newValue = this.#mapper(value, key)
    if (isThenable(newValue)) refusePromise(this.#context.nodeName, 'mapValues callback', newValue)
    this.#context.forward(key, newValue)
  }
}
