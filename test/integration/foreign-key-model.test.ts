/** Foreign-key joins of tables that change on both sides at once, against a model. */
import { expect, it } from 'vitest'
import { committedToEnd, partitionsOf, readToEnd } from '../../src/cli/topic-reader.ts'
import { noHeaders } from '../../src/common/headers.ts'
import { murmur2Partition } from '../../src/common/murmur2.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { serdes } from '../../src/serde/serdes.ts'
import type { Topology } from '../../src/topology/topology.ts'
import { Cluster } from '../support/embedded-app.ts'
import { seededRandom } from '../support/word-count-load.ts'

const strings = { key: serdes.string, value: serdes.string }
const counts = { left: 3, right: 2 }
const lefts = Array.from({ length: 12 }, (_, i) => `left-${i}`)
const rights = Array.from({ length: 4 }, (_, i) => `right-${i}`)
const internal = ['inner', 'outer'].flatMap((name) => [
  ...partitionsOf(`app-${name}-subscription-registration-topic`, counts.right),
  ...partitionsOf(`app-${name}-subscription-response-topic`, counts.left),
])

type Row = readonly [topic: 'left' | 'right', key: string, value: string | null]

/** Left rows are `<foreign key>:<version>`; one that begins with a colon has no foreign key. */
function foreignKey(value: string): string | null {
  return value.split(':')[0] || null
}

function joined(one: string, two: string | null): string {
  return `${one}=${two}`
}

function joins(): Topology {
  const builder = new StreamsBuilder()
  const left = builder.table('left', strings)
  const right = builder.table('right', strings)
  left
    .joinOn(right, foreignKey, joined, { ...strings, name: 'inner' })
    .toStream()
    .to('inner')
  left
    .leftJoinOn(right, foreignKey, joined, { ...strings, name: 'outer' })
    .toStream()
    .to('outer')
  return builder.build()
}

async function produce(cluster: Cluster, rows: readonly Row[]): Promise<void> {
  const producer = cluster.client.producer({ lingerMs: 0 })
  await producer.init()
  for (const [topic, key, value] of rows) {
    const partition = murmur2Partition(Buffer.from(key), counts[topic])
    producer.append(topic, partition, Buffer.from(key), value === null ? null : Buffer.from(value), 1, noHeaders)
  }
  await producer.flush()
  await producer.close()
}

async function settle(cluster: Cluster): Promise<void> {
  const inputs = [...partitionsOf('left', counts.left), ...partitionsOf('right', counts.right)]
  await committedToEnd(cluster.client, 'app', inputs)
  // An answer follows a subscription.
  for (let hop = 0; hop < 2; hop++) await committedToEnd(cluster.client, 'app', internal)
}

async function latest(cluster: Cluster, topic: string): Promise<Map<string, string>> {
  const values = new Map<string, string>()
  await readToEnd(cluster.client, partitionsOf(topic, 1), (key, value) => {
    if (value === null) values.delete(String(key))
    else values.set(String(key), value.toString())
  })
  return values
}

class Model {
  readonly #left = new Map<string, string>()
  readonly #right = new Map<string, string>()

  apply(rows: readonly Row[]): void {
    for (const [topic, key, value] of rows) {
      const table = topic === 'left' ? this.#left : this.#right
      if (value === null) table.delete(key)
      else table.set(key, value)
    }
  }

  results(isLeft: boolean): Map<string, string> {
    const results = new Map<string, string>()
    for (const [key, value] of this.#left) {
      const other = this.#right.get(foreignKey(value) ?? '') ?? null
      if (isLeft || other !== null) results.set(key, joined(value, other))
    }
    return results
  }
}

/** Of rows that often refer to nothing many change again before the join of what they were is undone. */
it.each([
  { rowsWithoutForeignKey: 'some', seed: 11 },
  { rowsWithoutForeignKey: 'most', seed: 100 },
  { rowsWithoutForeignKey: 'most', seed: 101 },
  { rowsWithoutForeignKey: 'most', seed: 102 },
])('Foreign-key joins come to what changing tables are: %j', async ({ rowsWithoutForeignKey, seed }) => {
  await using cluster = await Cluster.start({ ...counts, inner: 1, outer: 1 })
  const random = seededRandom(seed)
  const foreignKeys = [...rights, ...Array.from({ length: rowsWithoutForeignKey === 'most' ? 5 : 1 }, () => '')]
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const model = new Model()
  const app = cluster.app(joins(), { commitIntervalMs: 20 })
  await app.start()
  let version = 0
  const update = (): Row =>
    random() < 0.5
      ? ['left', pick(lefts), `${pick(foreignKeys)}:${version++}`]
      : ['right', pick(rights), random() < 0.5 ? null : `v${version++}`]
  for (let round = 0; round < 4; round++) {
    // Over several commits, with updates of the same rows on both sides.
    for (let burst = 0; burst < 15; burst++) {
      const rows = Array.from({ length: 8 }, update)
      model.apply(rows)
      await produce(cluster, rows)
    }
    await settle(cluster)
    expect(await latest(cluster, 'outer'), `left join, round ${round}`).toEqual(model.results(true))
    expect(await latest(cluster, 'inner'), `inner join, round ${round}`).toEqual(model.results(false))
    // A row that comes back is Java's to lose: its delete may be answered after it.
    const deleted = lefts.slice(round * 3, round * 3 + 2).map((key): Row => ['left', key, null])
    model.apply(deleted)
    await produce(cluster, deleted)
    await settle(cluster)
  }
  await app.close()
})
