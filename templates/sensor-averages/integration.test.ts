/**
 * The whole application on a Kafka: a broker in this process, or Apache Kafka in a container, with
 * MILLRACE_TEST_KAFKA=container and the package testcontainers.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serdes } from 'millrace'
import { runTopology, startKafka } from 'millrace/testing'
import application, { reading } from '../../topologies/sensor-averages/topology.ts'

// Kafka in a container takes its time, the more where its image is pulled first.
test('a minute is averaged once a later reading has closed it', { timeout: 120_000 }, async () => {
  await using kafka = await startKafka({ topics: { readings: 1, 'minute-averages': 1, 'moving-averages': 1 } })
  await using app = await runTopology(application, kafka)
  const readings = [
    { celsius: 20, at: '2026-11-02T12:00:10Z' },
    { celsius: 22, at: '2026-11-02T12:00:50Z' },
    { celsius: 30, at: '2026-11-02T12:01:30Z' },
  ].map((value) => ({ key: 'roof', value }))
  await kafka.pipe('readings', { key: serdes.string, value: reading }, readings)

  const output = { key: serdes.timeWindowed(serdes.string, '1m'), value: serdes.json<{ readonly average: number }>() }
  const [minute] = await kafka.awaitRecords('minute-averages', output, 1)
  assert.deepEqual([minute?.key?.key, minute?.value?.average], ['roof', 21])
  assert.equal(app.state, 'RUNNING')
})
