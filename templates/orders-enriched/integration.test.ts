/**
 * The whole application on a Kafka: a broker in this process, or Apache Kafka in a container, with
 * MILLRACE_TEST_KAFKA=container and the package testcontainers.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serdes } from 'millrace'
import { runTopology, startKafka } from 'millrace/testing'
import application, { customer, order } from '../../topologies/orders-enriched/topology.ts'

// Kafka in a container takes its time, the more where its image is pulled first.
test('orders find their customers, in whatever partition they are', { timeout: 120_000 }, async () => {
  await using kafka = await startKafka({
    topics: { customers: 3, orders: 2, 'enriched-orders': 1, 'orders-without-customer': 1 },
  })
  const customers = ['c1', 'c2', 'c3'].map((key) => ({ key, value: { name: `Name of ${key}`, country: 'UK' } }))
  await kafka.pipe('customers', { key: serdes.string, value: customer }, customers)
  await using app = await runTopology(application, kafka)
  // The table has to have them before an order asks.
  await kafka.awaitLagZero(app.applicationId)

  const orders = ['c1', 'c2', 'c3', 'c9'].map((id) => ({ key: `order of ${id}`, value: { customer: id, cents: 100 } }))
  await kafka.pipe('orders', { key: serdes.string, value: order }, orders)

  const output = { key: serdes.string, value: serdes.json<{ readonly name?: string }>() }
  const enriched = await kafka.awaitRecords('enriched-orders', output, 3)
  const names = new Set(enriched.map(({ value }) => value?.name))
  assert.deepEqual(names, new Set(['Name of c1', 'Name of c2', 'Name of c3']))
  const [unknown] = await kafka.awaitRecords('orders-without-customer', output, 1)
  assert.equal(unknown?.key, 'order of c9')
})
