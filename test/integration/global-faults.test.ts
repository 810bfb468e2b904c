/** Global tables and stores where something goes wrong: with their topics, the disk, or the processor of a store. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { deferred } from '../../src/common/deferred.ts'
import { noHeaders } from '../../src/common/headers.ts'
import { silentLogger } from '../../src/common/logger.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { listenOnTcp } from '../../src/kafka/broker/tcp-listener.ts'
import { apis } from '../../src/kafka/protocol/apis.ts'
import type { KeyValueStore } from '../../src/processor/state-store.ts'
import type { StreamsConfig } from '../../src/processor/streams-config.ts'
import { slotInMemory } from '../../src/runtime/instance-identity.ts'
import type { StreamsInternals } from '../../src/runtime/kafka-streams.ts'
import { stores } from '../../src/state/stores.ts'
import type { Topology } from '../../src/topology/topology.ts'
import { Cluster } from '../support/embedded-app.ts'
import { failureOf, lookUpNames, output, produceTo, restoresOf, strings, untilJoined } from '../support/global-app.ts'
import { LeapingClock } from '../support/leaping-clock.ts'
import { MemoryFileSystem } from '../support/memory-file-system.ts'
import { RawKafka } from '../support/raw-kafka.ts'
import type { RawAddress } from '../support/raw-kafka.ts'

const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function stateDir(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'millrace-global-'))
  folders.push(folder)
  return folder
}

/** An application has run, and left the global table with two names on disk. */
async function runOnce(cluster: Cluster, config: Partial<StreamsConfig>, internals?: StreamsInternals): Promise<void> {
  await produceTo(cluster.client, 'names', 0, [
    ['a', 'Anna'],
    ['b', 'Bert'],
  ])
  const app = cluster.app(lookUpNames(), config, internals)
  await app.start()
  await app.close()
}

describe('The topic of a global table', () => {
  it('that is deleted ends the application, with its name', async () => {
    await using cluster = await Cluster.start({ names: 1, in: 1, out: 1 })
    const app = cluster.app(lookUpNames(), { store: 'memory' })
    const failed = failureOf(app)
    await app.start()
    await cluster.client.admin.deleteTopics(['names'])
    expect(await failed).toMatchObject({ code: 'MILLRACE_TOPIC_DELETED', topic: 'names' })
    await app.stateIs('ERROR')
  })

  it('that is made anew under a running application ends it, and nothing of the new one is read', async () => {
    await using cluster = await Cluster.start({ names: 1, in: 1, out: 1 })
    await produceTo(cluster.client, 'names', 0, [['a', 'Anna']])
    const app = cluster.app(lookUpNames(), { store: 'memory' })
    const failed = failureOf(app)
    await app.start()
    await cluster.client.admin.deleteTopics(['names'])
    await cluster.kafka.createTopic('names', { partitions: 1 })
    const error = await failed
    expect(error).toMatchObject({ code: 'MILLRACE_TOPIC_RECREATED', topic: 'names' })
    expect(error.message).toContain('start all instances again')
  })

  it('that gets more partitions is read in all of them', async () => {
    await using cluster = await Cluster.start({ names: 1, in: 1, out: 1 })
    const clock = new LeapingClock()
    await cluster.app(lookUpNames(), { store: 'memory' }, { clock }).start()
    const listener = await listenOnTcp(cluster.broker)
    const kafka = await RawKafka.connect(listener.endpoints[0] as RawAddress)
    await kafka.send(apis.CreatePartitions, 3, { topics: [{ name: 'names', count: 2 }] })
    kafka.close()
    await listener.close()
    await produceTo(cluster.client, 'names', 1, [['a', 'Anna']])
    clock.leap(30_000)
    await untilJoined(cluster.client, 'a', 'a=Anna')
  })

  it('whose records were deleted beyond what is on disk fills the table anew', async () => {
    await using cluster = await Cluster.start({ names: 1, in: 1, out: 1 })
    const config = { stateDir: await stateDir() }
    await runOnce(cluster, config)
    await produceTo(cluster.client, 'names', 0, [
      ['a', null],
      ['b', 'Beth'],
    ])
    await cluster.client.admin.deleteRecords(new Map([['names-0', 3]]))
    await produceTo(cluster.client, 'in', 0, [
      ['1', 'a'],
      ['2', 'b'],
    ])
    await cluster.app(lookUpNames(), config).start()
    expect(await output(cluster.client, 2)).toEqual(['a=nobody', 'b=Beth'])
  })

  it('whose tombstones may be gone fills the table anew', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    await cluster.kafka.createTopic('names', {
      partitions: 1,
      config: { 'cleanup.policy': 'compact', 'delete.retention.ms': '60000' },
    })
    const config = { stateDir: await stateDir() }
    await runOnce(cluster, config)
    await produceTo(cluster.client, 'names', 0, [
      ['c', 'Carl'],
      ['d', 'Dora'],
    ])
    const clock = new LeapingClock()
    clock.leap(100_000)
    const app = cluster.app(lookUpNames(), config, { clock })
    const events = restoresOf(app)
    await app.start()
    expect(events.at(-1)).toMatchObject({ restored: 4, done: true })
  })
})

describe('An application whose global table is being filled', () => {
  it('closes at once, although a transaction keeps the table from being complete', async () => {
    await using cluster = await Cluster.start({ names: 1, in: 1, out: 1 })
    const producer = cluster.client.producer({ transactionalId: 'names', transactionTimeoutMs: 60_000 })
    await producer.init()
    producer.append('names', 0, Buffer.from('a'), Buffer.from('Anna'), 1, noHeaders)
    await producer.flush()
    const app = cluster.app(lookUpNames(), { store: 'memory' })
    const fetched = deferred()
    cluster.broker.controls.observe(({ api }) => {
      if (api === 'Fetch') fetched.resolve()
    })
    const started = expect(app.start()).rejects.toMatchObject({ code: 'MILLRACE_CLOSED' })
    await fetched.promise
    await app.close({ timeoutMs: 5000 })
    await started
    expect(app.state).toBe('NOT_RUNNING')
    await producer.abort()
    await producer.close()
  })

  it('does not wait for ever for a topic that is deleted', async () => {
    await using cluster = await Cluster.start({ names: 1, in: 1, out: 1 })
    const producer = cluster.client.producer({ transactionalId: 'names', transactionTimeoutMs: 60_000 })
    await producer.init()
    producer.append('names', 0, Buffer.from('a'), Buffer.from('Anna'), 1, noHeaders)
    await producer.flush()
    const fetched = deferred()
    cluster.broker.controls.observe(({ api }) => {
      if (api === 'Fetch') fetched.resolve()
    })
    const lost = { code: 'MILLRACE_TOPIC_DELETED', topic: 'names' }
    const started = expect(cluster.app(lookUpNames(), { store: 'memory' }).start()).rejects.toMatchObject(lost)
    await fetched.promise
    await cluster.client.admin.deleteTopics(['names'])
    await started
    await producer.close()
  })

  it('does not start where the processor of a global store fails', async () => {
    await using cluster = await Cluster.start({ names: 1 })
    await produceTo(cluster.client, 'names', 0, [['a', 'Anna']])
    const builder = new StreamsBuilder()
    builder.addGlobalStore(stores.keyValue('kept', strings), 'names', strings, () => ({
      process: () => {
        throw new Error('not this one')
      },
    }))
    const app = cluster.app(builder.build(), { store: 'memory' })
    await expect(app.start()).rejects.toMatchObject({ code: 'MILLRACE_PROCESSING_FAILED', topic: 'names', offset: 0 })
    expect(app.state).toBe('ERROR')
  })
})

describe('The state of a global table', () => {
  it('that was damaged is completed from its topic', async () => {
    await using cluster = await Cluster.start({ names: 1, in: 1, out: 1 })
    const config = { stateDir: await stateDir() }
    await runOnce(cluster, config)
    const folder = path.join(config.stateDir, 'app', '0', 'global')
    for (const name of readdirSync(folder)) {
      const bytes = readFileSync(path.join(folder, name))
      writeFileSync(path.join(folder, name), bytes.fill(0xff, Math.min(8, bytes.byteLength)))
    }
    await produceTo(cluster.client, 'in', 0, [
      ['1', 'a'],
      ['2', 'b'],
    ])
    await cluster.app(lookUpNames(), config).start()
    expect(await output(cluster.client, 2)).toEqual(['a=Anna', 'b=Bert'])
  })

  it('waits in memory while the disk is full, and is on disk once there is room', async () => {
    await using cluster = await Cluster.start({ names: 1, in: 1, out: 1 })
    const disk = new MemoryFileSystem()
    const internals: StreamsInternals = {
      fileSystem: disk,
      openSlot: () => Promise.resolve({ ...slotInMemory('0000'), directory: '/state/app/0' }),
    }
    const config = { stateDir: '/state', store: 'persistent' } as const
    await runOnce(cluster, config, internals)
    const clock = new LeapingClock()
    const refused = deferred()
    const warn = (_: object, message: string): void => {
      if (message.includes('global stores cannot be updated')) refused.resolve()
    }
    const logger = { ...silentLogger, warn }
    const app = cluster.app(lookUpNames(), { ...config, logger }, { ...internals, clock })
    await app.start()
    disk.capacityBytes = disk.usedBytes
    await produceTo(cluster.client, 'names', 0, [['a', 'Alma']])
    clock.leap(5000)
    await untilJoined(cluster.client, 'a', 'a=Alma')
    await refused.promise
    expect(app['~view'].errors().errors).toMatchObject([{ code: 'MILLRACE_STATE_WRITE_FAILED', taskId: 'global' }])
    disk.capacityBytes = Infinity
    await app.close()
    const again = cluster.app(lookUpNames(), config, internals)
    const events = restoresOf(again)
    await again.start()
    expect(events.at(-1)).toMatchObject({ restored: 0, done: true })
  })

  it('is removed for a store that the topology does not have any more', async () => {
    await using cluster = await Cluster.start({ names: 1, in: 1, out: 1 })
    const config = { stateDir: await stateDir() }
    await runOnce(cluster, config)
    const renamed = new StreamsBuilder()
    renamed.globalTable('names', { ...strings, store: 'other' })
    const other = cluster.app(renamed.build(), config)
    await other.start()
    await other.close()
    const app = cluster.app(lookUpNames(), config)
    const events = restoresOf(app)
    await app.start()
    expect(events.at(-1)).toMatchObject({ store: 'names', restored: 2, done: true })
  })
})

describe('The processor of a global store', () => {
  /** Keeps the records of `names`; `fails` throws as often as it is told to. */
  function keeping(fails: { times: number }, onProcessingError: 'retry' | 'skip'): Topology {
    const builder = new StreamsBuilder()
    builder.addGlobalStore(
      stores.keyValue('kept', strings),
      'names',
      { ...strings, onProcessingError: () => onProcessingError },
      () => {
        let store: KeyValueStore<string, string>
        return {
          init: (context) => {
            store = context.getStateStore('kept')
          },
          process: ({ key, value }) => {
            store.put(key, `${store.get(key) ?? ''}${value}`)
            if (fails.times-- > 0) throw new Error('not now')
          },
        }
      },
    )
    builder
      .stream('in', strings)
      .process<string, string>(() => {
        let store: KeyValueStore<string, string>
        let forward: (value: string) => void = () => undefined
        return {
          init: (context) => {
            store = context.getStateStore('kept')
            forward = (value) => context.forward({ key: 'k', value, timestamp: 0, headers: [] })
          },
          process: ({ value }) => forward(`${value}=${store.get(value) ?? 'nobody'}`),
        }
      })
      .to('out', strings)
    return builder.build()
  }

  it('whose policy says retry gets the record again, with the store as it was', async () => {
    await using cluster = await Cluster.start({ names: 1, in: 1, out: 1 })
    await produceTo(cluster.client, 'names', 0, [
      ['a', '1'],
      ['a', '2'],
    ])
    await cluster.app(keeping({ times: 2 }, 'retry'), { store: 'memory' }).start()
    await produceTo(cluster.client, 'names', 0, [['a', '3']])
    await untilJoined(cluster.client, 'a', 'a=123')
  })

  it('whose policy says skip leaves the record out, and counts it', async () => {
    await using cluster = await Cluster.start({ names: 1, in: 1, out: 1 })
    const app = cluster.app(keeping({ times: 1 }, 'skip'), { store: 'memory' })
    await produceTo(cluster.client, 'names', 0, [
      ['a', '1'],
      ['b', '2'],
    ])
    await app.start()
    await untilJoined(cluster.client, 'b', 'b=2')
    expect(app.metrics.get('dropped-records-total', { 'task-id': '-1_-1', reason: 'processing' })).toBe(1)
  })
})
