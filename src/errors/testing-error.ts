import { StreamsError, type StreamsErrorOptions } from './streams-error.ts'

export const testingErrors = {
  MILLRACE_TEST_TOPIC_UNKNOWN: 'a test names a topic that the topology does not read, or that Kafka does not have',
  MILLRACE_TEST_PARTITION_UNKNOWN: 'a test writes to a partition that its topic does not have',
  MILLRACE_TEST_STORE_UNKNOWN: 'a test asks for a store that the topology does not have, or not of that kind',
  MILLRACE_TEST_METRIC_UNKNOWN: 'a test asks for a metric that nobody counts',
  MILLRACE_TEST_DRIVER_STOPPED: 'a test goes on with a driver that was closed, or in which a record failed',
  MILLRACE_TEST_TIME_INVALID: 'a test gives a time that is none, or moves the wall clock backwards',
  MILLRACE_TEST_TOPIC_EXISTS: 'a test creates a topic that is there already',
  MILLRACE_TEST_TOPIC_LEFT: 'a topic that a test deletes is still there',
  MILLRACE_TEST_RECORDS_MISSING: 'records that a test waits for have not come in time',
  MILLRACE_TEST_NOT_CAUGHT_UP: 'an application has not processed its input in time',
  MILLRACE_TEST_KAFKA_OPTION: 'startKafka was given something that it cannot do',
  MILLRACE_TEST_KAFKA_UNAVAILABLE: 'what startKafka needs is not on this machine',
  MILLRACE_TEST_KAFKA_START: 'a Kafka for tests did not become ready',
  MILLRACE_TEST_KAFKA_UNABLE: 'a test asks for something that this kind of Kafka cannot do',
} as const

/** A test uses the test kit in a way that cannot be meant. */
export class TestingError extends StreamsError {
  declare readonly code: keyof typeof testingErrors

  constructor(code: keyof typeof testingErrors, message: string, options: StreamsErrorOptions = {}) {
    super(code, message, options)
  }
}
