/**
 * Stores of every kind come back from their changelogs: an application is stopped again and again and goes on without any
 * local state, or with all of it, and in the end everything is as if it had run through.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf, readToEnd } from '../../src/cli/topic-reader.ts'
import { noHeaders } from '../../src/common/headers.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { joinWithin, session, tumbling } from '../../src/dsl/windows.ts'
import type { StreamsConfig } from '../../src/processor/streams-config.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { stores } from '../../src/state/stores.ts'
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts'
import type { Topology } from '../../src/topology/topology.ts'
import { Cluster } from '../support/embedded-app.ts'

const strings = { key: serdes.string, value: serdes.string }
const counts = { key: serdes.string, value: serdes.int64 }
const outputs = ['windows', 'sessions', 'final', 'pairs', 'versions'] as const

function topology(): Topology {
  const builder = new StreamsBuilder()
  const input = builder.stream('in', strings)
  const grouped = input.groupByKey()
  const windowed = grouped.windowedBy(tumbling({ size: 100, grace: 50 })).count({ store: 'windows' })
  windowed.toStream((_count, { key, window }) => `${key}@${window.start}`).to('windows', counts)
  windowed
    .suppress({ until: 'windowCloses', name: 'final' })
    .toStream((_count, { key, window }) => `${key}@${window.start}`)
    .to('final', counts)
  grouped
    .windowedBy(session({ gap: 40, grace: 50 }))
    .count({ store: 'sessions' })
    .toStream((_count, { key, window }) => `${key}@${window.start}-${window.end}`)
    .to('sessions', counts)
  input
    .join(input, (one, two) => `${one}+${two}`, joinWithin({ before: 30, after: 0, grace: 20 }), strings)
    .to('pairs', strings)
  const latest = grouped.aggregate(
    () => '',
    (value, before) => `${before}${value}`.slice(-4),
    { store: stores.versioned('versions', { ...strings, historyRetention: 1000 }), ...strings },
  )
  latest.toStream().to('versions', strings)
  return builder.build()
}

interface Input {
  readonly key: string
  readonly value: string
  readonly timestamp: number
}

/** Time goes on, with some that come a little late, but never over a border of `stops`. */
const stops = [0, 40, 80, 120]
const input = Array.from({ length: 120 }, (_, i): Input => {
  const late = i % 7 === 3 && !stops.includes(i) ? 25 : 0
  return { key: `k${(i * 5) % 3}`, value: String(i % 10), timestamp: i * 11 + 100 - late }
})

/** By topic what it says in the end, key by key, as hex. */
type Latest = Readonly<Record<string, ReadonlyMap<string, string>>>

function expected(): Latest {
  const driver = new TopologyTestDriver(topology(), { applicationId: 'app' })
  const topic = driver.createInputTopic('in', serdes.string, serdes.string)
  for (const record of input) topic.pipeInput(record)
  const produced = driver.producedRecords()
  driver.close()
  return latestOf((name, visit) => {
    for (const { topic: from, key, value } of produced) if (from === name) visit(key, value)
    return Promise.resolve()
  })
}

function latestOf(
  read: (topic: string, visit: (key: Uint8Array | null, value: Uint8Array | null) => void) => Promise<void>,
): Latest {
  const latest: Record<string, Map<string, string>> = {}
  for (const topic of outputs) {
    const found = new Map<string, string>()
    latest[topic] = found
    void read(topic, (key, value) => {
      found.set(Buffer.from(key ?? []).toString(), Buffer.from(value ?? []).toString('hex'))
    })
  }
  return latest
}

async function written(cluster: Cluster): Promise<Latest> {
  const reads: Promise<void>[] = []
  const latest = latestOf((topic, visit) => {
    const done = readToEnd(cluster.client, partitionsOf(topic, 1), visit)
    reads.push(done)
    return done
  })
  await Promise.all(reads)
  return latest
}

async function produce(cluster: Cluster, records: readonly Input[]): Promise<void> {
  const producer = cluster.client.producer({ lingerMs: 0 })
  await producer.init()
  for (const { key, value, timestamp } of records) {
    producer.append('in', 0, Buffer.from(key), Buffer.from(value), timestamp, noHeaders)
  }
  await producer.flush()
  await producer.close()
}

/** Without what is deleted in the end: of sessions that grow between two flushes of the cache nobody hears. */
function lines(latest: Latest): string[] {
  return Object.entries(latest).flatMap(([topic, found]) =>
    [...found].flatMap(([key, value]) => (value === '' ? [] : [`${topic} ${key}: ${value}`])).toSorted(),
  )
}

async function runInParts(config: Partial<StreamsConfig>): Promise<void> {
  await using cluster = await Cluster.start(Object.fromEntries(['in', ...outputs].map((name) => [name, 1])))
  for (const [i, from] of stops.slice(0, -1).entries()) {
    const app = cluster.app(topology(), config)
    await app.start()
    await produce(cluster, input.slice(from, stops[i + 1]))
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    await app.close()
  }
  expect(lines(await written(cluster))).toEqual(lines(expected()))
}

describe('An application with stores of every kind', () => {
  it('goes on from its changelogs without any local state', async () => {
    await runInParts({ store: 'memory' })
  })

  it('goes on from its changelogs without any local state or cache', async () => {
    await runInParts({ store: 'memory', cacheMaxBytes: 0 })
  })

  it('goes on with the state on its disk', async () => {
    const stateDir = await mkdtemp(path.join(tmpdir(), 'millrace-stores-'))
    try {
      await runInParts({ store: 'persistent', stateDir })
    } finally {
      await rm(stateDir, { recursive: true })
    }
  })
})
