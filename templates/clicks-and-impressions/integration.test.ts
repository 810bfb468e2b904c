/**
 * The whole application on a Kafka: a broker in this process, or Apache Kafka in a container, with
 * MILLRACE_TEST_KAFKA=container and the package testcontainers.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serdes } from 'millrace'
import { runTopology, startKafka } from 'millrace/testing'
import application, { click, impression, outcome } from '../../topologies/clicks-and-impressions/topology.ts'

// Kafka in a container takes its time, the more where its image is pulled first.
test('ads are clicked, or ignored once their time is over', { timeout: 120_000 }, async () => {
  await using kafka = await startKafka({
    topics: { impressions: 1, clicks: 1, 'clicked-ads': 1, 'ignored-ads': 1, 'suspicious-clicks': 1 },
  })
  await using app = await runTopology(application, kafka)
  const shown = (key: string, time: string) => ({ key, value: { ad: 'pens', at: `2026-11-02T${time}:00Z` } })
  const impressions = { key: serdes.string, value: impression }
  const output = { key: serdes.string, value: outcome }
  await kafka.pipe('impressions', impressions, [shown('i1', '12:00'), shown('i2', '12:01')])
  const clicked = { key: 'i1', value: { user: 'ada', at: '2026-11-02T12:04:00Z' } }
  await kafka.pipe('clicks', { key: serdes.string, value: click }, [clicked])
  const pairs = await kafka.awaitRecords('clicked-ads', output, 1)
  assert.deepEqual(
    pairs.map(({ key, value }) => [key, value?.user]),
    [['i1', 'ada']],
  )

  // Closes the time of the others.
  await kafka.pipe('impressions', impressions, [shown('i3', '12:30')])
  const ignored = await kafka.awaitRecords('ignored-ads', output, 1)
  assert.deepEqual(
    ignored.map(({ key }) => key),
    ['i2'],
  )
  assert.equal(app.state, 'RUNNING')
})
