/**
 * Fetches that wait for data (Kafka's `DelayedFetch`): each is tried again when one of its partitions changed, and ends
 * with its maximal wait, its connection or the broker. Their number is bounded; one more does not wait.
 */
import type { Clock } from '../../common/clock.ts'
import type { Partition } from './topics.ts'

interface DelayedFetch {
  readonly partitions: readonly Partition[]
  /** Whether there is enough to answer. */
  readonly isReady: () => boolean
  readonly end: () => void
}

export class FetchPurgatory {
  readonly #clock: Clock
  readonly #maxPending: number
  readonly #byPartition = new Map<Partition, Set<DelayedFetch>>()
  readonly #changed = new Set<Partition>()
  readonly #waiting = new Set<DelayedFetch>()
  #wakesSoon = false

  constructor(clock: Clock, maxPending: number) {
    this.#clock = clock
    this.#maxPending = maxPending
  }

  get size(): number {
    return this.#waiting.size
  }

  /** Resolves when `isReady` (asked whenever one of `partitions` changed), `maxWaitMs` passed or `cancelled` resolved. */
  wait(
    partitions: readonly Partition[],
    maxWaitMs: number,
    isReady: () => boolean,
    onCancel: (cancel: () => void) => void,
  ): Promise<void> {
    if (maxWaitMs <= 0 || this.#waiting.size >= this.#maxPending || isReady()) return Promise.resolve()
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel()
        this.#forget(fetch)
        resolve()
      }
      const fetch: DelayedFetch = { partitions, isReady, end }
      const timer = this.#clock.setTimer(maxWaitMs, end)
      this.#remember(fetch)
      onCancel(end)
    })
  }

  /** Records or a marker arrived, the leader moved, the topic is gone. Woken together once the current request is done. */
  changed(partition: Partition): void {
    if (!this.#byPartition.has(partition)) return
    this.#changed.add(partition)
    if (this.#wakesSoon) return
    this.#wakesSoon = true
    queueMicrotask(() => this.#wake())
  }

  close(): void {
    for (const fetch of [...this.#waiting]) fetch.end()
  }

  #wake(): void {
    this.#wakesSoon = false
    const woken = new Set<DelayedFetch>()
    for (const partition of this.#changed) {
      for (const fetch of this.#byPartition.get(partition) ?? []) woken.add(fetch)
    }
    this.#changed.clear()
    for (const fetch of woken) if (fetch.isReady()) fetch.end()
  }

  #remember(fetch: DelayedFetch): void {
    this.#waiting.add(fetch)
    for (const partition of fetch.partitions) {
      const fetches = this.#byPartition.get(partition)
      if (fetches === undefined) this.#byPartition.set(partition, new Set([fetch]))
      else fetches.add(fetch)
    }
  }

  #forget(fetch: DelayedFetch): void {
    this.#waiting.delete(fetch)
    for (const partition of fetch.partitions) {
      const fetches = this.#byPartition.get(partition)
      fetches?.delete(fetch)
      if (fetches?.size === 0) this.#byPartition.delete(partition)
    }
  }
}
