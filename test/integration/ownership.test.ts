/** Who owns a task, and who does not any more: frozen instances, ids used twice, partitions that a topic has not. */
import { describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { serdes } from '../../src/serde/serdes.ts'
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
