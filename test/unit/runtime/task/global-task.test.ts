import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../../../src/common/logger.ts'
import { MetricsRegistry } from '../../../../src/common/metrics.ts'
import { StreamsBuilder } from '../../../../src/dsl/streams-builder.ts'
import type { ErrorPolicy } from '../../../../src/processor/error-policy.ts'
import type { Processor } from '../../../../src/processor/processor.ts'
import type { KeyValueStore } from '../../../../src/processor/state-store.ts'
import { timestampExtractors } from '../../../../src/processor/timestamp-extractors.ts'
import { GlobalTask } from '../../../../src/runtime/task/global-task.ts'
import { nullable } from '../../../../src/serde/serde.ts'
import { serdes } from '../../../../src/serde/serdes.ts'
import { MemoryEngine } from '../../../../src/state/memory-engine.ts'
import { emptyMarker } from '../../../../src/state/state-engine.ts'
import { stores } from '../../../../src/state/stores.ts'
import { DriverTopics } from '../../../../src/testing/driver-topics.ts'

type Text = string | null
const texts = { key: nullable(serdes.string), value: nullable(serdes.string) }
const strings = { key: serdes.string, value: serdes.string }
const forever = Infinity

interface Fixture {
  readonly task: GlobalTask
  readonly metrics: MetricsRegistry
  add(key: Text, value: Text, timestamp?: number): void
}

function taskOf(define: (builder: StreamsBuilder) => void, onDeserializationError: ErrorPolicy = 'fail'): Fixture {
  const builder = new StreamsBuilder()
  define(builder)
  const metrics = new MetricsRegistry()
  const task = new GlobalTask({
    stores: builder.build().compile().globalStores,
    applicationId: 'app',
    state: new MemoryEngine().openNow('global'),
    config: {
      maxTaskIdleMs: 0,
      cacheMaxBytes: 1000,
      uncommittedMaxBytes: 200,
      processingGuarantee: 'exactly_once',
      emitIntervalMs: 0,
      compatibility: 'none',
      timestampExtractor: timestampExtractors.failOnInvalid,
      onDeserializationError,
      onProcessingError: 'skip',
      onProductionError: 'fail',
    },
    clock: { now: () => 0, setTimer: () => ({ cancel: () => undefined }), yieldTurn: () => Promise.resolve() },
    metrics,
    logger: silentLogger,
  })
  const topics = new DriverTopics()
  const add: Fixture['add'] = (key, value, timestamp = 0) =>
    task.add(topics.make(topics.topic('G'), 0, key, value, timestamp, []))
  return { task, metrics, add }
}

function tableOf(onDeserializationError?: ErrorPolicy): Fixture {
  const fixture = taskOf(
    (builder) => void builder.globalTable('G', { key: serdes.string, value: serdes.int64, store: 's' }),
    onDeserializationError,
  )
  fixture.task.initialize()
  return fixture
}

function storeOf(made: () => Processor<Text, Text, never, never>): Fixture {
  return taskOf((builder) => builder.addGlobalStore(stores.keyValue('s', strings), 'G', texts, made))
}

/** Keeps every record, with the text `none` for a null key. */
function keeper(seen: Text[] = [], act: (key: Text) => void = () => undefined): Processor<Text, Text, never, never> {
  let store: KeyValueStore<string, string>
  return {
    init: (context) => {
      store = context.getStateStore('s')
    },
    process: ({ key, value }) => {
      seen.push(key)
      store.put(key ?? 'none', value)
      act(key)
    },
  }
}

function read<V>({ task }: Fixture, key: string): V | undefined {
  return (task.view('s') as KeyValueStore<string, V>).get(key)
}

describe('The task of the global stores', () => {
  test('takes records whatever their timestamps, which no extractor is asked for', () => {
    const fixture = taskOf(
      (builder) =>
        void builder.globalTable('G', {
          ...strings,
          store: 's',
          timestampExtractor: () => {
            throw new Error('nobody asks')
          },
        }),
    )
    fixture.task.initialize()
    fixture.add('a', '1', -1)
    fixture.task.process(forever)
    expect(read(fixture, 'a')).toEqual({ value: '1', timestamp: -1 })
  })

  test('gives records without a key to its processor, but not where these fill the store again', () => {
    const seen: Text[] = []
    const fixture = storeOf(() => keeper(seen))
    fixture.task.initialize({ restoring: true })
    fixture.add(null, 'x')
    fixture.add('a', '1')
    fixture.task.process(forever)
    fixture.task.initialize()
    fixture.add(null, 'y')
    fixture.task.process(forever)
    expect(seen).toEqual(['a', null])
  })

  test('stops where its overlay is full, and goes on after a commit', () => {
    const fixture = storeOf(() => keeper())
    fixture.task.initialize()
    for (let i = 0; i < 20; i++) fixture.add(`key ${i}`, 'x'.repeat(50))
    const commits: number[] = []
    while (fixture.task.process(forever)) {
      expect(fixture.task.commitDue).toBe(true)
      void fixture.task.commit(fixture.task.freeze(), emptyMarker)
      commits.push(fixture.task.position('G', 0))
    }
    expect(commits.length).toBeGreaterThan(2)
    expect(fixture.task.position('G', 0)).toBe(20)
    expect(read(fixture, 'key 0')).toBe('x'.repeat(50))
  })

  test('forgets what was not committed in a rollback', () => {
    const fixture = storeOf(() => keeper())
    fixture.task.initialize()
    fixture.add('a', '1')
    fixture.task.process(forever)
    void fixture.task.commit(fixture.task.freeze(), emptyMarker)
    fixture.add('a', '2')
    fixture.task.process(forever)
    expect(read(fixture, 'a')).toBe('2')
    fixture.task.rollback()
    expect(read(fixture, 'a')).toBe('1')
  })

  test('fails at a record that cannot be read, unless its source skips it', () => {
    const failing = tableOf()
    failing.add('a', 'no number')
    expect(() => failing.task.process(forever)).toThrow(/task -1_-1, node KTABLE-SOURCE|KSTREAM-SOURCE.*record G-0@0/)
    const skipping = tableOf('skip')
    skipping.add('a', 'no number')
    skipping.add('b', '\0'.repeat(8))
    skipping.task.process(forever)
    expect(skipping.metrics.get('dropped-records-total')).toBe(1)
    expect(skipping.task.position('G', 0)).toBe(2)
  })

  test('drops a record whose policy names a dead-letter topic: there is no transaction to write it in', () => {
    for (const policy of [{ deadLetter: 'dlq' }, () => ({ deadLetter: { topic: 'dlq' } })] as const) {
      const fixture = tableOf(policy)
      fixture.add('a', 'no number')
      fixture.task.process(forever)
      expect(fixture.metrics.get('dropped-records-total')).toBe(1)
    }
  })

  test('does not go by the processing policy of the application', () => {
    const fixture = storeOf(() =>
      keeper([], () => {
        throw new Error('bad')
      }),
    )
    fixture.task.initialize()
    fixture.add('a', '1')
    expect(() => fixture.task.process(forever)).toThrow('bad')
  })

  test('refuses punctuations', () => {
    const fixture = storeOf(() => ({
      init: (context) => void context.schedule(10, 'wallClockTime', () => undefined),
      process: () => undefined,
    }))
    expect(() => fixture.task.initialize()).toThrow('a punctuation of the processor of a global store')
  })
})

describe('The view of a global store', () => {
  test('reads and refuses to write', () => {
    const fixture = storeOf(() => keeper())
    fixture.task.initialize()
    fixture.add('a', '1')
    fixture.add('b', '2')
    fixture.task.process(forever)
    const view = fixture.task.view('s') as KeyValueStore<string, string>
    expect([...view.range('a', 'b')]).toEqual([
      ['a', '1'],
      ['b', '2'],
    ])
    expect(view.approximateNumEntries()).toBe(2)
    for (const write of ['put', 'putIfAbsent', 'delete'] as const) {
      expect(() => view[write]('a', 'x')).toThrow(`store s: ${write}() was called, and it is a global store`)
    }
    expect(read(fixture, 'a')).toBe('1')
  })
})
