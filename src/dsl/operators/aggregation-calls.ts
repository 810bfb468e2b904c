/**
 * Calls the functions that a user gave to an aggregation, and refuses results that are none: promises, and undefined
 * where an aggregate is needed. `null` is no aggregate: that of a key or window without records, or a deleted one.
 */
import { isThenable, refusePromise, refuseResult } from '../../processor/callback-result.ts'
import type { Aggregation } from './aggregate.ts'

export type Merger<K> = (one: unknown, two: unknown, key: K) => unknown

export class AggregationCalls<K, V> {
  readonly #aggregation: Aggregation<K, V>
  readonly #nodeName: string

  constructor(aggregation: Aggregation<K, V>, nodeName: string) {
    this.#aggregation = aggregation
    this.#nodeName = nodeName
  }

  /** What an aggregate begins as; null in a reduce, which begins with the first value. */
  begin(): unknown {
    const { initialize } = this.#aggregation
    if (initialize === undefined) return null
    const initial = initialize()
    if (isThenable(initial)) refusePromise(this.#nodeName, 'initializer', initial)
    return initial ?? null
  }

  /** The aggregate with one value more; null deletes. */
  add(aggregate: unknown, value: V, key: K): unknown {
    const { initialize, aggregate: add, callback } = this.#aggregation
    if (aggregate === null && initialize === undefined) return value ?? null
    return this.#checked(add(aggregate, value, key), callback)
  }

  /** The aggregate of two sessions that have become one. */
  merge(one: unknown, two: unknown, key: K, merger: Merger<K>): unknown {
    return this.#checked(merger(one, two, key), 'merger')
  }

  #checked(aggregate: unknown, callback: string): unknown {
    if (isThenable(aggregate)) refusePromise(this.#nodeName, callback, aggregate)
    if (aggregate === undefined) {
      refuseResult(this.#nodeName, callback, 'the new aggregate, or null to delete it', aggregate)
    }
    return aggregate
  }
}
