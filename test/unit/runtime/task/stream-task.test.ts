import { describe, expect, it } from 'vitest'
import { murmur2Partition } from '../../../../src/common/murmur2.ts'
import { StreamsBuilder } from '../../../../src/dsl/streams-builder.ts'
import type { FailedRecord } from '../../../../src/processor/error-policy.ts'
import type { ProcessorContext } from '../../../../src/processor/processor-context.ts'
import type { KeyValueStore } from '../../../../src/processor/state-store.ts'
import { timestampExtractors } from '../../../../src/processor/timestamp-extractors.ts'
import { nullable } from '../../../../src/serde/serde.ts'
import { serdes } from '../../../../src/serde/serdes.ts'
import { stores } from '../../../../src/state/stores.ts'
import { DriverRecord } from '../../../../src/testing/driver-topics.ts'
import { Topology } from '../../../../src/topology/topology.ts'
import { emptySet, taskFixture, type FixtureOptions, type TaskFixture } from '../../../support/task-fixture.ts'

const strings = { key: serdes.string, value: serdes.string }
const nullables = { key: nullable(serdes.string), value: nullable(serdes.string) }

function dsl(define: (builder: StreamsBuilder) => void): Topology {
  const builder = new StreamsBuilder()
  define(builder)
  return builder.build()
}

/** Two inputs that become one output: the order of processing is that of the output. */
function merged(options: FixtureOptions = {}): TaskFixture {
  const topology = dsl((b) => b.stream('a', nullables).merge(b.stream('b', nullables)).to('out'))
  return taskFixture(topology, options)
}

function mapped(map: (value: string) => string, options: FixtureOptions = {}): TaskFixture {
  return taskFixture(
    dsl((b) => b.stream('in', strings).mapValues(map, { name: 'mapper' }).to('out', strings)),
    options,
  )
}

function failing(options: FixtureOptions = {}): TaskFixture {
  return mapped((value) => {
    if (value === 'bad') throw new RangeError('cannot map this')
    return value.toUpperCase()
  }, options)
}

function caught(work: () => unknown): Record<string, unknown> {
  try {
    work()
  } catch (error) {
    return error as Record<string, unknown>
  }
  throw new Error('nothing was thrown')
}

describe('A task', () => {
  it('takes the record with the smallest timestamp among the heads of its queues, in offset order within a queue', () => {
    const fixture = merged()
    for (const [topic, value, timestamp] of [
      ['a', 'a5', 5],
      ['a', 'a2', 2],
      ['a', 'a9', 9],
      ['b', 'b4', 4],
      ['b', 'b7', 7],
    ] as const) {
      fixture.add(topic, 'k', value, timestamp)
    }
    fixture.task.noteLag('a-0', 0)
    fixture.task.noteLag('b-0', 0)
    expect(fixture.task.process(Infinity)).toBe(5)
    expect(fixture.written().map((line) => line.slice(6, 8))).toEqual(['b4', 'a5', 'a2', 'b7', 'a9'])
  })

  it('waits for an empty input until it is known to be caught up', () => {
    const fixture = merged()
    fixture.add('a', 'k', 'v', 1)
    expect(fixture.task.process(Infinity)).toBe(0)
    fixture.task.noteLag('b-0', 3)
    expect(fixture.task.process(Infinity)).toBe(0)
    fixture.task.noteLag('b-0', 0)
    expect(fixture.task.process(Infinity)).toBe(1)
  })

  it('waits for an idle input as long as it is told to, from when that was caught up', () => {
    const fixture = merged({ config: { maxTaskIdleMs: 100 } })
    fixture.add('a', 'k', 'v', 1)
    fixture.task.noteLag('b-0', 0)
    fixture.clock.nowMs = 1000
    expect(fixture.task.process(Infinity)).toBe(0)
    fixture.clock.nowMs = 1099
    expect(fixture.task.process(Infinity)).toBe(0)
    fixture.clock.nowMs = 1100
    expect(fixture.task.process(Infinity)).toBe(1)
  })

  it('never waits with a negative maxTaskIdleMs', () => {
    const fixture = merged({ config: { maxTaskIdleMs: -1 } })
    fixture.add('a', 'k', 'v', 1)
    expect(fixture.task.process(Infinity)).toBe(1)
  })

  it('stops at the deadline after a few dozen records', () => {
    const fixture = mapped((value) => value)
    for (let i = 0; i < 100; i++) fixture.add('in', 'k', 'v', i)
    fixture.clock.nowMs = 10
    expect(fixture.task.process(10)).toBeLessThan(50)
    expect(fixture.task.bufferedRecords('in-0')).toBeGreaterThan(50)
  })

  it('counts what is buffered', () => {
    const fixture = mapped((value) => value)
    for (let i = 0; i < 3; i++) fixture.add('in', 'k', 'v', i)
    expect(fixture.task.bufferedRecords('in-0')).toBe(3)
    expect(fixture.task.bufferedBytes).toBe(6)
    expect(fixture.task.hasInput).toBe(true)
    fixture.task.process(Infinity)
    expect(fixture.task.bufferedRecords('in-0')).toBe(0)
    expect(fixture.task.bufferedBytes).toBe(0)
    expect(fixture.task.hasInput).toBe(false)
  })

  it('counts no more what a set has promised and not held', () => {
    const fixture = mapped((value) => value)
    fixture.task.add(emptySet('in', 5, 3))
    expect(fixture.task.bufferedRecords('in-0')).toBe(3)
    fixture.task.process(Infinity)
    expect(fixture.task.bufferedRecords('in-0')).toBe(0)
  })

  it('refuses an iterator of a store that was opened for an earlier record', () => {
    let rows: Iterator<unknown> | undefined
    const topology = new Topology()
      .addSource('src', 'in', strings)
      .addProcessor(
        'p',
        () => {
          let store: KeyValueStore<string, string>
          return {
            init: (context) => void (store = context.getStateStore('s')),
            process: () => {
              rows?.next()
              rows = store.range()
            },
          }
        },
        'src',
      )
      .addStateStore(stores.keyValue('s', strings), 'p')
    const fixture = taskFixture(topology)
    fixture.add('in', 'k', 'v', 1)
    fixture.add('in', 'k', 'v', 1)
    const error = caught(() => fixture.task.process(Infinity))
    expect(error).toMatchObject({ code: 'MILLRACE_PROCESSING_FAILED', offset: 1 })
    expect(error['cause']).toMatchObject({ code: 'MILLRACE_ITERATOR_EXPIRED' })
  })
})

describe('The position of an input', () => {
  it('is that of the head, and behind the last record once all are taken', () => {
    const fixture = mapped((value) => value)
    fixture.task.resume('in-0', 0, undefined)
    for (let i = 0; i < 40; i++) fixture.add('in', 'k', 'v', i)
    expect(fixture.task.commitNeeded).toBe(false)
    expect(fixture.task.process(Infinity, 10)).toBe(10)
    expect(fixture.task.commitNeeded).toBe(true)
    expect(fixture.commit()).toEqual({ 'in-0': 10 })
    expect(fixture.task.commitNeeded).toBe(false)
    fixture.task.process(Infinity)
    expect(fixture.commit()).toEqual({ 'in-0': 40 })
  })

  it('counts control records at the tail: by the set, and with nothing queued by the fetcher', () => {
    const fixture = mapped((value) => value)
    fixture.task.resume('in-0', 0, undefined)
    fixture.task.add(emptySet('in', 5))
    fixture.task.process(Infinity)
    expect(fixture.task.commitNeeded).toBe(true)
    const at = (fetched: number | undefined): number | undefined =>
      fixture.task.positions(() => fetched).get('in-0')?.offset
    expect(at(undefined)).toBe(5)
    expect(at(8)).toBe(8)
    expect(at(3)).toBe(5)
    fixture.add('in', 'k', 'v', 1)
    expect(at(8)).toBe(5)
  })

  it('carries the partition time, which the next owner goes on with', () => {
    const fixture = mapped((value) => value)
    fixture.add('in', 'k', 'v', 1_700_000_000_000)
    fixture.add('in', 'k', 'v', 5)
    fixture.task.process(Infinity)
    const metadata = fixture.task.positions(() => undefined).get('in-0')?.metadata
    expect(metadata).toBe('AgAAAYvP5WgA')
    const next = mapped((value) => value)
    next.task.resume('in-0', 2, metadata)
    expect(next.task.positions(() => undefined).get('in-0')).toEqual({ offset: 2, metadata })
  })
})

describe('A record that fails', () => {
  it('stops the task before it, naming node, task and place, with the user’s error as the cause', () => {
    const fixture = failing()
    for (const value of ['a', 'bad', 'c']) fixture.add('in', 'k', value, 1)
    const error = caught(() => fixture.task.process(Infinity))
    expect(error).toMatchObject({
      code: 'MILLRACE_PROCESSING_FAILED',
      reaction: 'fatal',
      node: 'mapper',
      taskId: '0_0',
      topic: 'in',
      partition: 0,
      offset: 1,
    })
    expect(error['cause']).toBeInstanceOf(RangeError)
    expect(String((error['cause'] as Error).stack)).toContain('stream-task.test.ts')
    expect(error['message']).toMatch(/task 0_0, node mapper, record in-0@1: .*cannot map this.*onProcessingError/)
    expect(fixture.task.positions(() => undefined).get('in-0')?.offset).toBe(1)
    expect(() => fixture.task.process(Infinity)).toThrow(/rolled back/)
  })

  it('is where the task stops after the rollback, with everything before it processed again', () => {
    const fixture = failing()
    for (const value of ['a', 'bad', 'c']) fixture.add('in', 'k', value, 1)
    caught(() => fixture.task.process(Infinity))
    fixture.task.rollback()
    fixture.task.initialize()
    fixture.written()
    fixture.task.resume('in-0', 3, undefined)
    fixture.task.haltBefore('in-0', 4)
    for (const value of ['a', 'bad', 'c']) fixture.add('in', 'k', value, 1)
    expect(fixture.task.isHalted).toBe(false)
    expect(fixture.task.process(Infinity)).toBe(1)
    expect(fixture.task.isHalted).toBe(true)
    expect(fixture.task.process(Infinity)).toBe(0)
    expect(fixture.written()).toEqual(['out k=A@1'])
    expect(fixture.task.positions(() => 99).get('in-0')?.offset).toBe(4)
    fixture.task.rollback()
    expect(fixture.task.isHalted).toBe(false)
  })

  it('stops the other inputs of its task, too', () => {
    const fixture = merged({ config: { maxTaskIdleMs: -1 } })
    fixture.task.resume('a-0', 0, undefined)
    fixture.task.haltBefore('a-0', 0)
    fixture.add('a', 'k', 'failed before', 1)
    fixture.add('b', 'k', 'later', 2)
    expect(fixture.task.process(Infinity)).toBe(0)
    expect(fixture.task.isHalted).toBe(true)
  })

  it('is skipped and counted when the policy says so', () => {
    const fixture = failing({ config: { onProcessingError: 'skip' } })
    for (const value of ['a', 'bad', 'c']) fixture.add('in', 'k', value, 1)
    expect(fixture.task.process(Infinity)).toBe(3)
    expect(fixture.written()).toEqual(['out k=A@1', 'out k=C@1'])
    expect(fixture.metrics.get('dropped-records-total')).toBe(1)
    expect(fixture.metrics.get('dropped-records-total', { reason: 'processing' })).toBe(1)
    expect(fixture.commit()).toEqual({ 'in-0': 3 })
  })

  it('is shown to a policy that is a function, and tried again by a rollback when that says retry', () => {
    const seen: FailedRecord[] = []
    const fixture = failing({
      config: {
        onProcessingError: (_error, at) => {
          seen.push({ ...at, rawKey: Buffer.from(at.rawKey ?? []), rawValue: Buffer.from(at.rawValue ?? []) })
          return 'retry'
        },
      },
    })
    fixture.add('in', 'k', 'bad', 7)
    expect(caught(() => fixture.task.process(Infinity))).toMatchObject({ reaction: 'abortable' })
    expect(seen).toEqual([
      {
        kind: 'processing',
        node: 'mapper',
        taskId: '0_0',
        topic: 'in',
        partition: 0,
        offset: 0,
        timestamp: 7,
        headers: [],
        key: 'k',
        value: 'bad',
        rawKey: Buffer.from('k'),
        rawValue: Buffer.from('bad'),
      },
    ])
  })

  it('is refused with the policy named when the policy returns no action', () => {
    const fixture = failing({ config: { onProcessingError: () => 'ignore' as 'skip' } })
    fixture.add('in', 'k', 'bad', 7)
    expect(caught(() => fixture.task.process(Infinity))).toMatchObject({ code: 'MILLRACE_POLICY_INVALID' })
  })

  it('is not asked about when the producer is what failed', () => {
    const fenced = Object.assign(new Error('fenced'), { reaction: 'producer-fenced' })
    const topology = new Topology()
      .addSource('src', 'in', strings)
      .addProcessor(
        'forwarder',
        () => {
          let context: ProcessorContext<unknown, unknown>
          return { init: (given) => void (context = given), process: (record) => context.forward(record) }
        },
        'src',
      )
      .addSink('sink', 'out', 'forwarder', strings)
    const fixture = taskFixture(topology, {
      config: { onProcessingError: 'skip', onProductionError: 'skip' },
      onAppend: () => {
        throw fenced
      },
    })
    fixture.add('in', 'k', 'v', 1)
    expect(caught(() => fixture.task.process(Infinity))).toBe(fenced)
  })

  it('goes by the production policy when it is larger than its topic admits, unless it is a changelog’s', () => {
    const tooLarge = (topic: string) => (appended: string) => {
      if (appended === topic) throw Object.assign(new Error('too large'), { code: 'MILLRACE_RECORD_TOO_LARGE' })
    }
    const count = dsl((b) =>
      b
        .stream('in', strings)
        .groupByKey()
        .count({ store: 'c' })
        .toStream()
        .to('out', { ...strings, value: serdes.int64 }),
    )
    const config = { onProcessingError: 'skip', onProductionError: 'skip' } as const
    const sink = taskFixture(count, { config, onAppend: tooLarge('out') })
    sink.add('in', 'k', 'v', 1)
    expect(sink.task.process(Infinity)).toBe(1)
    expect(sink.metrics.get('dropped-records-total', { reason: 'production' })).toBe(1)
    const changelog = taskFixture(count, { config, onAppend: tooLarge('app-c-changelog') })
    changelog.add('in', 'k', 'v', 1)
    expect(() => changelog.task.process(Infinity)).toThrow('too large')
  })

  it('is a promise that a processor returned', () => {
    const topology = new Topology()
      .addSource('src', 'in', strings)
      .addProcessor('p', () => ({ process: (async () => undefined) as unknown as () => void }), 'src')
    const fixture = taskFixture(topology)
    fixture.add('in', 'k', 'v', 1)
    expect(() => fixture.task.process(Infinity)).toThrow(/node p.*promise/)
  })

  it('is one with a null that its serde does not admit, which the message says how to admit', () => {
    const fixture = mapped((value) => value)
    fixture.add('in', 'k', null, 1)
    const error = caught(() => fixture.task.process(Infinity))
    expect(error).toMatchObject({ code: 'MILLRACE_NULL_NOT_ADMITTED', topic: 'in', offset: 0 })
    expect(error['message']).toMatch(/value.*null.*nullable\(serdes\.string\)/)
  })

  it('is skipped at the head of its queue, before it counts for the order or the time', () => {
    const topology = dsl((b) => b.stream('in', { key: serdes.string, value: serdes.int64 }).to('out'))
    const fixture = taskFixture(topology, { config: { onDeserializationError: 'skip' } })
    fixture.add('in', 'k', 'bad', 100)
    fixture.add('in', 'k', '\0\0\0\0\0\0\0\u0001', 5)
    fixture.add('in', 'k', 'bad', 100)
    expect(fixture.task.process(Infinity, 1)).toBe(1)
    expect(fixture.task.process(Infinity)).toBe(0)
    expect(fixture.metrics.get('dropped-records-total', { reason: 'deserialization' })).toBe(2)
    expect(fixture.commit()).toEqual({ 'in-0': 3 })
    expect(fixture.task.positions(() => undefined).get('in-0')?.metadata).toBe('AgAAAAAAAAAF')
  })
})

describe('Event time', () => {
  it('fails the task on a negative timestamp, drops it or takes the partition’s, as the extractor says', () => {
    const run = (timestampExtractor: typeof timestampExtractors.failOnInvalid): TaskFixture => {
      const fixture = mapped((value) => value, { config: { timestampExtractor } })
      fixture.add('in', 'k', 'v', 9)
      fixture.add('in', 'k', 'v', -1)
      return fixture
    }
    const failingTask = run(timestampExtractors.failOnInvalid)
    expect(() => failingTask.task.process(Infinity)).toThrow(/in-0@1.*invalid timestamp -1/)
    const skipping = run(timestampExtractors.skipOnInvalid)
    expect(skipping.task.process(Infinity)).toBe(1)
    expect(skipping.metrics.get('dropped-records-total')).toBe(1)
    const taking = run(timestampExtractors.partitionTimeOnInvalid)
    expect(taking.task.process(Infinity)).toBe(2)
    expect(taking.written()).toEqual(['out k=v@9', 'out k=v@9'])
  })

  it('is what a user’s extractor makes of the value, given the partition time', () => {
    const times: number[] = []
    const fixture = mapped((value) => value, {
      config: {
        timestampExtractor: ({ value }, partitionTime) => {
          times.push(partitionTime)
          return Number(value)
        },
      },
    })
    for (const value of ['30', '10', '-5', '40']) fixture.add('in', 'k', value, 0)
    fixture.task.process(Infinity)
    expect(fixture.written()).toEqual(['out k=30@30', 'out k=10@10', 'out k=40@40'])
    expect(times).toEqual([-1, 30, 30, 30])
  })

  it('is refused when an extractor returns no number', () => {
    const fixture = mapped((value) => value, { config: { timestampExtractor: () => 'now' as unknown as number } })
    fixture.add('in', 'k', 'v', 0)
    expect(caught(() => fixture.task.process(Infinity))).toMatchObject({ code: 'MILLRACE_TIMESTAMP_INVALID' })
  })

  it('is the task’s own clock with the extractor wallClock', () => {
    const fixture = mapped((value) => value, { config: { timestampExtractor: timestampExtractors.wallClock } })
    fixture.clock.nowMs = 1234
    fixture.add('in', 'k', 'v', 0)
    fixture.task.process(Infinity)
    expect(fixture.written()).toEqual(['out k=v@1234'])
  })
})

describe('A rollback', () => {
  const counting = (): Topology =>
    dsl((b) =>
      b
        .stream('in', strings)
        .groupByKey()
        .count({ store: 'c', caching: false })
        .toStream()
        .mapValues((count) => String(count))
        .to('out', strings),
    )

  it('forgets what was written since the last commit, and processes it again to the same results', () => {
    const fixture = taskFixture(counting())
    fixture.add('in', 'k', 'v', 1)
    fixture.task.process(Infinity)
    fixture.commit()
    fixture.written()
    const again = (): string[] => {
      fixture.task.resume('in-0', 1, undefined)
      fixture.add('in', 'k', 'v', 2)
      fixture.add('in', 'k', 'v', 3)
      fixture.task.process(Infinity)
      return fixture.written().filter((line) => line.startsWith('out'))
    }
    expect(again()).toEqual(['out k=2@2', 'out k=3@3'])
    fixture.task.rollback()
    fixture.task.initialize()
    expect(fixture.task.bufferedBytes).toBe(0)
    expect(again()).toEqual(['out k=2@2', 'out k=3@3'])
  })

  it('forgets what is queued and how far the stream time was; a resumed partition brings its own', () => {
    const times: number[] = []
    const topology = new Topology().addSource('src', 'in', strings).addProcessor(
      'p',
      () => ({
        init: (context) => void context.schedule(1, 'wallClockTime', () => times.push(context.currentStreamTime)),
        process: () => undefined,
      }),
      'src',
    )
    const fixture = taskFixture(topology)
    const tick = (): void => {
      fixture.clock.nowMs += 10
      fixture.task.punctuateWallClock()
    }
    fixture.add('in', 'k', 'v', 50)
    fixture.add('in', 'k', 'v', 60)
    fixture.task.process(Infinity, 1)
    tick()
    const metadata = fixture.task.positions(() => undefined).get('in-0')?.metadata
    fixture.task.rollback()
    fixture.task.initialize()
    expect(fixture.task.hasInput).toBe(false)
    tick()
    fixture.task.resume('in-0', 1, metadata)
    tick()
    expect(times).toEqual([50, -1, 50])
  })

  it('is not needed for a query to see past the bytes of a record that is over', () => {
    const fixture = taskFixture(counting())
    const buffer = Buffer.from('kv')
    fixture.task.add(new DriverRecord('in', 0, 0, buffer, 0, 1, 1, 1, []))
    fixture.task.process(Infinity)
    fixture.commit()
    buffer.fill('x')
    expect((fixture.task.store('c') as KeyValueStore<string, { value: number }>).get('k')?.value).toBe(1)
  })

  it('makes the processors anew, closes the old ones, and ends their schedules', () => {
    const events: string[] = []
    let made = 0
    const topology = new Topology().addSource('src', 'in', strings).addProcessor(
      'p',
      () => {
        const id = made++
        return {
          init(context) {
            events.push(`init ${id}`)
            context.schedule(10, 'wallClockTime', () => events.push(`tick ${id}`))
          },
          process: () => undefined,
          close: () => events.push(`close ${id}`),
        }
      },
      'src',
    )
    made = 0
    const fixture = taskFixture(topology)
    fixture.task.rollback()
    fixture.task.initialize()
    fixture.clock.nowMs = 10
    expect(fixture.task.punctuateWallClock()).toBe(true)
    fixture.task.close()
    expect(events).toEqual(['init 0', 'close 0', 'init 1', 'tick 1', 'close 1'])
  })
})

describe('A flush', () => {
  it('runs downstream: a store is flushed before those that its updates reach', () => {
    const builder = new StreamsBuilder()
    const table = builder
      .stream('in', strings)
      .groupByKey()
      .count({ store: 'zz-first' })
      .mapValues((count) => `${count}`, { ...strings, store: 'aa-second', caching: true })
    table.toStream().to('out')
    const fixture = taskFixture(builder.build(), { config: { cacheMaxBytes: 1e6 } })
    for (let i = 0; i < 3; i++) fixture.add('in', 'k', 'v', i)
    fixture.task.process(Infinity)
    expect(fixture.written()).toEqual([])
    expect(fixture.task.cacheBytes).toBeGreaterThan(0)
    fixture.commit()
    expect(fixture.written().filter((line) => line.startsWith('out'))).toEqual(['out k=3@2'])
    expect(fixture.task.cacheBytes).toBe(0)
  })
})

describe('A processor', () => {
  it('gets its stores, its metadata and a commit request through', () => {
    const seen: unknown[] = []
    const topology = new Topology()
      .addSource('src', 'in', strings)
      .addProcessor(
        'p',
        () => {
          let context: ProcessorContext<never, never>
          return {
            init(given) {
              context = given
              seen.push(given.recordMetadata, given.applicationId, given.taskId)
              given.schedule(5, 'streamTime', () => seen.push(given.recordMetadata))
            },
            process(record) {
              context
                .getStateStore<KeyValueStore<string, string>>('s')
                .put(record.key as string, record.value as string)
              seen.push(context.recordMetadata, context.currentStreamTime)
              context.commit()
            },
          }
        },
        'src',
      )
      .addStateStore(stores.keyValue('s', strings), 'p')
    const fixture = taskFixture(topology)
    seen.length = 0
    fixture.task.rollback()
    fixture.task.initialize()
    fixture.add('in', 'k', 'v', 7)
    fixture.task.process(Infinity)
    expect(seen).toEqual([
      undefined,
      'app',
      '0_0',
      { topic: 'in', partition: 0, offset: 0, timestamp: 7, headers: [] },
      7,
      { topic: null, partition: -1, offset: -1, timestamp: 7, headers: [] },
    ])
    expect(fixture.task.commitRequested).toBe(true)
    fixture.commit()
    expect(fixture.task.commitRequested).toBe(false)
    expect((fixture.task.store('s') as KeyValueStore<string, string>).get('k')).toBe('v')
  })

  it('is told which children it has when it names another', () => {
    const topology = new Topology()
      .addSource('src', 'in', strings)
      .addProcessor(
        'p',
        () => {
          let context: ProcessorContext<unknown, unknown>
          return { init: (given) => void (context = given), process: (record) => context.forward(record, 'nowhere') }
        },
        'src',
      )
      .addSink('sink', 'out', 'p', strings)
    const fixture = taskFixture(topology)
    fixture.add('in', 'k', 'v', 1)
    const error = caught(() => fixture.task.process(Infinity))
    expect(error).toMatchObject({ code: 'MILLRACE_CHILD_UNKNOWN', node: 'p' })
    expect(error['message']).toMatch(/nowhere.*sink/)
  })

  it('is refused a schedule without a proper interval, type or start', () => {
    for (const [interval, type, start] of [
      [0, 'streamTime', undefined],
      ['soon', 'streamTime', undefined],
      [10, 'eventTime', undefined],
      [10, 'streamTime', Number.NaN],
    ] as const) {
      const topology = new Topology().addSource('src', 'in', strings).addProcessor(
        'p',
        () => ({
          init: (context) =>
            void context.schedule(interval as 1, type as 'streamTime', () => undefined, { start: start as number }),
          process: () => undefined,
        }),
        'src',
      )
      expect(caught(() => taskFixture(topology))).toMatchObject({ code: 'MILLRACE_SCHEDULE_INVALID' })
    }
  })
})

describe('A sink', () => {
  it('writes for malformed text what Java writes, and not the bytes that it was read from', () => {
    const fixture = mapped((value) => value)
    fixture.add('in', Buffer.of(0xff), 'v', 1)
    fixture.add('in', Buffer.concat([Buffer.alloc(40, 'k'), Buffer.of(0xff)]), 'v', 1)
    fixture.task.process(Infinity)
    const hex = (key: string): string => Buffer.from(key).toString('hex')
    expect(fixture.writtenKeys()).toEqual([hex('\uFFFD'), hex(`${'k'.repeat(40)}\uFFFD`)])
  })

  const partitioned = (
    partitioner: (value: string | null, key: string | null) => number | readonly number[] | null,
  ): TaskFixture =>
    taskFixture(
      dsl((b) => b.stream('in', strings).to('out', { ...strings, partitioner })),
      { partitions: { out: 4 } },
    )

  it('asks the partitioner: one, several, none, or the default', () => {
    const fixture = partitioned((value) => ({ one: 3, many: [1, 2, 1], none: [], other: null })[value ?? ''] ?? null)
    for (const value of ['one', 'many', 'none', 'other']) fixture.add('in', 'hello', value, 1)
    fixture.task.process(Infinity)
    // murmur2('hello') is 2132663229.
    expect(fixture.written()).toEqual([
      'out-3 hello=one@1',
      'out-1 hello=many@1',
      'out-2 hello=many@1',
      'out-1 hello=other@1',
    ])
    expect(fixture.metrics.get('dropped-records-total', { reason: 'no partition' })).toBe(1)
  })

  it('refuses a partition that its topic does not have', () => {
    const fixture = partitioned(() => 4)
    fixture.add('in', 'k', 'v', 1)
    expect(() => fixture.task.process(Infinity)).toThrow(/partitions from 0 to 3 of topic out/)
  })

  it('partitions a windowed key by the key inside', () => {
    const topology = dsl((b) =>
      b
        .stream('in', strings)
        .map((value, key) => [{ key, window: { start: Number(value), end: Number(value) + 10 } }, value] as const)
        .to('out', { key: serdes.timeWindowed(serdes.string, 10), value: serdes.string }),
    )
    const fixture = taskFixture(topology, { partitions: { out: 4 } })
    for (const value of ['0', '10', '20']) fixture.add('in', 'hello', value, 1)
    fixture.task.process(Infinity)
    expect(fixture.written().map((line) => line.split(' ')[0])).toEqual(['out-1', 'out-1', 'out-1'])
  })

  it('partitions a windowed key as a whole in a repartition topic, as Java does', () => {
    const key = serdes.timeWindowed(serdes.string, 10)
    const topology = dsl((b) =>
      b
        .stream('in', strings)
        .map(
          (value, inner) => [{ key: inner, window: { start: Number(value), end: Number(value) + 10 } }, value] as const,
        )
        .repartition({ name: 'rp', key, value: serdes.string }),
    )
    const fixture = taskFixture(topology, { partitions: { 'rp-repartition': 100 } })
    const starts = [0, 10, 20]
    for (const start of starts) fixture.add('in', 'hello', String(start), 1)
    fixture.task.process(Infinity)
    const partitions = starts.map((start) =>
      murmur2Partition(key.serialize({ key: 'hello', window: { start, end: start + 10 } }, '', []), 100),
    )
    expect(fixture.written().map((line) => Number(/-repartition-(\d+) /.exec(line)?.[1]))).toEqual(partitions)
    expect(new Set(partitions).size).toBe(3)
  })

  it('refuses a topic function that returns no name', () => {
    const fixture = taskFixture(dsl((b) => b.stream('in', strings).to(() => '')))
    fixture.add('in', 'k', 'v', 1)
    expect(() => fixture.task.process(Infinity)).toThrow(/topic function.*name of a topic/)
  })
})

describe('Bytes', () => {
  const bytes = { key: serdes.bytes, value: serdes.bytes }

  /** A record in memory that is overwritten once it was processed. */
  function processLent(fixture: TaskFixture): void {
    const buffer = Buffer.from('keyvalue')
    fixture.task.add(new DriverRecord('in', 0, 0, buffer, 0, 3, 5, 1, []))
    expect(fixture.task.process(Infinity)).toBe(1)
    buffer.fill(0x78)
  }

  it('go straight from a source to topics', () => {
    const fixture = taskFixture(
      dsl((b) => {
        const input = b.stream('in', bytes)
        input.to('one', bytes)
        input.to('two', bytes)
      }),
    )
    processLent(fixture)
    const written = fixture.written()
    expect(written).toHaveLength(2)
    for (const record of written) expect(JSON.stringify(record)).toMatch(/key.*value/)
  })

  it('are their own where code of the user sees them', () => {
    const seen: (Uint8Array | null)[] = []
    const keep = (value: Uint8Array, key: Uint8Array | null): void => void seen.push(key, value)
    const topologies = [
      dsl((b) => {
        const input = b.stream('in', bytes)
        input.to('out', bytes)
        input.forEach(keep)
      }),
      dsl((b) => {
        b.stream('in', bytes).to((value, key) => {
          keep(value, key)
          return 'out'
        }, bytes)
      }),
    ]
    for (const topology of topologies) processLent(taskFixture(topology))
    expect(seen.map((each) => Buffer.from(each ?? []).toString())).toEqual(['key', 'value', 'key', 'value'])
  })
})
