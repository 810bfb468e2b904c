/** Who owns a task, and who does not any more: frozen instances, ids used twice, partitions that a topic has not. */
import { describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf, readToEnd } from '../../src/cli/topic-reader.ts'
import { systemClock } from '../../src/common/clock.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { Topology } from '../../src/topology/topology.ts'
import { Cluster, countByKey } from '../support/embedded-app.ts'
import { readCounts } from '../support/word-count-load.ts'

const config = { sessionTimeoutMs: 6000, heartbeatIntervalMs: 100, commitIntervalMs: 30 }

describe('an instance', () => {
  it('stops with an error when another one takes its instance id', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const first = cluster.app(countByKey(), { ...config, instanceId: 'one' })
    await first.start()
    const second = cluster.app(countByKey(), { ...config, instanceId: 'one' })
    await second.start()
    await first.stateIs('ERROR', { timeoutMs: 10_000 })
    await cluster.produce('in', [['k', 'v']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    expect((await readCounts(cluster.client, 'out', 1)).counts).toEqual(new Map([['k', 1]]))
  })

  it('runs tasks whose number one of their topics does not reach', async () => {
    await using cluster = await Cluster.start({ large: 3, small: 1, out: 1 })
    const builder = new StreamsBuilder()
    const options = { key: serdes.string, value: serdes.string }
    builder.stream('large', options).merge(builder.stream('small', options)).to('out', options)
    const app = cluster.app(builder.build(), config)
    await app.start()
    await cluster.produce('small', [['k', 'v']])
    await committedToEnd(cluster.client, 'app', partitionsOf('small', 1))
  })
})

/** Everything that the application `frozen` asks for, from now on; its own timers run on. */
function freeze(cluster: Cluster): { release(): void } {
  return cluster.broker.controls.hold('request', { clientId: 'frozen', times: Number.POSITIVE_INFINITY })
}

function expireAll(cluster: Cluster): void {
  for (const member of cluster.broker.controls.memberIds('app')) cluster.broker.controls.expireMember('app', member)
}

describe('an instance that is frozen beyond its session', () => {
  for (const api of ['AddOffsetsToTxn', 'TxnOffsetCommit', 'Produce'] as const) {
    it(`commits nothing of what it did when it goes on with ${api}, and recovers`, async () => {
      await using cluster = await Cluster.start({ in: 1, out: 1 })
      // The request is one of transaction protocol v1.
      if (api === 'AddOffsetsToTxn') cluster.broker.controls.finalizeTransactionVersion(0)
      const frozen = cluster.app(countByKey(), { ...config, kafka: cluster.as('frozen'), transactionTimeoutMs: 1000 })
      await frozen.start()
      await cluster.produce('in', [['k', 'one']])
      await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))

      const caught = cluster.broker.controls.hold('request', { api, clientId: 'frozen' })
      await cluster.produce('in', [['k', 'two']])
      await caught.arrived
      const ice = freeze(cluster)
      expireAll(cluster)
      const other = cluster.app(countByKey(), config)
      await other.start()
      await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
      await cluster.produce('in', [['k', 'three']])
      await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))

      caught.release()
      ice.release()
      await other.close()
      await frozen.stateIs('RUNNING', { timeoutMs: 20_000 })
      await cluster.produce('in', [['k', 'four']])
      await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
      const { counts, regressions } = await readCounts(cluster.client, 'out', 1)
      expect({ counts, regressions }).toEqual({ counts: new Map([['k', 4]]), regressions: [] })
    })
  }

  it('commits nothing more of its punctuations either, although they move no offset', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const old = cluster.app(ticking('old'), { ...config, kafka: cluster.as('frozen') })
    await old.start()
    await ticksWith(cluster, 'old', 5)
    cluster.broker.controls.hold('request', {
      clientId: 'frozen',
      times: Number.POSITIVE_INFINITY,
      where: ({ api }) => ['Heartbeat', 'JoinGroup', 'SyncGroup'].includes(api),
    })
    expireAll(cluster)
    const next = cluster.app(ticking('next'), config)
    await next.start()
    const ticks = await ticksWith(cluster, 'next', 20)
    expect(ticks.slice(ticks.indexOf('next'))).not.toContain('old')
  })
})

/** Writes its name to `out` every 10 ms. */
function ticking(name: string): Topology {
  return new Topology()
    .addSource('source', 'in', { key: serdes.string, value: serdes.string })
    .addProcessor<string, string, string, string>(
      'clock',
      () => ({
        init: (context) =>
          void context.schedule(10, 'wallClockTime', (timestamp) =>
            context.forward({ key: 'tick', value: name, timestamp, headers: [] }),
          ),
        process: () => undefined,
      }),
      'source',
    )
    .addSink('sink', 'out', 'clock', { key: serdes.string, value: serdes.string })
}

/** All that is in `out` once it has `count` of `name`. */
async function ticksWith(cluster: Cluster, name: string, count: number): Promise<string[]> {
  for (;;) {
    const ticks: string[] = []
    await readToEnd(cluster.client, partitionsOf('out', 1), (_, value) => ticks.push(value?.toString() ?? ''))
    if (ticks.filter((tick) => tick === name).length >= count) return ticks
    await systemClock.yieldTurn()
  }
}
