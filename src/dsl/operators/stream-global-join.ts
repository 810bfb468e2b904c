import { isThenable, refusePromise, refuseResult } from '../../processor/callback-result.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { TableReader } from '../table-supply.ts'

/** Both callbacks come from user code, which no compiler may have seen. */
type MappedKey = (value: never, key: never) => unknown
type Joiner = (left: never, right: never, key: never, mappedKey: never) => unknown

export interface StreamGlobalJoin {
  readonly storeName: string
  readonly isLeft: boolean
  readonly mappedKey: MappedKey
  readonly joiner: Joiner
}

/**
 * Each record with the row of a global table that its mapped key names. Without a mapped key there is no partner; a
 * record without a value has nothing to join and is dropped. Kafka Streams: KStreamGlobalKTableJoin.java,
 * KStreamKTableJoinProcessor.java.
 */
export function streamGlobalJoinOperator(join: StreamGlobalJoin): OperatorSupplier {
  return () => new StreamGlobalJoinOperator(join)
}

class StreamGlobalJoinOperator<K, V, KO> implements Operator<K, V> {
  readonly #join: StreamGlobalJoin
  #context!: OperatorContext<K, unknown>
  #table!: TableReader<KO>

  constructor(join: StreamGlobalJoin) {
    this.#join = join
  }

  init(context: OperatorContext<K, unknown>): void {
    this.#context = context
    this.#table = context.getStateStore<TableReader<KO>>(this.#join.storeName)
  }

  process(key: K, value: V): void {
    const { isLeft } = this.#join
    const mappedKey = this.#mapKey(key, value)
    if (value === null || (mappedKey === null && !isLeft)) {
      this.#context.dropRecord(value === null ? 'null value' : 'null key')
      return
    }
    const found = mappedKey === null ? undefined : this.#table.read(mappedKey)
    if (found === undefined && !isLeft) return
    this.#context.forward(key, this.#joined(value, found === undefined ? null : found.value, key, mappedKey))
  }

  #mapKey(key: K, value: V): KO | null {
    const map = this.#join.mappedKey as (value: V, key: K) => unknown
    const mappedKey = map(value, key)
    const { nodeName } = this.#context
    if (isThenable(mappedKey)) refusePromise(nodeName, 'function that selects the key', mappedKey)
    if (mappedKey === undefined) {
      refuseResult(nodeName, 'function that selects the key', 'a key of the global table, or null for none', mappedKey)
    }
    return mappedKey as KO | null
  }

  #joined(value: V, other: unknown, key: K, mappedKey: KO | null): unknown {
    const join = this.#join.joiner as (left: V, right: unknown, key: K, mappedKey: KO | null) => unknown
    const result = join(value, other, key, mappedKey)
    if (isThenable(result)) refusePromise(this.#context.nodeName, 'joiner', result)
    return result
  }
}
