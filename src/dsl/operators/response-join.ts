import { murmur3 } from '../../common/murmur3.ts'
import { isThenable, refusePromise, refuseResult } from '../../processor/callback-result.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { AnySerde } from '../../serde/serde.ts'
import { hashLength, valueHashTopic, type SubscriptionResponse } from '../joins/subscription-serdes.ts'
import type { TableReader, TableView } from '../table-supply.ts'
import { foreignKeyOf, type ForeignKeyCallback } from './foreign-key-callback.ts'

export type Joiner = (left: unknown, right: unknown) => unknown

export interface ResponseJoin {
  readonly isLeftJoin: boolean
  readonly joiner: Joiner
  readonly left: TableView
  /** The row is the one that was told last, and not one that waits in the cache: that asks when it is told. */
  readonly readsTold: boolean
  readonly foreignKeyOf: ForeignKeyCallback
  /**
   * Of an inner join: that there is nothing to join is also heard by a row that has changed since, if what it has become
   * asks for nothing and so has no answer of its own.
   */
  readonly answersRowsThatAskNothing: boolean
  readonly value: AnySerde
  /** Without the application id. */
  readonly subscriptionTopic: string
}

/**
 * Joins the answer with the left row, unless the row has changed since it asked: then another answer is on its way.
 * Kafka Streams: ResponseJoinProcessorSupplier.java.
 */
export function responseJoinOperator(join: ResponseJoin): OperatorSupplier {
  return () => new ResponseJoinOperator(join)
}

class ResponseJoinOperator<K> implements Operator<K, SubscriptionResponse> {
  readonly #join: ResponseJoin
  readonly #hashBytes = Buffer.alloc(hashLength)
  #context!: OperatorContext<K, unknown>
  #left!: TableReader<K>
  #valueTopic = ''

  constructor(join: ResponseJoin) {
    this.#join = join
  }

  init(context: OperatorContext<K, unknown>): void {
    this.#context = context
    this.#left = this.#join.left.open(context, this.#join.readsTold)
    this.#valueTopic = valueHashTopic(`${context.applicationId}-${this.#join.subscriptionTopic}`)
  }

  process(key: K, { hash, foreignValue }: SubscriptionResponse): void {
    const value = this.#left.read(key)?.value ?? null
    if (!this.#isOf(value, hash)) {
      if (foreignValue === null && this.#asksNothing(key, value)) this.#context.forward(key, null)
      else this.#context.dropRecord('outdated answer')
      return
    }
    const joins = foreignValue !== null || (this.#join.isLeftJoin && value !== null)
    this.#context.forward(key, joins ? this.#joined(value, foreignValue) : null)
  }

  close(): void {
    this.#left.close?.()
  }

  #isOf(value: unknown, hash: Uint8Array | null): boolean {
    if (value === null || hash === null) return value === null && hash === null
    const bytes = this.#join.value.serialize(value as never, this.#valueTopic, this.#context.record.headers)
    return murmur3(bytes, this.#hashBytes).equals(hash)
  }

  #asksNothing(key: K, value: unknown): boolean {
    const { answersRowsThatAskNothing, isLeftJoin, foreignKeyOf: callback } = this.#join
    if (!answersRowsThatAskNothing || isLeftJoin) return false
    return foreignKeyOf(callback, value, key, this.#context.nodeName) === null
  }

  #joined(left: unknown, right: unknown): unknown {
    const result = this.#join.joiner(left, right)
    if (isThenable(result)) refusePromise(this.#context.nodeName, 'joiner', result)
    if (result !== undefined) return result
    return refuseResult(this.#context.nodeName, 'joiner', 'the joined value, or null to delete it', result)
  }
}
