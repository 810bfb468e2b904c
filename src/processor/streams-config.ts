/**
 * The configuration of an application. `docs/configuration.md` is made of this file: sections, keys and comments are taken
 * from here (`node scripts/generate-config-docs.ts`), defaults and ranges from `src/runtime/streams-config.ts`.
 */
import type { Logger } from '../common/logger.ts'
import type { ErrorPolicy } from './error-policy.ts'
import type { ProcessorWrapper } from './processor-wrapper.ts'
import type { TimestampExtractor } from './timestamp-extractor.ts'

/** What a broker in the same process gives (EmbeddedKafka implements it). */
export interface InProcessKafka {
  readonly '~kafka': unknown
}

/** Where Kafka is: addresses of brokers, or an `EmbeddedKafka` in this process. */
export type KafkaConnection =
  | InProcessKafka
  | {
      /** `host:port`, at least one. */
      readonly brokers: readonly string[]
      /** What brokers know this client as, in their logs and quotas. */
      readonly clientId?: string
      /** As in kafkajs. */
      readonly ssl?: unknown
      /** As in kafkajs. */
      readonly sasl?: unknown
    }

/**
 * The configuration of an application. Sizes are in bytes, times in milliseconds; `applicationId` and `kafka` must be
 * given, all else has a default. An unknown key and a value outside of its range are errors. Kafka Streams:
 * `StreamsConfig`.
 */
export interface StreamsConfig {
  // --- What must be given ------------------------------------------------------------------------------------------

  /**
   * Names the consumer group and prefixes internal topics; instances with the same id share the work. Up to 200
   * letters, digits, `.`, `_` and `-`. Must be given.
   */
  applicationId: string
  /** `{ brokers: ['host:port'], clientId?, ssl?, sasl? }`, or an `EmbeddedKafka`. Must be given. */
  kafka: KafkaConnection

  // --- Guarantees and commits --------------------------------------------------------------------------------------

  /**
   * `exactly_once` (default): one transaction per commit over outputs, changelogs and offsets. `at_least_once`: offsets
   * are committed after the records; a crash repeats what came after the last commit, and an instance that slept past its
   * session may still write old values into a changelog, since nothing fences it.
   */
  processingGuarantee: 'exactly_once' | 'at_least_once'
  /**
   * How often is committed, in milliseconds, when there is something. Default 100, with `at_least_once` 30000. With
   * `exactly_once` it must be below `transactionTimeoutMs`.
   */
  commitIntervalMs: number
  /**
   * 1 (default): processing goes on while a commit is under way, its records held back until the transaction has ended.
   * 0: it waits, as it always does under `at_least_once`.
   */
  maxCommitsInFlight: 0 | 1
  /**
   * How long a broker keeps the transaction of an instance that vanished, in milliseconds. Default 10000.
   */
  transactionTimeoutMs: number
  /** Beyond so many bytes of uncommitted state or unsent output it commits early. Default 64 MiB. */
  uncommittedMaxBytes: number
  /**
   * Bytes of the caches in which updates of one key between two commits are merged. Default 10 MiB. 0: every update is
   * written and forwarded.
   */
  cacheMaxBytes: number
  /** Of produced batches. Default `none`. */
  compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

  // --- Input -------------------------------------------------------------------------------------------------------

  /**
   * Where to begin without a committed offset: `earliest` (default), `latest`, or `none`, which is an error. A source
   * can have its own.
   */
  offsetReset: 'earliest' | 'latest' | 'none'
  /** Gives records their event time. Default `timestampExtractors.failOnInvalid`. A source can have its own. */
  timestampExtractor: TimestampExtractor
  /** A partition with more buffered records is not fetched. Default 1000. */
  bufferedRecordsPerPartition: number
  /** Beyond so many bytes of buffered records, of all partitions together, nothing is fetched. Default 64 MiB. */
  inputBufferMaxBytes: number
  /**
   * How long, in milliseconds, a task with several inputs waits for an empty one, so that records are taken in order of
   * time. 0 (default): only while records are known to be on the way; -1: never (KIP-695).
   */
  maxTaskIdleMs: number

  // --- Errors ------------------------------------------------------------------------------------------------------

  /**
   * What happens to a record whose key or value cannot be read: `fail` (default), `skip`, `{ deadLetter: 'topic' }`, or
   * a function of the error and the record. A source can have its own.
   */
  onDeserializationError: ErrorPolicy
  /**
   * What happens to a record that a callback or a processor throws at: `fail` (default), `skip`, `{ deadLetter: 'topic'
   * }`, or a function of the error and the record. A node can have its own.
   */
  onProcessingError: ErrorPolicy
  /**
   * What happens to a result that cannot be written: `fail` (default), `skip`, `{ deadLetter: 'topic' }`, or a function
   * of the error and the record. A sink can have its own.
   */
  onProductionError: ErrorPolicy
  /**
   * `shutdownClient` (default): the application ends in state ERROR. `replaceThread`: it starts again after a second.
   * `shutdownApplication` is refused in this version.
   */
  onUncaughtError: 'replaceThread' | 'shutdownClient' | 'shutdownApplication'

  // --- Group and cluster -------------------------------------------------------------------------------------------

  /** Stream threads. Default 1; more are refused in this version: run more instances instead. */
  threads: number
  /** An instance that is silent for so long loses its tasks, in milliseconds. Default 45000. */
  sessionTimeoutMs: number
  /**
   * How soon an instance hears of a rebalance, in milliseconds. Default 500; at most a third of `sessionTimeoutMs`.
   */
  heartbeatIntervalMs: number
  /** How long a rebalance waits for an instance to commit, in milliseconds. Default 60000. */
  rebalanceTimeoutMs: number
  /**
   * Static membership (KIP-345): a restart within the session time-out keeps its tasks. One of its own for each
   * instance. Default undefined: none.
   */
  instanceId: string | undefined
  /** Of internal topics. Default -1: what the broker is configured with. */
  replicationFactor: number
  /** Copies of state on other instances. Default 0; more are refused in this version. */
  numStandbyReplicas: number
  /** Accepted for configurations that are shared with later versions; changes nothing. Default 10000 records. */
  acceptableRecoveryLag: number
  /** Accepted for configurations that are shared with later versions; changes nothing. Default 2. */
  maxWarmupReplicas: number
  /**
   * Accepted for configurations that are shared with later versions; changes nothing. Default 600000, in milliseconds.
   */
  probingRebalanceIntervalMs: number

  // --- State -------------------------------------------------------------------------------------------------------

  /**
   * Kind of store where a store does not say. `persistent` (default): in memory, and what was committed on disk as
   * well, so that a restart replays only what came after; all stores of a task are kept together. `memory`: restored from the changelog at every start; the
   * default with a broker in this process and no `stateDir`.
   */
  store: 'persistent' | 'memory'
  /** Directory of local state. Default `millrace` in the temporary directory; in production give a disk or a volume. */
  stateDir: string
  /**
   * Meant as the limit of all stores of the process, in bytes; this version does not enforce it. Default: half of the
   * memory.
   */
  stateMaxBytes: number

  // --- Building a topology -----------------------------------------------------------------------------------------

  /**
   * Optional optimisations: all (true), none (false, the default), or those named. `reuseSourceTopics`: a table's topic is
   * its changelog. `mergeRepartitionTopics`: repartition topics with equal records become one. `singleStoreSelfJoin`: a
   * stream that is joined with itself is stored once. They change topics and stores. Fixed when the topology is built.
   */
  topologyOptimization: boolean | readonly ('reuseSourceTopics' | 'mergeRepartitionTopics' | 'singleStoreSelfJoin')[]
  /**
   * `generated` (default), or `explicit`: a stateful operator without a name is an error (KIP-1111). Fixed when the
   * topology is built.
   */
  naming: 'generated' | 'explicit'
  /**
   * `java`: what Kafka Streams does also where it loses or delays results, to replace a Java application to the last
   * record. Default `none`: the results of docs/differences-from-java.md. Fixed when the topology is built.
   */
  compatibility: 'none' | 'java'
  /**
   * Least time by the wall clock, in milliseconds, between two emissions of results that waited: of windows that closed,
   * of joined records that have no partner. Default 0: at once. Java's is 1000.
   */
  emitIntervalMs: number
  /** Wraps every processor of the topology, the DSL's operators too (KIP-1112). Default undefined: none. */
  processorWrapper: ProcessorWrapper | undefined

  // --- Operations --------------------------------------------------------------------------------------------------

  /**
   * `host:port` where this instance answers over HTTP: health, metrics, status (docs/operations-http.md). Port 0 takes any
   * free one. What other machines can reach needs `httpToken`. Default undefined: no server.
   */
  http: string | undefined
  /**
   * What requests to the HTTP server must bring as `Authorization: Bearer …`, but for `/livez` and `/readyz`: 16 to 1024
   * visible ASCII characters. Default undefined: none, which only an address of this machine admits.
   */
  httpToken: string | undefined
  /**
   * `host:port` under which other machines reach the HTTP server, where that is not what it listens on (behind a mapped
   * port, in a pod): members of the group tell it, and `millrace status` asks there. Default undefined: the address of
   * `http`, with this machine's name where that stands for all addresses.
   */
  httpAdvertised: string | undefined
  /**
   * How often records of repartition topics that everybody has processed are deleted, in milliseconds. Default 30000.
   */
  repartitionPurgeIntervalMs: number
  /** `{ debug, info, warn, error }`, each `(facts, message)`: pino fits. Default: silent. */
  logger: Logger
}
