/**
 * Restore from the changelog on the embedded broker: what a new owner of a task sees while the transaction of the old
 * one is still being completed.
 */
import { describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import { deferred } from '../../src/common/deferred.ts'
import { Cluster, countByKey } from '../support/embedded-app.ts'
import { readCounts } from '../support/word-count-load.ts'

describe('restore', () => {
  it('waits for a transaction marker that is late at the changelog, although the input offsets are committed', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const release = await countWithLateMarker(cluster)

    // The new owner: its restore must stand still below the high watermark, however long the marker takes.
    const fetches = await fetchesOf(cluster, 'app-counts-changelog', 3)
    const second = cluster.app(countByKey())
    const running = second.start()
    await Promise.race([fetches.arrived, running])
    expect(second.state).toBe('REBALANCING')
    release()
    await running

    await cluster.produce('in', [['k', 'again']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    await second.close()
    const { counts, regressions } = await readCounts(cluster.client, 'out', 1)
    expect({ counts, regressions }).toEqual({ counts: new Map([['k', 6]]), regressions: [] })
  })

  it('waits for input offsets whose transaction is still being completed', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const first = cluster.app(countByKey())
    await first.start()
    const release = cluster.broker.controls.holdOffsetMarkers('app')
    await cluster.produce('in', [
      ['k', 'a'],
      ['k', 'b'],
    ])
    const refusals = cluster.broker.controls.hold('answer', { api: 'EndTxn' })
    await refusals.arrived
    refusals.release()
    await first.close()

    const asked = cluster.broker.controls.hold('answer', { api: 'OffsetFetch', clientId: 'app' })
    const second = cluster.app(countByKey())
    const running = second.start()
    await asked.arrived
    asked.release()
    expect(second.state).toBe('REBALANCING')
    release()
    await running
    await cluster.produce('in', [['k', 'c']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    const { counts, regressions } = await readCounts(cluster.client, 'out', 1)
    expect({ counts, regressions }).toEqual({ counts: new Map([['k', 3]]), regressions: [] })
  })

  it('continues from the changelog after a clean stop, on a new instance without any local state', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    for (let round = 1; round <= 3; round++) {
      const app = cluster.app(countByKey())
      await app.start()
      await cluster.produce('in', [
        ['k', 'a'],
        ['k', 'b'],
        ['other', 'c'],
      ])
      await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
      await app.close()
      const { counts, regressions } = await readCounts(cluster.client, 'out', 1)
      expect({ counts, regressions }).toEqual({
        counts: new Map([
          ['k', 2 * round],
          ['other', round],
        ]),
        regressions: [],
      })
    }
  })
})

/** One instance counts `k` to 5 and leaves; its offsets are committed, its changelog's marker is held back. */
async function countWithLateMarker(cluster: Cluster): Promise<() => void> {
  const first = cluster.app(countByKey())
  await first.start()
  const release = cluster.broker.controls.holdMarkers('app-counts-changelog', 0)
  await cluster.produce(
    'in',
    Array.from({ length: 5 }, (_, i) => ['k', String(i)] as const),
  )
  await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
  await first.close()
  return release
}

/** Resolves after `count` fetches that ask for the topic; requests carry its id, not its name, in newer versions. */
async function fetchesOf(cluster: Cluster, topic: string, count: number): Promise<{ readonly arrived: Promise<void> }> {
  const topicId = (await cluster.client.describeTopics([topic])).get(topic)?.topicId
  const seen = deferred()
  let left = count
  const stop = cluster.broker.controls.observe(({ api, body }) => {
    const text = api === 'Fetch' ? JSON.stringify(body) : ''
    if (!text.includes(`"${topic}"`) && !(topicId !== undefined && text.includes(topicId))) return
    if (--left > 0) return
    stop()
    seen.resolve()
  })
  return { arrived: seen.promise }
}
