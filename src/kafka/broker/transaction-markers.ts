/**
 * Brings the decision about a transaction to its partitions (`TransactionMarkerChannelManager`). A partition's marker can
 * be held back, since on a real cluster markers arrive at different times and what reads must cope with that.
 */
import type { Clock } from '../../common/clock.ts'
import { topicPartitionKey, type TopicPartition, type TopicPartitionKey } from '../../common/topic-partition.ts'

export interface Marker {
  readonly producerId: number
  readonly epoch: number
  readonly committed: boolean
}

/** Writes one marker to a partition of a topic or of `__consumer_offsets`. */
export type MarkerWriter = (partition: TopicPartition, marker: Marker) => void

interface Held {
  readonly waiting: (() => void)[]
}

export class TransactionMarkers {
  readonly #clock: Clock
  readonly #delayMs: () => number
  readonly #writer: MarkerWriter
  readonly #held = new Map<TopicPartitionKey, Held>()

  constructor(clock: Clock, delayMs: () => number, writer: MarkerWriter) {
    this.#clock = clock
    this.#delayMs = delayMs
    this.#writer = writer
  }

  /** Calls `done` when the last one is written; at once when nothing delays them. */
  write(marker: Marker, partitions: readonly TopicPartition[], done: () => void): void {
    let missing = partitions.length
    if (missing === 0) return done()
    for (const partition of partitions) {
      const write = (): void => {
        this.#writer(partition, marker)
        missing -= 1
        if (missing === 0) done()
      }
      const delayMs = this.#delayMs()
      if (delayMs === 0) this.#writeUnlessHeld(partition, write)
      else this.#clock.setTimer(delayMs, () => this.#writeUnlessHeld(partition, write))
    }
  }

  /** From now on markers to that partition wait, until the returned function is called. */
  hold(topic: string, partition: number): () => void {
    const key = topicPartitionKey(topic, partition)
    const held = this.#held.get(key) ?? { waiting: [] }
    this.#held.set(key, held)
    return () => {
      if (this.#held.get(key) !== held) return
      this.#held.delete(key)
      for (const write of held.waiting) write()
    }
  }

  /** How many markers wait for that partition. */
  waiting(topic: string, partition: number): number {
    return this.#held.get(topicPartitionKey(topic, partition))?.waiting.length ?? 0
  }

  #writeUnlessHeld({ topic, partition }: TopicPartition, write: () => void): void {
    const held = this.#held.get(topicPartitionKey(topic, partition))
    if (held === undefined) write()
    else held.waiting.push(write)
  }
}
