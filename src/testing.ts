/** The public door of `millrace/testing`: running topologies without a Kafka, and on one of any kind. */

// --- without a broker -----------------------------------------------------------------------------------------------
export { TopologyTestDriver, type TopologyTestDriverOptions } from './testing/topology-test-driver.ts'
export type { RawRecord, TestInputTopic, TestOutputTopic, TestRecord } from './testing/test-topics.ts'

// --- with the embedded broker ---------------------------------------------------------------------------------------
export { EmbeddedKafka } from './testing/embedded-kafka.ts'

// --- on a Kafka -----------------------------------------------------------------------------------------------------
export { startKafka, whyNoKafka, type StartKafkaOptions } from './testing/start-kafka.ts'
export type { ReadOptions, TestKafka, WaitOptions } from './testing/test-kafka.ts'
export type { TestTopicOptions, TestTopics } from './testing/kafka-topics.ts'
export type { BrokerProperties } from './testing/broker-properties.ts'
export type { KafkaCapabilities, KafkaKind } from './testing/kafka-cluster.ts'
export type { InputRecord } from './testing/test-topics.ts'
export type { TestSerdes, TopicRecord } from './testing/topic-records.ts'
export type { WriteOptions } from './testing/topic-writer.ts'
export { runTopology, type RunningTopology } from './testing/run-topology.ts'
