/**
 * Watches a running application from outside, while instances die: how long each partition of the output was silent,
 * how long any transaction stayed open, and whether a committed offset ever went back. It never fails because a broker
 * is away: it looks again.
 */
import { partitionsOf } from '../../src/cli/topic-reader.ts'
import { parseTopicPartition, topicPartitionKey } from '../../src/common/topic-partition.ts'
import type { TopicPartition, TopicPartitionKey } from '../../src/common/topic-partition.ts'
import type { Fetcher, KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import type { Application } from './application.ts'
import { consumedPartitions, partitionsOfAll } from './applications.ts'
import { applicationId, partitionCount } from './layout.ts'

const pollMs = 200
const worthALookMs = 300

/** Nothing came out of this partition from one time to the other. */
export interface Silence {
  readonly partition: number
  readonly fromMs: number
  readonly toMs: number
}

export class Follower {
  /** Those that are worth a look. */
  readonly silences: Silence[] = []
  readonly regressions: string[] = []
  /** The longest time that one open transaction held back a partition's readers, and which. */
  longestOpenMs = 0
  longestOpen = ''
  /** How often it saw offsets and transactions: without, it has proved nothing. */
  looks = 0
  readonly #client: KafkaClient
  readonly #output: string
  readonly #partitions: readonly TopicPartition[]
  readonly #consumed: readonly TopicPartition[]
  readonly #stop = new AbortController()
  /** When something came, by partition. */
  readonly #outputMs = new Map<number, number[]>()
  readonly #stuck = new Map<TopicPartitionKey, { readonly stable: number; readonly sinceMs: number }>()
  readonly #committed = new Map<TopicPartitionKey, number>()
  #loops: Promise<unknown> = Promise.resolve()

  constructor(client: KafkaClient, application: Application) {
    this.#client = client
    this.#output = application.outputs[0]
    this.#partitions = partitionsOfAll(application)
    this.#consumed = consumedPartitions(application)
  }

  start(): void {
    this.#loops = Promise.all([this.#followOutput(), this.#look()])
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#loops
    for (const [partition, times] of this.#outputMs) this.#silent(partition, times.at(-1), Date.now())
    this.#outputMs.clear()
  }

  firstOutputAfter(partition: number, sinceMs: number): number | undefined {
    return this.#outputMs.get(partition)?.find((atMs) => atMs > sinceMs)
  }

  async #followOutput(): Promise<void> {
    const fetcher = this.#client.fetcher({ name: 'follower', isolation: 'read_committed' })
    fetcher.assign(
      new Map(
        partitionsOf(this.#output, partitionCount).map((one) => [topicPartitionKey(one.topic, one.partition), 0]),
      ),
    )
    while (!this.#stop.signal.aborted) {
      try {
        this.#take(fetcher)
        await fetcher.wait(pollMs)
      } catch {
        await pause()
      }
    }
    await fetcher.close()
  }

  #take(fetcher: Fetcher): void {
    const nowMs = Date.now()
    for (const set of fetcher.take()) {
      if (!set.cursor().next()) continue
      const times = this.#outputMs.get(set.partition) ?? []
      this.#silent(set.partition, times.at(-1), nowMs)
      times.push(nowMs)
      this.#outputMs.set(set.partition, times)
    }
  }

  #silent(partition: number, fromMs: number | undefined, toMs: number): void {
    if (fromMs !== undefined && toMs - fromMs >= worthALookMs) this.silences.push({ partition, fromMs, toMs })
  }

  async #look(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#lookForOpenTransactions()
        await this.#lookAtOffsets()
        this.looks++
      } catch {
        // A broker or a topic that is not there: the next look will tell.
      }
      await pause()
    }
  }

  async #lookForOpenTransactions(): Promise<void> {
    const open = await openTransactions(this.#client, this.#partitions)
    const nowMs = Date.now()
    for (const key of this.#stuck.keys()) if (!open.has(key)) this.#stuck.delete(key)
    for (const [key, stable] of open) {
      const known = this.#stuck.get(key)
      if (known?.stable !== stable) this.#stuck.set(key, { stable, sinceMs: nowMs })
      else if (nowMs - known.sinceMs > this.longestOpenMs) {
        this.longestOpenMs = nowMs - known.sinceMs
        this.longestOpen = `${key} at offset ${stable}`
      }
    }
  }

  async #lookAtOffsets(): Promise<void> {
    const offsets = await this.#client.committedOffsets(applicationId, this.#consumed, { requireStable: false })
    for (const { topic, partition } of this.#consumed) {
      const key = topicPartitionKey(topic, partition)
      const before = this.#committed.get(key)
      const now = offsets.get(key)?.offset
      if (before !== undefined && (now === undefined || now < before)) {
        this.regressions.push(`the committed offset of ${key} went back from ${before} to ${now ?? 'nothing'}`)
      }
      if (now !== undefined) this.#committed.set(key, now)
    }
  }
}

/** Partitions whose last stable offset is below their end, with that offset. */
export async function openTransactions(
  client: KafkaClient,
  partitions: readonly TopicPartition[],
): Promise<Map<TopicPartitionKey, number>> {
  const query = partitions.map((partition) => ({ ...partition, timestamp: -1 }))
  const stable = await client.listOffsets(query, 'read_committed')
  const ends = await client.listOffsets(query, 'read_uncommitted')
  return new Map([...stable].filter(([key, offset]) => offset < (ends.get(key) ?? 0)))
}

/** Partitions that the group has not committed to their end, with what is missing. */
export async function lagging(client: KafkaClient, topic: string): Promise<Map<TopicPartitionKey, number>> {
  const partitions = partitionsOf(topic, partitionCount)
  const ends = await client.listOffsets(
    partitions.map((partition) => ({ ...partition, timestamp: -1 })),
    'read_uncommitted',
  )
  const committed = await client.committedOffsets(applicationId, partitions, { requireStable: false })
  const lags = [...ends].map(([key, end]) => [key, end - (committed.get(key)?.offset ?? 0)] as const)
  return new Map(lags.filter(([, lag]) => lag > 0))
}

/** Waits until `pending` is empty; what is left when it has not become less for `timeoutMs`. */
export async function untilEmpty(
  pending: () => Promise<ReadonlyMap<TopicPartitionKey, number>>,
  timeoutMs: number,
): Promise<ReadonlyMap<TopicPartitionKey, number>> {
  let leastSum = Infinity
  let deadlineMs = 0
  for (;;) {
    const left = await pending().catch(() => new Map<TopicPartitionKey, number>([['unknown-0', Infinity]]))
    const sum = [...left.values()].reduce((all, value) => all + value, 0)
    if (sum < leastSum || deadlineMs === 0) deadlineMs = Date.now() + timeoutMs
    leastSum = Math.min(leastSum, sum)
    if (left.size === 0 || Date.now() > deadlineMs) return left
    await pause()
  }
}

export function describeLeft(left: ReadonlyMap<TopicPartitionKey, number>): string {
  return [...left]
    .map(([key, value]) => `${parseTopicPartition(key).topic} ${parseTopicPartition(key).partition}: ${value}`)
    .join(', ')
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pollMs))
}
