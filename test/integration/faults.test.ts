/**
 * The failure path on the embedded broker: every kind of fault at the requests of a commit, a fetch, a rebalance, while
 * records flow. Whatever happens, the counts are exact and no update of a word repeats or falls back.
 */
import { describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import type { RequestMatch } from '../../src/kafka/broker/request-rules.ts'
import type { KafkaStreams } from '../../src/runtime/kafka-streams.ts'
import { Cluster, countByKey } from '../support/embedded-app.ts'
import { readCounts, seededRandom } from '../support/word-count-load.ts'

const config = { sessionTimeoutMs: 6000, heartbeatIntervalMs: 100, commitIntervalMs: 30 }

async function expectExact(cluster: Cluster, expected: ReadonlyMap<string, number>): Promise<void> {
  await committedToEnd(cluster.client, 'app', partitionsOf('in', 2))
  const { counts, regressions } = await readCounts(cluster.client, 'out', 2)
  expect({ regressions, counts }).toEqual({ regressions: [], counts: expected })
}

/** Produces rounds of records and lets `fault` happen in between. */
async function countUnder(
  fault: (cluster: Cluster, app: KafkaStreams, round: number) => void,
  transactionVersion: 0 | 2 = 2,
): Promise<void> {
  await using cluster = await Cluster.start({ in: 2, out: 2 })
  cluster.broker.controls.finalizeTransactionVersion(transactionVersion)
  const app = cluster.app(countByKey(), config)
  await app.start()
  const expected = new Map<string, number>()
  for (let round = 0; round < 6; round++) {
    fault(cluster, app, round)
    const records = Array.from({ length: 40 }, (_, i) => [`k${i % 7}`, 'v'] as const)
    for (const [key] of records) expected.set(key, (expected.get(key) ?? 0) + 1)
    await cluster.produce('in', records)
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 2))
  }
  await expectExact(cluster, expected)
}

const ofApp = (api: RequestMatch['api']): RequestMatch => ({ ...(api !== undefined && { api }), clientId: 'app' })

/** The requests of a commit, by the finalised transaction.version (KIP-890). */
const protocols = [
  ['protocol v1', 0, ['Produce', 'AddPartitionsToTxn', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn', 'Fetch']],
  ['protocol v2', 2, ['Produce', 'TxnOffsetCommit', 'EndTxn']],
] as const

describe('an application whose requests meet faults', () => {
  for (const [protocol, level, apis] of protocols) {
    for (const api of apis) {
      it(`counts exactly when the connection ends before ${api} is executed (${protocol})`, async () => {
        await countUnder((cluster) => void cluster.broker.controls.disconnect('request', ofApp(api)), level)
      })
      it(`counts exactly when the connection ends before ${api} is answered (${protocol})`, async () => {
        await countUnder((cluster) => void cluster.broker.controls.disconnect('answer', ofApp(api)), level)
      })
      it(`counts exactly when ${api} arrives twice (${protocol})`, async () => {
        await countUnder((cluster) => void cluster.broker.controls.duplicate(ofApp(api)), level)
      })
    }
  }

  it('counts exactly when all its connections end', async () => {
    await countUnder((cluster) => void cluster.broker.controls.closeConnections({ clientId: 'app' }))
  })

  it('counts exactly when leaders get a new epoch', async () => {
    await countUnder((cluster, _, round) => {
      for (const topic of ['in', 'out', 'app-counts-changelog']) {
        cluster.broker.controls.moveLeader(topic, round % 2, cluster.broker.nodeIds[0] ?? 0)
      }
    })
  })

  it('counts exactly when its session ends', async () => {
    await countUnder((cluster) => {
      for (const member of cluster.broker.controls.memberIds('app')) cluster.broker.controls.expireMember('app', member)
    })
  })

  it('counts exactly when its producer is fenced', async () => {
    await using cluster = await Cluster.start({ in: 2, out: 2 })
    const app = cluster.app(countByKey(), config)
    let transactionalId = ''
    cluster.broker.controls.observe(({ api, body }) => {
      if (api === 'InitProducerId') transactionalId = (body as { transactionalId: string | null }).transactionalId ?? ''
    })
    await app.start()
    const id = transactionalId
    const expected = new Map<string, number>()
    for (let round = 0; round < 4; round++) {
      const usurper = cluster.client.producer({ transactionalId: id })
      await usurper.init()
      await usurper.close()
      await cluster.produce(
        'in',
        Array.from({ length: 10 }, () => ['k', 'v'] as const),
      )
      expected.set('k', 10 * (round + 1))
      await committedToEnd(cluster.client, 'app', partitionsOf('in', 2))
    }
    await expectExact(cluster, expected)
  })
})

describe('two applications under random faults', () => {
  for (const seed of [1, 2, 3, 4]) {
    it(`count exactly (seed ${seed})`, async () => {
      const random = seededRandom(seed)
      await using cluster = await Cluster.start({ in: 2, out: 2 })
      const apps = [cluster.app(countByKey(), config), cluster.app(countByKey(), config)]
      await Promise.all(apps.map((app) => app.start()))
      const expected = new Map<string, number>()
      for (let round = 0; round < 25; round++) {
        randomFault(cluster, random)
        if (round === 12) {
          await apps[0]?.close()
          apps.push(cluster.app(countByKey(), config))
          apps[2]?.start().catch(() => undefined)
        }
        const records = Array.from({ length: 30 }, (_, i) => [`k${i % 5}`, 'v'] as const)
        for (const [key] of records) expected.set(key, (expected.get(key) ?? 0) + 1)
        await cluster.produce('in', records)
      }
      cluster.broker.controls.clearRules()
      await expectExact(cluster, expected)
    })
  }
})

function randomFault(cluster: Cluster, random: () => number): void {
  const { controls, nodeIds } = cluster.broker
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const match = ofApp(
    pick([
      'Produce',
      'EndTxn',
      'TxnOffsetCommit',
      'Fetch',
      'Heartbeat',
      'JoinGroup',
      'SyncGroup',
      'OffsetFetch',
      undefined,
    ]),
  )
  pick([
    () => void controls.disconnect('request', match),
    () => void controls.disconnect('answer', match),
    () => void controls.delay('answer', match, 200),
    () => void controls.duplicate(match),
    () => controls.moveLeader(pick(['in', 'out', 'app-counts-changelog']), pick([0, 1]), nodeIds[0] ?? 0),
    () => void controls.closeConnections({ clientId: 'app' }),
    () => {
      const members = controls.memberIds('app')
      if (members.length > 0) controls.expireMember('app', pick(members))
    },
  ])()
}
