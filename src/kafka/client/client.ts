import type { Clock } from '../../common/clock.ts'
import type { Logger } from '../../common/logger.ts'
import { childLogger } from '../../common/logger.ts'
import type { Random } from '../../common/random.ts'
import type { TopicPartition, TopicPartitionKey } from '../../common/topic-partition.ts'
import type { Transport } from '../transport/transport.ts'
import { AdminRequests } from './admin-requests.ts'
import { Cluster } from './cluster.ts'
import { ClusterFetcher } from './fetcher.ts'
import { ClassicMembership } from './group.ts'
import type {
  Admin,
  Fetcher,
  FetcherOptions,
  FoundOffsets,
  GroupHandler,
  GroupIdentity,
  GroupMembership,
  GroupOptions,
  Isolation,
  KafkaClient,
  OffsetAndMetadata,
  Offsets,
  Producer,
  ProducerOptions,
  TopicMetadata,
} from './kafka-client.ts'
import { OffsetRequests } from './offsets.ts'
import { fenceProducers, removeMembers } from './predecessors.ts'
import { ClusterProducer } from './producer.ts'

export interface KafkaClientOptions {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly clientId: string
  /** One attempt: a broker that does not answer within it is given up and asked again. Default 10 s. */
  readonly requestTimeoutMs?: number
  /** All attempts of one call that is not about records. Default 60 s. */
  readonly apiTimeoutMs?: number
  /** All attempts of `connect`. Default 15 s. */
  readonly connectTimeoutMs?: number
  /** Forbids transaction protocol v2 where the cluster has finalised it; for tests. */
  readonly transactionProtocol?: 'v1'
}

export function createKafkaClient(options: KafkaClientOptions): KafkaClient {
  return new KafkaClientImpl(options)
}

/** Puts the parts together; each part is told what it needs and knows none of the others. */
class KafkaClientImpl implements KafkaClient {
  readonly admin: Admin
  readonly #cluster: Cluster
  readonly #admin: AdminRequests
  readonly #offsets: OffsetRequests
  readonly #connectTimeoutMs: number
  readonly #apiTimeoutMs: number
  readonly #onlyV1: boolean

  constructor(options: KafkaClientOptions) {
    const { transport, clock, random, requestTimeoutMs = 10_000, apiTimeoutMs = 60_000 } = options
    const logger = childLogger(options.logger, { clientId: options.clientId })
    this.#cluster = new Cluster({ transport, clock, random, logger, requestTimeoutMs })
    this.#admin = new AdminRequests(this.#cluster, apiTimeoutMs)
    this.#offsets = new OffsetRequests(this.#cluster, { timeoutMs: apiTimeoutMs, lane: 'offsets' })
    this.#connectTimeoutMs = options.connectTimeoutMs ?? 15_000
    this.#apiTimeoutMs = apiTimeoutMs
    this.#onlyV1 = options.transactionProtocol === 'v1'
    this.admin = this.#admin
  }

  get clusterId(): string | undefined {
    return this.#cluster.metadata.clusterId
  }

  connect(): Promise<void> {
    return this.#cluster.connect(this.#connectTimeoutMs)
  }

  close(): Promise<void> {
    return this.#cluster.close()
  }

  describeTopics(
    names: readonly string[] | 'all',
    options: { readonly autoCreate?: boolean } = {},
  ): Promise<Map<string, TopicMetadata>> {
    return this.#admin.describeTopics(names, options.autoCreate ?? false)
  }

  listOffsets(
    query: readonly (TopicPartition & { readonly timestamp: number })[],
    isolation: Isolation,
  ): Promise<Map<TopicPartitionKey, number>> {
    return this.#offsets.list(query, isolation)
  }

  findOffsets(
    query: readonly (TopicPartition & { readonly timestamp: number })[],
    isolation: Isolation,
    { timeoutMs }: { readonly timeoutMs: number },
  ): Promise<FoundOffsets> {
    return this.#offsets.find(query, isolation, timeoutMs)
  }

  committedOffsets(
    group: string,
    partitions: readonly TopicPartition[],
    options: { readonly requireStable: boolean; readonly timeoutMs?: number },
  ): Promise<Map<TopicPartitionKey, OffsetAndMetadata>> {
    return this.#offsets.committed(group, partitions, options)
  }

  commitOffsets(group: GroupIdentity, offsets: Offsets, signal?: AbortSignal): Promise<void> {
    return this.#offsets.commit(group, offsets, signal)
  }

  fenceProducers(
    transactionalIds: readonly string[],
    options: { readonly transactionTimeoutMs: number },
  ): Promise<void> {
    return fenceProducers(this.#cluster, transactionalIds, { ...options, timeoutMs: this.#apiTimeoutMs })
  }

  removeMembers(group: string, memberIds: readonly string[]): Promise<void> {
    const leavers = memberIds.map((memberId) => ({ memberId }))
    const reason = 'its process has ended and was started again'
    return removeMembers(this.#cluster, group, leavers, { reason, timeoutMs: this.#apiTimeoutMs })
  }

  fetcher(options: FetcherOptions): Fetcher {
    return new ClusterFetcher(this.#cluster, this.#offsets, options)
  }

  producer(options: ProducerOptions): Producer {
    return new ClusterProducer(this.#cluster, { ...options, apiTimeoutMs: this.#apiTimeoutMs, onlyV1: this.#onlyV1 })
  }

  group(options: GroupOptions, handler: GroupHandler): GroupMembership {
    return new ClassicMembership(this.#cluster, options, handler)
  }
}
