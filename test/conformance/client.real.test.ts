import { describe, test } from 'vitest'
import { systemClock } from '../../src/common/clock.ts'
import { KafkajsTransport } from '../../src/kafka/transport/kafkajs-transport.ts'
import { startKafka, whatRealKafkaLacks } from '../support/real-kafka.ts'
import { clientSuite } from './client-suite.ts'

const missing = await whatRealKafkaLacks()

describe.skipIf(missing !== undefined)('the client on Apache Kafka', () => {
  clientSuite(async () => {
    const kafka = await startKafka()
    return {
      name: 'real',
      transport: (clientId) => new KafkajsTransport({ bootstrap: kafka.bootstrap, clientId, clock: systemClock }),
      stop: () => kafka.stop(),
    }
  })
})

if (missing !== undefined) test.skip(missing, () => undefined)
