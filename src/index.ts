/** The public door of `millrace`: everything users import, and nothing else. */

// --- topologies -----------------------------------------------------------------------------------------------------
export { StreamsBuilder } from './dsl/streams-builder.ts'
export { defineTopology, type TopologyModule } from './dsl/define-topology.ts'
export { Topology } from './topology/topology.ts'
export type { TopologyDescription } from './topology/describe.ts'
export type { NodeDescription, StoreDescription, SubTopologyDescription, TopologyJson } from './topology/description.ts'
export type { KGroupedStream, KStream, KTable } from './dsl/streams.ts'
export type { Grouped, Materialized, Printed, PromiseRefused, Repartitioned, Sync } from './dsl/options.ts'
export type { Consumed, Named, Processed, Produced, Topics } from './topology/options.ts'
export type { Duration } from './common/duration.ts'

// --- serdes ---------------------------------------------------------------------------------------------------------
export { serdes } from './serde/serdes.ts'
export { nullable, type NullableSerde, type Serde } from './serde/serde.ts'
export type { StandardSchema } from './serde/standard-schema.ts'
export type { Window, Windowed } from './serde/windowed.ts'

// --- processors and records -----------------------------------------------------------------------------------------
export type { FixedKeyProcessor, Processor, ValueTransformer } from './processor/processor.ts'
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
export type { StoreBuilder } from './processor/store-builder.ts'
export { stores, type StoreOptions } from './state/stores.ts'

// --- running --------------------------------------------------------------------------------------------------------
export { KafkaStreams, type StreamsEvents, type StreamsState } from './runtime/kafka-streams.ts'

// --- configuration --------------------------------------------------------------------------------------------------
export type { InProcessKafka, KafkaConnection, StreamsConfig } from './processor/streams-config.ts'
export type { Logger } from './common/logger.ts'

// --- errors ---------------------------------------------------------------------------------------------------------
export { StreamsError, type ErrorCode, type Reaction } from './errors/streams-error.ts'
export { ConfigError } from './errors/config-error.ts'
export { RuntimeError } from './errors/runtime-error.ts'
export { CallbackError } from './errors/callback-error.ts'
export { SerdeError } from './errors/serde-error.ts'
export { TopologyError } from './errors/topology-error.ts'
export type { ErrorAction, ErrorPolicy, FailedRecord } from './processor/error-policy.ts'
