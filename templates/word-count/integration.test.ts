/**
 * The whole application on a Kafka: a broker in this process, or Apache Kafka in a container, with
 * MILLRACE_TEST_KAFKA=container and the package testcontainers.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serdes } from 'millrace'
import { runTopology, startKafka } from 'millrace/testing'
import application from '../../topologies/word-count.ts'

// Kafka in a container takes its time, the more where its image is pulled first.
test('words of all partitions are counted together, each once', { timeout: 120_000 }, async () => {
  await using kafka = await startKafka({ topics: { 'text-lines': 3, 'word-counts': 2 } })
  await using app = await runTopology(application, kafka)
  const lines = Array.from({ length: 30 }, (_, index) => ({ key: `k${index}`, value: 'to be' }))
  await kafka.pipe('text-lines', { key: serdes.string, value: serdes.string }, lines)

  const output = { key: serdes.string, value: serdes.int64 }
  const records = await kafka.awaitRecords('word-counts', output, (found) =>
    ['to', 'be'].every((word) => found.some(({ key, value }) => key === word && value === lines.length)),
  )
  assert.ok(records.every(({ value }) => (value ?? 0) <= lines.length))
  assert.equal(app.state, 'RUNNING')
})
