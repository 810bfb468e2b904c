/**
 * The whole application on a Kafka: a broker in this process, or Apache Kafka in a container, with
 * MILLRACE_TEST_KAFKA=container and the package testcontainers.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serdes } from 'millrace'
import { runTopology, startKafka } from 'millrace/testing'
import application, { item, product, stock } from '../../topologies/inventory/topology.ts'

// Kafka in a container takes its time, the more where its image is pulled first.
test('rows find their products, in whatever partition they are', { timeout: 120_000 }, async () => {
  await using kafka = await startKafka({ topics: { stock: 2, products: 3, inventory: 1 } })
  await using app = await runTopology(application, kafka)
  const ids = ['p1', 'p2', 'p3']
  const products = ids.map((key, index) => ({ key, value: { name: `name of ${key}`, cents: index + 1 } }))
  await kafka.pipe('products', { key: serdes.string, value: product }, products)
  const rows = ids.map((id) => ({ key: `shelf of ${id}`, value: { product: id, pieces: 10 } }))
  await kafka.pipe('stock', { key: serdes.string, value: stock }, rows)

  const output = { key: serdes.string, value: item }
  const records = await kafka.awaitRecords('inventory', output, 3)
  const worth = new Map(records.map(({ key, value }) => [key, value?.worthCents]))
  assert.deepEqual(
    worth,
    new Map([
      ['shelf of p1', 10],
      ['shelf of p2', 20],
      ['shelf of p3', 30],
    ]),
  )
  assert.equal(app.state, 'RUNNING')
})
