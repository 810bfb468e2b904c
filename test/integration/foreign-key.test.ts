/** Tables of different partition counts, joined by foreign key and held back, over a restart without local state. */
import { expect, it } from 'vitest'
import { committedToEnd, partitionsOf, readToEnd } from '../../src/cli/topic-reader.ts'
import { noHeaders } from '../../src/common/headers.ts'
import { murmur2Partition } from '../../src/common/murmur2.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { serdes } from '../../src/serde/serdes.ts'
import type { Topology } from '../../src/topology/topology.ts'
import { Cluster } from '../support/embedded-app.ts'

const strings = { key: serdes.string, value: serdes.string }
const lefts = Array.from({ length: 30 }, (_, i) => `left-${i}`)
const rights = Array.from({ length: 8 }, (_, i) => `right-${i}`)
const counts = { left: 3, right: 2 }
const registration = 'app-fk-subscription-registration-topic'
const response = 'app-fk-subscription-response-topic'

/** `held` gets what has not changed for ten milliseconds of stream time. */
function joined(): Topology {
  const builder = new StreamsBuilder()
  const right = builder.table('right', strings)
  const result = builder.table('left', strings).leftJoinOn(
    right,
    // Without a foreign key the subscription has no key, and goes to any partition.
    (value) => (value === 'nobody' ? null : value),
    (one, two) => `${one}=${two}`,
    { ...strings, name: 'fk' },
  )
  result.toStream().to('out')
  result
    .suppress({ until: { timeLimit: 10 }, name: 'held' })
    .toStream()
    .to('held')
  return builder.build()
}

type Row = readonly [key: string, value: string | null]

async function produce(cluster: Cluster, topic: 'left' | 'right', rows: readonly Row[], time: number): Promise<void> {
  const producer = cluster.client.producer({ lingerMs: 0 })
  await producer.init()
  for (const [key, value] of rows) {
    const partition = murmur2Partition(Buffer.from(key), counts[topic])
    producer.append(topic, partition, Buffer.from(key), value === null ? null : Buffer.from(value), time, noHeaders)
  }
  await producer.flush()
  await producer.close()
}

/** Until nothing is under way: an answer may come after the internal topic was at its end. */
async function settle(cluster: Cluster): Promise<void> {
  const inputs = [...partitionsOf('left', counts.left), ...partitionsOf('right', counts.right)]
  await committedToEnd(cluster.client, 'app', inputs)
  await committedToEnd(cluster.client, 'app', partitionsOf(registration, counts.right))
  await committedToEnd(cluster.client, 'app', partitionsOf(response, counts.left))
}

async function latest(cluster: Cluster, topic: string): Promise<Map<string, string | undefined>> {
  const values = new Map<string, string | undefined>()
  await readToEnd(cluster.client, partitionsOf(topic, 1), (key, value) => {
    values.set(String(key), value?.toString())
  })
  return values
}

it('A foreign-key join finds its rows in every partition, also after its state was restored', async () => {
  await using cluster = await Cluster.start({ ...counts, out: 1, held: 1 })
  const refersTo = (key: string): string => rights[lefts.indexOf(key) % 10] ?? 'nobody'
  const first = cluster.app(joined())
  await first.start()
  await produce(
    cluster,
    'right',
    rights.map((key): Row => [key, 'old']),
    1,
  )
  await produce(
    cluster,
    'left',
    lefts.map((key): Row => [key, refersTo(key)]),
    2,
  )
  await settle(cluster)
  await first.close()
  const topics = await cluster.client.describeTopics([registration, response])
  expect(topics.get(registration)?.partitionCount).toBe(counts.right)
  expect(topics.get(response)?.partitionCount).toBe(counts.left)
  const nameOf = (key: string, value: string): string =>
    `${refersTo(key)}=${refersTo(key) === 'nobody' ? 'null' : value}`
  expect(await latest(cluster, 'out')).toEqual(new Map(lefts.map((key) => [key, nameOf(key, 'old')])))
  expect(await latest(cluster, 'held')).toEqual(new Map())

  const second = cluster.app(joined())
  await second.start()
  await produce(
    cluster,
    'right',
    rights.map((key): Row => [key, 'new']),
    3,
  )
  await settle(cluster)
  expect(await latest(cluster, 'out')).toEqual(new Map(lefts.map((key) => [key, nameOf(key, 'new')])))
  await produce(
    cluster,
    'left',
    lefts.map((key): Row => [`later-${key}`, null]),
    30,
  )
  await produce(
    cluster,
    'left',
    lefts.map((key): Row => [`later-${key}`, 'nobody']),
    31,
  )
  await settle(cluster)
  const held = await latest(cluster, 'held')
  expect(lefts.map((key) => held.get(key))).toEqual(lefts.map((key) => nameOf(key, 'new')))
})
