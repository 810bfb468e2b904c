import { isThenable, refusePromise, refuseResult } from '../../processor/callback-result.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'

type Mapper<K, V> = (value: V, key: K) => unknown

/** One record out for each in, with the key and value that `mapper` returns. Kafka Streams: KStreamMap.java. */
export function mapOperator<K, V>(mapper: Mapper<K, V>): OperatorSupplier {
  return () => new MapOperator(mapper)
}

class MapOperator<K, V> implements Operator<K, V> {
  readonly #mapper: Mapper<K, V>
  #context!: OperatorContext<unknown, unknown>

  constructor(mapper: Mapper<K, V>) {
    this.#mapper = mapper
  }

  init(context: OperatorContext<unknown, unknown>): void {
    this.#context = context
  }

  process(key: K, value: V): void {
    forwardPair(this.#context, 'map callback', this.#mapper(value, key))
  }
}

/** Refuses what is not a pair, and promises as the pair, the key or the value. */
export function forwardPair(context: OperatorContext<unknown, unknown>, callback: string, pair: unknown): void {
  if (!Array.isArray(pair) || pair.length !== 2) {
    if (isThenable(pair)) refusePromise(context.nodeName, callback, pair)
    refuseResult(context.nodeName, callback, 'a pair [key, value]', pair)
  }
  const newKey: unknown = pair[0]
  const newValue: unknown = pair[1]
  if (isThenable(newKey)) refusePromise(context.nodeName, callback, newKey)
  if (isThenable(newValue)) refusePromise(context.nodeName, callback, newValue)
  context.forward(newKey, newValue)
}
