import { isThenable, refusePromise } from '../../processor/callback-result.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import { iterableResult } from './flat-map.ts'

type Mapper<K, V> = (value: V, key: K) => unknown

/** Any number of values out for each in, all with the record's key. Kafka Streams: KStreamFlatMapValues.java. */
export function flatMapValuesOperator<K, V>(mapper: Mapper<K, V>): OperatorSupplier {
  return () => new FlatMapValuesOperator(mapper)
}

class FlatMapValuesOperator<K, V> implements Operator<K, V> {
  readonly #mapper: Mapper<K, V>
  #context!: OperatorContext<K, unknown>

  constructor(mapper: Mapper<K, V>) {
    this.#mapper = mapper
  }

  init(context: OperatorContext<K, unknown>): void {
    this.#context = context
  }

  process(key: K, value: V): void {
    const context = this.#context
    const values = iterableResult(context.nodeName, 'flatMapValues callback', this.#mapper(value, key))
    for (const newValue of values) {
      if (isThenable(newValue)) refusePromise(context.nodeName, 'flatMapValues callback', newValue)
      context.forward(key, newValue)
    }
  }
}
