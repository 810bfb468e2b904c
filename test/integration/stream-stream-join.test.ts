/** A join of streams: what waits for a match, both sides and their time survive a move to another instance. */
import { expect, it } from 'vitest'
import { committedToEnd, partitionsOf, readToEnd } from '../../src/cli/topic-reader.ts'
import { noHeaders } from '../../src/common/headers.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { joinWithin } from '../../src/dsl/windows.ts'
import { serdes } from '../../src/serde/serdes.ts'
import type { Topology } from '../../src/topology/topology.ts'
import { Cluster } from '../support/embedded-app.ts'

const strings = { key: serdes.string, value: serdes.string }
type Row = readonly [topic: 'orders' | 'payments', key: string, value: string, timestamp: number]

function paidOrders(): Topology {
  const builder = new StreamsBuilder()
  const payments = builder.stream('payments', strings)
  builder
    .stream('orders', strings)
    .outerJoin(payments, (order, payment) => `${order}+${payment}`, joinWithin({ difference: 10 }))
    .to('out', strings)
  return builder.build()
}

async function produce(cluster: Cluster, [topic, key, value, timestamp]: Row): Promise<void> {
  const producer = cluster.client.producer({ lingerMs: 0 })
  await producer.init()
  producer.append(topic, 0, Buffer.from(key), Buffer.from(value), timestamp, noHeaders)
  await producer.flush()
  await producer.close()
}

/** An instance without local state takes the rows to their end; what is in `out` then, in order. */
async function run(cluster: Cluster, rows: readonly Row[]): Promise<string[]> {
  const app = cluster.app(paidOrders(), { store: 'memory' })
  await app.start()
  for (const row of rows) {
    await produce(cluster, row)
    await committedToEnd(cluster.client, 'app', [...partitionsOf('orders', 1), ...partitionsOf('payments', 1)])
  }
  await app.close()
  const out: string[] = []
  await readToEnd(cluster.client, partitionsOf('out', 1), (key, value) => {
    out.push(`${String(key)}=${String(value)}`)
  })
  return out
}

it('A record that waits finds its match, or is given up, in the instance that restored it', async () => {
  await using cluster = await Cluster.start({ orders: 1, payments: 1, out: 1 })
  const first = await run(cluster, [
    ['orders', 'a', 'a1', 100],
    ['orders', 'a', 'a2', 100],
    ['payments', 'b', 'b1', 104],
    ['orders', 'c', 'c1', 105],
  ])
  expect(first).toEqual([])

  const second = await run(cluster, [
    // Late: time is at 105 already, as the restored stores tell, so that nothing may wait.
    ['payments', 'late', 'l1', 94],
    ['payments', 'a', 'a3', 104],
    ['orders', 'a', 'a4', 109],
    ['orders', 'z', 'z1', 115],
  ])
  expect(second).toEqual(['late=null+l1', 'a=a1+a3', 'a=a2+a3', 'a=a4+a3', 'b=null+b1'])

  const third = await run(cluster, [['payments', 'z', 'z2', 116]])
  expect(third).toEqual([...second, 'c=c1+null', 'z=z1+z2'])
})
