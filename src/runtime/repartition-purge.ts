/**
 * Deletes what repartition topics no longer need: records below the committed offset, which only this application reads
 * (KAFKA-6150). They have no retention of their own, so that nothing but this keeps them small.
 *
 * It must never ask for more than was committed, and never hold anything up: requests run in the background, one at a
 * time, and one that fails is only noted and made again when the next interval has passed.
 */
import type { Clock, Timer } from '../common/clock.ts'
import type { Logger } from '../common/logger.ts'
import { parseTopicPartition } from '../common/topic-partition.ts'
import type { TopicPartitionKey } from '../common/topic-partition.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'

export interface RepartitionPurgeOptions {
  readonly client: Pick<KafkaClient, 'admin'>
  readonly clock: Clock
  readonly logger: Logger
  /** From the beginning of one request to that of the next. */
  readonly intervalMs: number
  /** By the topic's name on the broker. */
  readonly isRepartition: (topic: string) => boolean
}

export class RepartitionPurge {
  readonly #options: RepartitionPurgeOptions
  /** Committed and not yet asked for; at most one entry per partition. */
  readonly #open = new Map<TopicPartitionKey, number>()
  /** What the last successful request of each partition asked for. */
  readonly #purged = new Map<TopicPartitionKey, number>()
  #dueMs: number
  #timer: Timer | undefined
  #isAsking = false
  #isClosed = false

  constructor(options: RepartitionPurgeOptions) {
    this.#options = options
    this.#dueMs = options.clock.now() + options.intervalMs
  }

  /** Only after the commit of these offsets has succeeded. Offsets of other topics are passed over. */
  committed(offsets: ReadonlyMap<TopicPartitionKey, { readonly offset: number }>): void {
    for (const [key, { offset }] of offsets) {
      if (offset <= (this.#purged.get(key) ?? 0)) continue
      if (this.#options.isRepartition(parseTopicPartition(key).topic)) this.#open.set(key, offset)
    }
    this.#schedule()
  }

  /** Nothing is asked for any more; what is under way ends with the client. */
  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#timer = undefined
    this.#open.clear()
  }

  /** By a timer, so that the last records before a quiet time do not wait for the next commit. */
  #schedule(): void {
    if (this.#isClosed || this.#isAsking || this.#timer !== undefined || this.#open.size === 0) return
    const { clock } = this.#options
    this.#timer = clock.setTimer(Math.max(0, this.#dueMs - clock.now()), () => {
      this.#timer = undefined
      void this.#purge()
    })
  }

  async #purge(): Promise<void> {
    const { client, clock, logger, intervalMs } = this.#options
    const before = new Map(this.#open)
    this.#dueMs = clock.now() + intervalMs
    this.#isAsking = true
    try {
      await client.admin.deleteRecords(before)
      for (const [key, offset] of before) {
        this.#purged.set(key, offset)
        // Commits went on meanwhile.
        if (this.#open.get(key) === offset) this.#open.delete(key)
      }
    } catch (error) {
      if (!this.#isClosed) {
        logger.info({ partitions: before.size, error }, 'purging repartition topics failed; it is tried again')
      }
    } finally {
      this.#isAsking = false
      this.#schedule()
    }
  }
}
