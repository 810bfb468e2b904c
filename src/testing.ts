/** The public door of `millrace/testing`: running topologies without a Kafka. */

// --- without a broker -----------------------------------------------------------------------------------------------
export { TopologyTestDriver, type TopologyTestDriverOptions } from './testing/topology-test-driver.ts'
export type { RawRecord, TestInputTopic, TestOutputTopic, TestRecord } from './testing/test-topics.ts'

// --- with the embedded broker ---------------------------------------------------------------------------------------
export { EmbeddedKafka } from './testing/embedded-kafka.ts'
