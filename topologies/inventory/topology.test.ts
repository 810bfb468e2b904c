import { serdes, type SerdeType } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import type { TestInputTopic } from 'millrace/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import inventory, { item, product, stock } from './topology.ts'

let driver: TopologyTestDriver
let shelves: TestInputTopic<string, SerdeType<typeof stock>>
let products: TestInputTopic<string, SerdeType<typeof product>>

beforeEach(() => {
  driver = new TopologyTestDriver(inventory.build(), inventory.config)
  shelves = driver.createInputTopic('stock', serdes.string, stock)
  products = driver.createInputTopic('products', serdes.string, product)
})

afterEach(() => driver.close())

function changes(): (string | null)[] {
  const output = driver.createOutputTopic('inventory', serdes.string, item)
  return output
    .readRecords()
    .map(({ key, value }) => `${key} ${value === null ? 'gone' : `${value.pieces} ${value.name} ${value.worthCents}`}`)
    .toSorted()
}

describe('a row of stock', () => {
  it('gets the name and the worth of its product, whichever comes first', () => {
    shelves.pipeInput({ key: 'berlin/p1', value: { product: 'p1', pieces: 3 } })
    expect(changes()).toEqual([])
    products.pipeInput({ key: 'p1', value: { name: 'pen', cents: 120 } })
    expect(changes()).toEqual(['berlin/p1 3 pen 360'])
    shelves.pipeInput({ key: 'berlin/p1', value: { product: 'p1', pieces: 2 } })
    expect(changes()).toEqual(['berlin/p1 2 pen 240'])
  })

  it('can change its product', () => {
    products.pipeInput({ key: 'p1', value: { name: 'pen', cents: 120 } })
    products.pipeInput({ key: 'p2', value: { name: 'ink', cents: 300 } })
    shelves.pipeInput({ key: 'berlin/7', value: { product: 'p1', pieces: 1 } })
    shelves.pipeInput({ key: 'berlin/7', value: { product: 'p2', pieces: 1 } })
    expect(changes()).toEqual(['berlin/7 1 ink 300', 'berlin/7 1 pen 120'])
    products.pipeInput({ key: 'p1', value: { name: 'pen', cents: 999 } })
    expect(changes()).toEqual([])
  })

  it('is gone with a tombstone', () => {
    products.pipeInput({ key: 'p1', value: { name: 'pen', cents: 120 } })
    shelves.pipeInput({ key: 'berlin/p1', value: { product: 'p1', pieces: 3 } })
    shelves.pipeInput({ key: 'berlin/p1', value: null })
    expect(changes()).toEqual(['berlin/p1 3 pen 360', 'berlin/p1 gone'])
    expect(driver.keyValueStore('inventory').get('berlin/p1')).toBeUndefined()
  })
})

describe('a product', () => {
  beforeEach(() => {
    products.pipeInput({ key: 'p1', value: { name: 'pen', cents: 120 } })
    shelves.pipeInput({ key: 'berlin/p1', value: { product: 'p1', pieces: 3 } })
    shelves.pipeInput({ key: 'paris/p1', value: { product: 'p1', pieces: 10 } })
    changes()
  })

  it('that changes its price changes every row of it', () => {
    products.pipeInput({ key: 'p1', value: { name: 'pen', cents: 100 } })
    expect(changes()).toEqual(['berlin/p1 3 pen 300', 'paris/p1 10 pen 1000'])
  })

  it('that is deleted takes its rows away, until it is there again', () => {
    products.pipeInput({ key: 'p1', value: null })
    expect(changes()).toEqual(['berlin/p1 gone', 'paris/p1 gone'])
    products.pipeInput({ key: 'p1', value: { name: 'pen', cents: 120 } })
    expect(changes()).toEqual(['berlin/p1 3 pen 360', 'paris/p1 10 pen 1200'])
  })
})

it('joins tables whose topics have different partition counts', () => {
  const partitions = { stock: 5, products: 2 }
  const wide = new TopologyTestDriver(inventory.build(), { ...inventory.config, partitions })
  const output = wide.createOutputTopic('inventory', serdes.string, item)
  wide.createInputTopic('products', serdes.string, product).pipeInput({ key: 'p1', value: { name: 'pen', cents: 1 } })
  const rows = wide.createInputTopic('stock', serdes.string, stock)
  for (const city of ['berlin', 'paris', 'rome', 'oslo']) {
    rows.pipeInput({ key: city, value: { product: 'p1', pieces: 1 } })
  }
  expect(output.readRecords()).toHaveLength(4)
  wide.close()
})

it('stops at a row that it cannot read: a table that leaves one out is wrong from then on', () => {
  const raw = driver.createInputTopic('stock', serdes.string, serdes.string)
  expect(() => raw.pipeInput({ key: 'berlin/p1', value: '{"product":"p1"}' })).toThrow(/pieces: it is to be a number/)
})
