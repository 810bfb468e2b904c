/**
 * A member that does not hear of a generation does not know who ran its tasks in it: what it still has of them is no
 * longer the newest, although its membership never ended.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import { noHeaders } from '../../src/common/headers.ts'
import { Cluster, countByKey } from '../support/embedded-app.ts'
import { readCounts } from '../support/word-count-load.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'millrace-generation-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Without a cache, so that each update is seen. */
const config = { sessionTimeoutMs: 20_000, heartbeatIntervalMs: 50, commitIntervalMs: 30, cacheMaxBytes: 0 }

/** To the partition of the task that moves. */
async function produceToSecond(cluster: Cluster, count: number): Promise<void> {
  const producer = cluster.client.producer({ lingerMs: 0 })
  await producer.init()
  for (let i = 0; i < count; i++) producer.append('in', 1, Buffer.from('k'), Buffer.from('v'), i, noHeaders)
  await producer.flush()
  await producer.close()
  await committedToEnd(cluster.client, 'app', partitionsOf('in', 2))
}

describe('a member whose assignment did not arrive', () => {
  for (const guarantee of ['exactly_once', 'at_least_once'] as const) {
    for (const store of ['memory', 'persistent'] as const) {
      it(`goes on from where others have brought its tasks meanwhile (${guarantee}, ${store})`, async () => {
        await using cluster = await Cluster.start({ in: 2, out: 1 })
        const { controls } = cluster.broker
        const options = { ...config, processingGuarantee: guarantee, store, stateDir: path.join(directory, guarantee) }
        const deaf = cluster.app(countByKey(), { ...options, kafka: cluster.as('deaf') })
        await deaf.start()
        await produceToSecond(cluster, 3)

        const assignment = controls.hold('answer', { api: 'SyncGroup', clientId: 'deaf' })
        const other = cluster.app(countByKey(), options)
        const running = other.start()
        await assignment.arrived
        await running
        await produceToSecond(cluster, 4)
        await other.close()
        controls.closeConnections({ clientId: 'deaf' })
        assignment.release()

        await produceToSecond(cluster, 5)
        const { counts, regressions } = await readCounts(cluster.client, 'out', 1)
        expect({ counts, regressions }).toEqual({ counts: new Map([['k', 12]]), regressions: [] })
      })
    }
  }
})
