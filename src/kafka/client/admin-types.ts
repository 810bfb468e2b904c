/** What operators ask of a cluster besides topics: groups, transactions, brokers. Facts as brokers tell them, no judgement. */
import type { TopicPartition, TopicPartitionKey } from '../../common/topic-partition.ts'

export interface PartitionReplicas {
  readonly partition: number
  /** The broker that leads it; -1: none. */
  readonly leader: number
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
}

// --- groups ---------------------------------------------------------------------------------------------------------

export interface GroupListing {
  readonly groupId: string
  /** `consumer` for applications; empty for a group that only keeps offsets. */
  readonly protocolType: string
  /** As the broker names it: Stable, Empty, PreparingRebalance, … Empty where it is too old to tell. */
  readonly state: string
}

export interface GroupMemberDescription {
  readonly memberId: string
  readonly instanceId: string | undefined
  readonly clientId: string
  readonly host: string
  /** What it said when it joined; undefined while the group rebalances, and where it is none of the consumer protocol. */
  readonly topics: readonly string[] | undefined
  readonly subscriptionUserData: Buffer | undefined
  readonly partitions: readonly TopicPartition[] | undefined
  readonly assignmentUserData: Buffer | undefined
}

export interface GroupDescription {
  readonly groupId: string
  readonly state: string
  readonly protocolType: string
  /** The protocol its members agreed on, such as `millrace`; empty while the group rebalances. */
  readonly protocol: string
  readonly coordinator: number
  readonly members: readonly GroupMemberDescription[]
}

export interface GroupOffset {
  readonly offset: number
  readonly leaderEpoch?: number
  readonly metadata?: string
}

export interface GroupAdmin {
  /** Of all brokers, by id. */
  list(): Promise<readonly GroupListing[]>
  /** Those that exist, by id. */
  describe(groupIds: readonly string[]): Promise<Map<string, GroupDescription>>
  /** Everything that the group has committed; what transactions have not decided yet is not in it. */
  offsets(groupId: string): Promise<Map<TopicPartitionKey, GroupOffset>>
  /** For a group without members only, which is made if need be: with members it fails with MILLRACE_GROUP_ACTIVE. */
  setOffsets(groupId: string, offsets: ReadonlyMap<TopicPartitionKey, GroupOffset>): Promise<void>
  /** Offsets that are not there are no error; of topics that members subscribe to: MILLRACE_GROUP_ACTIVE. */
  deleteOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<void>
  /**
   * LeaveGroup in their place (KIP-345). Ends these memberships and no others: not that of a process that has joined since
   * with the same instance id. Who is no member any more is no error; one that is alive joins again.
   */
  removeMembers(
    groupId: string,
    members: readonly Pick<GroupMemberDescription, 'memberId' | 'instanceId'>[],
  ): Promise<void>
}

// --- transactions ---------------------------------------------------------------------------------------------------

export interface TransactionListing {
  readonly transactionalId: string
  readonly producerId: number
  /** Ongoing, PrepareCommit, PrepareAbort, CompleteCommit, CompleteAbort, Empty. */
  readonly state: string
}

export interface TransactionDescription extends TransactionListing {
  readonly producerEpoch: number
  readonly timeoutMs: number
  /** Epoch milliseconds; undefined while none is open. */
  readonly startedAtMs: number | undefined
  readonly partitions: readonly TopicPartition[]
}

/** A producer that a partition remembers. */
export interface ActiveProducer {
  readonly producerId: number
  readonly producerEpoch: number
  /** Of its last record, epoch milliseconds; -1: not known. */
  readonly lastTimestamp: number
  /** Where its open transaction begins in this partition; undefined: none is open. */
  readonly transactionStart: number | undefined
}

export interface TransactionAdmin {
  /** Of all brokers; only those of `producerIds` where they are given. */
  list(options?: { readonly producerIds?: readonly number[] }): Promise<readonly TransactionListing[]>
  /** Those that exist, by transactional id. */
  describe(transactionalIds: readonly string[]): Promise<Map<string, TransactionDescription>>
  /** Who has written to these partitions, as their leaders remember it. */
  producers(partitions: readonly TopicPartition[]): Promise<Map<TopicPartitionKey, readonly ActiveProducer[]>>
}

// --- cluster --------------------------------------------------------------------------------------------------------

export interface BrokerAddress {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | undefined
}

export interface ClusterDescription {
  readonly clusterId: string
  readonly controller: number
  readonly brokers: readonly BrokerAddress[]
}

export interface BrokerAbilities {
  /** Newest version of each request that both sides know, by its name; absent: the broker does not offer it. */
  readonly requests: ReadonlyMap<string, number>
  /** Finalised features (KIP-584), such as `transaction.version`, with their level. */
  readonly features: ReadonlyMap<string, number>
}

export interface ControllerTime {
  readonly controllerId: number
  /** Epoch milliseconds. */
  readonly nowMs: number
}

export interface ClusterAdmin {
  describe(): Promise<ClusterDescription>
  /** Asks that very broker, once and without trying again: a fault is the answer that it cannot be reached. */
  abilities(brokerId: number): Promise<BrokerAbilities>
  /** Effective configs of a broker, those with secrets without their values. */
  brokerConfigs(brokerId: number): Promise<ReadonlyMap<string, string>>
  /**
   * What the active controller has for now: no other clock can be asked for without writing. Undefined where the cluster
   * does not tell: before Kafka 3.3 (KIP-836), and with ZooKeeper. Asked once, because what is repeated takes longer.
   */
  controllerTime(): Promise<ControllerTime | undefined>
}

// --- permissions ----------------------------------------------------------------------------------------------------

export type AclOperation =
  | 'Read'
  | 'Write'
  | 'Create'
  | 'Delete'
  | 'Alter'
  | 'Describe'
  | 'ClusterAction'
  | 'DescribeConfigs'
  | 'AlterConfigs'
  | 'IdempotentWrite'

/** What the principal may do; undefined where the broker does not tell. Transactional ids have no such question. */
export interface PermissionAdmin {
  /** Topics that do not exist are absent; one that may not even be described has none. */
  topics(names: readonly string[]): Promise<Map<string, ReadonlySet<AclOperation> | undefined>>
  group(groupId: string): Promise<ReadonlySet<AclOperation> | undefined>
  cluster(): Promise<ReadonlySet<AclOperation> | undefined>
}
