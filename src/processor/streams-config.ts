/** The configuration of an application. Meaning and defaults: `docs/configuration.md`. */
import type { Logger } from '../common/logger.ts'
import type { ErrorPolicy } from './error-policy.ts'
import type { TimestampExtractor } from './timestamp-extractor.ts'

/** What a broker in the same process gives (EmbeddedKafka implements it). */
export interface InProcessKafka {
  readonly '~kafka': unknown
}

export type KafkaConnection =
  | InProcessKafka
  | {
      readonly brokers: readonly string[]
      readonly clientId?: string
      readonly ssl?: unknown
      readonly sasl?: unknown
    }

export interface StreamsConfig {
  applicationId: string
  kafka: KafkaConnection
  processingGuarantee: 'exactly_once' | 'at_least_once'
  commitIntervalMs: number
  maxCommitsInFlight: 0 | 1
  threads: number
  stateDir: string
  store: 'persistent' | 'memory'
  cacheMaxBytes: number
  uncommittedMaxBytes: number
  bufferedRecordsPerPartition: number
  inputBufferMaxBytes: number
  maxTaskIdleMs: number
  numStandbyReplicas: number
  acceptableRecoveryLag: number
  maxWarmupReplicas: number
  probingRebalanceIntervalMs: number
  replicationFactor: number
  sessionTimeoutMs: number
  heartbeatIntervalMs: number
  rebalanceTimeoutMs: number
  transactionTimeoutMs: number
  instanceId: string | undefined
  offsetReset: 'earliest' | 'latest' | 'none'
  timestampExtractor: TimestampExtractor
  onDeserializationError: ErrorPolicy
  onProcessingError: ErrorPolicy
  onProductionError: ErrorPolicy
  onUncaughtError: 'replaceThread' | 'shutdownClient' | 'shutdownApplication'
  topologyOptimization: boolean | readonly ('reuseSourceTopics' | 'mergeRepartitionTopics' | 'singleStoreSelfJoin')[]
  naming: 'generated' | 'explicit'
  compatibility: 'none' | 'java'
  emitIntervalMs: number
  stateMaxBytes: number
  http: string | undefined
  repartitionPurgeIntervalMs: number
  compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  logger: Logger
}
