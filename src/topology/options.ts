/** Options that the processor API and the DSL share; Kafka Streams' Consumed, Produced, Named. */
import { parseDuration, type Duration } from '../common/duration.ts'
import { TopologyError } from '../errors/topology-error.ts'
import type { ErrorPolicy } from '../processor/error-policy.ts'
import type { StoreBuilder } from '../processor/store-builder.ts'
import type { StreamPartitioner } from '../processor/stream-partitioner.ts'
import type { TimestampExtractor } from '../processor/timestamp-extractor.ts'
import type { Serde } from '../serde/serde.ts'
import { checkTopicName } from './names.ts'
import type { OffsetReset } from './topology-node.ts'

/** The name of a topic, several, or a pattern that whole names match. */
export type Topics = string | readonly string[] | RegExp

/** What every operator can be given. Kafka Streams: `Named`. */
export interface Named {
  /** Of the node; generated when absent. */
  readonly name?: string
  /**
   * What becomes of a record that a callback of this operator throws at; default: `StreamsConfig.onProcessingError`.
   */
  readonly onProcessingError?: ErrorPolicy
}

/** Of a source. Kafka Streams: `Consumed`. */
export interface Consumed<K, V> extends Named {
  /** Default: bytes, null admitted. */
  readonly key?: Serde<K>
  /** Default: bytes, null admitted. */
  readonly value?: Serde<V>
  /** Default: `StreamsConfig.timestampExtractor`. */
  readonly timestampExtractor?: TimestampExtractor
  /** Where to begin when the group has no committed offset; default: `StreamsConfig.offsetReset`. */
  readonly offsetReset?: 'earliest' | 'latest' | 'none' | { readonly byDuration: Duration }
  /** Default: `StreamsConfig.onDeserializationError`. */
  readonly onDeserializationError?: ErrorPolicy
}

/** Of a sink. Kafka Streams: `Produced`. */
export interface Produced<K, V> extends Named {
  /** Default: the serde that the key came with. */
  readonly key?: Serde<K>
  /** Default: the serde that the value came with. */
  readonly value?: Serde<V>
  /** Default: by the bytes of the key, as Java's producer; a record without a key goes anywhere. */
  readonly partitioner?: StreamPartitioner<K, V>
  /** Default: `StreamsConfig.onProductionError`. */
  readonly onProductionError?: ErrorPolicy
  /** How a sink whose topic is a function appears in `describe()`; default: the function's name. */
  readonly topicLabel?: string
}

/** Of a processor. */
export interface Processed extends Named {
  /** Stores that the processor may use: names of added ones, or builders of new ones. */
  readonly stores?: readonly (string | StoreBuilder)[]
}

export function toOffsetReset(node: string, reset: Consumed<never, never>['offsetReset']): OffsetReset | undefined {
  if (reset === undefined || reset === 'earliest' || reset === 'latest' || reset === 'none') return reset
  const byDurationMs = typeof reset === 'object' && reset !== null ? parseDuration(reset.byDuration) : undefined
  if (byDurationMs === undefined || byDurationMs < 0) {
    throw new TopologyError(
      'MILLRACE_OPTION_INVALID',
      `source ${node}: offsetReset is 'earliest', 'latest', 'none' or { byDuration: '7d' }, found ${JSON.stringify(reset)}`,
      { node },
    )
  }
  return { byDurationMs }
}

/** As a list, or the pattern; refuses an empty one. */
export function toTopics(node: string, topics: Topics): readonly string[] | RegExp {
  if (topics instanceof RegExp) return topics
  const list: readonly unknown[] = typeof topics === 'string' ? [topics] : Array.isArray(topics) ? [...topics] : []
  if (list.length === 0 || list.some((topic) => typeof topic !== 'string' || topic === '')) {
    throw new TopologyError(
      'MILLRACE_TOPICS_EMPTY',
      `source ${node} reads no topic: topics cannot be empty; give it the name of a topic, a list of names, or a pattern`,
      { node },
    )
  }
  const names = list as readonly string[]
  for (const topic of names) checkTopicName(node, topic)
  return names
}
