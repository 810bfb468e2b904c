/**
 * The committed offsets of one group, and those that transactions have written and not yet decided (`OffsetMetadataManager`
 * of Kafka's group coordinator). It knows nothing of members; whoever calls has checked them.
 */
import { topicPartitionKey, type TopicPartition, type TopicPartitionKey } from '../../common/topic-partition.ts'

export interface CommittedOffset extends TopicPartition {
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
  readonly committedAtMs: number
}

interface Entry extends CommittedOffset {
  /** Position in the order of all commits: a transaction's offset never replaces one committed after it was written. */
  readonly order: number
}

export class GroupOffsets {
  readonly #committed = new Map<TopicPartitionKey, Entry>()
  readonly #pending = new Map<number, Map<TopicPartitionKey, Entry>>()
  #order = 0

  get isEmpty(): boolean {
    return this.#committed.size === 0 && this.#pending.size === 0
  }

  commit(offset: CommittedOffset): void {
    this.#committed.set(keyOf(offset), this.#entry(offset))
  }

  /** Takes effect with `complete`. */
  commitPending(producerId: number, offset: CommittedOffset): void {
    let pending = this.#pending.get(producerId)
    if (pending === undefined) {
      pending = new Map()
      this.#pending.set(producerId, pending)
    }
    pending.set(keyOf(offset), this.#entry(offset))
  }

  complete(producerId: number, committed: boolean): void {
    const pending = this.#pending.get(producerId)
    if (pending === undefined) return
    this.#pending.delete(producerId)
    if (!committed) return
    for (const [key, entry] of pending) {
      const current = this.#committed.get(key)
      if (current === undefined || current.order < entry.order) this.#committed.set(key, entry)
    }
  }

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.#committed.get(topicPartitionKey(topic, partition))
  }

  /** Whether an undecided transaction has written an offset for it: OffsetFetch with requireStable answers 88. */
  isPending(topic: string, partition: number): boolean {
    const key = topicPartitionKey(topic, partition)
    for (const pending of this.#pending.values()) if (pending.has(key)) return true
    return false
  }

  all(): IterableIterator<CommittedOffset> {
    return this.#committed.values()
  }

  delete(topic: string, partition: number): void {
    this.#committed.delete(topicPartitionKey(topic, partition))
  }

  deleteTopic(topic: string): void {
    for (const offsets of [this.#committed, ...this.#pending.values()]) {
      for (const [key, entry] of offsets) if (entry.topic === topic) offsets.delete(key)
    }
  }

  #entry(offset: CommittedOffset): Entry {
    this.#order += 1
    return { ...offset, order: this.#order }
  }
}

function keyOf({ topic, partition }: TopicPartition): TopicPartitionKey {
  return topicPartitionKey(topic, partition)
}
