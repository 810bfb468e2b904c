import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { noHeaders } from '../../src/common/headers.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import type { Processor } from '../../src/processor/processor.ts'
import type { ProcessorContext } from '../../src/processor/processor-context.ts'
import type { KeyValueStore } from '../../src/processor/state-store.ts'
import type { WindowStore } from '../../src/processor/window-store.ts'
import { nullable } from '../../src/serde/serde.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { stores } from '../../src/state/stores.ts'
import type { Topology } from '../../src/topology/topology.ts'
import { Cluster } from '../support/embedded-app.ts'
import { failureOf, lookUpNames, output, produceTo, restoresOf, strings, untilJoined } from '../support/global-app.ts'

const texts = { key: nullable(serdes.string), value: nullable(serdes.string) }
const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function stateDir(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'millrace-global-'))
  folders.push(folder)
  return folder
}

describe('A global table', () => {
  it('has the records of all partitions before the first record is processed', async () => {
    await using cluster = await Cluster.start({ names: 3, in: 1, out: 1 })
    await produceTo(cluster.client, 'names', 0, [['a', 'Anna']])
    await produceTo(cluster.client, 'names', 1, [
      ['b', 'Bert'],
      ['c', 'Carl'],
    ])
    await produceTo(cluster.client, 'names', 2, [
      ['c', null],
      ['d', 'Dora'],
      [null, 'no key'],
    ])
    await cluster.produce('in', [
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'x'],
      ['4', 'd'],
    ])
    const app = cluster.app(lookUpNames(), { store: 'memory' })
    const events = restoresOf(app)
    await app.start()
    expect(await output(cluster.client, 4)).toEqual(['a=Anna', 'b=Bert', 'x=nobody', 'd=Dora'])
    expect(events.at(-1)).toMatchObject({ store: 'names', restored: 5, total: 6, done: true })
  })

  it('follows its topic while the application runs', async () => {
    await using cluster = await Cluster.start({ names: 2, in: 1, out: 1 })
    await cluster.app(lookUpNames(), { store: 'memory' }).start()
    await produceTo(cluster.client, 'names', 1, [['a', 'Anna']])
    await untilJoined(cluster.client, 'a', 'a=Anna')
  })

  it('is complete in every instance', async () => {
    await using cluster = await Cluster.start({ names: 2, in: 2, out: 1 })
    await produceTo(cluster.client, 'names', 0, [['a', 'Anna']])
    await produceTo(cluster.client, 'names', 1, [['b', 'Bert']])
    const apps = [cluster.app(lookUpNames(), { store: 'memory' }), cluster.app(lookUpNames(), { store: 'memory' })]
    await Promise.all(apps.map((app) => app.start()))
    for (const partition of [0, 1]) {
      await produceTo(cluster.client, 'in', partition, [
        ['k', 'a'],
        ['k', 'b'],
      ])
    }
    const values = await output(cluster.client, 4)
    expect(values.filter((value) => value === 'a=Anna')).toHaveLength(2)
    expect(values.filter((value) => value === 'b=Bert')).toHaveLength(2)
  })

  it('goes on after a restart with what it has on disk, and reads only what came since', async () => {
    await using cluster = await Cluster.start({ names: 1, in: 1, out: 1 })
    const config = { stateDir: await stateDir() }
    await cluster.produce('names', [
      ['a', 'Anna'],
      ['b', 'Bert'],
    ])
    const first = cluster.app(lookUpNames(), config)
    await first.start()
    await first.close()
    await cluster.produce('names', [['b', 'Bill']])
    await cluster.produce('in', [
      ['1', 'a'],
      ['2', 'b'],
    ])
    const second = cluster.app(lookUpNames(), config)
    const events = restoresOf(second)
    await second.start()
    expect(await output(cluster.client, 2)).toEqual(['a=Anna', 'b=Bill'])
    expect(events.at(-1)).toMatchObject({ store: 'names', restored: 1, total: 1, done: true })
  })

  it('is filled anew when its topic was made anew while no instance ran', async () => {
    await using cluster = await Cluster.start({ names: 1, in: 1, out: 1 })
    const config = { stateDir: await stateDir() }
    await cluster.produce('names', [
      ['a', 'Anna'],
      ['b', 'Bert'],
    ])
    const first = cluster.app(lookUpNames(), config)
    await first.start()
    await first.close()
    await cluster.client.admin.deleteTopics(['names'])
    await cluster.kafka.createTopic('names', { partitions: 1 })
    await cluster.produce('names', [['b', 'Beth']])
    await cluster.produce('in', [
      ['1', 'a'],
      ['2', 'b'],
    ])
    await cluster.app(lookUpNames(), config).start()
    expect(await output(cluster.client, 2)).toEqual(['a=nobody', 'b=Beth'])
  })

  it('never has what a transaction has aborted, and waits for one that is open', async () => {
    await using cluster = await Cluster.start({ names: 1, in: 1, out: 1 })
    const producer = cluster.client.producer({ transactionalId: 'names', transactionTimeoutMs: 60_000 })
    const append = (key: string, value: string): boolean =>
      producer.append('names', 0, Buffer.from(key), Buffer.from(value), 1, noHeaders)
    await producer.init()
    append('a', 'Anna')
    await producer.flush()
    await producer.commit()
    append('a', 'aborted')
    await producer.flush()
    await producer.abort()
    append('b', 'Bert')
    await producer.flush()
    const app = cluster.app(lookUpNames(), { store: 'memory' })
    const events = restoresOf(app)
    const started = app.start()
    while (events.length === 0) await Promise.race([app.stateIs('RUNNING'), cluster.client.describeTopics(['names'])])
    expect(app.state).toBe('REBALANCING')
    await producer.commit()
    await started
    await cluster.produce('in', [
      ['1', 'a'],
      ['2', 'b'],
    ])
    expect(await output(cluster.client, 2)).toEqual(['a=Anna', 'b=Bert'])
    await producer.close()
  })

  it('needs its topic to exist', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    await expect(cluster.app(lookUpNames(), { store: 'memory' }).start()).rejects.toMatchObject({
      code: 'MILLRACE_SOURCE_TOPIC_MISSING',
      topic: 'names',
    })
  })

  it('ends the application with the place of a record that cannot be read', async () => {
    await using cluster = await Cluster.start({ names: 1, in: 1, out: 1 })
    const builder = new StreamsBuilder()
    const numbers = builder.globalTable('names', { key: serdes.string, value: serdes.int64, store: 'numbers' })
    builder
      .stream('in', strings)
      .join(
        numbers,
        (value) => value,
        (value, n) => `${value}${n}`,
      )
      .to('out', strings)
    const app = cluster.app(builder.build(), { store: 'memory' })
    const failed = failureOf(app)
    await app.start()
    await cluster.produce('names', [['a', 'no number']])
    const place = { code: 'MILLRACE_DESERIALIZATION_FAILED', topic: 'names', partition: 0, offset: 0 }
    expect(await failed).toMatchObject(place)
    await app.stateIs('ERROR')
  })
})

describe('A global store', () => {
  it('is filled by its own processor, and filled by it again where it is not on disk', async () => {
    await using cluster = await Cluster.start({ names: 1, in: 1, out: 1 })
    const seen: (string | null)[] = []
    await cluster.produce('names', [
      ['a', 'Anna'],
      [null, 'nobody'],
    ])
    const topology = (): Topology => {
      const builder = new StreamsBuilder()
      builder.addGlobalStore(stores.keyValue('upper', strings), 'names', texts, () => keepUpper(seen))
      builder.stream('in', strings).process(readUpper).to('out', strings)
      return builder.build()
    }
    const first = cluster.app(topology(), { store: 'memory' })
    await first.start()
    await cluster.produce('in', [['1', 'a']])
    expect(await output(cluster.client, 1)).toEqual(['a=ANNA'])
    await first.close()
    await cluster.app(topology(), { store: 'memory' }).start()
    await cluster.produce('in', [['1', 'a']])
    expect(await output(cluster.client, 2)).toEqual(['a=ANNA', 'a=ANNA'])
    expect(seen).toEqual(['a', 'a'])
  })

  it('needs no stream beside it', async () => {
    await using cluster = await Cluster.start({ names: 1 })
    await cluster.produce('names', [['a', 'Anna']])
    const seen: (string | null)[] = []
    const builder = new StreamsBuilder()
    builder.addGlobalStore(stores.keyValue('upper', strings), 'names', texts, () => keepUpper(seen))
    const app = cluster.app(builder.build(), { store: 'memory' })
    await app.start()
    expect(seen).toEqual(['a'])
    await app.close()
    expect(app.state).toBe('NOT_RUNNING')
  })
})

function keepUpper(seen: (string | null)[]): Processor<string | null, string | null, never, never> {
  let store: KeyValueStore<string, string>
  return {
    init: (context) => {
      store = context.getStateStore('upper')
    },
    process: ({ key, value }) => {
      seen.push(key)
      if (key !== null) store.put(key, value?.toUpperCase() ?? null)
    },
  }
}

function readUpper(): Processor<string, string, string, string> {
  let context: ProcessorContext<string, string>
  return {
    init: (given) => {
      context = given
    },
    process: (record) => {
      const store = context.getStateStore<KeyValueStore<string, string>>('upper')
      context.forward({ ...record, value: `${record.value}=${store.get(record.value) ?? 'nobody'}` })
    },
  }
}

/** Puts the values of `names`, which are times; `found` gets what two of them have when its processor begins. */
function keepWindows(found: (string | undefined)[]): Topology {
  const builder = new StreamsBuilder()
  const windows = stores.window('windows', { ...strings, retention: 100_000, windowSize: 10 })
  builder.addGlobalStore(windows, 'names', strings, () => {
    let store: WindowStore<string, string>
    return {
      init: (context) => {
        store = context.getStateStore('windows')
        for (const start of [100_000, 205_000]) found.push(store.fetch('k', start))
      },
      process: ({ key, value }) => store.put(key, value, Number(value)),
    }
  })
  return builder.build()
}

describe('A global window store', () => {
  it('knows after a restart what has expired', async () => {
    await using cluster = await Cluster.start({ names: 1, in: 1, out: 1 })
    const config = { stateDir: await stateDir() }
    for (const start of ['100000', '205000']) {
      await cluster.produce('names', [['k', start]])
      const app = cluster.app(keepWindows([]), config)
      await app.start()
      await app.close()
    }
    const found: (string | undefined)[] = []
    await cluster.app(keepWindows(found), config).start()
    expect(found.slice(0, 2)).toEqual([undefined, '205000'])
  })

  it('begins without a time where its topic was made anew', async () => {
    await using cluster = await Cluster.start({ names: 1, in: 1, out: 1 })
    const config = { stateDir: await stateDir() }
    for (const start of ['205000', '100000']) {
      await cluster.produce('names', [['k', start]])
      const app = cluster.app(keepWindows([]), config)
      await app.start()
      await app.close()
      if (start === '100000') break
      await cluster.client.admin.deleteTopics(['names'])
      await cluster.kafka.createTopic('names', { partitions: 1 })
    }
    const found: (string | undefined)[] = []
    await cluster.app(keepWindows(found), config).start()
    expect(found.slice(0, 2)).toEqual(['100000', undefined])
  })
})
