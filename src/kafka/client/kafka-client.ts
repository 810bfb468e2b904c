/**
 * What the runtime needs of Kafka: these interfaces and nothing else. Faults leave this layer as a `KafkaError` whose
 * `reaction` is one of the few kinds of `src/errors/streams-error.ts`; retriable ones are retried here until their
 * delivery time-out and rarely seen outside.
 */
import type { Headers } from '../../common/headers.ts'
import type { TopicPartition, TopicPartitionKey } from '../../common/topic-partition.ts'
import type { RecordSet } from '../../processor/record-set.ts'
import type { ClusterAdmin, GroupAdmin, PartitionReplicas, PermissionAdmin, TransactionAdmin } from './admin-types.ts'

export interface KafkaClient {
  /** Reaches at least one bootstrap broker, or fails with an error that says what was tried and what to check. */
  connect(): Promise<void>
  /** As the last metadata has it; undefined before the first, and where brokers do not tell. */
  readonly clusterId: string | undefined
  close(): Promise<void>
  /**
   * Metadata of the topics that exist, by name; fresh from a broker. `'all'`: every topic. With `autoCreate` a broker
   * that is configured to create topics on first use does so (as for a Java producer), and the answer waits for it.
   */
  describeTopics(
    names: readonly string[] | 'all',
    options?: { readonly autoCreate?: boolean },
  ): Promise<Map<string, TopicMetadata>>
  /** -1 latest, -2 earliest, else the first offset at or after that time (its offset is -1 when there is none). */
  listOffsets(
    query: readonly (TopicPartition & { readonly timestamp: number })[],
    isolation: Isolation,
  ): Promise<Map<TopicPartitionKey, number>>
  /**
   * The same for who takes what can be had: partitions that have no leader, or do not answer within `timeoutMs`
   * milliseconds, are named with the reason instead of failing it all.
   */
  findOffsets(
    query: readonly (TopicPartition & { readonly timestamp: number })[],
    isolation: Isolation,
    options: { readonly timeoutMs: number },
  ): Promise<FoundOffsets>
  /**
   * Committed offsets of a group; partitions without one are absent. With `requireStable` it waits (with a short
   * back-off, up to `timeoutMs`) until no transaction that commits offsets for them is pending (KIP-447).
   */
  committedOffsets(
    group: string,
    partitions: readonly TopicPartition[],
    options: { readonly requireStable: boolean; readonly timeoutMs?: number },
  ): Promise<Map<TopicPartitionKey, OffsetAndMetadata>>
  /** A plain offset commit, fenced by member and generation (at_least_once). Not sent again after `signal`. */
  commitOffsets(group: GroupIdentity, offsets: Offsets, signal?: AbortSignal): Promise<void>
  fetcher(options: FetcherOptions): Fetcher
  producer(options: ProducerOptions): Producer
  group(options: GroupOptions, handler: GroupHandler): GroupMembership
  /**
   * InitProducerId for each id: whoever produces with it is fenced, and its open transaction ended, aborted unless its
   * commit had already begun. Resolves when the brokers have answered for all of them.
   */
  fenceProducers(transactionalIds: readonly string[], options: { readonly transactionTimeoutMs: number }): Promise<void>
  /** LeaveGroup for members of processes that are gone; who is no longer a member is not an error. */
  removeMembers(group: string, memberIds: readonly string[]): Promise<void>
  readonly admin: Admin
}

export type Isolation = 'read_committed' | 'read_uncommitted'

export interface TopicMetadata {
  readonly name: string
  /** A UUID as 36 characters; all zeros where the broker has none. */
  readonly topicId: string
  readonly internal: boolean
  readonly partitionCount: number
}

export interface OffsetAndMetadata {
  readonly offset: number
  readonly leaderEpoch?: number
  readonly metadata?: string
}

export interface FoundOffsets {
  readonly offsets: ReadonlyMap<TopicPartitionKey, number>
  readonly unknown: ReadonlyMap<TopicPartitionKey, Error>
}

export type Offsets = ReadonlyMap<TopicPartitionKey, OffsetAndMetadata>

// --- fetching -------------------------------------------------------------------------------------------------------

export interface FetcherOptions {
  /** Names its lanes: main, restore, global. */
  readonly name: string
  readonly isolation: Isolation
  readonly minBytes?: number
  readonly maxWaitMs?: number
  readonly maxBytes?: number
  readonly maxPartitionBytes?: number
  /** A topic has no leaders, or another id than when it was assigned: it may have been deleted. Told again and again. */
  readonly onTopicSuspect?: (topic: string) => void
}

/**
 * Keeps one fetch parked per broker. A response that was not polled yet holds back the next fetch to that broker, so
 * that at most one response per broker is buffered here.
 */
export interface Fetcher {
  /** The absolute set of partitions with the offsets to go on from. Those already there keep their position and data. */
  assign(positions: ReadonlyMap<TopicPartitionKey, number>): void
  /** Drops what is buffered of that partition. */
  seek(partition: TopicPartitionKey, offset: number): void
  /** Effective at once: nothing of a paused partition is returned; what is buffered is kept. */
  pause(partitions: Iterable<TopicPartitionKey>): void
  resume(partitions: Iterable<TopicPartitionKey>): void
  /** What has arrived, at once and without waiting. Throws an `offset-out-of-range` KafkaError naming the partition. */
  take(): RecordSet[]
  /** Resolves when `take` has something (or an error), `wakeup` is called, or after `maxWaitMs`. */
  wait(maxWaitMs: number): Promise<void>
  wakeup(): void
  /** Where the next fetch of that partition begins, when nothing of it is buffered; counts control records. */
  position(partition: TopicPartitionKey): number | undefined
  /** From the last response: high watermark and last stable offset. Undefined before the first. */
  watermarks(
    partition: TopicPartitionKey,
  ): { readonly highWatermark: number; readonly lastStableOffset: number } | undefined
  close(): Promise<void>
}

// --- producing ------------------------------------------------------------------------------------------------------

export interface ProducerOptions {
  /** Undefined: idempotent only. */
  readonly transactionalId?: string
  readonly transactionTimeoutMs?: number
  readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  /** A batch is sealed at this size. Default 512 KiB. */
  readonly batchMaxBytes?: number
  /** Unsent and unacknowledged bytes beyond which `append` returns false. */
  readonly bufferMaxBytes?: number
  /** How long an open batch may wait for more records. */
  readonly lingerMs?: number
  readonly deliveryTimeoutMs?: number
}

/**
 * An idempotent or transactional producer. The first failure is kept: every later call throws it until `abort` or a new
 * producer; nothing is lost silently.
 */
export interface Producer {
  /** InitProducerId: fences older owners of the transactional id and resolves their open transaction. */
  init(): Promise<void>
  /** Whether anything was appended or sent since the last commit or abort. */
  readonly inTransaction: boolean
  /**
   * Encodes into the partition's open batch. No promise, no copy kept of `key` or `value`. False: over the buffer's
   * limit (the bytes of this and of the next transaction count), await `drained()` before more; it may have to wait for
   * the end of a commit. Transactions begin by themselves with the first append.
   */
  append(
    topic: string,
    partition: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
    headers: Headers,
  ): boolean
  /** Bytes of one record as it would be encoded, for the check against `max.message.bytes`. */
  recordBytes(key: Uint8Array | null, value: Uint8Array | null, headers: Headers): number
  drained(): Promise<void>
  /**
   * Seals every open batch and resolves when all batches are acknowledged. In a transaction it is the cut, which is there
   * when the call returns its promise: what is appended after it belongs to the next transaction and is held back until
   * `commit` has ended this one. Only another `flush` before the commit takes it in.
   */
  flush(): Promise<void>
  /** Offsets of all partitions in one request, fenced by the group's generation (KIP-447). */
  sendOffsets(offsets: Offsets, group: GroupIdentity): Promise<void>
  /** Resolves exactly when the broker has said that it happened; a failure of the next transaction is for the next call. */
  commit(): Promise<void>
  /**
   * Aborts on the broker and discards everything unsent, of the next transaction as well; a `flush` or `sendOffsets` that
   * is under way fails. After it the producer is usable again. Nothing to do where it is closed.
   */
  abort(): Promise<void>
  close(): Promise<void>
  /** What it may have left open only a new producer of its transactional id ends, or the transaction's time-out. */
  readonly isClosed: boolean
  /** 1 + the offset of the last acknowledged record of that partition; undefined before the first. */
  acknowledged(partition: TopicPartitionKey): number | undefined
}

// --- groups ---------------------------------------------------------------------------------------------------------

export interface GroupIdentity {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly instanceId: string | undefined
}

export interface GroupOptions {
  readonly groupId: string
  readonly instanceId: string | undefined
  /** `millrace`, in the group type `consumer`. */
  readonly protocolName: string
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly rebalanceTimeoutMs: number
  /** How long to wait for members of another protocol to go. Default: 5 minutes. */
  readonly foreignMembersWaitMs?: number
}

export interface MemberSubscription {
  readonly memberId: string
  readonly instanceId: string | undefined
  readonly topics: readonly string[]
  readonly ownedPartitions: readonly TopicPartition[]
  readonly userData: Buffer | undefined
}

export interface MemberAssignment {
  readonly memberId: string
  readonly partitions: readonly TopicPartition[]
  readonly userData: Buffer | undefined
}

/** What the leader gave this member. */
export interface OwnAssignment extends Omit<MemberAssignment, 'memberId'> {
  /** There was a generation whose assignment did not reach this member: others may have had what it has still. */
  readonly isLate: boolean
}

/** Called by the membership, one at a time and awaited, while heartbeats go on. */
export interface GroupHandler {
  /** For the next JoinGroup: the standard ConsumerProtocol envelope is built around it. */
  subscription(): {
    readonly topics: readonly string[]
    readonly ownedPartitions: readonly TopicPartition[]
    readonly userData: Buffer | undefined
  }
  /** Only on the leader. */
  assign(members: readonly MemberSubscription[]): Promise<readonly MemberAssignment[]>
  /** A rebalance has begun: JoinGroup is not sent until this settles (stop at a commit, or at the deadline). */
  onPrepareJoin(deadlineMs: number): Promise<void>
  onAssigned(assignment: OwnAssignment): Promise<void>
  /** Fenced, or the session ended: nothing may be committed any more. Awaited before the next JoinGroup. */
  onLost(cause: Error): Promise<void>
  /** The membership cannot go on (authorisation, another protocol in the group, …). */
  onFatal(error: Error): void
  /** The coordinator gave this member an id, which is used once this settles: remembered, it can be removed after a crash. */
  onMemberId?(memberId: string): Promise<void>
}

export interface GroupMembership {
  /** Joins in the background; resolves at the first assignment. */
  start(): Promise<void>
  requestRejoin(reason: string): void
  /** The newest generation of this member; throws a `member-fenced` KafkaError while there is none. */
  identity(): GroupIdentity
  /** Ends heartbeats and, unless static membership shall be kept, sends LeaveGroup. */
  leave(options?: { readonly keepMembership?: boolean }): Promise<void>
}

// --- administration -------------------------------------------------------------------------------------------------

export interface NewTopic {
  readonly name: string
  /** -1: the broker's default. */
  readonly partitions: number
  readonly replicationFactor: number
  readonly config: Readonly<Record<string, string>>
}

/** What an application does with topics, and operators with topics, groups, transactions and the cluster. */
export interface Admin {
  /**
   * Resolves when they exist on the controller and in the metadata; a topic that exists already is not an error. With
   * `validateOnly` nothing is made: it fails where making them would fail.
   */
  createTopics(topics: readonly NewTopic[], options?: { readonly validateOnly?: boolean }): Promise<void>
  /** The partition counts that topics shall have; never fewer than they have. Resolves when all have leaders. */
  createPartitions(counts: ReadonlyMap<string, number>, options?: { readonly validateOnly?: boolean }): Promise<void>
  deleteTopics(names: readonly string[]): Promise<void>
  /** Leaders and replicas of the topics that exist, by name. */
  describeReplicas(names: readonly string[]): Promise<Map<string, readonly PartitionReplicas[]>>
  describeTopicConfigs(names: readonly string[]): Promise<Map<string, ReadonlyMap<string, string>>>
  /** By topic; null: back to its default. Configs that are not named stay (KIP-339). */
  alterTopicConfigs(
    changes: ReadonlyMap<string, Readonly<Record<string, string | null>>>,
    options?: { readonly validateOnly?: boolean },
  ): Promise<void>
  deleteRecords(before: ReadonlyMap<TopicPartitionKey, number>): Promise<void>
  deleteGroups(groups: readonly string[]): Promise<void>
  readonly groups: GroupAdmin
  readonly transactions: TransactionAdmin
  readonly cluster: ClusterAdmin
  readonly permissions: PermissionAdmin
}
