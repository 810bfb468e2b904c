/** A rebalance does not wait for what its members are doing: at the deadline they give it up, and stay members. */
import { describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import { silentLogger } from '../../src/common/logger.ts'
import { Cluster, countByKey } from '../support/embedded-app.ts'
import { readCounts } from '../support/word-count-load.ts'

const config = { heartbeatIntervalMs: 50, commitIntervalMs: 30, rebalanceTimeoutMs: 2000, store: 'memory' } as const

describe('a rebalance', () => {
  for (const [what, options] of [
    ['a commit that nothing overlaps', { maxCommitsInFlight: 0 }],
    ['a commit at least once', { processingGuarantee: 'at_least_once' }],
    ['a full buffer', { cacheMaxBytes: 0, uncommittedMaxBytes: 200, commitIntervalMs: 9000 }],
  ] as const) {
    it(`is joined in time by a member that waits for ${what}`, async () => {
      await using cluster = await Cluster.start({ in: 2, out: 1 })
      const { controls } = cluster.broker
      const lost: unknown[] = []
      const warn = (_: unknown, message?: string): void => {
        if (message?.includes('membership lost') === true) lost.push(message)
      }
      const slow = cluster.app(countByKey(), {
        ...config,
        ...options,
        kafka: cluster.as('slow'),
        logger: { ...silentLogger, warn },
      })
      await slow.start()
      const stuck = controls.hold('request', { api: 'Produce', clientId: 'slow' })
      await cluster.produce('in', [
        ['k', 'a'],
        ['k', 'b'],
      ])
      await stuck.arrived
      await cluster.app(countByKey(), { ...config, ...options, commitIntervalMs: 30 }).start()
      expect(controls.memberIds('app')).toHaveLength(2)
      stuck.release()
      await cluster.produce('in', [['k', 'c']])
      await slow.close()
      await committedToEnd(cluster.client, 'app', partitionsOf('in', 2))
      expect(lost).toEqual([])
      const { counts } = await readCounts(cluster.client, 'out', 1)
      if (!('processingGuarantee' in options)) expect(counts).toEqual(new Map([['k', 3]]))
    })
  }
})
