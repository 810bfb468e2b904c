import { describe, expect, it } from 'vitest'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { tumbling } from '../../../src/dsl/windows.ts'
import type { Processor } from '../../../src/processor/processor.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { stores } from '../../../src/state/stores.ts'
import { TopologyTestDriver } from '../../../src/testing/topology-test-driver.ts'
import type { Topology } from '../../../src/topology/topology.ts'
import type { KeyValueStore } from '../../../src/processor/state-store.ts'

const strings = { key: serdes.string, value: serdes.string }
const config = { applicationId: 'app' }

function counting(): Topology {
  const builder = new StreamsBuilder()
  const counts = builder.stream('in', strings).groupBy((value) => value, strings)
  counts.count({ store: 'counts' }).toStream().to('out')
  return builder.build()
}

/** Counts in a field and in a store, and what it is told of its life. */
function remembering(life: string[], fails: () => boolean = () => false): Topology {
  const builder = new StreamsBuilder()
  builder.addStateStore(stores.keyValue('seen', { key: serdes.string, value: serdes.int64 }))
  const supplier = (): Processor<string, string, string, string> => {
    let inField = 0
    let seen: KeyValueStore<string, number>
    let forward: (value: string, timestamp: number) => void
    return {
      init(context) {
        life.push('init')
        seen = context.getStateStore('seen')
        forward = (value, timestamp) => context.forward({ key: 'k', value, timestamp, headers: [] })
      },
      process({ key, timestamp }) {
        inField++
        const inStore = (seen.get(key) ?? 0) + 1
        seen.put(key, inStore)
        forward(`${inField}/${inStore}`, timestamp)
        if (fails()) throw new Error('as it was told')
      },
      close: () => void life.push('close'),
    }
  }
  builder
    .stream('in', strings)
    .process(supplier, { stores: ['seen'] })
    .to('out', strings)
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

describe('A crash of the test driver', () => {
  it('leaves what is committed, and makes processors anew without closing the old ones', () => {
    const life: string[] = []
    const driver = new TopologyTestDriver(remembering(life), config)
    const input = driver.createInputTopic('in', serdes.string, serdes.string)
    const output = driver.createOutputTopic('out', serdes.string, serdes.string)
    input.pipeInput({ key: 'a', value: 'x' })
    input.pipeInput({ key: 'a', value: 'x' })
    driver.crash()
    input.pipeInput({ key: 'a', value: 'x' })
    expect(output.readRecords().map(({ value }) => value)).toEqual(['1/1', '2/2', '1/3'])
    expect(life).toEqual(['init', 'init'])
    driver.close()
    expect(life).toEqual(['init', 'init', 'close'])
  })

  it('keeps the times that windows have seen', () => {
    const builder = new StreamsBuilder()
    builder
      .stream('in', strings)
      .groupByKey()
      .windowedBy(tumbling({ size: 10, grace: 0 }))
      .count({ store: 'w' })
    const driver = new TopologyTestDriver(builder.build(), config)
    const input = driver.createInputTopic('in', serdes.string, serdes.string)
    input.pipeInput({ key: 'a', value: 'x', timestamp: 25 })
    driver.crash()
    input.pipeInput({ key: 'a', value: 'late', timestamp: 5 })
    expect([...driver.windowStore<string, number>('w').range('a')].map(([{ window }]) => window.start)).toEqual([20])
    expect(driver.metric('dropped-records-total')).toBe(1)
  })

  it('after a failed record undoes what it did, and processes it again', () => {
    let fails = false
    const driver = new TopologyTestDriver(
      remembering([], () => fails),
      config,
    )
    const input = driver.createInputTopic('in', serdes.string, serdes.string)
    const output = driver.createOutputTopic('out', serdes.string, serdes.string)
    input.pipeInput({ key: 'a', value: 'x' })
    fails = true
    expect(codeOf(() => input.pipeInput({ key: 'a', value: 'x' }))).toBe('MILLRACE_PROCESSING_FAILED')
    expect(codeOf(() => driver.crash())).toBe('MILLRACE_PROCESSING_FAILED')
    fails = false
    driver.crash()
    input.pipeInput({ key: 'a', value: 'x' })
    expect(output.readRecords().map(({ value }) => value)).toEqual(['1/1', '1/2', '2/3'])
    expect(driver.producedRecords().filter(({ topic }) => topic === 'out')).toHaveLength(3)
    expect(driver.keyValueStore<string, number>('seen').get('a')).toBe(3)
  })

  it('undoes outputs of a failed record that were read from the raw view only', () => {
    let fails = true
    const driver = new TopologyTestDriver(
      remembering([], () => fails),
      config,
    )
    const output = driver.createOutputTopic('out', serdes.string, serdes.string)
    const input = driver.createInputTopic('in', serdes.string, serdes.string)
    expect(codeOf(() => input.pipeInput({ key: 'a', value: 'x' }))).toBe('MILLRACE_PROCESSING_FAILED')
    expect(driver.producedRecords()).not.toEqual([])
    fails = false
    driver.crash()
    expect(output.readRecords().map(({ value }) => value)).toEqual(['1/1'])
  })

  it('goes on with records that waited in repartition topics', () => {
    let failing = 'b'
    const builder = new StreamsBuilder()
    builder
      .stream('in', strings)
      .flatMapValues((line) => line.split(' '))
      .groupBy((word) => word, strings)
      .aggregate(
        () => 0,
        (sum, word) => {
          if (word === failing) throw new Error('as it was told')
          return sum + 1
        },
        { store: 'counts', value: serdes.int64 },
      )
    const driver = new TopologyTestDriver(builder.build(), config)
    const input = driver.createInputTopic('in', serdes.string, serdes.string)
    expect(codeOf(() => input.pipeInput({ key: 'k', value: 'a b c a' }))).toBe('MILLRACE_PROCESSING_FAILED')
    failing = ''
    driver.crash()
    expect([...driver.keyValueStore<string, number>('counts').range()]).toEqual([
      ['a', 2],
      ['b', 1],
      ['c', 1],
    ])
  })

  it('leaves global stores as they are', () => {
    const builder = new StreamsBuilder()
    const table = builder.globalTable('g', { ...strings, store: 'global' })
    builder
      .stream('in', strings)
      .join(
        table,
        (value) => value,
        (value, other) => `${value}=${other}`,
      )
      .to('out', strings)
    const driver = new TopologyTestDriver(builder.build(), config)
    driver.createInputTopic('g', serdes.string, serdes.string).pipeInput({ key: 'x', value: '1' })
    driver.crash()
    driver.createInputTopic('in', serdes.string, serdes.string).pipeInput({ key: 'k', value: 'x' })
    const output = driver.createOutputTopic('out', serdes.string, serdes.string)
    expect(output.readRecords().map(({ value }) => value)).toEqual(['x=1'])
  })

  it('is refused once the driver is closed', () => {
    const driver = new TopologyTestDriver(counting(), config)
    driver.close()
    expect(codeOf(() => driver.crash())).toBe('MILLRACE_TEST_DRIVER_STOPPED')
  })

  it('after a failure late in a long test is refused, since its effects are not told apart any more', () => {
    let fails = false
    const driver = new TopologyTestDriver(
      remembering([], () => fails),
      config,
    )
    const input = driver.createInputTopic('in', serdes.string, serdes.string)
    for (let i = 0; i < 1001; i++) input.pipeInput({ key: 'a', value: 'x' })
    driver.crash()
    fails = true
    expect(codeOf(() => input.pipeInput({ key: 'a', value: 'x' }))).toBe('MILLRACE_PROCESSING_FAILED')
    expect(codeOf(() => driver.crash())).toBe('MILLRACE_TEST_DRIVER_STOPPED')
  })
})

describe('A driver that continues from another', () => {
  it('has its state, positions, wall clock and outputs', () => {
    const before = new TopologyTestDriver(counting(), { ...config, initialWallClockTime: 5 })
    before.createInputTopic('in', serdes.string, serdes.string).pipeInput({ key: 'k', value: 'a' })
    before.advanceWallClockTime(10)
    const after = new TopologyTestDriver(counting(), { ...config, continueFrom: before })
    after.createInputTopic('in', serdes.string, serdes.string).pipeInput({ key: 'k', value: 'a' })
    const output = after.createOutputTopic('out', serdes.string, serdes.int64)
    expect(output.readRecords().map(({ value, timestamp }) => [value, timestamp])).toEqual([
      [1, 5],
      [2, 15],
    ])
    expect(codeOf(() => before.advanceWallClockTime(1))).toBe('MILLRACE_TEST_DRIVER_STOPPED')
  })

  it('may have another topology over the same stores', () => {
    const before = new TopologyTestDriver(counting(), config)
    before.createInputTopic('in', serdes.string, serdes.string).pipeInput({ key: 'k', value: 'a' })
    before.close()
    const builder = new StreamsBuilder()
    const counts = builder.stream('in', strings).groupBy((value) => value, strings)
    counts.count({ store: 'counts' }).toStream().to('elsewhere')
    const after = new TopologyTestDriver(builder.build(), { ...config, continueFrom: before })
    after.createInputTopic('in', serdes.string, serdes.string).pipeInput({ key: 'k', value: 'a' })
    const output = after.createOutputTopic('elsewhere', serdes.string, serdes.int64)
    expect(output.readRecords().map(({ value }) => value)).toEqual([2])
  })
})
