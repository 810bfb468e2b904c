/**
 * The whole application on a Kafka: a broker in this process, or Apache Kafka in a container, with
 * MILLRACE_TEST_KAFKA=container and the package testcontainers.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serdes } from 'millrace'
import { runTopology, startKafka } from 'millrace/testing'
import application from '../../topologies/dead-letters/topology.ts'

// Kafka in a container takes its time, the more where its image is pulled first.
test('each payment is an entry or a letter, and none is both', { timeout: 120_000 }, async () => {
  await using kafka = await startKafka({ topics: { payments: 2, ledger: 1, 'payments-dead-letters': 1 } })
  await using app = await runTopology(application, kafka)
  const payments = Array.from({ length: 10 }, (_, index) => ({
    key: `p${index}`,
    value: `{"amount":${index},"currency":"${index % 3 === 0 ? 'DOGE' : 'EUR'}"}`,
  }))
  await kafka.pipe('payments', { key: serdes.string, value: serdes.string }, payments)

  const entries = await kafka.awaitRecords('ledger', { key: serdes.string, value: serdes.int32 }, 6)
  const letters = await kafka.awaitRecords('payments-dead-letters', { key: serdes.string, value: serdes.string }, 4)
  const keys = [...entries, ...letters].map(({ key }) => key)
  assert.equal(keys.length, payments.length)
  assert.deepEqual(new Set(keys), new Set(payments.map(({ key }) => key)))
  assert.equal(app.state, 'RUNNING')
})
