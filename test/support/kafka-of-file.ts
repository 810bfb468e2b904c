/** One Kafka of the test kit for a test file: started before its tests, closed after them. */
import { afterAll, beforeAll } from 'vitest'
import { startKafka } from '../../src/testing/start-kafka.ts'
import type { StartKafkaOptions } from '../../src/testing/start-kafka.ts'
import type { TestKafka } from '../../src/testing/test-kafka.ts'

/** Call it inside `describe`; what it returns gives the Kafka once a test runs. */
export function useKafka(options: StartKafkaOptions): () => TestKafka {
  let kafka: TestKafka | undefined
  beforeAll(async () => {
    kafka = await startKafka(options)
  })
  afterAll(async () => kafka?.close())
  return () => kafka as TestKafka
}
