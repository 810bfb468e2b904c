import type { TopicPartition, TopicPartitionKey } from '../../common/topic-partition.ts'
import { topicPartitionKey } from '../../common/topic-partition.ts'
import { KafkaError } from '../../errors/kafka-error.ts'
import type { Reaction } from '../../errors/streams-error.ts'
import { apis } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import type { MessageInput } from '../protocol/message-spec.ts'
import type { OffsetFetchRequest, OffsetFetchResponse } from '../protocol/messages/offset-fetch.ts'
import { mainLane } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { byTopic, entriesOf } from './grouping.ts'
import type { FoundOffsets, GroupIdentity, Isolation, OffsetAndMetadata, Offsets } from './kafka-client.ts'
import { kafkaCodeOf, kafkaFault, throwOnError } from './kafka-faults.ts'
import { OffsetListing } from './list-offsets.ts'
import type { OffsetQuery } from './list-offsets.ts'

/** Where partitions begin and end, and where groups stand. Nothing is cached. */
export class OffsetRequests {
  readonly #cluster: Cluster
  readonly #listing: OffsetListing
  readonly #timeoutMs: number
  readonly #lane: string

  /** Commits go on `lane`, so that they never wait behind metadata or a parked join. */
  constructor(cluster: Cluster, options: { readonly timeoutMs: number; readonly lane: string }) {
    this.#cluster = cluster
    this.#listing = new OffsetListing(cluster, options.timeoutMs)
    this.#timeoutMs = options.timeoutMs
    this.#lane = options.lane
  }

  list(queries: readonly OffsetQuery[], isolation: Isolation): Promise<Map<TopicPartitionKey, number>> {
    return this.#listing.list(queries, isolation)
  }

  find(queries: readonly OffsetQuery[], isolation: Isolation, timeoutMs: number): Promise<FoundOffsets> {
    return this.#listing.find(queries, isolation, timeoutMs)
  }

  async committed(
    groupId: string,
    partitions: readonly TopicPartition[],
    options: { readonly requireStable: boolean; readonly timeoutMs?: number },
  ): Promise<Map<TopicPartitionKey, OffsetAndMetadata>> {
    if (partitions.length === 0) return new Map()
    const what = `Fetching the committed offsets of the group ${groupId}`
    const { requireStable, timeoutMs = this.#timeoutMs } = options
    const retry = {
      what,
      timeoutMs,
      // A pending transaction is over in milliseconds; an election takes longer.
      onFault: (error: unknown) =>
        kafkaCodeOf(error) === errorCodes.UNSTABLE_OFFSET_COMMIT ? { firstMs: 5, maxMs: 20 } : undefined,
    }
    return this.#cluster.withCoordinator('group', groupId, retry, async (nodeId) => {
      const minVersion = requireStable ? 7 : 1
      const response = await this.#cluster.send(
        nodeId,
        mainLane,
        apis.OffsetFetch,
        (version) => offsetFetchRequest(version, groupId, partitions, requireStable),
        // 10 names topics by id only.
        { minVersion, maxVersion: 9 },
      )
      return committedOf(response, { what, groupId })
    })
  }

  /** at_least_once: fenced by member and generation. Repeating it does no harm, unless another one came after it. */
  async commit(group: GroupIdentity, offsets: Offsets, signal?: AbortSignal): Promise<void> {
    if (offsets.size === 0) return
    const { clock } = this.#cluster
    const beganMs = clock.now()
    const what = `Committing offsets of the group ${group.groupId}`
    const retry = { what, timeoutMs: this.#timeoutMs, backoff: { firstMs: 20, maxMs: 500 } }
    await this.#cluster.withCoordinator('group', group.groupId, retry, async (nodeId) => {
      signal?.throwIfAborted()
      const response = await this.#cluster.send(
        nodeId,
        this.#lane,
        apis.OffsetCommit,
        {
          groupId: group.groupId,
          generationIdOrMemberEpoch: group.generationId,
          memberId: group.memberId,
          groupInstanceId: group.instanceId ?? null,
          topics: byTopic(entriesOf(offsets), committedPartition),
        },
        // 10 names topics by id only.
        { minVersion: 7, maxVersion: 9 },
      )
      throwCommitFaults(response.topics, { what, groupId: group.groupId }, clock.now() - beganMs)
    })
  }
}

export function committedPartition(item: TopicPartition & { readonly value: OffsetAndMetadata }): {
  partitionIndex: number
  committedOffset: number
  committedLeaderEpoch: number
  committedMetadata: string
} {
  const { offset, leaderEpoch, metadata } = item.value
  return {
    partitionIndex: item.partition,
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch ?? -1,
    committedMetadata: metadata ?? '',
  }
}

export interface CommitSubject {
  readonly what: string
  readonly groupId: string
  readonly transactionalId?: string
}

interface CommitResult {
  readonly name: string
  readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[]
}

/** A broker that has just started may not know all topics yet; one that is unknown for longer was deleted. */
const unknownTopicMs = 5000

/** Of OffsetCommit and TxnOffsetCommit, tried for so long; the gravest fault first: fenced before what passes. */
export function throwCommitFaults(topics: readonly CommitResult[], subject: CommitSubject, triedMs: number): void {
  const faults = topics.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ errorCode }) => errorCode !== errorCodes.NONE)
      .map(({ partitionIndex, errorCode }) => commitFault(errorCode, subject, name, partitionIndex, triedMs)),
  )
  const fault = faults.find(({ reaction }) => reaction !== 'retriable') ?? faults[0]
  if (fault !== undefined) throw fault
}

function commitFault(
  errorCode: number,
  { what, groupId, transactionalId }: CommitSubject,
  topic: string,
  partition: number,
  triedMs: number,
): KafkaError {
  const fault = kafkaFault(errorCode, {
    what: `${what}, ${topic}-${partition}`,
    topic,
    partition,
    groupId,
    transactionalId,
    needs: { group: 'Read', topic: 'Read', transactionalId: 'Write' },
  })
  const reaction = reactionTo(errorCode, triedMs) ?? fault.reaction
  return new KafkaError(fault.code, fault.message, { kafkaCode: errorCode, topic, partition, reaction })
}

/** Where it is another one than elsewhere. */
function reactionTo(errorCode: number, triedMs: number): Reaction | undefined {
  // Between JoinGroup and SyncGroup of the newest generation: over as soon as the leader has assigned.
  if (errorCode === errorCodes.REBALANCE_IN_PROGRESS) return 'retriable'
  // Whoever commits looks after its topics meanwhile, and answers rebalances.
  if (errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION && triedMs >= unknownTopicMs) return 'abortable'
  return undefined
}

function offsetFetchRequest(
  version: number,
  groupId: string,
  partitions: readonly TopicPartition[],
  requireStable: boolean,
): MessageInput<OffsetFetchRequest> {
  const topics = byTopic(partitions, ({ partition }) => partition).map((group) => ({
    name: group.name,
    partitionIndexes: group.partitions,
  }))
  return version >= 8 ? { groups: [{ groupId, topics }], requireStable } : { groupId, topics, requireStable }
}

export function committedOf(
  response: OffsetFetchResponse,
  { what, groupId }: CommitSubject,
): Map<TopicPartitionKey, OffsetAndMetadata> {
  const group = response.groups[0] ?? response
  const needs = { group: 'Describe', topic: 'Describe' }
  throwOnError(group.errorCode, { what, groupId, needs })
  const committed = new Map<TopicPartitionKey, OffsetAndMetadata>()
  for (const { name, partitions } of group.topics) {
    for (const { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode } of partitions) {
      const subject = { topic: name, partition: partitionIndex, groupId, needs }
      throwOnError(errorCode, { what: `${what}, ${name}-${partitionIndex}`, ...subject })
      if (committedOffset < 0) continue
      committed.set(topicPartitionKey(name, partitionIndex), {
        offset: committedOffset,
        ...(committedLeaderEpoch >= 0 ? { leaderEpoch: committedLeaderEpoch } : {}),
        ...(metadata === null || metadata === '' ? {} : { metadata }),
      })
    }
  }
  return committed
}
