import { deferred } from '../../common/deferred.ts'
import type { Deferred } from '../../common/deferred.ts'
import type { TopicPartitionKey } from '../../common/topic-partition.ts'
import type { RecordSet } from '../../processor/record-set.ts'
import { reactionOf } from '../../errors/streams-error.ts'
import type { FetchResponse } from '../protocol/messages/fetch.ts'
import { backoffMs } from './backoff.ts'
import type { Cluster } from './cluster.ts'
import { FetchLane } from './fetch-lane.ts'
import type { FetchSource } from './fetch-lane.ts'
import { FetchPartition } from './fetch-partition.ts'
import { applyFetchResponse, outOfRangeFault } from './fetch-response.ts'
import type { FetchTarget } from './fetch-response.ts'
import type { Fetcher, FetcherOptions } from './kafka-client.ts'
import type { OffsetRequests } from './offsets.ts'

const earliest = -2
const latest = -1
const retryBackoff = { firstMs: 20, maxMs: 1000 }
/** With a paused partition on the broker, so that its next fetch is not far away when it is resumed. */
const shortWaitMs = 20

/**
 * Keeps one fetch parked per broker, each on a connection of its own. It owns positions and what has arrived; lanes own
 * the requests. What is buffered and not paused holds back the next fetch to that broker, so memory is bounded by one
 * response per broker and one record set per paused partition.
 */
export class ClusterFetcher implements Fetcher, FetchSource {
  readonly options: Required<FetcherOptions>
  readonly #cluster: Cluster
  readonly #offsets: OffsetRequests
  /** In the order in which they are asked for: who got data goes to the end. */
  readonly #partitions = new Map<TopicPartitionKey, FetchPartition>()
  readonly #lanes = new Map<number, FetchLane>()
  readonly #unlisten: () => void
  #waiter: Deferred<void> | undefined
  #isWoken = false
  #error: Error | undefined
  #closed = false
  #isRouting = false
  #isRerouteWanted = false

  constructor(cluster: Cluster, offsets: OffsetRequests, options: FetcherOptions) {
    this.#cluster = cluster
    this.#offsets = offsets
    this.options = {
      minBytes: 1,
      maxWaitMs: 500,
      maxBytes: 8 * 1024 * 1024,
      maxPartitionBytes: 1024 * 1024,
      onTopicSuspect: () => undefined,
      ...options,
    }
    // Also when somebody else asked: the lane to the leader of old would find nothing to do and wait for ever.
    this.#unlisten = cluster.onMetadata(() => this.#openLanes())
  }

  assign(positions: ReadonlyMap<TopicPartitionKey, number>): void {
    for (const key of [...this.#partitions.keys()]) {
      if (!positions.has(key)) this.#partitions.delete(key)
    }
    let isNew = false
    for (const [key, offset] of positions) {
      if (this.#partitions.has(key)) continue
      this.#partitions.set(key, new FetchPartition(key, offset))
      isNew = true
    }
    if (isNew) this.#interruptLanes()
    this.#route()
  }

  seek(partition: TopicPartitionKey, offset: number): void {
    const known = this.#partitions.get(partition)
    if (known === undefined) return
    known.seek(offset)
    this.#interruptLanes()
    this.#route()
  }

  pause(partitions: Iterable<TopicPartitionKey>): void {
    for (const key of partitions) {
      const partition = this.#partitions.get(key)
      if (partition !== undefined) partition.paused = true
    }
    this.#wakeLanes()
  }

  resume(partitions: Iterable<TopicPartitionKey>): void {
    for (const key of partitions) {
      const partition = this.#partitions.get(key)
      if (partition !== undefined) partition.paused = false
    }
    this.#wakeLanes()
    if (this.#isReady()) this.#notify()
  }

  take(): RecordSet[] {
    this.#throwErrors()
    const sets: RecordSet[] = []
    for (const partition of this.#partitions.values()) {
      if (partition.paused) continue
      const set = partition.take()
      if (set !== undefined) sets.push(set)
    }
    for (const { topic, partition } of sets) this.#moveToEnd(`${topic}-${partition}`)
    if (sets.length > 0) this.#wakeLanes()
    return sets
  }

  async wait(maxWaitMs: number): Promise<void> {
    if (this.#isReady() || this.#isWoken || this.#closed) {
      this.#isWoken = false
      return
    }
    this.#waiter ??= deferred()
    const waiter = this.#waiter
    const timer = this.#cluster.clock.setTimer(maxWaitMs, () => waiter.resolve())
    try {
      await waiter.promise
    } finally {
      timer.cancel()
      if (this.#waiter === waiter) this.#waiter = undefined
      this.#isWoken = false
    }
  }

  wakeup(): void {
    this.#isWoken = true
    this.#notify()
  }

  position(partition: TopicPartitionKey): number | undefined {
    return this.#partitions.get(partition)?.position
  }

  watermarks(
    partition: TopicPartitionKey,
  ): { readonly highWatermark: number; readonly lastStableOffset: number } | undefined {
    const known = this.#partitions.get(partition)
    if (known === undefined || known.highWatermark < 0) return undefined
    return { highWatermark: known.highWatermark, lastStableOffset: known.lastStableOffset }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#unlisten()
    this.#partitions.clear()
    this.#notify()
    const lanes = [...this.#lanes.values()]
    for (const lane of lanes) lane.stop()
    await Promise.all(lanes.map((lane) => lane.done))
  }

  // --- for the lanes ------------------------------------------------------------------------------------------------

  targets(nodeId: number): { readonly targets: FetchTarget[]; readonly maxWaitMs: number; readonly retryInMs: number } {
    const now = this.#cluster.clock.now()
    const targets: FetchTarget[] = []
    let retryInMs = Infinity
    let isPartial = false
    for (const partition of this.#partitions.values()) {
      const leader = this.#cluster.metadata.leader(partition)
      if (leader?.nodeId !== nodeId) continue
      if (partition.buffered !== undefined && !partition.paused) return { targets: [], maxWaitMs: 0, retryInMs }
      if (!this.#isSameTopic(partition)) {
        isPartial = true
        this.options.onTopicSuspect(partition.topic)
      } else if (partition.wantsFetch(now)) {
        const { generation, fetchOffset, lastEpoch } = partition
        targets.push({ partition, generation, fetchOffset, lastEpoch, leaderEpoch: leader.epoch })
      } else {
        isPartial ||= partition.error === undefined
        if (partition.retryAtMs > now) retryInMs = Math.min(retryInMs, partition.retryAtMs - now)
      }
    }
    const { maxWaitMs } = this.options
    return { targets, maxWaitMs: isPartial ? Math.min(maxWaitMs, shortWaitMs) : maxWaitMs, retryInMs }
  }

  /** Not one that was made anew: the position is an offset of the old one. */
  #isSameTopic(partition: FetchPartition): boolean {
    const topicId = this.#cluster.metadata.topicId(partition.topic)
    partition.topicId ??= topicId
    return partition.topicId === topicId
  }

  onResponse(targets: readonly FetchTarget[], response: FetchResponse): void {
    const current = targets.filter((target) => this.#isCurrent(target))
    const { isStale, faulty, outOfRange } = applyFetchResponse(this.#cluster, this.options, current, response)
    for (const target of outOfRange) void this.#checkRange(target)
    for (const partition of faulty) this.#delay(partition)
    if (isStale) this.#cluster.markStale()
    if (faulty.length > 0) this.#route()
    if (this.#isReady()) this.#notify()
  }

  onFault(targets: readonly FetchTarget[], error: unknown): void {
    if (this.#closed) return
    if (reactionOf(error) !== 'retriable') {
      this.#error = error instanceof Error ? error : new Error(String(error))
      this.#notify()
      return
    }
    this.#cluster.logger.debug({ fetcher: this.options.name, cause: String(error) }, 'a fetch failed and is repeated')
    for (const target of targets) if (this.#isCurrent(target)) this.#delay(target.partition)
    this.#cluster.markStale()
    this.#route()
  }

  /** Reported only when the log's ends say the same, and with them: resetting an offset cannot be undone. */
  async #checkRange(target: FetchTarget): Promise<void> {
    const { partition } = target
    partition.retryAtMs = Infinity
    try {
      const [start = 0, end = 0] = await Promise.all(
        [earliest, latest].map(async (timestamp) =>
          (
            await this.#offsets.list(
              [{ topic: partition.topic, partition: partition.partition, timestamp }],
              'read_uncommitted',
            )
          ).get(partition.key),
        ),
      )
      if (!this.#isCurrent(target)) return
      if (target.fetchOffset < start || target.fetchOffset > end)
        partition.error = outOfRangeFault(partition, start, end)
      else this.#delay(partition)
    } catch (error) {
      if (!this.#isCurrent(target)) return
      if (reactionOf(error) === 'retriable') this.#delay(partition)
      else partition.error = error instanceof Error ? error : new Error(String(error))
    }
    if (this.#isReady()) this.#notify()
    this.#route()
  }

  // --- routing ------------------------------------------------------------------------------------------------------

  /** Every assigned partition gets a lane to its leader; repeated with a back-off while a leader is missing. */
  #route(): void {
    this.#isRerouteWanted = true
    if (this.#isRouting) return
    this.#isRouting = true
    void this.#routeUntilDone().finally(() => {
      this.#isRouting = false
      if (this.#isRerouteWanted && !this.#closed) this.#route()
    })
  }

  async #routeUntilDone(): Promise<void> {
    const { clock, random, metadata } = this.#cluster
    for (let attempt = 0; !this.#closed && this.#partitions.size > 0; attempt++) {
      this.#isRerouteWanted = false
      try {
        await this.#cluster.track(new Set([...this.#partitions.values()].map(({ topic }) => topic)))
      } catch (error) {
        if (reactionOf(error) !== 'retriable') return this.onFault([], error)
        this.#cluster.markStale()
      }
      this.#openLanes()
      const missing = [...this.#partitions.values()].filter((partition) => metadata.leader(partition) === undefined)
      for (const { topic } of missing) this.options.onTopicSuspect(topic)
      if (missing.length === 0) {
        if (this.#isRerouteWanted) continue
        return
      }
      this.#cluster.markStale()
      const waiting = deferred()
      const timer = clock.setTimer(backoffMs(retryBackoff, attempt, random), () => waiting.resolve())
      const onClosing = (): void => waiting.resolve()
      this.#cluster.closing.addEventListener('abort', onClosing, { once: true })
      await waiting.promise
      timer.cancel()
      this.#cluster.closing.removeEventListener('abort', onClosing)
      if (this.#cluster.closing.aborted) return
    }
    this.#isRerouteWanted = false
  }

  #openLanes(): void {
    if (this.#closed) return
    for (const partition of this.#partitions.values()) {
      const leader = this.#cluster.metadata.leader(partition)
      if (leader === undefined || this.#lanes.has(leader.nodeId)) continue
      const lane = new FetchLane(this.#cluster, this, leader.nodeId)
      this.#lanes.set(leader.nodeId, lane)
    }
    this.#wakeLanes()
  }

  #wakeLanes(): void {
    for (const lane of this.#lanes.values()) lane.wake()
  }

  /** A parked fetch knows nothing of new positions: end it, rather than wait for it. */
  #interruptLanes(): void {
    for (const lane of this.#lanes.values()) lane.interrupt()
  }

  // --- state --------------------------------------------------------------------------------------------------------

  /** Neither seeked nor unassigned since, nor answered by the broker that leads it now. */
  #isCurrent({ partition, generation, fetchOffset }: FetchTarget): boolean {
    return (
      this.#partitions.get(partition.key) === partition &&
      partition.generation === generation &&
      partition.fetchOffset === fetchOffset
    )
  }

  #delay(partition: FetchPartition): void {
    const { clock, random } = this.#cluster
    partition.retryAtMs = clock.now() + backoffMs(retryBackoff, partition.faults, random)
    partition.faults++
  }

  #moveToEnd(key: TopicPartitionKey): void {
    const partition = this.#partitions.get(key)
    if (partition === undefined) return
    this.#partitions.delete(key)
    this.#partitions.set(key, partition)
  }

  #throwErrors(): void {
    if (this.#error !== undefined) throw this.#error
    for (const partition of this.#partitions.values()) {
      if (partition.error !== undefined && !partition.paused) throw partition.error
    }
  }

  #isReady(): boolean {
    if (this.#error !== undefined) return true
    for (const { paused, buffered, error } of this.#partitions.values()) {
      if (!paused && (buffered !== undefined || error !== undefined)) return true
    }
    return false
  }

  #notify(): void {
    this.#waiter?.resolve()
  }
}
