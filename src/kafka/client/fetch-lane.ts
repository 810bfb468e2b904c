import { deferred } from '../../common/deferred.ts'
import { sleep } from '../../common/clock.ts'
import { apis } from '../protocol/apis.ts'
import { TransportError } from '../../errors/kafka-error.ts'
import type { MessageInput } from '../protocol/message-spec.ts'
import type { FetchRequest, FetchResponse } from '../protocol/messages/fetch.ts'
import type { Cluster } from './cluster.ts'
import type { FetchTarget } from './fetch-response.ts'
import { byTopic } from './grouping.ts'
import type { FetcherOptions } from './kafka-client.ts'
import { noTopicId } from './metadata.ts'

/** On top of the wait that was asked for: a broker may be busy for a while before it answers. */
const answerTimeoutMs = 10_000

/** What a lane asks the fetcher for, and where it brings the answers. */
export interface FetchSource {
  readonly options: Required<FetcherOptions>
  /** What to ask that broker for now; none while nothing is wanted or something waits to be taken. */
  targets(nodeId: number): {
    readonly targets: readonly FetchTarget[]
    readonly maxWaitMs: number
    /** When a partition that failed wants to be asked for again. */
    readonly retryInMs: number
  }
  onResponse(targets: readonly FetchTarget[], response: FetchResponse): void
  /** The whole request failed. */
  onFault(targets: readonly FetchTarget[], error: unknown): void
}

/** The one parked fetch to one broker: asks, waits, hands over, and begins again when there is something to ask for. */
export class FetchLane {
  readonly done: Promise<void>
  readonly #cluster: Cluster
  readonly #fetcher: FetchSource
  readonly #nodeId: number
  readonly #name: string
  #wakeup = deferred()
  #isParked = false
  #isInterrupted = false
  #stopped = false

  constructor(cluster: Cluster, fetcher: FetchSource, nodeId: number) {
    this.#cluster = cluster
    this.#fetcher = fetcher
    this.#nodeId = nodeId
    this.#name = `fetch ${fetcher.options.name}`
    this.done = this.#run()
  }

  /** There may be something to ask for. */
  wake(): void {
    this.#wakeup.resolve()
  }

  /** Ends a parked fetch by ending its connection; what it would have brought is asked for again. */
  interrupt(): void {
    this.wake()
    if (!this.#isParked || this.#isInterrupted) return
    this.#isInterrupted = true
    this.#cluster.drop(this.#nodeId, this.#name)
  }

  stop(): void {
    this.#stopped = true
    this.interrupt()
    this.#cluster.drop(this.#nodeId, this.#name)
  }

  async #run(): Promise<void> {
    while (!this.#stopped && !this.#cluster.closing.aborted) {
      this.#wakeup = deferred()
      const { targets, maxWaitMs, retryInMs } = this.#fetcher.targets(this.#nodeId)
      if (targets.length === 0) {
        await this.#idle(retryInMs)
        continue
      }
      await this.#fetch(targets, maxWaitMs)
    }
  }

  async #idle(retryInMs: number): Promise<void> {
    const { clock, closing } = this.#cluster
    const waiting = [this.#wakeup.promise]
    const abandoned = new AbortController()
    const onClosing = (): void => this.#wakeup.resolve()
    closing.addEventListener('abort', onClosing, { once: true })
    if (retryInMs < Infinity) waiting.push(sleep(clock, retryInMs + 1, abandoned.signal))
    await Promise.race(waiting)
    abandoned.abort()
    closing.removeEventListener('abort', onClosing)
  }

  async #fetch(targets: readonly FetchTarget[], maxWaitMs: number): Promise<void> {
    this.#isParked = true
    this.#isInterrupted = false
    try {
      const response = await this.#cluster.send(
        this.#nodeId,
        this.#name,
        apis.Fetch,
        this.#request(targets, maxWaitMs),
        {
          timeoutMs: maxWaitMs + answerTimeoutMs,
          // 12 has lastFetchedEpoch and names topics; from 13 on topics are named by id only.
          maxVersion: targets.every(({ partition }) => this.#topicId(partition.topic) !== noTopicId) ? 17 : 12,
        },
      )
      this.#isParked = false
      this.#fetcher.onResponse(targets, response)
    } catch (error) {
      this.#isParked = false
      if (this.#stopped || this.#cluster.closing.aborted) return
      if (this.#isInterrupted && error instanceof TransportError) return
      this.#fetcher.onFault(targets, error)
    }
  }

  #request(targets: readonly FetchTarget[], maxWaitMs: number): MessageInput<FetchRequest> {
    const { minBytes, maxBytes, maxPartitionBytes, isolation } = this.#fetcher.options
    return {
      maxWaitMs,
      minBytes,
      maxBytes,
      isolationLevel: isolation === 'read_committed' ? 1 : 0,
      topics: byTopic(
        targets.map((target) => ({ ...target, topic: target.partition.topic, partition: target.partition.partition })),
        ({ partition, fetchOffset, lastEpoch, leaderEpoch }) => ({
          partition,
          fetchOffset,
          // With -1 a demoted leader would go on answering, without an error (KIP-392).
          currentLeaderEpoch: leaderEpoch,
          lastFetchedEpoch: lastEpoch,
          partitionMaxBytes: maxPartitionBytes,
        }),
      ).map(({ name, partitions }) => ({ topic: name, topicId: this.#topicId(name), partitions })),
    }
  }

  #topicId(topic: string): string {
    return this.#cluster.metadata.topicId(topic)
  }
}
