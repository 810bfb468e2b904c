/** How far a global store is on its way to what its topic had when it was opened. */
import type { TopicPartitionKey } from '../common/topic-partition.ts'
import type { GlobalStore } from '../topology/topology-node.ts'
import type { RestoreProgress } from './changelog-reader.ts'
import type { GlobalFacts } from './global-start.ts'
import { globalTaskId } from './task/global-task.ts'

export class Filling {
  readonly store: GlobalStore
  isDone = false
  #restored = 0
  readonly #ends: ReadonlyMap<TopicPartitionKey, number>
  /** Offsets, which is more than records where the topic was compacted. */
  readonly #total: number

  constructor(store: GlobalStore, { keysOf, bounds }: GlobalFacts, from: ReadonlyMap<TopicPartitionKey, number>) {
    this.store = store
    const keys = keysOf(store.topic)
    this.#ends = new Map(keys.map((key) => [key, bounds.get(key)?.end ?? 0]))
    this.#total = keys.reduce((sum, key) => sum + Math.max(0, (this.#ends.get(key) ?? 0) - (from.get(key) ?? 0)), 0)
  }

  /** What there is to tell of it. */
  add(restored: number): RestoreProgress {
    this.#restored += restored
    return this.#progress
  }

  /** Told once: that every partition has reached its end. */
  finish(positions: ReadonlyMap<TopicPartitionKey, number>): RestoreProgress | undefined {
    if (this.isDone) return undefined
    this.isDone = this.#ends.entries().every(([key, end]) => (positions.get(key) ?? 0) >= end)
    return this.isDone ? this.#progress : undefined
  }

  get #progress(): RestoreProgress {
    const { store, isDone } = this
    return { taskId: globalTaskId, store: store.spec.name, restored: this.#restored, total: this.#total, done: isDone }
  }
}
