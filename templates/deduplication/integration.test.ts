/**
 * The whole application on a Kafka: a broker in this process, or Apache Kafka in a container, with
 * MILLRACE_TEST_KAFKA=container and the package testcontainers.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serdes } from 'millrace'
import { runTopology, startKafka } from 'millrace/testing'
import application, { event } from '../../topologies/deduplication/topology.ts'

// Kafka in a container takes its time, the more where its image is pulled first.
test('repetitions are left out, everything else comes through in order', { timeout: 120_000 }, async () => {
  await using kafka = await startKafka({ topics: { 'webhook-events': 1, 'unique-events': 1 } })
  await using app = await runTopology(application, kafka)
  const events = ['e1', 'e2', 'e1', 'e2', 'e3'].map((id) => ({
    key: 'account-1',
    value: { id, type: 'paid', at: '2026-11-02T12:00:00Z' },
  }))
  await kafka.pipe('webhook-events', { key: serdes.string, value: event }, events)

  const records = await kafka.awaitRecords('unique-events', { key: serdes.string, value: event }, 3)
  assert.deepEqual(
    records.map(({ value }) => value?.id),
    ['e1', 'e2', 'e3'],
  )
  assert.equal(app.state, 'RUNNING')
})
