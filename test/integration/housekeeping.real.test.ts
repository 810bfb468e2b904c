import { describe } from 'vitest'
import { housekeepingCases } from '../support/housekeeping-cases.ts'
import { useRealCluster } from '../support/real-cluster.ts'
import { whatRealKafkaLacks } from '../support/real-kafka.ts'

const lacks = await whatRealKafkaLacks()

describe.skipIf(lacks !== undefined)('on Apache Kafka', () => {
  const cluster = useRealCluster()
  housekeepingCases(() => cluster().client)
})
