/** A stream-table join with grace: what waits, and the table's history, survive a move to another instance. */
import { expect, it } from 'vitest'
import { committedToEnd, partitionsOf, readToEnd } from '../../src/cli/topic-reader.ts'
import { noHeaders } from '../../src/common/headers.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { stores } from '../../src/state/stores.ts'
import type { Topology } from '../../src/topology/topology.ts'
import { Cluster } from '../support/embedded-app.ts'

const strings = { key: serdes.string, value: serdes.string }
const graceMs = 10
type Row = readonly [topic: 'prices' | 'orders', key: string, value: string | null, timestamp: number]

function ordersWithPrices(): Topology {
  const builder = new StreamsBuilder()
  const history = stores.versioned('history', { historyRetention: '1h' })
  const prices = builder.table('prices', { ...strings, store: history })
  builder
    .stream('orders', strings)
    .leftJoin(prices, (order, price) => `${order}:${price ?? 'none'}`, { name: 'priced', grace: graceMs })
    .to('out', strings)
  return builder.build()
}

async function produce(cluster: Cluster, rows: readonly Row[]): Promise<void> {
  const producer = cluster.client.producer({ lingerMs: 0 })
  await producer.init()
  for (const [topic, key, value, timestamp] of rows) {
    producer.append(topic, 0, Buffer.from(key), value === null ? null : Buffer.from(value), timestamp, noHeaders)
    await producer.flush()
  }
  await producer.close()
}

/** An instance without local state takes the rows to their end. */
async function run(cluster: Cluster, rows: readonly Row[]): Promise<string[]> {
  const app = cluster.app(ordersWithPrices(), { store: 'memory' })
  await app.start()
  for (const row of rows) {
    await produce(cluster, [row])
    await committedToEnd(cluster.client, 'app', [...partitionsOf('prices', 1), ...partitionsOf('orders', 1)])
  }
  await app.close()
  const out: string[] = []
  await readToEnd(cluster.client, partitionsOf('out', 1), (key, value) => {
    out.push(`${String(key)}=${String(value)}`)
  })
  return out
}

it('A record that waits is joined by the instance that restored it, with the price of its time', async () => {
  await using cluster = await Cluster.start({ prices: 1, orders: 1, out: 1 })
  const first = await run(cluster, [
    ['prices', 'tea', '3', 0],
    ['orders', 'tea', 'one', 5],
    ['orders', 'tea', 'two', 5],
    ['prices', 'tea', '4', 20],
  ])
  expect(first).toEqual([])

  const second = await run(cluster, [
    ['prices', 'tea', '2', 4],
    ['prices', 'tea', null, 6],
    ['orders', 'tea', 'three', 7],
    ['orders', 'milk', 'four', 15],
  ])
  expect(second).toEqual(['tea=one:2', 'tea=two:2'])

  const third = await run(cluster, [
    ['orders', 'tea', 'late', 4],
    ['prices', 'tea', '1', 4],
    ['orders', 'tea', 'five', 30],
  ])
  // The late one did not wait for the last price: time was at 15 already, as the record that waited tells.
  expect(third).toEqual([...second, 'tea=late:2', 'tea=three:none', 'milk=four:none'])
})
