/** Tables joined and grouped over several partitions, against a model, over a rollback and a restart without local state. */
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
const partitions = 3
const accounts = Array.from({ length: 20 }, (_, i) => `account-${i}`)
const branches = ['north', 'south', 'east']
type Row = readonly [account: string, value: string | null]

/** `<branch>:<amount>` per account, doubled for those who have an owner, summed per branch. */
function sumsPerBranch(): Topology {
  const builder = new StreamsBuilder()
  const owners = builder.table('owners', strings)
  builder
    .table('accounts', strings)
    .leftJoin(owners, (account, owner) => (owner === null ? account : `${account}:owned`))
    .groupBy((account) => [account.split(':')[0] ?? '', account], { ...strings, name: 'branches' })
    .aggregate(
      () => 0,
      (sum, account) => sum + amountOf(account),
      (sum, account) => sum - amountOf(account),
      { store: 'sums', value: serdes.int64 },
    )
    .toStream()
    .to('out')
  return builder.build()
}

function amountOf(account: string): number {
  const [, amount, owned] = account.split(':')
  return Number(amount) * (owned === undefined ? 1 : 2)
}

class Model {
  readonly #tables = { accounts: new Map<string, string>(), owners: new Map<string, string>() }

  apply(topic: 'accounts' | 'owners', rows: readonly Row[]): void {
    for (const [key, value] of rows) {
      if (value === null) this.#tables[topic].delete(key)
      else this.#tables[topic].set(key, value)
    }
  }

  sums(): Map<string, number> {
    const sums = new Map(branches.map((branch) => [branch, 0]))
    for (const [key, value] of this.#tables.accounts) {
      const branch = value.split(':')[0] ?? ''
      const account = this.#tables.owners.has(key) ? `${value}:owned` : value
      sums.set(branch, (sums.get(branch) ?? 0) + amountOf(account))
    }
    return sums
  }
}

async function produce(cluster: Cluster, topic: string, rows: readonly Row[]): Promise<void> {
  const producer = cluster.client.producer({ lingerMs: 0 })
  await producer.init()
  for (const [key, value] of rows) {
    const partition = murmur2Partition(Buffer.from(key), partitions)
    producer.append(topic, partition, Buffer.from(key), value === null ? null : Buffer.from(value), 1, noHeaders)
  }
  await producer.flush()
  await producer.close()
}

async function settle(cluster: Cluster): Promise<void> {
  await committedToEnd(cluster.client, 'app', [
    ...partitionsOf('accounts', partitions),
    ...partitionsOf('owners', partitions),
  ])
  await committedToEnd(cluster.client, 'app', partitionsOf('app-branches-repartition', partitions))
}

async function latestSums(cluster: Cluster): Promise<Map<string, number>> {
  const sums = new Map<string, number>()
  await readToEnd(cluster.client, partitionsOf('out', 1), (key, value) => {
    sums.set(String(key), value === null ? NaN : Number(value.readBigInt64BE()))
  })
  return sums
}

it('Sums of a grouped join are right after every row, also after a rollback and a restore', async () => {
  await using cluster = await Cluster.start({ accounts: partitions, owners: partitions, out: 1 })
  const random = seededRandom(7)
  const model = new Model()
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const update = async (count: number): Promise<void> => {
    const rows = (of: () => string): Row[] =>
      Array.from({ length: count }, () => [pick(accounts), random() < 0.2 ? null : of()])
    const changes = {
      accounts: rows(() => `${pick(branches)}:${Math.floor(random() * 100)}`),
      owners: rows(() => 'somebody'),
    }
    for (const topic of ['accounts', 'owners'] as const) {
      model.apply(topic, changes[topic])
      await produce(cluster, topic, changes[topic])
    }
  }

  const first = cluster.app(sumsPerBranch(), { store: 'memory' })
  await first.start()
  // Enough rows that every branch has some.
  await update(100)
  await settle(cluster)
  expect(await latestSums(cluster)).toEqual(model.sums())

  const lost = cluster.broker.controls.disconnect('request', { api: 'TxnOffsetCommit', times: 1 })
  await update(50)
  await settle(cluster)
  expect(lost.hits).toBe(1)
  expect(await latestSums(cluster)).toEqual(model.sums())
  await first.close()

  const second = cluster.app(sumsPerBranch(), { store: 'memory' })
  await second.start()
  await update(50)
  await settle(cluster)
  expect(await latestSums(cluster)).toEqual(model.sums())
})
