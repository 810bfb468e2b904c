/**
 * The whole application on a Kafka: a broker in this process, or Apache Kafka in a container, with
 * MILLRACE_TEST_KAFKA=container and the package testcontainers.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serdes } from 'millrace'
import { runTopology, startKafka } from 'millrace/testing'
import application, { ranking, view } from '../../topologies/top-pages/topology.ts'

// Kafka in a container takes its time, the more where its image is pulled first.
test('a minute is ranked once a later view has closed it', { timeout: 120_000 }, async () => {
  await using kafka = await startKafka({ topics: { 'page-views': 1, 'top-pages': 1 } })
  await using app = await runTopology(application, kafka)
  const views = [
    { page: '/pens', at: '2026-11-02T12:00:05Z' },
    { page: '/pens', at: '2026-11-02T12:00:20Z' },
    { page: '/ink', at: '2026-11-02T12:00:40Z' },
    { page: '/ink', at: '2026-11-02T12:01:10Z' },
  ]
  await kafka.pipe('page-views', { key: serdes.string, value: view }, views.map((value) => ({ key: 'ada', value }))) // prettier-ignore

  const output = { key: serdes.string, value: ranking }
  const isWhole = (found: readonly { readonly value: unknown }[]): boolean =>
    found.some(({ value }) => Array.isArray(value) && value.length === 2)
  const records = await kafka.awaitRecords('top-pages', output, isWhole)
  assert.deepEqual(records.at(-1)?.value, [
    { page: '/pens', views: 2 },
    { page: '/ink', views: 1 },
  ])
  assert.equal(app.state, 'RUNNING')
})
