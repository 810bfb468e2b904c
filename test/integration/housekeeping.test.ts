import { afterAll, beforeAll, describe } from 'vitest'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { connectKafka } from '../../src/runtime/connect-kafka.ts'
import { EmbeddedKafka } from '../../src/testing/embedded-kafka.ts'
import { housekeepingCases } from '../support/housekeeping-cases.ts'

describe('on the embedded broker', () => {
  let kafka: EmbeddedKafka
  let client: KafkaClient

  beforeAll(async () => {
    kafka = await EmbeddedKafka.start()
    client = connectKafka({ kafka, applicationId: 'test' })
    await client.connect()
  })

  afterAll(async () => {
    await client?.close()
    await kafka?.close()
  })

  housekeepingCases(() => client)
})
