/** The test kit on Apache Kafka from its jars. */
import { describe, expect, it } from 'vitest'
import { startKafka } from '../../src/testing/start-kafka.ts'
import { runTopology } from '../../src/testing/run-topology.ts'
import { useKafka } from '../support/kafka-of-file.ts'
import { whatRealKafkaLacks } from '../support/real-kafka.ts'
import { countTopology, faultSuite, latest, numbers, testKitSuite, texts } from '../support/test-kit-suite.ts'

const lacks = await whatRealKafkaLacks()
if (lacks !== undefined) console.log(lacks)

describe.skipIf(lacks !== undefined)('startKafka on jars', () => {
  const kafka = useKafka({ on: 'jars' })
  testKitSuite(kafka)
  describe('faults', () => faultSuite(kafka))

  it('tells that its brokers are processes', () => {
    expect(kafka().capabilities).toEqual({ faults: true, processes: true, containers: false })
  })
})

describe.skipIf(lacks !== undefined)('A broker that answers, and has no transactions', () => {
  it('is not ready', async () => {
    const config = { 'transaction.state.log.replication.factor': 3 }
    const starting = startKafka({ on: 'jars', config, startupTimeoutMs: 8000 })
    await expect(starting).rejects.toMatchObject({ code: 'MILLRACE_TEST_KAFKA_START' })
    await expect(starting).rejects.toThrow(/no transaction can be begun/)
  })
})

describe.skipIf(lacks !== undefined)('three brokers from jars', () => {
  it('go on while one is killed', async () => {
    await using kafka = await startKafka({ on: 'jars', brokers: 3, topics: { input: 3, output: 1 } })
    await using app = await runTopology(countTopology('input', 'output'), kafka, { transactionTimeoutMs: 5000 })
    await kafka.pipe('input', texts, [{ key: 'a', value: '1' }])
    await kafka.killBroker(2)
    await kafka.pipe('input', texts, [{ key: 'a', value: '2' }])
    await kafka.awaitLagZero(app.applicationId, { timeoutMs: 90_000 })
    await kafka.restartBroker(2)
    expect(latest(await kafka.read('output', numbers)).get('a')).toBe(2)
  })

  it('whose configuration is wrong do not start, and the error has the end of the log', async () => {
    const starting = startKafka({ on: 'jars', config: { 'num.io.threads': 0 } })
    await expect(starting).rejects.toMatchObject({ code: 'MILLRACE_TEST_KAFKA_START' })
    await expect(starting).rejects.toThrow(/num\.io\.threads/)
  })
})
