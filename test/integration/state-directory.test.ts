/**
 * State that is kept on disk from one start to the next: what is gone on from, what is rebuilt, and where an application
 * refuses to start because going on would lose or repeat something. Real directories, the embedded broker.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import { silentLogger } from '../../src/common/logger.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import type { KeyValueStore } from '../../src/processor/state-store.ts'
import type { StoreBuilder } from '../../src/processor/store-builder.ts'
import type { KafkaStreams } from '../../src/runtime/kafka-streams.ts'
import type { StreamsEvents } from '../../src/runtime/streams-events.ts'
import { slotInMemory } from '../../src/runtime/instance-identity.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { stores } from '../../src/state/stores.ts'
import { Topology } from '../../src/topology/topology.ts'
import { Cluster, countByKey } from '../support/embedded-app.ts'
import { MemoryFileSystem } from '../support/memory-file-system.ts'
import { readCounts } from '../support/word-count-load.ts'

const made: string[] = []

function temporaryDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'millrace-state-'))
  made.push(directory)
  return directory
}

afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true })
})

/** Counts what is produced, and ends in order. */
async function countOnce(cluster: Cluster, stateDir: string, values: readonly string[] = ['a', 'b']): Promise<void> {
  await cluster.produce(
    'in',
    values.map((value) => ['k', value] as const),
  )
  const app = cluster.app(countByKey(), { stateDir })
  await app.start()
  await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
  await app.close()
}

/** The error that the application does not start because of. */
async function refusal(app: KafkaStreams): Promise<Error & { readonly code?: string }> {
  return app.start().then(
    () => {
      throw new Error('it started')
    },
    (error: Error) => error,
  )
}

async function restored(app: KafkaStreams): Promise<StreamsEvents['restore'][]> {
  const events: StreamsEvents['restore'][] = []
  app.on('restore', (event) => events.push(event))
  await app.start()
  return events.filter(({ done }) => done)
}

describe('state on disk', () => {
  it('is gone on from: nothing is replayed, and counts continue', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const stateDir = temporaryDirectory()
    await countOnce(cluster, stateDir)

    const app = cluster.app(countByKey(), { stateDir })
    expect(await restored(app)).toEqual([expect.objectContaining({ store: 'counts', restored: 0 })])
    await cluster.produce('in', [['k', 'c']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    await app.close()
    expect((await readCounts(cluster.client, 'out', 1)).counts).toEqual(new Map([['k', 3]]))
  })

  it('catches up with what another owner has counted meanwhile', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const stateDir = temporaryDirectory()
    await countOnce(cluster, stateDir)
    await countOnce(cluster, temporaryDirectory(), ['c'])

    const app = cluster.app(countByKey(), { stateDir })
    expect(await restored(app)).toEqual([expect.objectContaining({ store: 'counts', restored: 1 })])
    await cluster.produce('in', [['k', 'd']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    await app.close()
    expect(await readCounts(cluster.client, 'out', 1)).toEqual({ counts: new Map([['k', 4]]), regressions: [] })
  })

  it('is refused when its changelog was deleted and made anew, and is not touched', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const stateDir = temporaryDirectory()
    await countOnce(cluster, stateDir)
    await cluster.client.admin.deleteTopics(['app-counts-changelog'])

    const task = path.join(stateDir, 'app', '0', '0_0')
    const before = readdirSync(task)
    const error = await refusal(cluster.app(countByKey(), { stateDir }))
    expect(error.code).toBe('MILLRACE_CHANGELOG_BEHIND_STATE')
    expect(error.message).toContain(task)
    expect(readdirSync(task).toSorted()).toEqual(['refused.txt', ...before])
    const note = readFileSync(path.join(task, 'refused.txt'), 'utf8')
    expect(note).toContain(error.message)

    // Another instance goes on with the new changelog until that has more records than the state.
    await countOnce(cluster, temporaryDirectory(), ['c'])
    await countOnce(cluster, temporaryDirectory(), ['d'])
    const again = await refusal(cluster.app(countByKey(), { stateDir }))
    expect(again.code).toBe('MILLRACE_CHANGELOG_BEHIND_STATE')
    expect(again.message).toContain('refused.txt')
    expect(readFileSync(path.join(task, 'refused.txt'), 'utf8')).toBe(note)

    // What the message proposes.
    rmSync(task, { recursive: true })
    const app = cluster.app(countByKey(), { stateDir })
    await app.start()
    await app.close()
  })

  it('is refused when an input topic was deleted and made anew', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const stateDir = temporaryDirectory()
    await countOnce(cluster, stateDir)
    await cluster.client.admin.deleteTopics(['in'])
    await cluster.kafka.createTopic('in', { partitions: 1 })

    const error = await refusal(cluster.app(countByKey(), { stateDir }))
    expect(error.code).toBe('MILLRACE_TOPIC_RECREATED')
    expect(error.message).toContain("'in'")
  })

  it('is refused when the offsets of the group are gone, since its input would be counted twice', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const stateDir = temporaryDirectory()
    await countOnce(cluster, stateDir)
    await cluster.client.admin.deleteGroups(['app'])

    const error = await refusal(cluster.app(countByKey(), { stateDir }))
    expect(error.code).toBe('MILLRACE_OFFSETS_BEHIND_STATE')
    expect(error.message).toContain('in-0')
  })

  it('of another topology under the same id is left alone: a store of another name or kind begins with its changelog', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const stateDir = temporaryDirectory()
    await countOnce(cluster, stateDir)

    const app = cluster.app(countInto('totals'), { stateDir })
    await app.start()
    await cluster.produce('in', [['k', 'c']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    await app.close()
    expect((await readCounts(cluster.client, 'out', 1)).counts).toEqual(new Map([['k', 1]]))

    // And back: what was counted into the other store meanwhile is no part of this one.
    await countOnce(cluster, stateDir, ['d'])
    expect((await readCounts(cluster.client, 'out', 1)).counts).toEqual(new Map([['k', 3]]))
  })

  it('copied to a second instance stops the one that started later, and the first goes on', async () => {
    await using cluster = await Cluster.start({ in: 2, out: 1 })
    const [stateDir, copy] = [temporaryDirectory(), temporaryDirectory()]
    const first = cluster.app(countByKey(), { stateDir, heartbeatIntervalMs: 50 })
    await first.start()
    cpSync(path.join(stateDir, 'app', '0', 'slot.json'), path.join(copy, 'app', '0', 'slot.json'))

    // It may run for a moment: by its record the membership of the first is one to be ended, and that one has to come back.
    const second = cluster.app(countByKey(), { stateDir: copy, heartbeatIntervalMs: 50 })
    const stopped = new Promise<Error & { readonly code?: string }>((resolve) =>
      second.on('error', ({ error }) => resolve(error)),
    )
    await second.start().catch(() => undefined)
    const error = await stopped
    expect(error.code).toBe('MILLRACE_DUPLICATE_INSTANCE')
    expect(error.message).toContain(stateDir)
    expect(error.message).toContain(copy)
    await first.stateIs('RUNNING', { timeoutMs: 10_000 })
    await cluster.produce('in', [['k', 'a']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 2))
    await first.close()
    expect((await readCounts(cluster.client, 'out', 1)).counts).toEqual(new Map([['k', 1]]))
  })

  it('without a changelog is cleared, with its reason in the log, where another kind of store takes its name', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const stateDir = temporaryDirectory()
    const warnings: string[] = []
    const logger = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) }
    const found: unknown[] = []
    const plain = withNotes(stores.keyValue('notes', unlogged), (notes) => {
      found.push(notes.get('k'))
      notes.put('k', 'long enough to look like a time')
    })
    const timestamped = withNotes(stores.timestampedKeyValue('notes', unlogged), (notes) => {
      found.push(notes.get('k'))
    })
    for (const topology of [plain, timestamped]) {
      const app = cluster.app(topology, { stateDir, logger })
      await app.start()
      await cluster.produce('in', [['k', 'v']])
      await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
      await app.close()
    }
    expect(warnings).toEqual([expect.stringMatching(/cleared.*written as keyValue and is timestampedKeyValue/u)])
    expect(found).toEqual([undefined, undefined])
  })

  it('of another cluster is left alone: an application on a broker that was made anew begins beside it', async () => {
    const stateDir = temporaryDirectory()
    for (const slot of [0, 1, 2]) {
      await using cluster = await Cluster.start({ in: 1, out: 1 })
      await countOnce(cluster, stateDir)
      expect((await readCounts(cluster.client, 'out', 1)).counts).toEqual(new Map([['k', 2]]))
      expect(readdirSync(path.join(stateDir, 'app', String(slot)))).toContain('0_0')
    }
  })

  it('of a new task does not stop an instance whose disk is full; it is written once there is room', async () => {
    await using cluster = await Cluster.start({ in: 2, out: 1 })
    const disk = new MemoryFileSystem()
    let isFull = true
    disk.fail('ENOSPC', { matches: ({ kind }) => isFull && kind === 'open', times: Infinity })
    const { config, internals } = stateOn(disk)
    const app = cluster.app(countByKey(), config, internals)
    await app.start()
    for (const value of ['b', 'c']) {
      await cluster.produce('in', [['k', value]])
      await committedToEnd(cluster.client, 'app', partitionsOf('in', 2))
    }
    expect(app.state).toBe('RUNNING')
    isFull = false
    await cluster.produce('in', [['k', 'd']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 2))
    await app.close()
    const again = cluster.app(countByKey(), config, internals)
    expect(await restored(again)).toContainEqual(expect.objectContaining({ taskId: '0_0', restored: 0 }))
    await again.close()
    const { counts, regressions } = await readCounts(cluster.client, 'out', 1)
    expect([counts, regressions]).toEqual([new Map([['k', 3]]), []])
  })

  it('on a full disk is kept in memory until there is room: nothing is lost, and the next start finds all of it', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const disk = new MemoryFileSystem()
    const { config, internals } = stateOn(disk)
    const warnings: string[] = []
    const logger = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) }
    const app = cluster.app(countByKey(), { ...config, logger }, internals)
    await app.start()
    await cluster.produce('in', [['k', 'a']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    disk.capacityBytes = disk.usedBytes
    for (const value of ['b', 'c', 'd']) {
      await cluster.produce('in', [[value, value]])
      await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    }
    expect(app.state).toBe('RUNNING')
    // Not as an error: those end the application, and `millrace run` leaves them to its last line.
    expect(warnings).toContainEqual(expect.stringContaining('could not be written to disk'))
    disk.capacityBytes = Infinity
    await cluster.produce('in', [['e', 'e']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    await app.close()

    const again = cluster.app(countByKey(), config, internals)
    expect(await restored(again)).toEqual([expect.objectContaining({ restored: 0 })])
    await cluster.produce(
      'in',
      ['k', 'b', 'c', 'd', 'e'].map((key) => [key, 'x'] as const),
    )
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    await again.close()
    const { counts, regressions } = await readCounts(cluster.client, 'out', 1)
    expect(regressions).toEqual([])
    expect([...counts.values()]).toEqual([2, 2, 2, 2, 2])
  })
})

/** An application whose state is on a disk that can be told to fail. */
function stateOn(fileSystem: MemoryFileSystem) {
  const openSlot = () => Promise.resolve({ ...slotInMemory('0000'), directory: '/state/app/0' })
  return { config: { stateDir: '/state', store: 'persistent' } as const, internals: { fileSystem, openSlot } }
}

function countInto(store: string): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: serdes.string, value: serdes.string })
    .groupByKey()
    .count({ store })
    .toStream()
    .to('out', { key: serdes.string, value: serdes.int64 })
  return builder.build()
}

const strings = { key: serdes.string, value: serdes.string }
const unlogged = { ...strings, logging: false }

/** Whatever comes in, something is done with the store `notes`. */
function withNotes(store: StoreBuilder, use: (notes: KeyValueStore<string, unknown>) => void): Topology {
  return new Topology()
    .addSource('source', 'in', strings)
    .addProcessor<string, string, never, never>(
      'writer',
      () => {
        let look = (): void => undefined
        return {
          init: (context) => void (look = () => use(context.getStateStore('notes'))),
          process: () => look(),
        }
      },
      'source',
    )
    .addStateStore(store, 'writer')
}
