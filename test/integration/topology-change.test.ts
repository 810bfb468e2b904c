/**
 * What the verdicts of a comparison say is what happens: version A runs and stops, version B runs on the offsets, topics
 * and local state that A left.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { committedToEnd, partitionsOf, readToEnd } from '../../src/cli/topic-reader.ts'
import type { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { tumbling } from '../../src/dsl/windows.ts'
import type { FixedKeyProcessor } from '../../src/processor/processor.ts'
import type { StreamsConfig } from '../../src/processor/streams-config.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { stores } from '../../src/state/stores.ts'
import type { DiffVerdict } from '../../src/topology/diff-model.ts'
import { diffTopologies } from '../../src/topology/topology-diff.ts'
import type { Topology } from '../../src/topology/topology.ts'
import { built } from '../support/described-topologies.ts'
import { Cluster } from '../support/embedded-app.ts'

const strings = { key: serdes.string, value: serdes.string }
const input = [
  ['k', 'a'],
  ['k', 'b'],
] as const

type Make = (builder: StreamsBuilder) => void

let config: Partial<StreamsConfig>
let cluster: Cluster

beforeEach(async () => {
  config = { store: 'persistent', stateDir: await mkdtemp(path.join(tmpdir(), 'millrace-change-')) }
  cluster = await Cluster.start({ in: 1, first: 1, rows: 1, out: 1 })
})

afterEach(async () => {
  await cluster[Symbol.asyncDispose]()
  await rm(config.stateDir ?? '', { recursive: true })
})

const verdictOf = (before: Make, after: Make): DiffVerdict =>
  diffTopologies(built(before).describe().toJSON(), built(after).describe().toJSON()).verdict

/** Runs until it has processed the records; `topics`: what it reads. */
async function run(
  topology: Topology,
  records: readonly (readonly [key: string, value: string])[] = input,
  topics: readonly string[] = ['in'],
): Promise<void> {
  const app = cluster.app(topology, config)
  await app.start()
  await cluster.produce('in', records)
  for (const topic of topics) await committedToEnd(cluster.client, 'app', partitionsOf(topic, 1))
  await app.close()
}

async function outputs(): Promise<string[]> {
  const values: string[] = []
  await readToEnd(cluster.client, partitionsOf('out', 1), (_, value) => values.push(String(value)))
  return values
}

const count =
  (store: string): Make =>
  (builder) =>
    builder
      .stream('in', strings)
      .groupByKey()
      .count({ store, caching: false })
      .toStream()
      .mapValues(String)
      .to('out', strings)

describe('safe', () => {
  test('with operators in front of a store that is named, it counts on', async () => {
    const after: Make = (builder) =>
      builder
        .stream('in', strings)
        .filter(() => true)
        .peek(() => undefined)
        .groupByKey()
        .count({ store: 'counts', caching: false })
        .toStream()
        .mapValues(String)
        .to('out', strings)
    expect(verdictOf(count('counts'), after)).toBe('safe')
    await run(built(count('counts')))
    await run(built(after))
    expect(await outputs()).toEqual(['1', '2', '3', '4'])
  })
})

describe('migrates', () => {
  test('with a sub-topology in front, the state is restored under another task and counts on', async () => {
    const after: Make = (builder) => {
      builder.stream('first', strings).forEach(() => undefined)
      count('counts')(builder)
    }
    expect(verdictOf(count('counts'), after)).toBe('migrates')
    await run(built(count('counts')))
    await run(built(after))
    expect(await outputs()).toEqual(['1', '2', '3', '4'])
  })

  test('with a store of a compatible kind, its content is there in the new form', async () => {
    expect(verdictOf(last('keyValue'), last('timestampedKeyValue'))).toBe('migrates')
    expect(verdictOf(last('timestampedKeyValue'), last('versioned'))).toBe('migrates')
    await run(built(last('keyValue')))
    await run(built(last('timestampedKeyValue')), [['k', 'c']])
    await run(built(last('versioned')), [['k', 'd']])
    // The record c is older than b: versions go by time.
    expect(await outputs()).toEqual(['none', 'a', 'b at 1', 'b at 1'])
  })
})

type Kind = 'keyValue' | 'timestampedKeyValue' | 'versioned'

/** Gives out what the store had before each record. */
function last(kind: Kind): Make {
  const store =
    kind === 'versioned'
      ? stores.versioned('last', { ...strings, historyRetention: '1h' })
      : stores[kind]('last', strings)
  return (builder) =>
    builder
      .stream('in', strings)
      .processValues(() => new Before(kind), { stores: [store] })
      .to('out', strings)
}

/** What stores of all these kinds have. */
interface AnyStore {
  get(key: string): string | { readonly value: string; readonly timestamp: number } | undefined
  put(key: string, value: unknown, timestamp?: number): void
}

class Before implements FixedKeyProcessor<string, string, string> {
  readonly #kind: Kind
  #process: FixedKeyProcessor<string, string, string>['process'] = () => undefined

  constructor(kind: Kind) {
    this.#kind = kind
  }

  init: NonNullable<FixedKeyProcessor<string, string, string>['init']> = (context) => {
    const store = context.getStateStore<AnyStore>('last')
    this.#process = (record) => {
      const { key, value, timestamp } = record
      const found = store.get(key)
      if (this.#kind === 'versioned') store.put(key, value, timestamp)
      else store.put(key, this.#kind === 'keyValue' ? value : { value, timestamp })
      const text = typeof found === 'object' ? `${found.value} at ${found.timestamp}` : found
      context.forward({ ...record, value: text ?? 'none' })
    }
  }

  process: FixedKeyProcessor<string, string, string>['process'] = (record) => this.#process(record)
}

describe('needs-reset', () => {
  test('with a store under another name, it begins to count from nothing', async () => {
    expect(verdictOf(count('old'), count('new'))).toBe('needs-reset')
    await run(built(count('old')))
    await run(built(count('new')))
    expect(await outputs()).toEqual(['1', '2', '1', '2'])
  })

  test('with a changelog for a store that had none, what the store had is gone', async () => {
    const before: Make = (builder) =>
      builder
        .stream('in', strings)
        .groupByKey()
        .count({ store: 'counts', caching: false, logging: false })
        .toStream()
        .mapValues(String)
        .to('out', strings)
    expect(verdictOf(before, count('counts'))).toBe('needs-reset')
    await run(built(before))
    await run(built(before))
    await run(built(count('counts')))
    expect(await outputs()).toEqual(['1', '2', '3', '4', '1', '2'])
  })

  test('with windows of another length, stored ones go on with another end', async () => {
    const windows =
      (size: number): Make =>
      (builder) =>
        builder
          .stream('in', strings)
          .groupByKey()
          .windowedBy(tumbling({ size, grace: '1h' }))
          .count({ store: 'w', caching: false })
          .toStream((_, { key, window }) => `${key} ${window.start}-${window.end}`)
          .mapValues((value, key) => `${key}: ${value}`)
          .to('out', strings)
    expect(verdictOf(windows(1), windows(2))).toBe('needs-reset')
    await run(built(windows(1)))
    await run(built(windows(2)), [['k', 'c']])
    // There are three records from 0 to 2.
    expect(await outputs()).toEqual(['k 0-1: 1', 'k 1-2: 1', 'k 0-2: 2'])
  })

  test('with a repartition topic under another name, what waits in the old one is never processed', async () => {
    const keyed =
      (name: string): Make =>
      (builder) =>
        builder
          .stream('in', strings)
          .selectKey((value) => value)
          .repartition({ ...strings, name })
          .to('out')
    expect(verdictOf(keyed('one'), keyed('two'))).toBe('needs-reset')
    await run(built(keyed('one')), input, ['in', 'app-one-repartition'])
    await cluster.produce('app-one-repartition', [['k', 'waiting']])
    await run(built(keyed('two')), [['k', 'c']], ['in', 'app-two-repartition'])
    expect(await outputs()).toEqual(['a', 'b', 'c'])
    await run(built(keyed('one')), [], ['app-one-repartition'])
    expect(await outputs()).toEqual(['a', 'b', 'c', 'waiting'])
  })

  test('with another number of partitions of a repartition topic, the start is refused', async () => {
    const keyed =
      (partitions: number): Make =>
      (builder) =>
        builder
          .stream('in', strings)
          .selectKey((value) => value)
          .repartition({ ...strings, name: 'k', partitions })
          .to('out')
    expect(verdictOf(keyed(1), keyed(2))).toBe('needs-reset')
    await run(built(keyed(1)), input, ['in', 'app-k-repartition'])
    const app = cluster.app(built(keyed(2)), config)
    await expect(app.start()).rejects.toMatchObject({ code: 'MILLRACE_INTERNAL_TOPIC_MISCONFIGURED' })
  })

  test('with a table that is stored only now, rows from before are missing', async () => {
    const joined =
      (isStored: boolean): Make =>
      (builder) => {
        const rows = builder.table('rows', strings)
        if (!isStored) return rows.toStream().forEach(() => undefined)
        builder
          .stream('in', strings)
          .leftJoin(rows, (value, row) => `${value} with ${row}`)
          .to('out', strings)
      }
    expect(verdictOf(joined(false), joined(true))).toBe('needs-reset')
    await cluster.produce('rows', [['k', 'row']])
    await run(built(joined(false)), [], ['rows'])
    await run(built(joined(true)), [['k', 'a']])
    expect(await outputs()).toEqual(['a with null'])
  })
})
