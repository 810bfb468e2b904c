import { silentLogger, type Logger } from '../../common/logger.ts'
import type { Random } from '../../common/random.ts'

/** What can be set of the embedded broker. Names without a unit are Kafka's broker configs in camelCase. */
export interface BrokerConfig {
  /** Default: another one for each broker, since what is in memory ends with it. */
  readonly clusterId: string
  readonly defaultPartitions: number
  readonly defaultReplicationFactor: number
  readonly autoCreateTopics: boolean
  /** Topic configs other than Kafka's own defaults, for every topic that does not set them. */
  readonly topicDefaults: Readonly<Record<string, string>>
  readonly groupMinSessionTimeoutMs: number
  readonly groupMaxSessionTimeoutMs: number
  readonly groupInitialRebalanceDelayMs: number
  readonly groupMaxSize: number
  readonly offsetMetadataMaxBytes: number
  readonly transactionMaxTimeoutMs: number
  /** The finalised `transaction.version`: clients use transaction protocol v2 (KIP-890) from 2 on, else v1. */
  readonly transactionVersion: 0 | 2
  /** How long a transaction's marker takes to reach a partition; 0: it is there when EndTxn is answered. */
  readonly transactionMarkerDelayMs: () => number
  /** Bytes of all logs together; an append beyond is refused. */
  readonly maxLogBytes: number
  /** A compacted partition is compacted when this many bytes came since the last time. */
  readonly compactionThresholdBytes: number
  readonly maxFrameBytes: number
  readonly maxConnections: number
  /** Requests that one connection may have waiting for the one being answered. */
  readonly maxQueuedRequests: number
  /** Fetches that wait for data, on all connections together; one more is answered at once. */
  readonly maxPendingFetches: number
  readonly maxGroups: number
  readonly maxTransactionalIds: number
  readonly maxPartitions: number
  readonly logger: Logger
}

export const defaultBrokerConfig: Omit<BrokerConfig, 'clusterId'> = {
  defaultPartitions: 1,
  defaultReplicationFactor: 1,
  autoCreateTopics: true,
  topicDefaults: {},
  groupMinSessionTimeoutMs: 6_000,
  groupMaxSessionTimeoutMs: 1_800_000,
  groupInitialRebalanceDelayMs: 0,
  groupMaxSize: 1_000,
  offsetMetadataMaxBytes: 4_096,
  transactionMaxTimeoutMs: 900_000,
  transactionVersion: 2,
  transactionMarkerDelayMs: () => 0,
  maxLogBytes: 2 * 1024 ** 3,
  compactionThresholdBytes: 16 * 1024 ** 2,
  maxFrameBytes: 100 * 1024 ** 2,
  maxConnections: 2_000,
  maxQueuedRequests: 1_000,
  maxPendingFetches: 10_000,
  maxGroups: 10_000,
  maxTransactionalIds: 10_000,
  maxPartitions: 100_000,
  logger: silentLogger,
}

/** A UUID in 22 characters of base64url, as Kafka's (Uuid.java). */
export function newClusterId(random: Random): string {
  return Buffer.from(random.uuid().replaceAll('-', ''), 'hex').toString('base64url')
}
