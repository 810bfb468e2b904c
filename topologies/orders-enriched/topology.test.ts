import { serdes, type SerdeType } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import type { TestInputTopic } from 'millrace/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import enrichment, { customer, order } from './topology.ts'

let driver: TopologyTestDriver
let customers: TestInputTopic<string, SerdeType<typeof customer>>
let orders: TestInputTopic<string, SerdeType<typeof order>>

beforeEach(() => {
  driver = new TopologyTestDriver(enrichment.build(), enrichment.config)
  customers = driver.createInputTopic('customers', serdes.string, customer)
  orders = driver.createInputTopic('orders', serdes.string, order)
})

afterEach(() => driver.close())

function read(topic: string): unknown[] {
  return driver
    .createOutputTopic(topic, serdes.string, serdes.json())
    .readRecords()
    .map(({ key, value }) => [key, value])
}

describe('an order', () => {
  it('has the name and the country of its customer', () => {
    customers.pipeInput({ key: 'c1', value: { name: 'Ada', country: 'UK' } })
    orders.pipeInput({ key: 'o1', value: { customer: 'c1', cents: 1250 } })
    expect(read('enriched-orders')).toEqual([
      ['o1', { id: 'o1', customer: 'c1', cents: 1250, name: 'Ada', country: 'UK' }],
    ])
    expect(read('orders-without-customer')).toEqual([])
  })

  it('sees the customer as it is then: a later change does not change it', () => {
    customers.pipeInput({ key: 'c1', value: { name: 'Ada', country: 'UK' } })
    orders.pipeInput({ key: 'o1', value: { customer: 'c1', cents: 1 } })
    customers.pipeInput({ key: 'c1', value: { name: 'Ada', country: 'FR' } })
    orders.pipeInput({ key: 'o2', value: { customer: 'c1', cents: 2 } })
    expect(read('enriched-orders')).toMatchObject([
      ['o1', { country: 'UK' }],
      ['o2', { country: 'FR' }],
    ])
  })

  it('of a customer that nobody knows is kept apart', () => {
    orders.pipeInput({ key: 'o1', value: { customer: 'c9', cents: 100 } })
    expect(read('enriched-orders')).toEqual([])
    expect(read('orders-without-customer')).toEqual([['o1', { id: 'o1', customer: 'c9', cents: 100 }]])
  })

  it('of a customer that was deleted is kept apart, too', () => {
    customers.pipeInput({ key: 'c1', value: { name: 'Ada', country: 'UK' } })
    customers.pipeInput({ key: 'c1', value: null })
    orders.pipeInput({ key: 'o1', value: { customer: 'c1', cents: 100 } })
    expect(read('orders-without-customer')).toHaveLength(1)
    expect(driver.keyValueStore('customers').get('c1')).toBeUndefined()
  })

  it('finds its customer in another partition: it goes there first', () => {
    const partitions = { orders: 4, customers: 4 }
    const wide = new TopologyTestDriver(enrichment.build(), { ...enrichment.config, partitions })
    const output = wide.createOutputTopic('enriched-orders', serdes.string, serdes.json())
    for (const id of ['c1', 'c2', 'c3', 'c4', 'c5']) {
      wide
        .createInputTopic('customers', serdes.string, customer)
        .pipeInput({ key: id, value: { name: id, country: 'UK' } })
      wide
        .createInputTopic('orders', serdes.string, order)
        .pipeInput({ key: `order of ${id}`, value: { customer: id, cents: 1 } })
    }
    expect(output.readRecords()).toHaveLength(5)
    wide.close()
  })
})

it('stops the application at an order that it cannot read, so that none is lost', () => {
  const raw = driver.createInputTopic('orders', serdes.string, serdes.string)
  expect(() => raw.pipeInput({ key: 'o1', value: '{"customer":"c1"}' })).toThrow(/cents: it is to be a number/)
})
