/** Several instances of one application: who has which task, what stays where it is, what moves with its state. */
import { describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import type { KafkaStreams } from '../../src/runtime/kafka-streams.ts'
import { Cluster, countByKey } from '../support/embedded-app.ts'
import { readCounts } from '../support/word-count-load.ts'

function restoredTasks(app: KafkaStreams): string[] {
  const restored: string[] = []
  app.on('restore', ({ taskId, done }) => done && restored.push(taskId))
  return restored
}

function ownedTasks(app: KafkaStreams): Set<string> {
  const owned = new Set<string>()
  app.on('rebalance', ({ assigned, revoked }) => {
    for (const task of revoked) owned.delete(task)
    for (const task of assigned) owned.add(task)
  })
  return owned
}

const records = Array.from({ length: 60 }, (_, i) => [`k${i % 10}`, 'v'] as const)

describe('instances of one application', () => {
  it('share the tasks; a task that stays keeps its store open, one that moves restores it', async () => {
    await using cluster = await Cluster.start({ in: 4, out: 4 })
    const config = { heartbeatIntervalMs: 50 }
    const first = cluster.app(countByKey(), config)
    const second = cluster.app(countByKey(), config)
    const [ownedByFirst, ownedBySecond] = [ownedTasks(first), ownedTasks(second)]
    const [restoredByFirst, restoredBySecond] = [restoredTasks(first), restoredTasks(second)]
    await first.start()
    await cluster.produce('in', records)
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 4))
    expect(restoredByFirst.toSorted()).toEqual(['0_0', '0_1', '0_2', '0_3'])

    await second.start()
    await first.stateIs('RUNNING')
    expect(ownedByFirst.size).toBe(2)
    expect(restoredByFirst).toHaveLength(4)
    expect(new Set(restoredBySecond)).toEqual(ownedBySecond)
    expect([...ownedByFirst, ...ownedBySecond].toSorted()).toEqual(['0_0', '0_1', '0_2', '0_3'])

    await cluster.produce('in', records)
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 4))
    const moved = [...ownedBySecond]
    const tookOver = new Promise<void>((resolve) => {
      first.on('rebalance', ({ assigned }) => assigned.length === 2 && resolve())
    })
    await second.close()
    await tookOver
    await first.stateIs('RUNNING')
    expect(restoredByFirst.slice(4).toSorted()).toEqual(moved.toSorted())

    await cluster.produce('in', records)
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 4))
    const { counts, regressions } = await readCounts(cluster.client, 'out', 4)
    expect(regressions).toEqual([])
    expect(counts).toEqual(new Map(Array.from({ length: 10 }, (_, i) => [`k${i}`, 18] as const)))
  })

  it('leaves an instance without tasks running where there are more instances than tasks', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const apps = [cluster.app(countByKey()), cluster.app(countByKey())]
    await Promise.all(apps.map((app) => app.start()))
    for (const app of apps) await app.stateIs('RUNNING')
    await cluster.produce('in', [['k', 'v']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    expect((await readCounts(cluster.client, 'out', 1)).counts).toEqual(new Map([['k', 1]]))
  })

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'reads what it writes with compression %s',
    async (compression) => {
      await using cluster = await Cluster.start({ in: 1, out: 1 })
      const first = cluster.app(countByKey(), { compression })
      await first.start()
      await cluster.produce('in', records)
      await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
      await first.close()
      const second = cluster.app(countByKey(), { compression })
      await second.start()
      await cluster.produce('in', records)
      await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
      const { counts, regressions } = await readCounts(cluster.client, 'out', 1)
      expect({ regressions, counts: counts.get('k3') }).toEqual({ regressions: [], counts: 12 })
    },
  )
})
