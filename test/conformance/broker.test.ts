import { EmbeddedKafka } from '../../src/testing/embedded-kafka.ts'
import { brokerSuite } from './broker-suite.ts'

brokerSuite('the embedded broker', async () => {
  const kafka = await EmbeddedKafka.start({ listen: true })
  const [host = '', port = ''] = kafka.brokers[0]?.split(':') ?? []
  return { address: { host, port: Number(port) }, stop: () => kafka.close() }
})
