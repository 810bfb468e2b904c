/**
 * What the embedded broker promises, in cases that pass on Apache Kafka as well: run against the embedded broker always
 * (`broker.test.ts`) and against the real one where there is one (`broker.real.test.ts`). Cases see the broker through
 * raw requests only.
 */
import { afterAll, beforeAll, describe } from 'vitest'
import { fetchFrom, RawKafka, type RawAddress } from '../support/raw-kafka.ts'
import { apis } from '../../src/kafka/protocol/apis.ts'
import { eventually, type Suite } from './broker-suite-context.ts'
import { adminCases } from './broker-suite-admin.ts'
import { groupCases } from './broker-suite-groups.ts'
import { logCases } from './broker-suite-log.ts'
import { transactionCases } from './broker-suite-transactions.ts'
import { newEpochCases } from './broker-suite-transactions-v2.ts'

export interface BrokerUnderTest {
  readonly address: RawAddress
  stop(): Promise<void>
}

export function brokerSuite(title: string, start: () => Promise<BrokerUnderTest>): void {
  describe(title, () => {
    let broker: BrokerUnderTest
    const open: RawKafka[] = []
    let count = 0
    const suite: Suite = {
      async connect() {
        const kafka = await RawKafka.connect(broker.address)
        open.push(kafka)
        return kafka
      },
      name: (of) => `${of}-${(count += 1)}`,
      async createTopic({ partitions = 1, config = {} } = {}) {
        const name = suite.name('topic')
        const kafka = await suite.connect()
        const configs = Object.entries(config).map(([key, value]) => ({ name: key, value }))
        const { topics } = await kafka.send(apis.CreateTopics, 5, {
          timeoutMs: 10_000,
          topics: [{ name, numPartitions: partitions, replicationFactor: 1, configs }],
        })
        if (topics[0]?.errorCode !== 0) throw new Error(`cannot create ${name}: ${topics[0]?.errorMessage}`)
        await untilKnown(kafka, name)
        for (let partition = 0; partition < partitions; partition++) {
          await eventually(async () => (await fetchFrom(kafka, name, 0, { partition })).errorCode === 0)
        }
        return name
      },
    }
    beforeAll(async () => {
      broker = await start()
    }, 60_000)
    afterAll(async () => {
      for (const kafka of open) kafka.close()
      await broker?.stop()
    }, 60_000)
    logCases(suite)
    transactionCases(suite)
    newEpochCases(suite)
    groupCases(suite)
    adminCases(suite)
  })
}

/** On a real cluster the metadata follow a moment later. */
async function untilKnown(kafka: RawKafka, topic: string): Promise<void> {
  await eventually(async () => {
    const { topics } = await kafka.send(apis.Metadata, 9, { topics: [{ name: topic }], allowAutoTopicCreation: false })
    const [found] = topics
    return (
      found?.errorCode === 0 && found.partitions.every(({ errorCode, leaderId }) => errorCode === 0 && leaderId >= 0)
    )
  })
}
