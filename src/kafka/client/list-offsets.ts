/** ListOffsets: where partitions begin and end, asked of the leaders of all of them at once. */
import { sleep } from '../../common/clock.ts'
import type { TopicPartition, TopicPartitionKey } from '../../common/topic-partition.ts'
import { topicPartitionKey } from '../../common/topic-partition.ts'
import { KafkaError } from '../../errors/kafka-error.ts'
import { reactionOf } from '../../errors/streams-error.ts'
import { apis } from '../protocol/apis.ts'
import { errorCodes, isStaleMetadata } from '../protocol/error-codes.ts'
import { retrying } from './backoff.ts'
import { byLeader, byPresentLeader } from './by-leader.ts'
import { mainLane } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { byTopic, keyOfPartition } from './grouping.ts'
import type { FoundOffsets, Isolation } from './kafka-client.ts'
import { kafkaFault } from './kafka-faults.ts'

export type OffsetQuery = TopicPartition & { readonly timestamp: number }

export class OffsetListing {
  readonly #cluster: Cluster
  readonly #timeoutMs: number

  constructor(cluster: Cluster, timeoutMs: number) {
    this.#cluster = cluster
    this.#timeoutMs = timeoutMs
  }

  async list(queries: readonly OffsetQuery[], isolation: Isolation): Promise<Map<TopicPartitionKey, number>> {
    const found = new Map<TopicPartitionKey, number>()
    if (queries.length === 0) return found
    const what = `Listing offsets of ${queries.length} partitions of ${queries[0]?.topic ?? ''}`
    await retrying(this.#cluster, { what, timeoutMs: this.#timeoutMs }, async () => {
      const open = queries.filter((query) => !found.has(keyOfPartition(query)))
      const faults = await Promise.all(
        [...(await byLeader(this.#cluster, open))].map(([nodeId, part]) =>
          this.#listFrom(nodeId, part, isolation, found),
        ),
      )
      const [fault] = faults.flatMap((some) => [...some.values()])
      if (fault !== undefined) throw fault
    })
    return found
  }

  /** What can be learned within `timeoutMs`. Throws where no broker answers, and what time does not heal. */
  async find(queries: readonly OffsetQuery[], isolation: Isolation, timeoutMs: number): Promise<FoundOffsets> {
    const { clock } = this.#cluster
    const found = new Map<TopicPartitionKey, number>()
    const faults = new Map<TopicPartitionKey, unknown>()
    const what = `Listing offsets of ${queries.length} partitions`
    const trying = retrying(this.#cluster, { what, timeoutMs }, () => this.#find(queries, isolation, found, faults))
    const end = new AbortController()
    try {
      await Promise.race([trying, sleep(clock, timeoutMs, end.signal)])
    } catch (error) {
      if (reactionOf(error) !== 'retriable' || faults.size === 0) throw error
    } finally {
      end.abort()
      // What is still under way ends with its own time-out, or with the client.
      trying.catch(() => undefined)
    }
    const missing = queries.map(keyOfPartition).filter((key) => !found.has(key))
    const silent = new KafkaError('MILLRACE_KAFKA_RETRIES_EXHAUSTED', `no answer in ${timeoutMs} ms`)
    const unknown = missing.map((key) => [key, asError(faults.get(key)) ?? silent] as const)
    return { offsets: new Map(found), unknown: new Map(unknown) }
  }

  /** One attempt: throws while something is missing. */
  async #find(
    queries: readonly OffsetQuery[],
    isolation: Isolation,
    found: Map<TopicPartitionKey, number>,
    faults: Map<TopicPartitionKey, unknown>,
  ): Promise<void> {
    const open = queries.filter((query) => !found.has(keyOfPartition(query)))
    const leaderless = new Map<TopicPartitionKey, unknown>()
    const nodes = await byPresentLeader(this.#cluster, open, (query, fault) =>
      leaderless.set(keyOfPartition(query), fault),
    )
    faults.clear()
    for (const [key, fault] of leaderless) faults.set(key, fault)
    await Promise.all(
      [...nodes].map(async ([nodeId, part]) => {
        for (const [key, fault] of await this.#listFrom(nodeId, part, isolation, found)) faults.set(key, fault)
      }),
    )
    const all = [...faults.values()]
    const fault = all.find((one) => reactionOf(one) !== 'retriable') ?? all[0]
    if (fault !== undefined) throw fault
  }

  /** What failed, after everything that could be found was noted. */
  async #listFrom(
    nodeId: number,
    queries: readonly OffsetQuery[],
    isolation: Isolation,
    found: Map<TopicPartitionKey, number>,
  ): Promise<ReadonlyMap<TopicPartitionKey, unknown>> {
    const request = {
      // A consumer; the message's own default, 0, is a broker, and to brokers the isolation does not apply.
      replicaId: -1,
      isolationLevel: isolation === 'read_committed' ? 1 : 0,
      timeoutMs: this.#cluster.requestTimeoutMs,
      topics: byTopic(queries, (query) => ({
        partitionIndex: query.partition,
        currentLeaderEpoch: this.#cluster.metadata.leader(query)?.epoch ?? -1,
        timestamp: query.timestamp,
      })),
    }
    const faults = new Map<TopicPartitionKey, unknown>()
    try {
      const response = await this.#cluster.send(nodeId, mainLane, apis.ListOffsets, request, {
        minVersion: 4,
        maxVersion: 7,
      })
      for (const { name, partitions } of response.topics) {
        for (const { partitionIndex: partition, errorCode, offset } of partitions) {
          if (errorCode === errorCodes.NONE) {
            found.set(topicPartitionKey(name, partition), offset)
            continue
          }
          if (isStaleMetadata(errorCode)) this.#cluster.markStale()
          const subject = { topic: name, partition, needs: { topic: 'Describe' } }
          const what = `Listing offsets of ${name}-${partition}`
          faults.set(topicPartitionKey(name, partition), kafkaFault(errorCode, { what, ...subject }))
        }
      }
    } catch (error) {
      for (const query of queries) faults.set(keyOfPartition(query), error)
    }
    return faults
  }
}

function asError(fault: unknown): Error | undefined {
  return fault === undefined || fault instanceof Error ? fault : new Error(String(fault))
}
