/** The topology alone: no Kafka, and nothing to wait for. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { serdes } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import application, { customer, order } from '../../topologies/orders-enriched/topology.ts'

let driver: TopologyTestDriver

beforeEach(() => {
  driver = new TopologyTestDriver(application.build(), application.config)
})

afterEach(() => driver.close())

function read(topic: string): unknown[] {
  const output = driver.createOutputTopic(topic, serdes.string, serdes.json())
  return output.readRecords().map(({ key, value }) => [key, value])
}

test('an order has the name and the country of its customer', () => {
  const customers = driver.createInputTopic('customers', serdes.string, customer)
  const orders = driver.createInputTopic('orders', serdes.string, order)

  customers.pipeInput({ key: 'c1', value: { name: 'Ada', country: 'UK' } })
  orders.pipeInput({ key: 'o1', value: { customer: 'c1', cents: 1250 } })

  const enriched = { id: 'o1', customer: 'c1', cents: 1250, name: 'Ada', country: 'UK' }
  assert.deepEqual(read('enriched-orders'), [['o1', enriched]])
})

test('an order of a customer that was deleted is kept apart', () => {
  const customers = driver.createInputTopic('customers', serdes.string, customer)
  const orders = driver.createInputTopic('orders', serdes.string, order)

  customers.pipeInput({ key: 'c1', value: { name: 'Ada', country: 'UK' } })
  customers.pipeInput({ key: 'c1', value: null })
  orders.pipeInput({ key: 'o1', value: { customer: 'c1', cents: 100 } })

  assert.deepEqual(read('enriched-orders'), [])
  assert.deepEqual(read('orders-without-customer'), [['o1', { id: 'o1', customer: 'c1', cents: 100 }]])
})

test('what was committed is there after a crash', () => {
  driver
    .createInputTopic('customers', serdes.string, customer)
    .pipeInput({ key: 'c1', value: { name: 'Ada', country: 'UK' } })
  driver.crash()
  driver.createInputTopic('orders', serdes.string, order).pipeInput({ key: 'o1', value: { customer: 'c1', cents: 1 } })
  assert.equal(read('enriched-orders').length, 1)
})
