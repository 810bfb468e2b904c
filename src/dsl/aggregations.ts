/** The aggregations that count and reduce stand for, and the user's own. */
import { checkFunction } from '../topology/check-options.ts'
import type { Aggregation } from './operators/aggregate.ts'

type Callback = (...parameters: readonly never[]) => unknown

export function counting<K, V>(): Aggregation<K, V> {
  return { initialize: () => 0, aggregate: increment, callback: 'count', readsValue: false }
}

export function reducing<K, V>(reducer: Callback): Aggregation<K, V> {
  checkFunction('reduce()', 'reducer', reducer)
  return { initialize: undefined, aggregate: reducer as Aggregation<K, V>['aggregate'], callback: 'reducer' }
}

export function aggregating<K, V>(initialize: () => unknown, aggregator: Callback): Aggregation<K, V> {
  checkFunction('aggregate()', 'initializer', initialize)
  checkFunction('aggregate()', 'aggregator', aggregator)
  return { initialize, aggregate: aggregator as Aggregation<K, V>['aggregate'], callback: 'aggregator' }
}

function increment(count: unknown): number {
  return (count as number) + 1
}
