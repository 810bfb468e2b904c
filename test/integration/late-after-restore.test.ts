/**
 * Windows that have closed stay closed when an application loses its local state: what comes late is dropped as it would
 * have been before, and no final result comes twice.
 */
import { describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf, readToEnd } from '../../src/cli/topic-reader.ts'
import { noHeaders } from '../../src/common/headers.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import type { KGroupedStream, KTable } from '../../src/dsl/streams.ts'
import { hopping, session, sliding, tumbling } from '../../src/dsl/windows.ts'
import { serdes } from '../../src/serde/serdes.ts'
import type { Windowed } from '../../src/serde/windowed.ts'
import type { StreamsConfig } from '../../src/processor/streams-config.ts'
import type { Topology } from '../../src/topology/topology.ts'
import { Cluster } from '../support/embedded-app.ts'

type Counts = KTable<Windowed<string>, number>

const counts = { key: serdes.string, value: serdes.int64 }

function topology(make: (builder: StreamsBuilder) => Counts): Topology {
  const builder = new StreamsBuilder()
  const table = make(builder)
  table.toStream((_count, { key, window }) => `${key}@${window.start}-${window.end}`).to('updates', counts)
  table
    .suppress({ until: 'windowCloses' })
    .toStream((_count, { key, window }) => `${key}@${window.start}-${window.end}`)
    .to('final', counts)
  return builder.build()
}

async function produce(cluster: Cluster, timestamps: readonly number[]): Promise<void> {
  const producer = cluster.client.producer({ lingerMs: 0 })
  await producer.init()
  for (const timestamp of timestamps) {
    producer.append('in', 0, Buffer.from('a'), Buffer.from('x'), timestamp, noHeaders)
  }
  await producer.flush()
  await producer.close()
}

async function read(cluster: Cluster, topic: string): Promise<string[]> {
  const found: string[] = []
  await readToEnd(cluster.client, partitionsOf(topic, 1), (key, value) => {
    found.push(`${Buffer.from(key ?? []).toString()}=${value === null ? 'null' : value.at(-1)}`)
  })
  return found
}

/** Each part is processed by an application that has no local state. */
async function run(built: Topology, config: Partial<StreamsConfig>, ...parts: readonly number[][]): Promise<Cluster> {
  const cluster = await Cluster.start({ in: 1, updates: 1, final: 1 })
  for (const part of parts) {
    const app = cluster.app(built, { store: 'memory', ...config })
    await app.start()
    await produce(cluster, part)
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    await app.close()
  }
  return cluster
}

const grouped = (builder: StreamsBuilder): KGroupedStream<string, string> =>
  builder.stream('in', { key: serdes.string, value: serdes.string }).groupByKey()

const kinds: Readonly<Record<string, (builder: StreamsBuilder) => Counts>> = {
  tumbling: (builder) =>
    grouped(builder)
      .windowedBy(tumbling({ size: 100, grace: 50 }))
      .count(),
  hopping: (builder) =>
    grouped(builder)
      .windowedBy(hopping({ size: 100, advance: 50, grace: 50 }))
      .count(),
  sliding: (builder) =>
    grouped(builder)
      .windowedBy(sliding({ difference: 100, grace: 50 }))
      .count(),
  session: (builder) =>
    grouped(builder)
      .windowedBy(session({ gap: 40, grace: 50 }))
      .count(),
}

describe.each(Object.keys(kinds))('Windows that have closed (%s)', (kind) => {
  it.each([0, 1_000_000])('stay closed without local state, with a cache of %d bytes', async (cacheMaxBytes) => {
    const make = kinds[kind] as (builder: StreamsBuilder) => Counts
    // At 2090 everything up to 2000 is final, and most of it still in the stores; 1990 is late.
    const [before, after] = [
      [1000, 1010, 2090],
      [1020, 1005, 1990, 2091, 5000],
    ] as const
    await using cluster = await run(topology(make), { cacheMaxBytes }, [...before], [...after])
    await using straight = await run(topology(make), { cacheMaxBytes }, [...before, ...after])
    expect(await read(cluster, 'final')).toEqual(await read(straight, 'final'))
    if (cacheMaxBytes === 0) expect(await read(cluster, 'updates')).toEqual(await read(straight, 'updates'))
  })

  it('open again without local state and transactions: what comes again must not be lost as late', async () => {
    const make = kinds[kind] as (builder: StreamsBuilder) => Counts
    const config = { processingGuarantee: 'at_least_once', commitIntervalMs: 50, cacheMaxBytes: 0 } as const
    await using cluster = await run(topology(make), config, [1000, 2090])
    const before = await read(cluster, 'updates')
    const app = cluster.app(topology(make), { store: 'memory', ...config })
    await app.start()
    await produce(cluster, [1990])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    await app.close()
    expect((await read(cluster, 'updates')).length).toBeGreaterThan(before.length)
  })
})
