/**
 * The whole application on a Kafka: a broker in this process, or Apache Kafka in a container, with
 * MILLRACE_TEST_KAFKA=container and the package testcontainers.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serdes } from 'millrace'
import { runTopology, startKafka } from 'millrace/testing'
import application, { ride } from '../../topologies/late-data/topology.ts'

// Kafka in a container takes its time, the more where its image is pulled first.
test('an hour is told once a later ride has closed it, and late rides go aside', { timeout: 120_000 }, async () => {
  await using kafka = await startKafka({ topics: { rides: 1, 'hourly-takings': 1, 'late-rides': 1 } })
  await using app = await runTopology(application, kafka)
  const rides = [
    { taxi: 't1', cents: 1000, at: '2026-11-02T12:10:00Z' },
    { taxi: 't2', cents: 200, at: '2026-11-02T12:59:00Z' },
    { taxi: 't1', cents: 800, at: '2026-11-02T13:15:00Z' },
    { taxi: 't2', cents: 9000, at: '2026-11-02T12:40:00Z' },
  ].map((value) => ({ key: 'north', value }))
  await kafka.pipe('rides', { key: serdes.string, value: ride }, rides)

  const hours = { key: serdes.timeWindowed(serdes.string, '1h'), value: serdes.int64 }
  const [takings] = await kafka.awaitRecords('hourly-takings', hours, 1)
  assert.deepEqual([takings?.key?.key, takings?.value], ['north', 1200])
  const aside = { key: serdes.string, value: serdes.json<{ readonly cents: number }>() }
  const [late] = await kafka.awaitRecords('late-rides', aside, 1)
  assert.equal(late?.value?.cents, 9000)
  assert.equal(app.state, 'RUNNING')
})
