/** The public door of `millrace`: everything users import, and nothing else. */

// --- topologies -----------------------------------------------------------------------------------------------------
export { StreamsBuilder } from './dsl/streams-builder.ts'
export { defineTopology, type TopologyModule } from './dsl/define-topology.ts'
export { Topology } from './topology/topology.ts'
export type { DrawingOptions, TopologyDescription } from './topology/describe.ts'
export type {
  NodeDescription,
  StoreDescription,
  SubTopologyDescription,
  TopicDescription,
  TopologyJson,
} from './topology/description.ts'
export type { Branches } from './dsl/branches.ts'
export type { GlobalKTable } from './dsl/global-ktable.ts'
export type {
  AnyKStream,
  Branched,
  BranchedKStream,
  CogroupedKStream,
  KGroupedStream,
  KGroupedTable,
  KStream,
  KTable,
  SessionWindowedCogroupedKStream,
  SessionWindowedKStream,
  TimeWindowedCogroupedKStream,
  TimeWindowedKStream,
} from './dsl/streams.ts'
export { hopping, joinWithin, session, sliding, tumbling, unlimited } from './dsl/windows.ts'
export type {
  EmitStrategy,
  JoinWindows,
  JoinWithin,
  SessionWindows,
  SlidingWindows,
  TimeWindows,
} from './dsl/windows.ts'
export type {
  Grouped,
  Joined,
  Materialized,
  Printed,
  PromiseRefused,
  Repartitioned,
  StreamJoined,
  Suppression,
  Sync,
  TableJoined,
} from './dsl/options.ts'
export type { Consumed, Named, Processed, Produced, Topics } from './topology/options.ts'
export type { Duration } from './common/duration.ts'

// --- serdes ---------------------------------------------------------------------------------------------------------
export { serdes } from './serde/serdes.ts'
export { nullable, type NullableSerde, type Serde, type SerdeType } from './serde/serde.ts'
export type { StandardSchema } from './serde/standard-schema.ts'
export type { Window, Windowed } from './serde/windowed.ts'

// --- processors and records -----------------------------------------------------------------------------------------
export type { FixedKeyProcessor, Processor, ValueTransformer } from './processor/processor.ts'
export type { ProcessorWrapper } from './processor/processor-wrapper.ts'
export type {
  Cancellable,
  FixedKeyProcessorContext,
  ProcessorContext,
  PunctuationType,
} from './processor/processor-context.ts'
export type { RecordMetadata, StreamRecord, ValueAndTimestamp } from './processor/record.ts'
export type { Header, Headers } from './common/headers.ts'
export type { StreamPartitioner } from './processor/stream-partitioner.ts'
export type { TimestampExtractor } from './processor/timestamp-extractor.ts'
export { timestampExtractors } from './processor/timestamp-extractors.ts'

// --- stores ---------------------------------------------------------------------------------------------------------
export type { KeyValueStore, StoreIterator } from './processor/state-store.ts'
export type { KeyRange, WindowStore } from './processor/window-store.ts'
export type { SessionStore } from './processor/session-store.ts'
export type { VersionedRecord, VersionedStore } from './processor/versioned-store.ts'
export type { StoreBuilder } from './processor/store-builder.ts'
export {
  stores,
  type SessionStoreOptions,
  type StoreOptions,
  type VersionedStoreOptions,
  type WindowStoreOptions,
} from './state/stores.ts'

// --- running --------------------------------------------------------------------------------------------------------
export { KafkaStreams } from './server/serving-kafka-streams.ts'
export type { StreamsMetrics } from './runtime/kafka-streams.ts'
export type { StreamsEvents, StreamsState } from './runtime/streams-events.ts'
export type {
  ErrorsStatus,
  PartitionStatus,
  StreamsStatus,
  TasksStatus,
  TaskStatus,
  TopologyStatus,
} from './runtime/streams-status.ts'
export type { MetricDefinition, MetricSample } from './common/metrics.ts'

// --- configuration --------------------------------------------------------------------------------------------------
export type { InProcessKafka, KafkaConnection, StreamsConfig } from './processor/streams-config.ts'
export type { Logger } from './common/logger.ts'
export { jsonLogger, type JsonLoggerOptions, type LogLevel } from './common/json-logger.ts'

// --- errors ---------------------------------------------------------------------------------------------------------
export { StreamsError, type ErrorCode } from './errors/error-code.ts'
export type { Reaction } from './errors/streams-error.ts'
export { ServerError } from './errors/server-error.ts'
export { ConfigError } from './errors/config-error.ts'
export { RuntimeError } from './errors/runtime-error.ts'
export { CallbackError } from './errors/callback-error.ts'
export { SerdeError } from './errors/serde-error.ts'
export { TopologyError } from './errors/topology-error.ts'
export type { ErrorAction, ErrorPolicy, FailedRecord } from './processor/error-policy.ts'
