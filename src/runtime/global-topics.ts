/** Looks after the topics of global stores: one that is gone ends the instance, one that grows is taken in. */
import type { Clock } from '../common/clock.ts'
import type { Logger } from '../common/logger.ts'
import type { TopicPartitionKey } from '../common/topic-partition.ts'
import type { KafkaClient, TopicMetadata } from '../kafka/client/kafka-client.ts'
import { boundsOf, keyOf, partitionsOf } from './global-start.ts'
import { TopicWatch } from './topic-watch.ts'

export interface GlobalTopicsOptions {
  readonly client: KafkaClient
  readonly clock: Clock
  readonly logger: Logger
  /** Called when `takeAdded` has something. */
  readonly onChange: () => void
}

export class GlobalTopics {
  readonly #options: GlobalTopicsOptions
  readonly #watch: TopicWatch
  #topics: ReadonlyMap<string, TopicMetadata> = new Map()
  #hasGrown = false

  constructor(options: GlobalTopicsOptions) {
    this.#options = options
    this.#watch = new TopicWatch({ ...options, kindOf: () => 'global' })
  }

  watch(topics: ReadonlyMap<string, TopicMetadata>): void {
    this.#topics = topics
    // As the leader of a group does it, who hears of partitions that were not planned with.
    this.#watch.planned(new Map([...topics.values()].map(({ name, partitionCount }) => [name, partitionCount])))
    this.#watch.watch(topics)
  }

  suspect(topic: string): void {
    this.#watch.suspect(topic)
  }

  /** Throws when a topic was deleted or made anew. */
  check(): void {
    this.#watch.check(this.#options.clock.now())
    const change = this.#watch.take()
    if (change !== undefined && 'error' in change) throw change.error
    this.#hasGrown ||= change !== undefined
  }

  /** Partitions that have been added, with where they begin. */
  async takeAdded(): Promise<ReadonlyMap<TopicPartitionKey, number>> {
    if (!this.#hasGrown) return new Map()
    const { client, logger } = this.#options
    const known = new Set([...this.#topics.values()].flatMap(partitionsOf).map(keyOf))
    const topics = await client.describeTopics([...this.#topics.keys()])
    const added = [...topics.values()].flatMap(partitionsOf).filter((partition) => !known.has(keyOf(partition)))
    const bounds = await boundsOf(client, added)
    logger.info({ partitions: [...bounds.keys()] }, 'topics of global stores have more partitions')
    this.#hasGrown = false
    this.watch(topics)
    return new Map([...bounds].map(([key, { logStart }]) => [key, logStart]))
  }

  close(): void {
    this.#watch.close()
  }
}
