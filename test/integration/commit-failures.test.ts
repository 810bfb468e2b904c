/** Commits that fail again and again: they are tried less and less often, and what stops the thread is told meanwhile. */
import { describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import { systemClock } from '../../src/common/clock.ts'
import type { Clock } from '../../src/common/clock.ts'
import { errorCodes } from '../../src/kafka/protocol/error-codes.ts'
import { Cluster, countByKey } from '../support/embedded-app.ts'
import { readCounts } from '../support/word-count-load.ts'

/** Tells of every timer that was waited for. */
function watchedClock(onFired: (delayMs: number) => void): Clock {
  return {
    now: () => systemClock.now(),
    yieldTurn: () => systemClock.yieldTurn(),
    setTimer: (delayMs, callback) =>
      systemClock.setTimer(delayMs, () => {
        onFired(delayMs)
        callback()
      }),
  }
}

describe('commits that fail again and again', () => {
  for (const maxCommitsInFlight of [0, 1] as const) {
    it(`are tried less and less often (maxCommitsInFlight ${maxCommitsInFlight})`, async () => {
      await using cluster = await Cluster.start({ in: 1, out: 1 })
      const failing = cluster.broker.controls.alterAnswer(
        { api: 'TxnOffsetCommit', clientId: 'app', times: 5 },
        (answer) => failed(answer as OffsetsAnswer, errorCodes.INVALID_TXN_STATE),
      )
      const waits: number[] = []
      const clock = watchedClock((delayMs) => void (failing.hits > 0 && waits.push(delayMs)))
      const config = { commitIntervalMs: 30, heartbeatIntervalMs: 3000, maxCommitsInFlight }
      const app = cluster.app(countByKey(), config, { clock })
      await app.start()
      await cluster.produce('in', [['k', 'v']])
      await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
      expect(failing.hits).toBe(5)
      // After the fifth in a row; nothing else takes as long.
      expect(waits.filter((ms) => ms > 600 && ms <= 800)).toHaveLength(1)
      expect((await readCounts(cluster.client, 'out', 1)).counts).toEqual(new Map([['k', 1]]))
    })
  }
})

describe('a commit that is tried without end', () => {
  it('does not hold back what stops the thread', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const { controls } = cluster.broker
    const app = cluster.app(countByKey(), { commitIntervalMs: 30, transactionTimeoutMs: 60_000 })
    const stopped = new Promise<Error>((resolve) => app.on('error', ({ error }) => resolve(error)))
    await app.start()
    controls.alterAnswer({ api: 'TxnOffsetCommit', clientId: 'app', times: Infinity }, (answer) =>
      failed(answer as OffsetsAnswer, errorCodes.COORDINATOR_LOAD_IN_PROGRESS),
    )
    const tried = controls.hold('request', { api: 'TxnOffsetCommit', clientId: 'app' })
    await cluster.produce('in', [['k', 'v']])
    await tried.arrived
    tried.release()
    await cluster.client.admin.deleteTopics(['in'])
    expect(await stopped).toMatchObject({ code: 'MILLRACE_TOPIC_DELETED' })
  })
})

interface OffsetsAnswer {
  readonly topics: readonly { readonly name: string; readonly partitions: readonly object[] }[]
}

function failed({ topics }: OffsetsAnswer, errorCode: number): unknown {
  return {
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((at) => ({ ...at, errorCode })),
    })),
  }
}
