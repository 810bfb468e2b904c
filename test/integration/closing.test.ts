/** `close` at moments when something is missing: before anything was opened, and while the broker is silent. */
import { describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import { deferred } from '../../src/common/deferred.ts'
import { slotInMemory } from '../../src/runtime/instance-identity.ts'
import type { StateSlot } from '../../src/runtime/state-slot.ts'
import { Cluster, countByKey } from '../support/embedded-app.ts'
import { readCounts } from '../support/word-count-load.ts'

describe('closing an application', () => {
  it('succeeds after a start that failed', async () => {
    await using cluster = await Cluster.start({ out: 1 })
    const app = cluster.app(countByKey())
    await expect(app.start()).rejects.toMatchObject({ code: 'MILLRACE_SOURCE_TOPIC_MISSING' })
    await expect(app.close()).resolves.toBeUndefined()
    expect(app.state).toBe('ERROR')
  })

  it('is quick while its thread waits for its next life', async () => {
    await using cluster = await Cluster.start({ out: 1 })
    const app = cluster.app(countByKey(), { onUncaughtError: 'replaceThread' })
    const failed = new Promise<Error>((resolve) => app.on('error', ({ error }) => resolve(error)))
    const started = expect(app.start()).rejects.toMatchObject({ code: 'MILLRACE_CLOSED' })
    expect(await failed).toMatchObject({ code: 'MILLRACE_SOURCE_TOPIC_MISSING' })
    await app.close({ timeoutMs: 500 })
    await started
    expect(app.state).toBe('NOT_RUNNING')
  })

  it('asks no broker for anything more when that comes while its directory is opened', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const asked: string[] = []
    cluster.broker.controls.observe(({ api, clientId }) => clientId === 'app' && asked.push(api))
    const [opening, opened] = [deferred(), deferred<StateSlot>()]
    const openSlot = (): Promise<StateSlot> => {
      asked.splice(0)
      opening.resolve()
      return opened.promise
    }
    const app = cluster.app(countByKey(), { store: 'persistent' }, { openSlot })
    const started = expect(app.start()).rejects.toMatchObject({ code: 'MILLRACE_CLOSED' })
    await opening.promise
    const closed = app.close({ timeoutMs: 5000 })
    opened.resolve(slotInMemory('0000'))
    await Promise.all([started, closed])
    expect(asked).toEqual([])
  })

  for (const api of ['ApiVersions', 'Metadata', 'InitProducerId', 'JoinGroup', 'SyncGroup'] as const) {
    it(`does not wait for a broker that is silent at the first ${api}`, async () => {
      await using cluster = await Cluster.start({ in: 1, out: 1 })
      const held = cluster.broker.controls.hold('request', { api, clientId: 'app' })
      const app = cluster.app(countByKey())
      const started = expect(app.start()).rejects.toMatchObject({ code: 'MILLRACE_CLOSED' })
      await held.arrived
      await app.close({ timeoutMs: 5000 })
      await started
      expect(app.state).toBe('NOT_RUNNING')
    })
  }

  for (const api of ['ListOffsets', 'OffsetFetch'] as const) {
    it(`does not wait for a broker that is silent at the first ${api}`, async () => {
      await using cluster = await Cluster.start({ in: 1, out: 1 })
      const held = cluster.broker.controls.hold('request', { api, clientId: 'app' })
      const app = cluster.app(countByKey())
      const started = expect(app.start()).rejects.toMatchObject({ code: 'MILLRACE_CLOSED' })
      await held.arrived
      await app.close({ timeoutMs: 5000 })
      await started
      expect(app.state).toBe('NOT_RUNNING')
    })
  }

  it('does not wait for the transaction of another that still moves its input offsets', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const first = cluster.app(countByKey())
    await first.start()
    const release = cluster.broker.controls.holdOffsetMarkers('app')
    const ended = cluster.broker.controls.hold('answer', { api: 'EndTxn', clientId: 'app' })
    await cluster.produce('in', [['k', 'a']])
    await ended.arrived
    ended.release()
    await first.close()

    const asked = cluster.broker.controls.hold('answer', { api: 'OffsetFetch', clientId: 'app' })
    const second = cluster.app(countByKey())
    const started = expect(second.start()).rejects.toMatchObject({ code: 'MILLRACE_CLOSED' })
    await asked.arrived
    asked.release()
    await second.close({ timeoutMs: 5000 })
    await started
    release()

    const third = cluster.app(countByKey())
    await third.start()
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    expect(await readCounts(cluster.client, 'out', 1)).toEqual({ counts: new Map([['k', 1]]), regressions: [] })
  })
})
