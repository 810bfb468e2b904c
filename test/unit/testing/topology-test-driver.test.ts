import { describe, expect, it } from 'vitest'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { session, tumbling } from '../../../src/dsl/windows.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { TopologyTestDriver } from '../../../src/testing/topology-test-driver.ts'
import { Topology } from '../../../src/topology/topology.ts'
import { stores } from '../../../src/state/stores.ts'

const strings = { key: serdes.string, value: serdes.string }

function wordCount(): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream('lines', { value: serdes.string })
    .flatMapValues((line) => line.split(' '))
    .groupBy((word) => word, strings)
    .count({ store: 'counts' })
    .toStream()
    .to('counts-out')
  return builder.build()
}

function codeOf(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return (error as { code?: unknown }).code
  }
  return undefined
}

describe('The test driver', () => {
  it('runs a record to its end, through repartition topics of several partitions', () => {
    const driver = new TopologyTestDriver(wordCount(), { applicationId: 'app', partitions: { lines: 4 } })
    const lines = driver.createInputTopic('lines', serdes.string, serdes.string)
    const counts = driver.createOutputTopic('counts-out', serdes.string, serdes.int64)
    lines.pipeInput({ value: 'a b c a', partition: 0 })
    lines.pipeInput({ value: 'a', partition: 3 })
    const totals = new Map(counts.readRecords().map(({ key, value }) => [key, value]))
    expect(totals).toEqual(
      new Map([
        ['a', 3],
        ['b', 1],
        ['c', 1],
      ]),
    )
    expect(counts.isEmpty).toBe(true)
    const used = new Set(
      driver
        .producedRecords()
        .filter(({ topic }) => topic === 'app-counts-repartition')
        .map(({ partition }) => partition),
    )
    expect(used.size).toBeGreaterThan(1)
    const store = driver.keyValueStore<string, number>('counts')
    expect(store.get('a')).toBe(3)
    expect([...store.range()].map(([key]) => key).toSorted()).toEqual(['a', 'b', 'c'])
    expect(store.approximateNumEntries()).toBe(3)
  })

  it('pipes text as the bytes of its serde, to the same partition', () => {
    const builder = new StreamsBuilder()
    builder.stream('in').to('out')
    const texts = ['', 'ascii', 'äöü€😀', 'lone \ud800 surrogate', 'long €'.repeat(50_000)]
    const bytesOf = (text: string): Uint8Array => serdes.string.serialize(text, 'in', [])
    const outOf = (pipe: (driver: TopologyTestDriver) => void): unknown => {
      const driver = new TopologyTestDriver(builder.build(), { partitions: { in: 4, out: 4 } })
      pipe(driver)
      return driver.producedRecords()
    }
    const asText = outOf((driver) => {
      const topic = driver.createInputTopic('in', serdes.string, serdes.string)
      for (const text of texts) topic.pipeInput({ key: text, value: text })
    })
    const asBytes = outOf((driver) => {
      const topic = driver.createInputTopic('in', serdes.bytes, serdes.bytes)
      for (const text of texts) topic.pipeInput({ key: bytesOf(text), value: bytesOf(text) })
    })
    expect(asText).toEqual(asBytes)
  })

  it('runs a loop from a sink into a source to its end', () => {
    const topology = new Topology()
      .addSource('src', 'loop', strings)
      .addProcessor(
        'countdown',
        () => {
          let forward: (key: string, value: string, timestamp: number) => void
          return {
            init: (context) =>
              void (forward = (key, value, timestamp) => context.forward({ key, value, timestamp, headers: [] })),
            process: ({ key, value, timestamp }) => {
              const left = Number(value) - 1
              if (left > 0) forward(key as string, String(left), timestamp)
            },
          }
        },
        'src',
      )
      .addSink('sink', 'loop', 'countdown', strings)
    const driver = new TopologyTestDriver(topology)
    driver.createInputTopic('loop', serdes.string, serdes.string).pipeInput({ key: 'k', value: '4' })
    expect(
      driver
        .createOutputTopic('loop', serdes.string, serdes.string)
        .readRecords()
        .map(({ value }) => value),
    ).toEqual(['3', '2', '1'])
  })

  it('gives a record without a timestamp the wall clock’s, which moves only when told', () => {
    const driver = new TopologyTestDriver(wordCount(), { initialWallClockTime: 500 })
    const lines = driver.createInputTopic('lines', serdes.string, serdes.string)
    const counts = driver.createOutputTopic('counts-out', serdes.string, serdes.int64)
    lines.pipeInput({ value: 'a' })
    expect(counts.readRecord()?.timestamp).toBe(500)
    driver.advanceWallClockTime('2s')
    lines.pipeInput({ value: 'a' })
    expect(counts.readRecord()).toEqual({ key: 'a', value: 2, timestamp: 2500, headers: [], partition: 0 })
    expect(counts.readRecord()).toBeUndefined()
    expect(codeOf(() => driver.advanceWallClockTime(-1))).toBe('MILLRACE_TEST_TIME_INVALID')
    for (const timestamp of [new Date(0) as unknown as number, 1.5, Number.NaN]) {
      expect(codeOf(() => lines.pipeInput({ value: 'a', timestamp }))).toBe('MILLRACE_TEST_TIME_INVALID')
    }
  })

  it('throws from pipeInput what stops the task, keeps what was produced before, and takes no more input', () => {
    const builder = new StreamsBuilder()
    const stream = builder.stream('in', strings)
    stream.to('first')
    stream
      .mapValues((value) => {
        if (value === 'bad') throw new Error('no')
        return value
      })
      .to('second', strings)
    const driver = new TopologyTestDriver(builder.build())
    const input = driver.createInputTopic('in', serdes.string, serdes.string)
    input.pipeInput({ key: 'k', value: 'good' })
    expect(codeOf(() => input.pipeInput({ key: 'k', value: 'bad' }))).toBe('MILLRACE_PROCESSING_FAILED')
    const first = driver.createOutputTopic('first', serdes.string, serdes.string)
    expect(first.readRecords().map(({ value }) => value)).toEqual(['good', 'bad'])
    expect(codeOf(() => input.pipeInput({ key: 'k', value: 'good' }))).toBe('MILLRACE_TEST_DRIVER_STOPPED')
  })

  it('refuses what a test cannot mean: topics, partitions, stores and metrics that are not there', () => {
    const driver = new TopologyTestDriver(wordCount())
    const lines = driver.createInputTopic('lines', serdes.string, serdes.string)
    expect(codeOf(() => driver.createInputTopic('linse', serdes.string, serdes.string))).toBe(
      'MILLRACE_TEST_TOPIC_UNKNOWN',
    )
    expect(codeOf(() => lines.pipeInput({ value: 'a', partition: 1 }))).toBe('MILLRACE_TEST_PARTITION_UNKNOWN')
    expect(codeOf(() => driver.keyValueStore('count'))).toBe('MILLRACE_TEST_STORE_UNKNOWN')
    expect(codeOf(() => driver.metric('droped-records-total'))).toBe('MILLRACE_TEST_METRIC_UNKNOWN')
    expect(driver.metric('dropped-records-total')).toBe(0)
    driver.close()
    expect(codeOf(() => lines.pipeInput({ value: 'a' }))).toBe('MILLRACE_TEST_DRIVER_STOPPED')
  })

  it('counts by tags, and refuses tags that nothing has with those that there are', () => {
    const driver = new TopologyTestDriver(wordCount(), { partitions: { lines: 30 } })
    const lines = driver.createInputTopic('lines', serdes.string, serdes.string)
    for (const partition of [0, 1, 1]) lines.pipeInput({ value: 'a', partition })
    // Not what the source nodes count as well, which has the same name.
    expect(driver.metric('process-total')).toBe(6)
    expect(driver.metric('process-total', { 'task-id': '0_1' })).toBe(2)
    expect(driver.metric('dropped-records-total', { reason: 'expired window' })).toBe(0)
    expect(driver.metric('dropped-records-total', { 'task-id': '0_1', reason: 'processing' })).toBe(0)
    const refusal = (name: string, tags: Record<string, string>): unknown => {
      let message: unknown
      const code = codeOf(() => {
        try {
          driver.metric(name, tags)
        } catch (error) {
          message = (error as Error).message
          throw error
        }
      })
      expect(code).toBe('MILLRACE_TEST_METRIC_UNKNOWN')
      return message
    }
    expect(refusal('dropped-records-total', { reason: 'late' })).toMatch(
      /dropped-records-total has nothing with reason 'late'.*reason: null key, .*expired window, .*production/,
    )
    expect(refusal('dropped-records-total', { reason: 'late' })).not.toMatch(/none/)
    expect(refusal('dropped-records-total', { 'task-id': '7_0', reason: 'processing' })).toMatch(
      /nothing with task-id '7_0' and reason 'processing'.*task-id: 0_0, 0_1, .* and 40 more/,
    )
    expect(refusal('process-total', { reason: 'processing' })).toMatch(/nothing with reason 'processing'/)
    expect(refusal('put-total', { 'state-id': 'count' })).toMatch(/state-id: counts/)
  })

  it('lets a test read and write stores, with and without their timestamps', () => {
    const topology = new Topology()
      .addSource('src', 'in', strings)
      .addProcessor('p', () => ({ process: () => undefined }), 'src')
      .addStateStore(stores.timestampedKeyValue('t', { key: serdes.string, value: serdes.int64 }), 'p')
      .addStateStore(stores.keyValue('s', { key: serdes.string, value: serdes.int64 }), 'p')
    const driver = new TopologyTestDriver(topology, { initialWallClockTime: 9 })
    driver.keyValueStore<string, number>('t').put('a', 1)
    driver.timestampedKeyValueStore<string, number>('t').put('b', { value: 2, timestamp: 5 })
    expect([...driver.timestampedKeyValueStore<string, number>('t').range()]).toEqual([
      ['a', { value: 1, timestamp: 9 }],
      ['b', { value: 2, timestamp: 5 }],
    ])
    expect([...driver.keyValueStore<string, number>('t').reverseRange()]).toEqual([
      ['b', 2],
      ['a', 1],
    ])
    const plain = driver.keyValueStore<string, number>('s')
    expect(plain.putIfAbsent('a', 1)).toBeUndefined()
    expect(plain.putIfAbsent('a', 2)).toBe(1)
    expect(plain.delete('a')).toBe(1)
    expect(plain.get('a')).toBeUndefined()
    expect(codeOf(() => driver.timestampedKeyValueStore('s'))).toBe('MILLRACE_TEST_STORE_UNKNOWN')
  })

  it('shows of a cached windowed store what a commit leaves: nothing whose retention is over', () => {
    const builder = new StreamsBuilder()
    builder
      .stream('clicks', strings)
      .groupByKey()
      .windowedBy(tumbling({ size: '1m', grace: '30s' }))
      .count({ store: 'per-minute' })
    builder
      .stream('visits', strings)
      .groupByKey()
      .windowedBy(session({ gap: '1m' }))
      .count({ store: 'per-session' })
    const driver = new TopologyTestDriver(builder.build())
    const minutes = driver.windowStore<string, number>('per-minute')
    const sessions = driver.sessionStore<string, number>('per-session')
    const topics = ['clicks', 'visits'].map((name) => driver.createInputTopic(name, serdes.string, serdes.string))
    const pipe = (timestamp: number): void => {
      for (const topic of topics) topic.pipeInput({ key: 'a', value: '', timestamp })
    }
    // Beyond a thousand commits the driver keeps no record's work apart any more, which nobody is to notice.
    for (const [start, records] of [
      [0, 2],
      [6_000_000, 1000],
      [12_000_000, 2],
    ] as const) {
      for (let record = 0; record < records; record++) pipe(start)
      expect(minutes.fetch('a', start)).toBe(records)
      expect(sessions.fetchSession('a', start, start)).toBe(records)
      pipe(start + 300_000)
      expect(minutes.fetch('a', start)).toBeUndefined()
      expect(sessions.fetchSession('a', start, start)).toBeUndefined()
      for (const keys of ['a', undefined]) {
        expect([...minutes.range(keys)].map(([{ window }]) => window.start)).toEqual([start + 300_000])
        expect([...sessions.find(keys)].map(([{ window }]) => window.start)).toEqual([start + 300_000])
      }
    }
  })

  it('says that a builder is to be built first', () => {
    const builder = new StreamsBuilder() as unknown as Topology
    expect(() => new TopologyTestDriver(builder)).toThrow(/^TopologyTestDriver takes a Topology .* build\(\) returns$/)
  })

  it('keeps what output topics have not read when everything produced is taken', () => {
    const driver = new TopologyTestDriver(wordCount(), { applicationId: 'app' })
    const counts = driver.createOutputTopic('counts-out', serdes.string, serdes.int64)
    driver.createInputTopic('lines', serdes.string, serdes.string).pipeInput({ value: 'a' })
    expect(driver.producedRecords().map(({ topic }) => topic)).toEqual([
      'app-counts-repartition',
      'app-counts-changelog',
      'counts-out',
    ])
    expect(driver.producedRecords()).toEqual([])
    expect(counts.readRecords()).toHaveLength(1)
  })

  it('like Java, calls wall-clock punctuators before a pattern has found a topic', () => {
    const builder = new StreamsBuilder({ compatibility: 'java' })
    builder
      .stream(/in-.*/, strings)
      .process<string, string>(() => ({
        init: (context) =>
          void context.schedule(10, 'wallClockTime', (timestamp) =>
            context.forward({ key: 'k', value: String(timestamp), timestamp, headers: [] }),
          ),
        process: () => undefined,
      }))
      .to('out', strings)
    const driver = new TopologyTestDriver(builder.build(), { applicationId: 'app', compatibility: 'java' })
    const output = driver.createOutputTopic('out', serdes.string, serdes.string)
    driver.advanceWallClockTime(10)
    driver.createInputTopic('in-1', serdes.string, serdes.string)
    driver.advanceWallClockTime(10)
    expect(output.readRecords().map(({ value }) => value)).toEqual(['10', '20'])
  })
})
