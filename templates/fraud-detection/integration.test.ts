/**
 * The whole application on a Kafka: a broker in this process, or Apache Kafka in a container, with
 * MILLRACE_TEST_KAFKA=container and the package testcontainers.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serdes } from 'millrace'
import { runTopology, startKafka } from 'millrace/testing'
import application, { payment } from '../../topologies/fraud-detection/topology.ts'

// Kafka in a container takes its time, the more where its image is pulled first.
test('a card in three cities is an alert, one in two is not', { timeout: 120_000 }, async () => {
  await using kafka = await startKafka({ topics: { 'card-payments': 2, 'fraud-alerts': 1 } })
  await using app = await runTopology(application, kafka)
  const payments = [
    ['1234', 'Paris', '12:00'],
    ['1234', 'Paris', '12:01'],
    ['4711', 'Rome', '12:00'],
    ['4711', 'Oslo', '12:05'],
    ['4711', 'Lima', '12:10'],
  ].map(([key, city = '', time]) => ({ key: key ?? '', value: { city, cents: 100, at: `2026-11-02T${time}:00Z` } }))
  await kafka.pipe('card-payments', { key: serdes.string, value: payment }, payments)

  const output = { key: serdes.string, value: serdes.json<{ readonly cities: readonly string[] }>() }
  const [alert] = await kafka.awaitRecords('fraud-alerts', output, 1)
  assert.equal(alert?.key, '4711')
  assert.deepEqual(alert.value?.cities, ['Rome', 'Oslo', 'Lima'])
  assert.equal(app.state, 'RUNNING')
})
