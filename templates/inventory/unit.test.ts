/** The topology alone: no Kafka, and nothing to wait for. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { serdes } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import application, { item, product, stock } from '../../topologies/inventory/topology.ts'

let driver: TopologyTestDriver

beforeEach(() => {
  driver = new TopologyTestDriver(application.build(), application.config)
})

afterEach(() => driver.close())

function put(shelf: string, value: { readonly product: string; readonly pieces: number } | null): void {
  driver.createInputTopic('stock', serdes.string, stock).pipeInput({ key: shelf, value })
}

function price(id: string, name: string, cents: number): void {
  driver.createInputTopic('products', serdes.string, product).pipeInput({ key: id, value: { name, cents } })
}

function changes(): unknown[] {
  const output = driver.createOutputTopic('inventory', serdes.string, item)
  return output.readRecords().map(({ key, value }) => [key, value])
}

test('a row of stock has the name and the worth of its product', () => {
  put('berlin/7', { product: 'p1', pieces: 3 })
  assert.deepEqual(changes(), [])
  price('p1', 'pen', 120)
  assert.deepEqual(changes(), [['berlin/7', { name: 'pen', pieces: 3, worthCents: 360 }]])
})

test('another price changes every row of the product', () => {
  price('p1', 'pen', 120)
  put('berlin/7', { product: 'p1', pieces: 3 })
  put('paris/2', { product: 'p1', pieces: 10 })
  changes()
  price('p1', 'pen', 100)
  assert.deepEqual(
    new Map(changes() as [string, unknown][]),
    new Map([
      ['berlin/7', { name: 'pen', pieces: 3, worthCents: 300 }],
      ['paris/2', { name: 'pen', pieces: 10, worthCents: 1000 }],
    ]),
  )
})

test('a shelf that was emptied is gone', () => {
  price('p1', 'pen', 120)
  put('berlin/7', { product: 'p1', pieces: 3 })
  put('berlin/7', null)
  assert.deepEqual(changes().at(-1), ['berlin/7', null])
})
