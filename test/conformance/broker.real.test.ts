import { describe, it } from 'vitest'
import { startKafka, whatRealKafkaLacks } from '../support/real-kafka.ts'
import { brokerSuite } from './broker-suite.ts'

const lacking = await whatRealKafkaLacks()

if (lacking !== undefined) {
  describe('Apache Kafka', () => {
    it.skip(`answers as the embedded broker does (${lacking})`)
  })
} else {
  brokerSuite('Apache Kafka', async () => {
    const kafka = await startKafka({
      set: {
        'auto.create.topics.enable': true,
        'group.initial.rebalance.delay.ms': 0,
        'transaction.abort.timed.out.transaction.cleanup.interval.ms': 100,
      },
    })
    const [address] = kafka.bootstrap
    if (address === undefined) throw new Error('Kafka started without an address')
    return { address, stop: () => kafka.stop() }
  })
}
