import { systemClock } from '../../src/common/clock.ts'
import { describe } from 'vitest'
import { EmbeddedBroker } from '../../src/kafka/broker/embedded-broker.ts'
import { InProcessTransport } from '../../src/kafka/transport/in-process-transport.ts'
import { clientSuite } from './client-suite.ts'

describe('the client on the embedded broker', () => {
  clientSuite(async () => {
    const broker = new EmbeddedBroker({ config: { autoCreateTopics: false, groupMinSessionTimeoutMs: 500 } })
    return {
      name: 'embedded',
      transport: (clientId) => new InProcessTransport(broker, { clientId, clock: systemClock }),
      stop: async () => broker.close(),
    }
  })
})
