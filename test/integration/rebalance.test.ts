/** Joining, leaving and assigning while requests fail or wait: nobody hangs, and the counts are exact. */
import { describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import { Cluster, countByKey } from '../support/embedded-app.ts'
import { readCounts } from '../support/word-count-load.ts'

const config = { sessionTimeoutMs: 6000, heartbeatIntervalMs: 100, commitIntervalMs: 30 }

async function expectCount(cluster: Cluster, partitions: number, count: number): Promise<void> {
  await committedToEnd(cluster.client, 'app', partitionsOf('in', partitions))
  const { counts, regressions } = await readCounts(cluster.client, 'out', 1)
  expect({ counts, regressions }).toEqual({ counts: new Map([['k', count]]), regressions: [] })
}

describe('an application that starts', () => {
  for (const api of [
    'ApiVersions',
    'Metadata',
    'FindCoordinator',
    'InitProducerId',
    'JoinGroup',
    'SyncGroup',
    'CreateTopics',
    'DescribeConfigs',
    'ListOffsets',
    'OffsetFetch',
  ] as const) {
    for (const phase of ['request', 'answer'] as const) {
      it(`runs although connections end at the ${phase} of ${api}`, async () => {
        await using cluster = await Cluster.start({ in: 1, out: 1 })
        cluster.broker.controls.disconnect(phase, { api, clientId: 'app', times: 3 })
        await cluster.app(countByKey(), config).start()
        await cluster.produce('in', [['k', 'v']])
        await expectCount(cluster, 1, 1)
      })
    }
  }
})

describe('a rebalance', () => {
  it('goes on when a member leaves in the middle of it', async () => {
    await using cluster = await Cluster.start({ in: 2, out: 1 })
    const [stays, leaves] = [cluster.app(countByKey(), config), cluster.app(countByKey(), config)]
    await Promise.all([stays.start(), leaves.start()])
    const sync = cluster.broker.controls.hold('request', { api: 'SyncGroup', clientId: 'app' })
    const joins = cluster.app(countByKey(), config)
    const joined = joins.start()
    await sync.arrived
    await leaves.close({ timeoutMs: 5000 })
    sync.release()
    await joined
    await stays.stateIs('RUNNING')
    await cluster.produce('in', [['k', 'v']])
    await expectCount(cluster, 2, 1)
  })

  it('does not end a restore that waits for a marker', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const first = cluster.app(countByKey(), config)
    await first.start()
    const release = cluster.broker.controls.holdMarkers('app-counts-changelog', 0)
    await cluster.produce('in', [['k', 'a']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    await first.close()
    const second = cluster.app(countByKey(), config)
    const third = cluster.app(countByKey(), config)
    const rebalanced = new Promise<void>((resolve) => second.on('rebalance', () => resolve()))
    const running = second.start()
    await rebalanced
    // Without a task of its own it runs at once: the one that restores has answered the rebalance.
    await third.start()
    expect(second.state).toBe('REBALANCING')
    release()
    await running
    await cluster.produce('in', [['k', 'b']])
    await expectCount(cluster, 1, 2)
  })

  it('is answered while the committed offsets of a new task are not stable yet', async () => {
    await using cluster = await Cluster.start({ in: 2, out: 1 })
    const first = cluster.app(countByKey(), config)
    await first.start()
    const release = cluster.broker.controls.holdOffsetMarkers('app')
    const ended = cluster.broker.controls.hold('answer', { api: 'EndTxn', clientId: 'app' })
    await cluster.produce('in', [['k', 'a']])
    await ended.arrived
    ended.release()
    await first.close()
    const second = cluster.app(countByKey(), config)
    const asked = cluster.broker.controls.hold('answer', { api: 'OffsetFetch', clientId: 'app' })
    const running = second.start()
    await asked.arrived
    asked.release()
    // It joins, so the second has stopped for it.
    const third = cluster.app(countByKey(), config)
    const rebalanced = new Promise<void>((resolve) => third.on('rebalance', () => resolve()))
    const joined = third.start()
    await rebalanced
    release()
    await Promise.all([running, joined])
    await cluster.produce('in', [['k', 'b']])
    await expectCount(cluster, 2, 2)
  })
})
