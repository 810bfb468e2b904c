import { isThenable, refusePromise, refuseResult } from '../../processor/callback-result.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import { forwardPair } from './map.ts'

type Mapper<K, V> = (value: V, key: K) => unknown

/** Any number of records out for each in. Kafka Streams: KStreamFlatMap.java. */
export function flatMapOperator<K, V>(mapper: Mapper<K, V>): OperatorSupplier {
  return () => new FlatMapOperator(mapper)
}

class FlatMapOperator<K, V> implements Operator<K, V> {
  readonly #mapper: Mapper<K, V>
  #context!: OperatorContext<unknown, unknown>

  constructor(mapper: Mapper<K, V>) {
    this.#mapper = mapper
  }

  init(context: OperatorContext<unknown, unknown>): void {
    this.#context = context
  }

  process(key: K, value: V): void {
    const pairs = iterableResult(this.#context.nodeName, 'flatMap callback', this.#mapper(value, key))
    for (const pair of pairs) forwardPair(this.#context, 'flatMap callback', pair)
  }
}

export function iterableResult(node: string, callback: string, result: unknown): Iterable<unknown> {
  if (Array.isArray(result) || typeof result === 'string') return result
  if (isThenable(result)) refusePromise(node, callback, result)
  if (typeof result !== 'object' || result === null || !(Symbol.iterator in result)) {
    refuseResult(node, callback, 'something iterable (an array, or a generator)', result)
  }
  return result as Iterable<unknown>
}
